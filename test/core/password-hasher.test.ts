import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { dummyHash, scryptHasher } from '../../src/core/password-hasher.ts';

// Weak on purpose: what is tested here does not depend on the cost.
const quick = { ln: 4, r: 1, p: 1 } as const;

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

/** Counts how often scrypt runs, and how many runs overlap. */
function watchScrypt(): { runs: number; most: number; params: unknown[] } {
  const seen = { runs: 0, most: 0, params: [] as unknown[] };
  let running = 0;
  const real = crypto.scrypt;
  vi.spyOn(crypto, 'scrypt').mockImplementation((password, salt, length, options, callback?) => {
    if (callback === undefined) throw new Error('called without options');
    seen.runs += 1;
    seen.params.push(options);
    running += 1;
    seen.most = Math.max(seen.most, running);
    real(password, salt, length, options, (error, key) => {
      running -= 1;
      callback(error, key);
    });
  });
  syncBuiltinESMExports();
  return seen;
}

test('a right password is verified, a wrong one is not, and the hash fits its column', async () => {
  const hasher = scryptHasher();
  const hash = await hasher.hash('Chapter 3!');
  expect(hash).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(hash.length).toBeLessThanOrEqual(255);
  expect(hash).not.toContain('Chapter');
  expect(await hasher.verify('Chapter 3!', hash)).toBe(true);
  expect(await hasher.verify('chapter 3!', hash)).toBe(false);
});

test('the stored text says all that is needed to compute the digest again', async () => {
  const hash = await scryptHasher({ ln: 10, r: 8, p: 16 }).hash('password');
  const [, , , salt = '', digest = ''] = hash.split('$');
  const again = crypto.scryptSync('password', Buffer.from(salt, 'base64'), 32, {
    N: 1024,
    r: 8,
    p: 16,
    maxmem: 2 ** 26,
  });
  expect(digest).toBe(again.toString('base64').replaceAll('=', ''));
});

test('the same password never gives the same hash twice', async () => {
  const hasher = scryptHasher(quick);
  const hashes = await Promise.all(Array.from({ length: 20 }, () => hasher.hash('same')));
  expect(new Set(hashes).size).toBe(20);
});

test('any password is verified against its own hash and no other', async () => {
  const hasher = scryptHasher(quick);
  const password = fc.string({ unit: 'grapheme', maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(password, password, async (one, other) => {
      const hash = await hasher.hash(one);
      expect(await hasher.verify(one, hash)).toBe(true);
      expect(await hasher.verify(other, hash)).toBe(one.normalize('NFC') === other.normalize('NFC'));
    }),
    { numRuns: 30 },
  );
});

test('letters composed differently by two keyboards are the same password', async () => {
  const hasher = scryptHasher(quick);
  const hash = await hasher.hash('Caf\u00e9');
  expect(await hasher.verify('Cafe\u0301', hash)).toBe(true);
});

const salt = 'A'.repeat(22);
const digest = 'A'.repeat(43);
const malformed = [
  '',
  'plain text from another program',
  '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA',
  `$scrypt$ln=15,r=8$${salt}$${digest}`,
  `$scrypt$ln=15,r=8,p=3$${salt}$${digest.slice(1)}`,
  `$scrypt$ln=15,r=8,p=3$${salt}$${digest}=`,
  `$scrypt$ln=15,r=8,p=3$$${digest}`,
  `$scrypt$ln=31,r=8,p=1$${salt}$${digest}`,
  `$scrypt$ln=20,r=32,p=1$${salt}$${digest}`,
  `$scrypt$ln=4,r=0,p=1$${salt}$${digest}`,
  `$scrypt$ln=4,r=1,p=99$${salt}$${digest}`,
  `\n$scrypt$ln=4,r=1,p=1$${salt}$${digest}`,
];

test.each(malformed)('the hash %j matches nothing, at the cost of one hash', async (hash) => {
  const hasher = scryptHasher(quick);
  const seen = watchScrypt();
  expect(await hasher.verify('password', hash)).toBe(false);
  expect(seen.runs).toBe(1);
  expect(seen.params).toEqual([expect.objectContaining({ N: 16, r: 1, p: 1 })]);
});

test('right, wrong and missing passwords cost exactly one hash each, with the same parameters', async () => {
  const hasher = scryptHasher(quick);
  const hash = await hasher.hash('right');
  const seen = watchScrypt();
  expect(await hasher.verify('right', hash)).toBe(true);
  expect(await hasher.verify('wrong', hash)).toBe(false);
  expect(await hasher.verify('right', dummyHash)).toBe(false);
  expect(seen.runs).toBe(3);
  expect(new Set(seen.params.map((params) => JSON.stringify(params))).size).toBe(1);
});

test('the dummy hash looks like any other and no password opens it', async () => {
  expect(dummyHash).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(await scryptHasher(quick).verify('', dummyHash)).toBe(false);
});

test('at most two hashes are computed at once, also after the line was empty, and all of them finish', async () => {
  const hasher = scryptHasher(quick);
  const seen = watchScrypt();
  for (let round = 0; round < 3; round++)
    await Promise.all(Array.from({ length: 8 }, (_, index) => hasher.hash(`password ${index}`)));
  expect(seen.runs).toBe(24);
  expect(seen.most).toBe(2);
});

test('a hash that fails gives its place to the next in line', async () => {
  const hasher = scryptHasher({ ...quick, concurrency: 1 });
  const seen = watchScrypt();
  vi.mocked(crypto.scrypt).mockImplementationOnce((_password, _salt, _length, _options, callback?) => {
    callback?.(new Error('out of memory'), Buffer.alloc(0));
  });
  const [failed, done] = await Promise.allSettled([hasher.hash('one'), hasher.hash('two')]);
  expect(failed).toMatchObject({ status: 'rejected', reason: { message: 'out of memory' } });
  expect(done.status).toBe('fulfilled');
  expect(seen.runs).toBe(1);
});

test('a hash is worth making again when the parameters have changed', async () => {
  const hash = await scryptHasher(quick).hash('password');
  expect(scryptHasher(quick).needsRehash(hash)).toBe(false);
  for (const other of [
    { ...quick, ln: 5 },
    { ...quick, r: 2 },
    { ...quick, p: 2 },
  ]) {
    expect(scryptHasher(other).needsRehash(hash)).toBe(true);
    expect(await scryptHasher(other).verify('password', hash)).toBe(true);
  }
  expect(scryptHasher(quick).needsRehash('plain text')).toBe(true);
});

test('the strongest parameters that OWASP names fit the memory limit', async () => {
  const hasher = scryptHasher({ ln: 17, r: 8, p: 1 });
  expect(await hasher.verify('password', await hasher.hash('password'))).toBe(true);
});

test.each([
  { ln: 0 },
  { ln: 21 },
  { r: 0 },
  { ln: 20, r: 16 },
  { p: 17 },
  { ln: 14.5 },
  { concurrency: 0 },
  { concurrency: Number.NaN },
])('scryptHasher(%j) is refused at once', (options) => {
  expect(() => scryptHasher(options)).toThrow(RangeError);
});
