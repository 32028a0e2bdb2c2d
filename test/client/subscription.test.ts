import { expect, test } from 'vitest';
import type { ConvokeError } from '../../src/client/index.ts';
import { settingsOf, StreamSubscription, type SubscribeOptions } from '../../src/client/subscription.ts';
import { epoch, event, events, manualClock, stream, subscribed } from './stage.ts';

/** A subscription whose frames come from the test, and what it does to its connection. */
function subscription(options: SubscribeOptions = {}) {
  const done: unknown[] = [];
  const note =
    (what: string) =>
    (...given: unknown[]) =>
      void done.push([what, ...given]);
  const host = {
    ...{ clock: manualClock(), random: () => 0 },
    ...{ subscribe: note('subscribe'), reconnect: note('reconnect'), leave: note('leave') },
    ...{ send: note('send'), failed: note('failed') },
  };
  return { done, host, subject: new StreamSubscription(stream, settingsOf(options), host) };
}

const drained = () => new Promise<void>((resolve) => queueMicrotask(resolve));

test('what waited for a listener is heard before what happens now', async () => {
  const { subject } = subscription();
  const heard: unknown[] = [];
  subject.feed.frame(subscribed(0));
  subject.feed.frame(events(1, 2));
  subject.on('*', ({ seq }: { seq: number }) => void heard.push(`one ${seq}`));
  subject.feed.frame(events(3));
  subject.on('*', ({ seq }: { seq: number }) => void heard.push(`two ${seq}`));
  await drained();
  expect(heard).toEqual(['one 1', 'one 2', 'one 3']);
  subject.feed.frame(events(4));
  expect(heard.slice(3)).toEqual(['one 4', 'two 4']);
});

test('all who begin to listen together hear what has waited', async () => {
  const { subject } = subscription();
  const heard: unknown[] = [];
  subject.feed.frame(subscribed(0));
  subject.feed.frame(events(1));
  subject.on('meeting.started', () => void heard.push('one'));
  subject.on('*', () => void heard.push('two'));
  expect([heard, subject.cursor]).toEqual([[], `${epoch}:0`]);
  await drained();
  expect([heard, subject.cursor]).toEqual([['one', 'two'], `${epoch}:1`]);
});

test('the cursor stays behind the slowest loop', async () => {
  const { subject } = subscription();
  const [quick, slow] = [subject.events(), subject.events()];
  subject.feed.frame(subscribed(0));
  subject.feed.frame(events(1, 2, 3));
  await quick.next();
  await quick.next();
  expect(subject.cursor).toBe(`${epoch}:0`);
  await slow.next();
  expect(subject.cursor).toBe(`${epoch}:1`);
  await slow.return();
  expect(subject.cursor).toBe(`${epoch}:2`);
});

test('a subscription that nobody reads ends before it fills the memory', async () => {
  const ends: ConvokeError[] = [];
  const { subject, done } = subscription({ onEnd: (error) => void ends.push(error) });
  const heard: number[] = [];
  subject.feed.frame(subscribed(0));
  for (let seq = 1; seq <= 10_002; seq++) subject.feed.frame(events(seq));
  subject.on('*', ({ seq }: { seq: number }) => void heard.push(seq));
  await drained();
  expect([heard.length, heard.at(-1)]).toEqual([10_000, 10_000]);
  expect(ends).toEqual([expect.objectContaining({ code: 'BUSY' })]);
  expect(done).toEqual([['leave', subject]]);
});

test('a listener that stops in the middle of a frame hears no more of it', async () => {
  const { subject } = subscription();
  const heard: number[] = [];
  subject.on('*', ({ seq }: { seq: number }) => {
    heard.push(seq);
    if (seq === 2) subject.end(null);
  });
  subject.feed.frame(subscribed(0));
  subject.feed.frame(events(1, 2, 3));
  subject.feed.frame(events(4));
  expect(heard).toEqual([1, 2]);
});

test('frames of another epoch are nobody’s', () => {
  const { subject } = subscription();
  subject.feed.frame(subscribed(0));
  subject.feed.frame({ ...events(1), epoch: 'another' });
  expect(subject.feed.after).toBe(`${epoch}:0`);
});

test('more than can wait for the state is asked for again', async () => {
  const loaded = Promise.withResolvers<null>();
  const { subject, done } = subscription({ state: () => loaded.promise });
  const heard: number[] = [];
  subject.on('*', ({ seq }: { seq: number }) => void heard.push(seq));
  subject.feed.frame(subscribed(0));
  for (let seq = 1; seq <= 1_500; seq++) subject.feed.frame(events(seq));
  expect(heard).toEqual([]);
  loaded.resolve(null);
  await new Promise(setImmediate);
  expect(heard).toHaveLength(1_000);
  expect(subject.feed.after).toBe(`${epoch}:1000`);
  expect(done).toEqual([['reconnect', expect.any(String)]]);
});

test('what was retried is given up when the subscription ends', async () => {
  const { subject, host, done } = subscription({ state: () => Promise.reject(new Error('down')) });
  subject.feed.frame(subscribed(0));
  await new Promise(setImmediate);
  expect(done).toEqual([['failed', new Error('down')]]);
  subject.end(null);
  expect(host.clock.waits).toEqual([]);
  const other = subscription();
  other.subject.feed.frame({ kind: 'unsubscribed', stream, code: 'BUSY', message: 'later' });
  expect(other.host.clock.waits).toEqual([0]);
  other.subject.feed.offline(); // the next connection asks by itself
  expect(other.host.clock.waits).toEqual([]);
});

test('an event of a private lane follows on whatever came before it', () => {
  const { subject, done } = subscription();
  subject.feed.frame(subscribed(4));
  subject.feed.frame(events(event(6, { prev: 0, audience: { users: ['a', 'b'] } }), event(7, { prev: 3 })));
  expect([subject.feed.after, done]).toEqual([`${epoch}:7`, []]);
});
