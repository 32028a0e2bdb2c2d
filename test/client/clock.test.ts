import { expect, test } from 'vitest';
import { systemClock, watchSilence } from '../../src/client/clock.ts';
import { manualClock } from './stage.ts';

test('silence is told once, counted from what was heard last', () => {
  const clock = manualClock(500);
  let silences = 0;
  const silence = watchSilence(clock, 100, () => silences++);
  clock.advance(60);
  silence.heard();
  clock.advance(99);
  expect(silences).toBe(0);
  clock.advance(1);
  expect(silences).toBe(1);
  clock.advance(1_000);
  expect(silences).toBe(1);
});

test('who stops watching hears of no silence', () => {
  const clock = manualClock();
  const silence = watchSilence(clock, 100, () => expect.unreachable());
  clock.advance(50);
  silence.heard();
  clock.advance(60);
  silence.stop();
  clock.advance(1_000);
  expect(clock.waits).toEqual([]);
});

test('a wait longer than timers can take is not none at all', async () => {
  let called = false;
  const off = systemClock.after(2 ** 40, () => {
    called = true;
  });
  await new Promise((resolve) => systemClock.after(20, () => resolve(null)));
  off();
  expect(called).toBe(false);
});
