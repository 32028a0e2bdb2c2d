import { expect, test } from 'vitest';
import { fullJitter } from '../../src/client/backoff.ts';

test('the limit doubles from half a second to half a minute', () => {
  const limits = [0, 1, 2, 5, 6, 7, 5_000].map((attempt) => fullJitter(attempt, () => 1));
  expect(limits).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000, 30_000]);
});

test('anything below the limit is as likely', () => {
  expect([0, 0.25, 0.999].map((random) => fullJitter(3, () => random))).toEqual([0, 1_000, 3_996]);
});
