import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { StreamEvent } from '../../src/core/event.ts';
import { PendingEvents } from '../../src/events/index.ts';
import type { PendingEventsPorts } from '../../src/events/pending-events.ts';
import { event, recordingLogger } from './event.ts';

type State = 'stored' | 'redacted' | 'overtaken' | 'open';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Check = PendingEventsPorts['check'];

/** Of these events, each blanks all that came before it. */
const blanking: PendingEventsPorts['blanking'] = ({ type, seq }) =>
  type === 'taken-back' ? (earlier) => earlier.seq < seq : null;

/** Pending events over a log whose answers a test writes by hand. */
function opened() {
  const logger = recordingLogger();
  const states = new Map<string, State>();
  const delivered: StreamEvent[][] = [];
  let next = 100;
  const check = vi.fn<Check>((events) => {
    next++;
    const found = events.map(({ id }) => {
      const state = states.get(id) ?? 'open';
      const redacted = state === 'redacted';
      return {
        id,
        stored: redacted || state === 'stored',
        redacted,
        overtaken: state === 'overtaken',
        next: `${next}`,
      };
    });
    return Promise.resolve(found);
  });
  const deliver = (events: readonly StreamEvent[]) => void (events.length > 0 && delivered.push([...events]));
  return { pending: new PendingEvents({ check, deliver, blanking, logger }), states, delivered, check, logger };
}

const second = () => vi.advanceTimersByTimeAsync(PendingEvents.checkEveryMs);

test('what the host reports as committed goes out at once, and only once', async () => {
  const { pending, states, delivered } = opened();
  const [one, two] = [event({ seq: 1 }), event({ seq: 2 })];
  pending.hold([one, two]);
  expect(pending.size).toBe(2);
  expect(delivered).toEqual([]);
  pending.committed([one, two]);
  pending.committed([one]);
  states.set(one.id, 'stored');
  await second();
  expect(delivered).toEqual([[one, two]]);
  expect(pending.size).toBe(0);
});

const blank = (told: StreamEvent): StreamEvent => ({ ...told, data: {}, redacted: true });

test('what was blanked by another event of the same commit goes out blank', () => {
  const { pending, delivered, check } = opened();
  const words = { text: 'my password' };
  const [said, by, after] = [
    event({ seq: 1, data: words }),
    event({ seq: 2, type: 'taken-back', data: words }),
    event({ seq: 3, data: words }),
  ];
  pending.hold([said, by, after]);
  pending.committed([said, by, after]);
  expect(delivered).toEqual([[blank(said), by, after]]);
  expect(check).not.toHaveBeenCalled();
});

test.for<[string, State, State, (told: StreamEvent) => StreamEvent]>([
  ['committed too', 'redacted', 'stored', blank],
  ['rolled back by itself', 'stored', 'overtaken', (told) => told],
])('where it is not known whether that was %s, the log decides', async ([, state, ofOther, seen]) => {
  const { pending, states, delivered } = opened();
  const [said, by, beside] = [
    event({ seq: 2, data: { text: 'in doubt' } }),
    event({ seq: 3, type: 'taken-back' }),
    event({ seq: 4 }),
  ];
  pending.hold([said, by, beside]);
  states.set(said.id, state).set(by.id, ofOther);
  pending.committed([said, beside]);
  expect(delivered).toEqual([[beside]]);
  await vi.advanceTimersByTimeAsync(0);
  expect(delivered[1]).toEqual(ofOther === 'stored' ? [seen(said), by] : [seen(said)]);
  expect(pending.size).toBe(0);
});

test('what nobody told about goes out as the log has it', async () => {
  const { pending, states, delivered } = opened();
  const told = event({ data: { text: 'my password' } });
  pending.hold([told]);
  states.set(told.id, 'redacted');
  await second();
  expect(delivered).toEqual([[blank(told)]]);
});

test('what was rolled back blanks nothing', () => {
  const { pending, delivered } = opened();
  const [said, by] = [event({ seq: 1, data: { text: 'stays' } }), event({ seq: 2, type: 'taken-back' })];
  pending.hold([said, by]);
  pending.discard([by]);
  pending.committed([said]);
  expect(delivered).toEqual([[said]]);
});

test('what was never held is not announced', () => {
  const { pending, delivered } = opened();
  pending.committed([event()]);
  expect(delivered).toEqual([]);
});

test('what the host rolled back is forgotten', async () => {
  const { pending, states, delivered } = opened();
  const told = event();
  pending.hold([told]);
  pending.discard([told]);
  states.set(told.id, 'stored');
  await second();
  expect(delivered).toEqual([]);
  expect(pending.size).toBe(0);
});

test('a host that says nothing costs a second: the log says what is committed', async () => {
  const { pending, states, delivered, check } = opened();
  const [one, two] = [event({ seq: 1 }), event({ seq: 2 })];
  pending.hold([one, two]);
  await second();
  expect(delivered).toEqual([]);
  states.set(one.id, 'stored').set(two.id, 'stored');
  await second();
  expect(delivered).toEqual([[one, two]]);
  expect(check).toHaveBeenCalledTimes(2);
});

test('every look tells what the first one learnt of an event, for the log to judge by', async () => {
  const { pending, check } = opened();
  const [one, two] = [event(), event()];
  pending.hold([one]);
  await second();
  pending.hold([two]);
  await second();
  await second();
  const told = check.mock.calls.map(([events, before]) => [events.map(({ id }) => id), Object.fromEntries(before)]);
  expect(told).toEqual([
    [[one.id], {}],
    [[one.id, two.id], { [one.id]: '101' }],
    [[one.id, two.id], { [one.id]: '101', [two.id]: '102' }],
  ]);
});

test('an event whose number another one has was rolled back', async () => {
  const { pending, states, delivered } = opened();
  const [lost, open] = [event(), event()];
  pending.hold([lost, open]);
  states.set(lost.id, 'overtaken');
  await second();
  expect(delivered).toEqual([]);
  expect(pending.size).toBe(1);
});

test('a transaction that stays open for over an hour has been given up', async () => {
  const { pending } = opened();
  pending.hold([event()]);
  await vi.advanceTimersByTimeAsync(PendingEvents.forgetAfterMs);
  expect(pending.size).toBe(1);
  await second();
  expect(pending.size).toBe(0);
});

test('a log that cannot be read is asked again', async () => {
  const { pending, states, delivered, check, logger } = opened();
  const told = event();
  const broken = new Error('no connection');
  check.mockRejectedValueOnce(broken);
  pending.hold([told]);
  states.set(told.id, 'stored');
  await second();
  expect(logger.lines).toEqual([
    { level: 'warn', message: 'pending events could not be checked', fields: { error: broken } },
  ]);
  await second();
  expect(delivered).toEqual([[told]]);
});

test('nothing held is nothing to look for', async () => {
  const { pending, check } = opened();
  pending.hold([]);
  await pending.check();
  expect(vi.getTimerCount()).toBe(0);
  pending.hold([event()]);
  pending.hold([event()]);
  expect(vi.getTimerCount()).toBe(1);
  expect(check).not.toHaveBeenCalled();
});

test('once everything is settled nothing is looked for any more', async () => {
  const { pending, check } = opened();
  const told = event();
  pending.hold([told]);
  pending.committed([told]);
  await second();
  expect(vi.getTimerCount()).toBe(0);
  expect(check).not.toHaveBeenCalled();
});

test('closing waits for the look under way and leaves no timer, whatever is still held', async () => {
  const { pending, check } = opened();
  const { promise, resolve: answer } = Promise.withResolvers<[]>();
  check.mockReturnValueOnce(promise);
  pending.hold([event()]);
  await second();
  let closed = false;
  const closing = pending.close().then(() => (closed = true));
  await vi.advanceTimersByTimeAsync(0);
  expect(closed).toBe(false);
  answer([]);
  await closing;
  expect(pending.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test('closing announces what was committed since the last look', async () => {
  const { pending, states, delivered } = opened();
  const [stored, open] = [event(), event()];
  pending.hold([stored, open]);
  states.set(stored.id, 'stored');
  await pending.close();
  expect(delivered).toEqual([[stored]]);
  expect(pending.size).toBe(0);
});

test('what is handed in after closing is not held', async () => {
  const { pending, check } = opened();
  await pending.close();
  pending.hold([event()]);
  expect(pending.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  expect(check).not.toHaveBeenCalled();
});

test('a log that cannot be read does not keep from closing', async () => {
  const { pending, check, logger } = opened();
  check.mockRejectedValue(new Error('no connection'));
  pending.hold([event()]);
  await pending.close();
  expect(logger.lines).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});
