import fc from 'fast-check';
import { expect, test } from 'vitest';
import { identifiers, isId, newId } from '../../src/core/identifier.ts';

const version7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function timeOf(uuid: string): number {
  return Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16);
}

test('an id is a UUIDv7 of the current millisecond', () => {
  const before = Date.now();
  const id = newId();
  expect(id).toMatch(version7);
  expect(timeOf(id)).toBeGreaterThanOrEqual(before);
  expect(timeOf(id)).toBeLessThanOrEqual(Date.now() + 1000);
});

test('the layout is the one of RFC 9562: 48 bits of time first', () => {
  // The time of the example in RFC 9562, appendix A.6.
  expect(identifiers(() => 0x017f22e279b0)()).toMatch(/^017f22e2-79b0-7/);
});

test('a hundred thousand ids made in a row are all different and already sorted', () => {
  const ids = Array.from({ length: 100_000 }, newId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted()).toEqual(ids);
});

test('ids keep growing when one millisecond has more of them than its counter holds', () => {
  const next = identifiers(() => 1_800_000_000_000);
  const ids = Array.from({ length: 10_000 }, next);
  expect(ids.toSorted()).toEqual(ids);
  expect(timeOf(ids.at(-1) ?? '')).toBeGreaterThan(1_800_000_000_000);
  expect(timeOf(ids.at(-1) ?? '')).toBeLessThan(1_800_000_000_010);
});

test('ids grow whatever a clock does that steps back less than ten seconds at a time', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9_999 }), { minLength: 2, maxLength: 200 }), (times) => {
      let call = 0;
      const next = identifiers(() => 1_800_000_000_000 + (times[call++] ?? 0));
      const ids = times.map(next);
      expect(ids.toSorted()).toEqual(ids);
      expect(new Set(ids).size).toBe(ids.length);
    }),
  );
});

test('a clock that was far ahead and is set right again is followed', () => {
  let now = 4_000_000_000_000;
  const next = identifiers(() => now);
  next();
  now = 1_800_000_000_000;
  expect(timeOf(next())).toBe(now);
});

test('two sources at the same instant do not collide', () => {
  const ids = Array.from({ length: 1000 }, () => identifiers(() => 1_800_000_000_000)());
  expect(new Set(ids).size).toBe(1000);
});

test('every bit of the random part is used', () => {
  const tails = Array.from({ length: 2000 }, () => BigInt(`0x${newId().slice(19).replace('-', '')}`));
  const seen = (bit: bigint): Set<bigint> => new Set(tails.map((tail) => (tail >> bit) & 1n));
  const bits = Array.from({ length: 62 }, (_, bit) => BigInt(bit));
  expect(bits.filter((bit) => seen(bit).size !== 2)).toEqual([]);
});

test('isId accepts any version in lower case and nothing that names nothing', () => {
  expect(isId(newId())).toBe(true);
  fc.assert(fc.property(fc.uuid(), (uuid) => isId(uuid)));
  expect(isId('aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa')).toBe(true); // PostgreSQL stores it, so rows may carry it
  const wrong = [
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    newId().toUpperCase(),
    `${newId()}\n`,
    `{${newId()}}`,
    newId().replaceAll('-', ''),
    '',
  ];
  const others = [null, undefined, 0, true, [], {}, [newId()]];
  expect([...wrong, ...others].filter(isId)).toEqual([]);
});
