import { expect, test } from 'vitest';
import { costOf, isFull, spend } from '../../src/realtime/flood.rules.ts';

const limit = { points: 10, perSecond: 2 };

test('so much may be said at once, and not a word more', () => {
  let points = spend(undefined, 1, 0, limit);
  for (let said = 1; said < 10; said++) points = points === null ? null : spend(points, 1, 0, limit);
  expect(points).toEqual({ left: 0, countedAt: 0 });
  expect(spend(points ?? undefined, 1, 499, limit)).toBeNull();
});

test('points come back with time, and never more than there were', () => {
  expect(spend({ left: 0, countedAt: 0 }, 1, 500, limit)).toEqual({ left: 0, countedAt: 500 });
  expect(spend({ left: 0, countedAt: 0 }, 1, 60_000, limit)).toEqual({ left: 9, countedAt: 60_000 });
  expect(spend({ left: 5, countedAt: 1_000 }, 1, 0, limit)).toEqual({ left: 4, countedAt: 0 });
});

test('a bucket that is full says no more than none', () => {
  expect(isFull({ left: 9, countedAt: 0 }, 499, limit)).toBe(false);
  expect(isFull({ left: 9, countedAt: 0 }, 500, limit)).toBe(true);
});

test('long messages cost more', () => {
  expect([0, 1, 4_095, 4_096, 65_536].map(costOf)).toEqual([1, 1, 1, 2, 17]);
});
