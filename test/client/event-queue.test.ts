import { expect, test } from 'vitest';
import { EventQueue } from '../../src/client/event-queue.ts';
import { ConvokeError } from '../../src/client/index.ts';

const queue = () => new EventQueue<{ readonly seq: number }>(() => {});

test('events wait for their reader, and a reader for events', async () => {
  const events = queue();
  events.push({ seq: 1 });
  events.push({ seq: 2 });
  expect(events.before).toBe(0);
  expect((await events.next()).value).toEqual({ seq: 1 });
  expect(events.before).toBe(1);
  await events.next();
  expect(events.before).toBeNull();
  const third = events.next();
  events.push({ seq: 3 });
  expect(await third).toEqual({ done: false, value: { seq: 3 } });
});

test('what waits is read before the end, and an error is thrown once', async () => {
  const events = queue();
  events.push({ seq: 1 });
  const error = new ConvokeError('NOT_FOUND', 'None.');
  events.end(error);
  events.push({ seq: 2 });
  expect(await events.next()).toEqual({ done: false, value: { seq: 1 } });
  await expect(events.next()).rejects.toBe(error);
  expect(await events.next()).toEqual({ done: true, value: undefined });
});

test('readers that wait are told of the end', async () => {
  const [good, bad] = [queue(), queue()];
  const [first, second] = [good.next(), bad.next()];
  good.end(null);
  bad.end(new ConvokeError('REMOVED', 'Gone.'));
  expect(await first).toEqual({ done: true, value: undefined });
  await expect(second).rejects.toMatchObject({ code: 'REMOVED' });
});

test('a loop that is left holds nothing more', async () => {
  let left = 0;
  const events = new EventQueue<{ readonly seq: number }>(() => left++);
  events.push({ seq: 1 });
  events.push({ seq: 2 });
  for await (const event of events) if (event.seq === 1) break;
  events.push({ seq: 3 });
  expect([left, events.before]).toEqual([1, null]);
});

test('a reader that falls ten thousand events behind is told so', async () => {
  const events = queue();
  for (let seq = 1; seq <= 10_001; seq++) events.push({ seq });
  let read = 0;
  const reading = (async () => {
    for await (const { seq } of events) read = seq;
  })();
  await expect(reading).rejects.toMatchObject({ code: 'BUSY' });
  expect(read).toBe(10_000);
});
