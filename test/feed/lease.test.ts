import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Lease } from '../../src/feed/lease.ts';

// Nothing but the time decides here, and nothing else is asked.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function opened(hold: () => Promise<boolean>) {
  const release = vi.fn<() => Promise<void>>(() => Promise.resolve());
  return { release, lease: new Lease({ hold, release, leaseMs: 900 }) };
}

test('is asked for once, and lengthened with each third of it that passes', async () => {
  const hold = vi.fn<() => Promise<boolean>>(() => Promise.resolve(true));
  const { lease } = opened(hold);
  const signal = await lease.hold();
  expect(await lease.hold()).toBe(signal);
  expect(hold).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(900);
  expect(hold).toHaveBeenCalledTimes(4);
  expect(signal?.aborted).toBe(false);
});

test('is another’s: no signal, no timer, nothing to give back', async () => {
  const { lease, release } = opened(() => Promise.resolve(false));
  expect(await lease.hold()).toBeNull();
  await lease.release();
  expect(release).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});

test('ends when the database says that another has it', async () => {
  let held = true;
  const { lease } = opened(() => Promise.resolve(held));
  const signal = await lease.hold();
  held = false;
  await vi.advanceTimersByTimeAsync(300);
  expect(signal?.aborted).toBe(true);
  expect(await lease.hold()).toBeNull();
  expect(vi.getTimerCount()).toBe(0);
});

test('outlives a database that is away for less than its length, and no longer one', async () => {
  const hold = vi.fn<() => Promise<boolean>>().mockResolvedValue(true);
  const { lease } = opened(hold);
  const signal = await lease.hold();
  hold.mockRejectedValueOnce(new Error('away'));
  await vi.advanceTimersByTimeAsync(600);
  hold.mockRejectedValue(new Error('away'));
  await vi.advanceTimersByTimeAsync(899);
  expect(signal?.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(signal?.aborted).toBe(true);
});

test('ends in time where the database does not answer at all', async () => {
  const hold = vi.fn<() => Promise<boolean>>().mockResolvedValueOnce(true);
  const { lease } = opened(hold);
  const signal = await lease.hold();
  hold.mockReturnValue(new Promise(() => {}));
  await vi.advanceTimersByTimeAsync(900);
  expect(signal?.aborted).toBe(true);
});

test('counts from before the database was asked', async () => {
  const { promise, resolve: grant } = Promise.withResolvers<boolean>();
  const { lease } = opened(() => promise);
  const asked = lease.hold();
  await vi.advanceTimersByTimeAsync(1_000);
  grant(true);
  // By the time the answer came, it was over.
  expect(await asked).toBeNull();
});

test('is given back once', async () => {
  const { lease, release } = opened(() => Promise.resolve(true));
  const signal = await lease.hold();
  await lease.release();
  await lease.release();
  expect(release).toHaveBeenCalledTimes(1);
  expect(signal?.aborted).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
