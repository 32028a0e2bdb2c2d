import { expect, test, vi } from 'vitest';
import { silentLogger } from '../../src/core/logger.ts';
import { consumeInput, type ConsumeSettings } from '../../src/feed/consume.schema.ts';
import type { Next } from '../../src/feed/handling.ts';
import { Lease } from '../../src/feed/lease.ts';
import { Loop } from '../../src/feed/loop.ts';

const hour = 3_600_000;
const soon = { timeout: 10_000, interval: 1 };

function looping(
  turn: (signal: AbortSignal) => Next | Promise<Next>,
  {
    hold = () => Promise.resolve(true),
    ...settings
  }: Partial<ConsumeSettings> & { hold?: () => Promise<boolean> } = {},
) {
  const turns = vi.fn<typeof turn>(turn);
  const release = vi.fn<() => Promise<void>>(() => Promise.resolve());
  const lease = new Lease({ hold, release, leaseMs: hour });
  const warn = vi.fn<() => void>();
  const loop = new Loop({
    ...{ name: 'loop', lease, turn: async (signal) => turns(signal), logger: { ...silentLogger, warn } },
    settings: { ...consumeInput.parse({ pollMs: hour }), ...settings },
  });
  loop.start();
  return { loop, turns, release, warn, [Symbol.asyncDispose]: () => loop.stop(0) };
}

test('goes on at once while there is more, and looks rarely when there is nothing', async () => {
  let left = 500;
  await using made = looping(() => (left-- > 0 ? 'now' : 'idle'));
  await expect.poll(() => made.turns.mock.calls.length, soon).toBeGreaterThan(500);
  // Waits double, so there are few even on a slow machine.
  expect(made.turns.mock.calls.length).toBeLessThan(520);
});

// Without being woken, each wait is twice as long as the one before: this many would take for ever.
test('is woken out of its wait, as often as somebody wakes it', async () => {
  await using made = looping(() => 'idle');
  for (let n = 1; n <= 60; n++) {
    const before = made.turns.mock.calls.length;
    made.loop.wake();
    await expect.poll(() => made.turns.mock.calls.length, soon).toBeGreaterThan(before);
  }
});

test('misses no call that comes during a turn', async () => {
  let wakes = 200;
  await using made = looping(() => {
    if (wakes-- > 0) made.loop.wake();
    return 'idle';
  });
  await expect.poll(() => made.turns.mock.calls.length, soon).toBeGreaterThan(200);
});

test('a wait after a failure is cut short by nobody but who asks for it', async () => {
  await using made = looping(() => ({ afterMs: hour }));
  await expect.poll(() => made.turns.mock.calls.length, soon).toBe(1);
  for (let n = 0; n < 50; n++) {
    made.loop.wake();
    await new Promise(setImmediate);
  }
  expect(made.turns).toHaveBeenCalledTimes(1);
  made.loop.hurry();
  await expect.poll(() => made.turns.mock.calls.length, soon).toBe(2);
});

test('nobody who stands by is woken to ask for the lease', async () => {
  const hold = vi.fn<() => Promise<boolean>>(() => Promise.resolve(false));
  await using made = looping(() => 'idle', { hold });
  await expect.poll(() => hold.mock.calls.length, soon).toBe(1);
  for (let n = 0; n < 50; n++) {
    made.loop.wake();
    await new Promise(setImmediate);
  }
  expect(hold).toHaveBeenCalledTimes(1);
  expect(made.turns).not.toHaveBeenCalled();
});

test('a log that cannot be reached is tried again, and said', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.001);
  let failures = 3;
  await using made = looping(() => (failures-- > 0 ? Promise.reject(new Error('away')) : 'idle'));
  await expect.poll(() => made.turns.mock.calls.length, soon).toBeGreaterThan(3);
  expect(made.warn).toHaveBeenCalledTimes(3);
});

test('gives the lease up when it turns out to be another’s', async () => {
  let others = false;
  const hold = vi.fn<() => Promise<boolean>>(() => Promise.resolve(!others));
  await using made = looping(
    () => {
      others = true;
      return null;
    },
    { hold, pollMs: 1 },
  );
  await expect.poll(() => hold.mock.calls.length, soon).toBeGreaterThan(5);
  expect(made.turns).toHaveBeenCalledTimes(1);
});

test('a stop waits for the turn, then tells it to end, and leaves the lease of one that does not', async () => {
  const { promise: ending, resolve: end } = Promise.withResolvers<Next>();
  const polite = looping((signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve('idle'))));
  const deaf = looping(() => ending);
  for (const { turns } of [polite, deaf]) await expect.poll(() => turns.mock.calls.length, soon).toBe(1);
  await Promise.all([polite.loop.stop(10), deaf.loop.stop(10)]);
  expect(polite.release).toHaveBeenCalledTimes(1);
  expect(deaf.release).not.toHaveBeenCalled();
  expect(deaf.turns.mock.calls[0]?.[0].aborted).toBe(true);
  end('now');
  await deaf.loop.stop(0);
  expect(deaf.turns).toHaveBeenCalledTimes(1);
});
