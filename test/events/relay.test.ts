import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EventBus, Relay } from '../../src/events/index.ts';
import type { Delivery, PushTransport } from '../../src/transports/index.ts';
import { event, recordingLogger } from './event.ts';

type Publish = PushTransport['publish'];

function opened(publish: Publish) {
  const logger = recordingLogger();
  const bus = new EventBus(logger);
  return { bus, logger, relay: new Relay(bus, { kind: 'push', specVersion: 1, publish }, logger) };
}

/** Publishes when it is told to, and remembers what it took. */
function gate() {
  const taken: string[] = [];
  const waiting: (() => void)[] = [];
  const publish: Publish = async (deliveries) => {
    taken.push(deliveries.map(({ event: { seq } }) => seq).join(' '));
    await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return { taken, publish, open: () => waiting.shift()?.() };
}

const settled = () => new Promise(setImmediate);

test('events are told in process at once, before the transport has taken anything', async () => {
  const heard: string[] = [];
  const { bus, relay } = opened(() => void heard.push('transport'));
  bus.on('*', ({ type }) => void heard.push(type));
  relay.deliver([event({ type: 'meeting.started' }), event({ type: 'meeting.ended' })]);
  heard.push('delivered');
  await settled();
  expect(heard).toEqual(['meeting.started', 'meeting.ended', 'delivered', 'transport']);
});

test('an event travels on each of its channels, encoded once', async () => {
  const taken: Delivery[] = [];
  const { relay } = opened((deliveries) => void taken.push(...deliveries));
  const told = event({ audience: { users: ['ada', 'bob'] } });
  relay.deliver([told]);
  await settled();
  const encoded = JSON.stringify(told);
  expect(taken).toEqual([
    { channel: 'user:ada', event: told, encoded, durable: true },
    { channel: 'user:bob', event: told, encoded, durable: true },
  ]);
});

test('batches go out one after another, in the order in which they were handed in', async () => {
  const { taken, publish, open } = gate();
  const { relay } = opened(publish);
  relay.deliver([event({ seq: 1 }), event({ seq: 2 })]);
  relay.deliver([event({ seq: 3 })]);
  relay.deliver([]);
  await settled();
  expect(taken).toEqual(['1 2']);
  expect(relay.waiting).toBe(2);
  open();
  await settled();
  expect(taken).toEqual(['1 2', '3']);
  open();
  await settled();
  expect(relay.waiting).toBe(0);
});

describe('a transport that fails', () => {
  const broken = new Error('broken');
  test.for<[string, Publish]>([
    [
      'by throwing',
      () => {
        throw broken;
      },
    ],
    ['by rejecting', () => Promise.reject(broken)],
  ])('%s is logged, and gets the next batch all the same', async ([, fail]) => {
    const taken: number[] = [];
    const { relay, logger } = opened((deliveries, signal) => {
      taken.push(deliveries[0]!.event.seq);
      return taken.length === 1 ? fail(deliveries, signal) : undefined;
    });
    relay.deliver([event({ seq: 1 })]);
    relay.deliver([event({ seq: 2 })]);
    await settled();
    expect(taken).toEqual([1, 2]);
    expect(relay.waiting).toBe(0);
    const fields = { deliveries: 1, error: broken };
    expect(logger.lines).toEqual([{ level: 'error', message: 'the transport failed to publish', fields }]);
  });

  test('by hanging holds back nobody in process, and costs a bounded amount of memory', () => {
    let heard = 0;
    const { bus, relay, logger } = opened(() => new Promise(() => {}));
    bus.on('*', () => void heard++);
    for (let seq = 1; seq <= 10_001; seq++) relay.deliver([event({ seq })]);
    expect(heard).toBe(10_001);
    expect(relay.waiting).toBe(10_000);
    const message = 'the transport is stuck: events were not published';
    expect(logger.lines).toEqual([{ level: 'error', message, fields: { events: 1 } }]);
  });
});

describe('closing', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  test('waits for what is under way, and leaves no timer', async () => {
    const { taken, publish, open } = gate();
    const { relay } = opened(publish);
    relay.deliver([event({ seq: 1 })]);
    await settled();
    const [begun, cleared] = [vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'clearTimeout')];
    let closed = false;
    const closing = relay.close(5_000).then(() => (closed = true));
    await settled();
    expect(closed).toBe(false);
    open();
    await closing;
    expect(taken).toEqual(['1']);
    // Counting all timers would count those of whatever else still runs in this process.
    const grace = begun.mock.calls.findIndex(([, ms]) => ms === 5_000);
    expect(cleared).toHaveBeenCalledWith(begun.mock.results[grace]?.value);
  });

  test('gives up on a transport that hangs after the grace, and tells it to stop', async () => {
    const aborted = vi.fn<() => void>();
    const { relay } = opened((_deliveries, signal) => {
      signal.addEventListener('abort', aborted);
      return new Promise(() => {});
    });
    relay.deliver([event()]);
    await settled();
    const closing = relay.close(5_000);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(aborted).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await closing;
    expect(aborted).toHaveBeenCalledOnce();
  });
});

const port = (publish: Publish): PushTransport => ({ kind: 'push', specVersion: 1, publish });

test('several transports get everything, and none waits for one that is stuck or fails', async () => {
  const logger = recordingLogger();
  const stuck = gate();
  const taken: number[] = [];
  const failing = port(() => {
    throw new Error('no');
  });
  const sound = port((deliveries) => void taken.push(...deliveries.map(({ event: { seq } }) => seq)));
  const relay = new Relay(new EventBus(logger), [port(stuck.publish), failing, sound], logger);
  for (const seq of [1, 2, 3]) relay.deliver([event({ seq })]);
  await settled();
  expect(taken).toEqual([1, 2, 3]);
  expect(stuck.taken).toEqual(['1']);
  expect(relay.waiting).toBe(3);
  expect(logger.lines).toHaveLength(3);
  stuck.open();
  await settled();
  expect(stuck.taken).toEqual(['1', '2']);
});
