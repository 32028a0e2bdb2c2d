import { expect, test } from 'vitest';
import { refusalOf, retryAfterOf } from '../../src/client/refusal.ts';

test('what the body says goes before what the status says', () => {
  const body = JSON.stringify({ code: 'CAPACITY', message: 'Full.', details: { max: 3 } });
  expect(refusalOf(409, body)).toEqual({ code: 'CAPACITY', message: 'Full.', details: { max: 3 } });
  expect(refusalOf(404, '{"detail":"None."}')).toEqual({
    ...{ code: 'NOT_FOUND', message: 'None.', details: { status: 404 } },
  });
});

test.each(['', '<html>', 'null', '[]', '{"code":7,"message":null,"details":"x"}'])(
  'a body of %j says nothing',
  (body) => {
    expect(refusalOf(418, body)).toEqual({
      ...{ code: 'INTERNAL', message: 'The server answered with HTTP 418.', details: { status: 418 } },
    });
  },
);

test('a server asks for seconds', () => {
  expect(['7', '0', null, '-1', 'Wed, 21 Oct 2026 07:28:00 GMT', '9999999'].map(retryAfterOf)).toEqual([
    ...[7_000, 0, null, null, null, null],
  ]);
});
