import { expect, test } from 'vitest';
import { backoff, pause } from '../../src/core/retry.ts';

const least = () => 0;
const most = () => 1;

test.for([
  ['rolled-back', 5, 80],
  ['not-started', 50, 500],
] as const)('after %s the next try comes in %i to %i ms', ([failure, from, to]) => {
  for (const attempt of [1, 2, 3]) {
    expect(backoff(failure, attempt, least)).toBe(from);
    expect(backoff(failure, attempt, most)).toBe(to);
  }
});

test('rivals draw different waits', () => {
  const waits = Array.from({ length: 20 }, () => backoff('rolled-back', 1));
  expect(new Set(waits).size).toBeGreaterThan(15);
});

test('three retries and no more', () => {
  expect(backoff('rolled-back', 4)).toBeNull();
  expect(backoff('not-started', 4)).toBeNull();
});

test.for(['unknown', 'final'] as const)('after %s nothing is tried again', (failure) => {
  expect(backoff(failure, 1)).toBeNull();
});

test('a pause passes, and a signal ends it', async () => {
  await pause(1);
  const abort = new AbortController();
  const waiting = pause(60_000, abort.signal);
  abort.abort();
  await expect(waiting).rejects.toThrow(/aborted/);
});
