import { expect, test } from 'vitest';
import { connect } from '../../src/client/index.ts';
import {
  epoch,
  events,
  HttpStage,
  inbox,
  manualClock,
  meetingId,
  personId,
  stream,
  subscribed,
  until,
  WebSocketStage,
} from './stage.ts';
import { clientOf, follow } from './visitor.ts';

const sse = { transports: ['sse'] } as const;

test('a reset is followed by a request without a cursor', async () => {
  await using stage = await HttpStage.open();
  const { client } = clientOf(stage, sse);
  const resets: string[] = [];
  const { heard } = follow(client, { after: `${epoch}:3`, onReset: (reason) => void resets.push(reason) });
  const first = await stage.exchange('GET');
  first.begin({ kind: 'reset', stream, epoch, seq: 90, reason: 'too-far' });
  first.response.end();
  const second = await stage.exchange('GET', 1);
  expect(second.url.searchParams.has('after')).toBe(false);
  second.begin(subscribed(90), events(91));
  await until(() => expect(heard).toEqual([91]));
  expect(resets).toEqual(['too-far']);
});

test('a stream that is refused ends alone, by a frame or by its status', async () => {
  await using stage = await HttpStage.open();
  const { client } = clientOf(stage, sse);
  const ends: unknown[] = [];
  const onEnd = ({ code, message }: { code: string; message: string }) => void ends.push([code, message]);
  follow(client, { onEnd });
  (await stage.exchange('GET')).answer(403, { code: 'NOT_FOUND', message: 'Not for you.' });
  await until(() => expect(ends).toEqual([['NOT_FOUND', 'Not for you.']]));
  client.inbox(personId).subscribe({ onEnd });
  const second = await stage.exchange('GET', 1);
  second.begin({ kind: 'unsubscribed', stream: inbox, code: 'NOT_FOUND', message: 'None.' });
  second.response.end();
  await until(() => expect(ends).toHaveLength(2));
  const { heard } = follow(client);
  const third = await stage.exchange('GET', 2);
  third.begin(subscribed(0), events(1));
  await until(() => expect(heard).toEqual([1]));
  expect(stage.exchanges).toHaveLength(3);
});

test.each([401, 204])('HTTP %i is the end for good', async (status) => {
  await using stage = await HttpStage.open();
  const { client } = clientOf(stage, sse);
  const ends: unknown[] = [];
  follow(client, { onEnd: ({ code }) => void ends.push(code) });
  (await stage.exchange('GET')).answer(status, null);
  await until(() => expect(client.status.state).toBe('closed'));
  expect(ends).toEqual(['UNAUTHORIZED']);
});

test('a server tells why it closes by an event of that name', async () => {
  await using stage = await HttpStage.open();
  const clock = manualClock();
  const { client, statuses } = clientOf(stage, { ...sse, clock, random: () => 0.5 });
  follow(client);
  const first = await stage.exchange('GET');
  first.begin(subscribed(0));
  first.response.end('event: close\ndata: {"code":3001,"reason":"shutdown"}\n\n');
  await until(() =>
    expect(statuses.at(-1)).toEqual({ state: 'waiting', forMs: 2_500, closeCode: 3001, reason: 'shutdown' }),
  );
  clock.advance(2_500);
  const second = await stage.exchange('GET', 1);
  second.begin(subscribed(0));
  second.response.end('event: close\ndata: {"code":3503,"reason":"removed"}\n\n');
  await until(() => expect(client.status).toMatchObject({ state: 'closed', error: { code: 'REMOVED' } }));
});

test('a server that asks to be left alone is, and backs off from what is no event stream', async () => {
  await using stage = await HttpStage.open();
  const clock = manualClock();
  const { client, statuses } = clientOf(stage, { ...sse, clock, random: () => 0.5 });
  follow(client);
  const waits: number[] = [];
  const waited = async () => {
    await until(() => expect(client.status.state).toBe('waiting'));
    const status = statuses.at(-1);
    if (status?.state === 'waiting') waits.push(status.forMs);
    clock.advance(waits.at(-1) ?? 0);
  };
  (await stage.exchange('GET')).answer(503, {}, { 'retry-after': '7' });
  await waited();
  (await stage.exchange('GET', 1)).answer(200, { page: 'of a proxy' });
  await waited();
  const third = await stage.exchange('GET', 2);
  third.begin(subscribed(0));
  third.response.end('retry: 3000\n\n');
  await waited();
  expect(waits).toEqual([7_250, 500, 4_000]);
});

test('comments are signs of life; without any for 35 s another request is made', async () => {
  await using stage = await HttpStage.open();
  const clock = manualClock();
  const { client, statuses } = clientOf(stage, { ...sse, clock, random: () => 0.5 });
  const { heard } = follow(client);
  const first = await stage.exchange('GET');
  first.begin(subscribed(0));
  clock.advance(30_000);
  first.response.write(': alive\n\n');
  first.send({ kind: 'ping' }, events(1));
  await until(() => expect(heard).toEqual([1]));
  clock.advance(34_999);
  expect(client.status.state).toBe('open');
  clock.advance(1);
  expect(statuses.at(-1)).toMatchObject({ state: 'waiting', closeCode: 3012 });
  await until(() => expect(first.gone).toBe(true));
  clock.advance(250);
  await stage.exchange('GET', 1);
  expect(stage.exchanges.filter(({ request }) => request.method === 'POST')).toEqual([]);
});

test('where no WebSocket gets through, events do, and later attempts begin there', async () => {
  await using stage = await HttpStage.open();
  const { client, statuses } = clientOf(stage, { transports: ['websocket', 'sse'] });
  const { heard } = follow(client);
  const sent = client.command('chat.send', meetingId, { content: 'Hello' });
  const first = await stage.exchange('GET');
  first.begin(subscribed(0), events(1));
  const { id } = JSON.parse((await stage.exchange('POST')).body);
  (await stage.exchange('POST')).answer(200, { kind: 'done', id, result: null, seq: 1 });
  await sent;
  await until(() => expect(heard).toEqual([1]));
  expect(statuses).toEqual([{ state: 'connecting' }, { state: 'open', transport: 'sse' }]);
  first.cut();
  (await stage.exchange('GET', 1)).begin(subscribed(1, true), events(2));
  await until(() => expect(heard).toEqual([1, 2]));
  expect(stage.upgrades).toBe(1);
});

test('credentials that one transport refuses are not tried on the next', async () => {
  await using stage = await HttpStage.open();
  const { client } = clientOf(stage, { transports: ['sse', 'websocket'] });
  follow(client);
  (await stage.exchange('GET')).answer(401, null);
  await until(() => expect(client.status).toMatchObject({ state: 'closed', error: { code: 'UNAUTHORIZED' } }));
  expect(stage.upgrades).toBe(0);
});

test('a WebSocket that has worked is tried first ever after', async () => {
  await using sockets = await WebSocketStage.open();
  await using requests = await HttpStage.open();
  const { client, statuses } = clientOf(sockets, {
    ...{ url: { websocket: sockets.url, sse: requests.url } },
    transports: ['sse', 'websocket'],
  });
  follow(client);
  (await requests.exchange('GET')).answer(500, {});
  const peer = await sockets.peer();
  await peer.hears('subscribe');
  peer.cut();
  await (await sockets.peer(1)).hears('subscribe');
  expect(requests.exchanges).toHaveLength(1);
  expect(statuses.at(-1)).toEqual({ state: 'open', transport: 'websocket' });
});

test('a client that is closed leaves no request behind', async () => {
  await using stage = await HttpStage.open();
  const { client } = clientOf(stage, sse);
  const { subscription } = follow(client);
  const sent = client.command('meetings.get', meetingId);
  const waiting = await stage.exchange('POST');
  const listening = await stage.exchange('GET');
  listening.begin(subscribed(0));
  client.close();
  subscription.stop();
  await expect(sent).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  await until(() => expect([waiting.gone, listening.gone]).toEqual([true, true]));
});

test('an address or a transport that leads nowhere is refused at once', () => {
  expect(() => connect({ url: '/live' })).toThrow(TypeError);
  expect(() => connect({ url: { sse: 'http://server/' }, transports: ['websocket'] })).toThrow(
    'There is no address for websocket.',
  );
  expect(() => connect({ url: {} })).toThrow('There is no transport to try.');
});
