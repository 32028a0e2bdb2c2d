import { expect, test } from 'vitest';
import type { Frame } from '../../src/realtime/frame.ts';
import {
  epoch,
  event,
  events,
  inbox,
  meetingId,
  personId,
  stream,
  subscribed,
  until,
  WebSocketStage,
} from './stage.ts';
import { clientOf, follow } from './visitor.ts';

test('events arrive typed by their name, with what their frame says of them', async () => {
  await using stage = await WebSocketStage.open();
  const { client } = clientOf(stage);
  const subscription = client.meeting(meetingId.toUpperCase()).subscribe();
  const ended: unknown[] = [];
  subscription.on('meeting.ended', (each) => void ended.push(each));

  const peer = await stage.peer();
  expect(await peer.hears('subscribe')).toEqual({ kind: 'subscribe', stream });
  expect(subscription.cursor).toBeNull();
  peer.send(subscribed(3), events(4, event(5, { type: 'meeting.ended', data: { reason: null } })));
  await until(() => expect(ended).toHaveLength(1));
  expect(ended).toEqual([{ ...event(5, { type: 'meeting.ended', data: { reason: null } }), stream, epoch }]);
  expect(subscription.cursor).toBe(`${epoch}:5`);

  peer.send({ kind: 'cursor', stream, epoch, to: 9 });
  await until(() => expect(subscription.cursor).toBe(`${epoch}:9`));
});

test('a loop gets the events from the beginning on, however late it begins, and ends when it is stopped', async () => {
  await using stage = await WebSocketStage.open();
  const { client } = clientOf(stage);
  const subscription = client.meeting(meetingId).subscribe();
  const peer = await stage.peer();
  await peer.hears('subscribe');
  peer.send(subscribed(0), events(1, 2, 3), { kind: 'ping' });
  await peer.hears('pong'); // so the events are there, and nobody has listened yet
  expect(subscription.cursor).toBe(`${epoch}:0`);
  const seqs: number[] = [];
  for await (const { seq } of subscription) {
    seqs.push(seq);
    expect(subscription.cursor).toBe(`${epoch}:${seq}`);
    if (seq === 3) peer.send(events(4));
    if (seq === 4) subscription.stop();
  }
  expect(seqs).toEqual([1, 2, 3, 4]);
  expect(await peer.hears('unsubscribe')).toEqual({ kind: 'unsubscribe', stream });
  for await (const each of subscription) expect.unreachable(`there is no event ${each.seq}`);
});

test('a kept cursor is where it goes on', async () => {
  await using stage = await WebSocketStage.open();
  const { client } = clientOf(stage);
  const { subscription, heard } = follow(client, { after: `${epoch}:7` });
  const peer = await stage.peer();
  expect(await peer.hears('subscribe')).toEqual({ kind: 'subscribe', stream, after: `${epoch}:7` });
  expect(subscription.cursor).toBe(`${epoch}:7`);
  peer.send(subscribed(7, true), events(8));
  await until(() => expect(heard).toEqual([8]));
  expect(() => client.meeting(personId).subscribe({ after: 'yesterday' })).toThrow(
    expect.objectContaining({ code: 'VALIDATION' }),
  );
});

test('after a cut it comes back with its cursor, and what comes twice is told once', async () => {
  await using stage = await WebSocketStage.open();
  const { client, statuses } = clientOf(stage);
  const { heard } = follow(client);
  const first = await stage.peer();
  await first.hears('subscribe');
  first.send(subscribed(0), events(1, 2), events(1, 2), events(2, 3));
  await until(() => expect(heard).toEqual([1, 2, 3]));
  first.cut();

  const second = await stage.peer(1);
  expect(await second.hears('subscribe')).toEqual({ kind: 'subscribe', stream, after: `${epoch}:3` });
  second.send(events(90)); // of nobody's subscription
  second.send(subscribed(3, true), subscribed(3, true), events(2, 3, 4), events(5));
  await until(() => expect(heard).toEqual([1, 2, 3, 4, 5]));
  expect(statuses.map(({ state }) => state)).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open']);
});

test('words that were taken back are passed over', async () => {
  await using stage = await WebSocketStage.open();
  const { client } = clientOf(stage);
  const { subscription, heard } = follow(client);
  const peer = await stage.peer();
  await peer.hears('subscribe');
  peer.send(subscribed(0), events(event(1, { type: 'chat.message.sent', redacted: true }), 2));
  await until(() => expect(heard).toEqual([2]));
  expect(subscription.cursor).toBe(`${epoch}:2`);
});

test('a missing event is asked for over another connection', async () => {
  await using stage = await WebSocketStage.open();
  const { client } = clientOf(stage);
  const { heard } = follow(client);
  const first = await stage.peer();
  await first.hears('subscribe');
  first.send(subscribed(0), events(1), events(3));
  const second = await stage.peer(1);
  expect((await second.hears('subscribe')).after).toBe(`${epoch}:1`);
  second.send(subscribed(1, true), events(2, 3));
  await until(() => expect(heard).toEqual([1, 2, 3]));
});

test('an event that stays missing is a reset', async () => {
  await using stage = await WebSocketStage.open();
  const { client } = clientOf(stage);
  const resets: string[] = [];
  const { heard } = follow(client, { onReset: (reason) => void resets.push(reason) });
  const first = await stage.peer();
  await first.hears('subscribe');
  first.send(subscribed(0), events(1), events(3));
  const second = await stage.peer(1);
  await second.hears('subscribe');
  second.send(subscribed(1, true), events(3));
  expect(await second.hears('subscribe', 1)).toEqual({ kind: 'subscribe', stream });
  expect(resets).toEqual(['gap']);
  second.send(subscribed(3), events(4));
  await until(() => expect(heard).toEqual([1, 4]));
});

test('a loop forgets what a reset has made worthless', async () => {
  await using stage = await WebSocketStage.open();
  const { client } = clientOf(stage);
  const subscription = client.meeting(meetingId).subscribe();
  const peer = await stage.peer();
  await peer.hears('subscribe');
  const otherEpoch = epoch.replaceAll('e', 'f');
  peer.send(subscribed(0), events(1, 2), { kind: 'reset', stream, epoch: otherEpoch, seq: 9, reason: 'epoch' });
  await peer.hears('subscribe', 1);
  peer.send(
    { kind: 'subscribed', stream, epoch: otherEpoch, seq: 9, resumed: false },
    { ...events(10), epoch: otherEpoch },
  );
  const { value } = await subscription[Symbol.asyncIterator]().next();
  expect(value).toMatchObject({ seq: 10, epoch: otherEpoch });
  expect(subscription.cursor).toBe(`${otherEpoch}:10`);
});

test('a cursor that is not continued counts as a reset', async () => {
  await using stage = await WebSocketStage.open();
  const { client } = clientOf(stage);
  const resets: string[] = [];
  const { heard } = follow(client, { after: `${epoch}:5`, onReset: (reason) => void resets.push(reason) });
  const peer = await stage.peer();
  await peer.hears('subscribe');
  peer.send(subscribed(8), events(9));
  await until(() => expect(heard).toEqual([9]));
  expect(resets).toEqual(['too-far']);
});

test('what is said in passing comes and goes, and one’s own state is said again after a cut', async () => {
  await using stage = await WebSocketStage.open();
  const { client } = clientOf(stage);
  const { subscription } = follow(client);
  const heard: unknown[] = [];
  subscription.on('signal', (signal) => void heard.push(['signal', signal]));
  subscription.on('state', (state) => void heard.push(['state', state]));
  subscription.signal('chat.typing', { on: true }); // nobody is there yet
  subscription.state('idle', true);
  subscription.state('away', true);
  subscription.state('away', null);
  const first = await stage.peer();
  await first.hears('subscribe');
  first.send(subscribed(0));
  expect(await first.hears('state')).toEqual({ kind: 'state', stream, type: 'idle', data: true });
  subscription.signal('reaction', '👍');
  expect(await first.hears('signal')).toEqual({ kind: 'signal', stream, type: 'reaction', data: '👍' });
  const state: Frame = { kind: 'state', stream, from: personId, type: 'idle', data: { since: 1 } };
  first.send({ ...state, kind: 'signal', type: 'reaction', data: 1 }, state);
  await until(() => expect(heard).toHaveLength(2));
  first.cut();

  const second = await stage.peer(1);
  await second.hears('subscribe');
  second.send(subscribed(0, true));
  expect(await second.hears('state')).toEqual({ kind: 'state', stream, type: 'idle', data: true });
  expect(heard).toEqual([
    ['signal', { from: personId, type: 'reaction', data: 1 }],
    ['state', { from: personId, type: 'idle', data: { since: 1 } }],
    ['state', { from: personId, type: 'idle', data: null }],
  ]);
  second.cut();
  const third = await stage.peer(2);
  await third.hears('subscribe');
  third.send(subscribed(0, true));
  await third.hears('state');
  expect(heard).toHaveLength(3);
  expect(first.of('signal')).toHaveLength(1);
  expect(first.of('state')).toHaveLength(1);
});

test('two streams share one connection, and each is had once', async () => {
  await using stage = await WebSocketStage.open();
  const { client } = clientOf(stage);
  const { heard } = follow(client);
  const own = client.inbox(personId).subscribe();
  const invitations: number[] = [];
  own.on('*', ({ seq }) => void invitations.push(seq));
  expect(() => client.inbox(personId).subscribe()).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
  const peer = await stage.peer();
  await peer.hears('subscribe', 1);
  peer.send(subscribed(0), subscribed(6, false, inbox), events(1), { ...events(7), stream: inbox });
  await until(() => expect([heard, invitations]).toEqual([[1], [7]]));
  expect(stage.peers).toHaveLength(1);
  own.stop();
  own.stop();
  const again = client.inbox(personId).subscribe();
  await peer.hears('subscribe', 2);
  again.stop();
});

test('listeners that fail harm nobody, and are told of', async () => {
  await using stage = await WebSocketStage.open();
  const { client, errors } = clientOf(stage);
  const subscription = client.meeting(meetingId).subscribe();
  const heard: number[] = [];
  subscription.on('meeting.started', () => {
    throw new Error('thrown');
  });
  subscription.on('*', async () => Promise.reject(new Error('rejected')));
  const off = subscription.on('meeting.started', ({ seq }) => void heard.push(seq));
  const peer = await stage.peer();
  await peer.hears('subscribe');
  peer.sendText('not a frame');
  peer.sendText('"text"');
  peer.sendText('{"kind":"from-the-future"}');
  peer.send({ kind: 'failed', id: null, code: 'VALIDATION', message: 'unreadable', details: {} });
  peer.send(subscribed(0), events(1));
  await until(() => expect(heard).toEqual([1]));
  off();
  peer.send(events(2), { kind: 'ping' });
  await peer.hears('pong');
  expect(heard).toEqual([1]);
  await until(() =>
    expect(errors.map((error) => (error as Error).message)).toEqual([
      'unreadable',
      'thrown',
      'rejected',
      'thrown',
      'rejected',
    ]),
  );
});
