import { describe, expect, test } from 'vitest';
import type { Audience, StreamRef } from '../../src/core/event.ts';
import { type ChannelName, channelsOf, type Delivery, memoryTransport } from '../../src/transports/index.ts';
import { event } from '../events/event.ts';

const signal = new AbortController().signal;

function delivery(channel: ChannelName, seq = 1): Delivery {
  const told = event({ seq });
  return { channel, event: told, encoded: JSON.stringify(told), durable: true };
}

describe('channels', () => {
  const meeting: StreamRef = { kind: 'meeting', id: 'm' };
  const user: StreamRef = { kind: 'user', id: 'u' };

  test.for<[string, StreamRef, Audience, readonly ChannelName[]]>([
    ['everybody in the meeting', meeting, 'all', ['meeting:m']],
    ['its hosts', meeting, 'hosts', ['meeting:m:hosts']],
    ['named people, each on their own', meeting, { users: ['a', 'b'] }, ['user:a', 'user:b']],
    ['one person, from their own stream', user, { users: ['u'] }, ['user:u']],
  ])('of an event for %s', ([, stream, audience, channels]) => {
    expect(channelsOf(event({ stream, audience }))).toEqual(channels);
  });
});

test('a delivery reaches the listeners of its channel, each of them once, in order', async () => {
  const transport = memoryTransport();
  const heard: string[] = [];
  transport.subscribe('meeting:a', ({ event: { seq } }) => heard.push(`first ${seq}`));
  transport.subscribe('meeting:a', ({ event: { seq } }) => heard.push(`second ${seq}`));
  transport.subscribe('meeting:a:hosts', () => heard.push('hosts'));
  await transport.publish([delivery('meeting:a', 1), delivery('meeting:b', 9), delivery('meeting:a', 2)], signal);
  expect(heard).toEqual(['first 1', 'second 1', 'first 2', 'second 2']);
});

test('whoever has stopped listening hears nothing, and stopping twice is stopping once', async () => {
  const transport = memoryTransport();
  const heard: number[] = [];
  const stop = transport.subscribe('user:a', ({ event: { seq } }) => heard.push(seq));
  transport.subscribe('user:a', () => {});
  expect(transport.size).toBe(2);
  stop();
  stop();
  expect(transport.size).toBe(1);
  await transport.publish([delivery('user:a')], signal);
  expect(heard).toEqual([]);
});

test('a listener that stops while it is told does not take its neighbour along', async () => {
  const transport = memoryTransport();
  const heard: string[] = [];
  const stop = transport.subscribe('user:a', () => {
    heard.push('first');
    stop();
  });
  transport.subscribe('user:a', () => heard.push('second'));
  await transport.publish([delivery('user:a', 1), delivery('user:a', 2)], signal);
  expect(heard).toEqual(['first', 'second', 'second']);
});

test('a broken listener silences nobody, and the failure is told with its causes', () => {
  const transport = memoryTransport();
  const heard: number[] = [];
  const broken = new Error('broken');
  transport.subscribe('user:a', () => {
    throw broken;
  });
  transport.subscribe('user:a', ({ event: { seq } }) => heard.push(seq));
  const publish = () => transport.publish([delivery('user:a', 1), delivery('user:a', 2)], signal);
  expect(publish).toThrow(expect.objectContaining({ message: '2 listeners failed', errors: [broken, broken] }));
  expect(heard).toEqual([1, 2]);
});

test('two transports know nothing of each other', async () => {
  const heard: number[] = [];
  memoryTransport().subscribe('user:a', ({ event: { seq } }) => heard.push(seq));
  await memoryTransport().publish([delivery('user:a')], signal);
  expect(heard).toEqual([]);
});
