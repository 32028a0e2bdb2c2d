import { expect, test } from 'vitest';
import { backoff, idleWait } from '../../src/feed/backoff.rules.ts';

const settings = { retryMs: 1_000, maxRetryMs: 10_000 };

test('the bound of a wait doubles with each failure, up to the longest', () => {
  expect([1, 2, 3, 4, 5, 6, 1_100].map((failures) => backoff(failures, settings, 1))).toEqual([
    ...[1_000, 2_000, 4_000, 8_000],
    ...[10_000, 10_000, 10_000],
  ]);
});

test('a wait is anything from nothing to its bound', () => {
  expect([0, 0.25, 0.5].map((random) => backoff(3, settings, random))).toEqual([0, 1_000, 2_000]);
});

test('looks in vain become rarer, down to the usual rhythm', () => {
  expect([0, 1, 2, 5, 6, 2_000].map((looks) => idleWait(looks, 1_000))).toEqual([20, 40, 80, 640, 1_000, 1_000]);
  expect(idleWait(0, 5)).toBe(5);
});
