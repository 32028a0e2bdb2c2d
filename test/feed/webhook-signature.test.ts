import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { verifyWebhook } from '../../src/feed/index.ts';
import { keyOf, signedHeaders } from '../../src/feed/webhook-signature.ts';

// An example that other implementations of the specification are tested with.
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const body = '{"test": 2432232314}';
const sentAt = new Date(1_614_265_330_000);
const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const headers = { 'webhook-id': id, 'webhook-timestamp': '1614265330', 'webhook-signature': signature };
const otherSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: sentAt });
});
afterEach(() => {
  vi.useRealTimers();
});

test('signs as others do', () => {
  expect(signedHeaders(id, new Date(sentAt.getTime() + 999), body, [keyOf(secret)])).toEqual(headers);
});

test('signs as the definition says, whatever the body', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.uint8Array({ minLength: 24, maxLength: 64 }), (text, key) => {
      const made = `whsec_${Buffer.from(key).toString('base64')}`;
      const signed = signedHeaders(id, sentAt, text, [keyOf(made)]);
      const expected = createHmac('sha256', key).update(`${id}.1614265330.${text}`).digest('base64');
      expect(signed['webhook-signature']).toBe(`v1,${expected}`);
      expect(verifyWebhook(signed, Buffer.from(text), made)).toEqual({ id, sentAt });
    }),
  );
});

describe('a genuine webhook', () => {
  test.for([
    ['headers of node:http', headers],
    ['headers of fetch', new Headers(headers)],
    ['a signature among others', { ...headers, 'webhook-signature': `v1,${'A'.repeat(43)}= v1a,x ${signature} v2,y` }],
  ] as const)('is accepted: %s', ([, given]) => {
    expect(verifyWebhook(given, body, secret)).toEqual({ id, sentAt });
    expect(verifyWebhook(given, Buffer.from(body), [otherSecret, secret])).toEqual({ id, sentAt });
  });

  test('is accepted while the secret is being changed', () => {
    const both = signedHeaders(id, sentAt, body, [keyOf(otherSecret), keyOf(secret)]);
    expect(both['webhook-signature']?.split(' ')).toHaveLength(2);
    expect(verifyWebhook(both, body, secret).id).toBe(id);
    expect(verifyWebhook(both, body, otherSecret).id).toBe(id);
  });
});

describe('what is not genuine is refused', () => {
  test.for([
    ['another body', {}, `${body} `, secret, 'FORBIDDEN'],
    ['another secret', {}, body, otherSecret, 'FORBIDDEN'],
    ['another id', { 'webhook-id': 'msg_1' }, body, secret, 'FORBIDDEN'],
    ['another time', { 'webhook-timestamp': '1614265331' }, body, secret, 'FORBIDDEN'],
    ['a time that means the same number', { 'webhook-timestamp': '01614265330' }, body, secret, 'FORBIDDEN'],
    ['a part of the signature', { 'webhook-signature': signature.slice(0, 8) }, body, secret, 'FORBIDDEN'],
    ['an empty signature', { 'webhook-signature': 'v1,' }, body, secret, 'FORBIDDEN'],
    [
      'a signature of another version',
      { 'webhook-signature': signature.replace('v1', 'v2') },
      body,
      secret,
      'FORBIDDEN',
    ],
    ['no id', { 'webhook-id': undefined }, body, secret, 'VALIDATION'],
    ['no time', { 'webhook-timestamp': undefined }, body, secret, 'VALIDATION'],
    ['no signature', { 'webhook-signature': undefined }, body, secret, 'VALIDATION'],
    ['two signature headers', { 'webhook-signature': [signature, signature] }, body, secret, 'VALIDATION'],
    ['a time that is none', { 'webhook-timestamp': 'hello' }, body, secret, 'VALIDATION'],
    ['a time that is no whole number', { 'webhook-timestamp': '1614265330.0' }, body, secret, 'VALIDATION'],
  ] as const)('%s', ([, change, given, key, code]) => {
    expect(() => verifyWebhook({ ...headers, ...change }, given, key)).toThrow(expect.objectContaining({ code }));
  });

  test('no secret at all', () => {
    expect(() => verifyWebhook(headers, body, [])).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
  });

  test.for([301, -301])('a time %d seconds away', (seconds) => {
    vi.setSystemTime(sentAt.getTime() + seconds * 1000);
    expect(() => verifyWebhook(headers, body, secret)).toThrow(expect.objectContaining({ code: 'EXPIRED' }));
    expect(verifyWebhook(headers, body, secret, 302).id).toBe(id);
    vi.setSystemTime(sentAt.getTime() + Math.sign(seconds) * 300_000);
    expect(verifyWebhook(headers, body, secret).id).toBe(id);
  });

  test.for([Number.NaN, -1, undefined as never])('a tolerance of %d lets no old one through', (tolerance) => {
    vi.setSystemTime(sentAt.getTime() + 3_600_000);
    expect(() => verifyWebhook(headers, body, secret, tolerance)).toThrow(expect.objectContaining({ code: 'EXPIRED' }));
  });
});

test.for([
  '',
  'whsec_',
  'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  'whsec_swordfish',
  `whsec_${Buffer.alloc(23).toString('base64')}`,
  `whsec_${Buffer.alloc(65).toString('base64')}`,
  `whsec_${'é'.repeat(32)}`,
])('refuses the secret %o without repeating it', (given) => {
  expect(() => verifyWebhook(headers, body, given)).toThrow(
    'secret must be whsec_ and 24 to 64 random bytes in base64.',
  );
});
