import { expect, test } from 'vitest';
import { refreshAfter, subprotocolsOf } from '../../src/client/token.ts';

const jwt = (claims: unknown) => `head.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;

test('a token is followed by the next after four fifths of the time that is left', () => {
  expect(refreshAfter(jwt({ exp: 1_100, name: 'Zoë ÿÿÿ?' }), 1_000_000)).toBe(80_000);
  expect(refreshAfter(jwt({ exp: 1_001 }), 1_000_000)).toBe(5_000);
});

test.each(['opaque', 'a.b.c', 'a.%%.c', jwt(null), jwt([]), jwt({}), jwt({ exp: 'soon' }), jwt({ exp: 999 })])(
  'a token that tells nothing to come is left alone: %s',
  (token) => {
    expect(refreshAfter(token, 1_000_000)).toBeNull();
  },
);

test('a JSON Web Token travels as it is, anything else in characters that a subprotocol may have', () => {
  expect(subprotocolsOf(jwt({ exp: 1 }))).toEqual(['convoke.v1', `convoke.bearer.${jwt({ exp: 1 })}`]);
  const every = Array.from({ length: 0x250 }, (_, code) => String.fromCodePoint(code)).join('');
  const [, protocol = ''] = subprotocolsOf(every);
  expect(protocol).toMatch(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);
  expect(decodeURIComponent(protocol.slice('convoke.bearer.'.length))).toBe(every);
});
