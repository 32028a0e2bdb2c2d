import { expect, test } from 'vitest';
import { MeetingError } from '../../src/core/errors.ts';
import { failureText, HandlingError, verdictOf } from '../../src/feed/failure.rules.ts';

test('a failure is told by its kind and message, on one line', () => {
  expect(failureText(new TypeError('no\nluck\u0000 \ud800today'))).toBe('TypeError: no luck today');
  expect(failureText(new MeetingError('CONFLICT', 'Lost.'))).toBe('CONFLICT: Lost.');
  expect(failureText(new Error('outside', { cause: new Error('inside') }))).toBe('Error: outside');
});

test.for(['text', { password: 'x' }, null, undefined])('whatever else is thrown is not repeated: %o', (thrown) => {
  expect(failureText(thrown)).toBe('something that is no Error was thrown');
});

test.for([
  ['connect postgres://app:swordfish@db/app failed', 'connect postgres://***@db/app failed'],
  ['GET https://example.org/x?token=swordfish#a: 500', 'GET https://example.org/x?*** 500'],
  ['with whsec_c3dvcmRmaXNo/+=', 'with whsec_***'],
  ['Authorization: Bearer swordfish', 'Authorization: *** ***'],
  ['sent Bearer swordfish, got 401', 'sent Bearer ***, got 401'],
  ['password=swordfish user=app', 'password=*** user=app'],
  ['{"api_key":"swordfish","n":1}', '{"api_key":"***","n":1}'],
])('%s', ([message = '', told = '']) => {
  const text = failureText(new Error(message));
  expect(text).toBe(`Error: ${told}`);
  expect(text).not.toContain('swordfish');
});

test('a long failure is cut, without leaving half a character, and takes no long time', () => {
  const text = failureText(new Error('👍'.repeat(1_000_000)));
  expect(text).toHaveLength(500);
  expect(text.isWellFormed()).toBe(true);
});

test('a handler may say what should follow; any other error is tried again', () => {
  expect(verdictOf(new HandlingError('gone', { outcome: 'halt' }))).toEqual({ outcome: 'halt' });
  expect(verdictOf(new Error('x'))).toEqual({ outcome: 'retry' });
  expect(verdictOf('x')).toEqual({ outcome: 'retry' });
  // As another installed copy of this package would throw it.
  const foreign = Object.assign(new Error('x'), {
    verdict: { outcome: 'poison' },
    [Symbol.for('convoke.HandlingError')]: true,
  });
  expect(verdictOf(foreign)).toEqual({ outcome: 'poison' });
});
