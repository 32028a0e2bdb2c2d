import { expect, test } from 'vitest';
import { fakeClock } from '../../src/testing/fake-clock.ts';

test('time stands still until it is moved', () => {
  const clock = fakeClock('2026-03-01T09:00:00Z');
  expect(clock.now()).toEqual(new Date('2026-03-01T09:00:00Z'));
  clock.advance(90_000);
  expect(clock.now()).toEqual(new Date('2026-03-01T09:01:30Z'));
  clock.advance(-30_000);
  expect(clock.now()).toEqual(new Date('2026-03-01T09:01:00Z'));
  clock.set(new Date('2030-01-01T00:00:00Z'));
  expect(clock.now()).toEqual(new Date('2030-01-01T00:00:00Z'));
});

test('nobody can change the clock through a Date it gave or was given', () => {
  const start = new Date('2026-03-01T09:00:00Z');
  const clock = fakeClock(start);
  start.setFullYear(1999);
  clock.now().setFullYear(1999);
  expect(clock.now()).toEqual(new Date('2026-03-01T09:00:00Z'));
});

test('an instant that is none is refused', () => {
  expect(() => fakeClock('soon')).toThrow(RangeError);
  const clock = fakeClock('2026-03-01T09:00:00Z');
  expect(() => clock.set(new Date(Number.NaN))).toThrow(RangeError);
  expect(() => clock.advance(Infinity)).toThrow(RangeError);
  expect(clock.now()).toEqual(new Date('2026-03-01T09:00:00Z'));
});
