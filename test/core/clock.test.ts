import { expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';

test('the system clock tells the time of this process', () => {
  const before = Date.now();
  const told = systemClock.now().getTime();
  expect(told).toBeGreaterThanOrEqual(before);
  expect(told).toBeLessThanOrEqual(Date.now());
});
