import { expect, test } from 'vitest';
import type { ConvokeError } from '../../src/client/index.ts';
import { events, inbox, manualClock, meetingId, personId, stream, subscribed, until, WebSocketStage } from './stage.ts';
import { clientOf, everyOf, follow } from './visitor.ts';

test.each([
  [3500, 'UNAUTHORIZED'],
  [3501, 'REFUSED'],
  [3503, 'REMOVED'],
])('close code %i is the end: %s, and nobody comes back', async (closeCode, code) => {
  await using stage = await WebSocketStage.open();
  const { client, statuses } = clientOf(stage);
  const ends: ConvokeError[] = [];
  const { subscription } = follow(client, { onEnd: (error) => void ends.push(error) });
  const loop = everyOf(subscription);
  const sent = client.command('chat.send', meetingId, { content: 'Hello' });
  const peer = await stage.peer();
  await peer.hears('command');
  peer.close(closeCode, 'enough');
  await expect(sent).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', details: { closeCode, reason: 'enough' } });
  await expect(loop).rejects.toMatchObject({ code });
  expect(ends).toEqual([expect.objectContaining({ code, details: { closeCode, reason: 'enough' }, retryable: false })]);
  expect(client.status).toEqual({ state: 'closed', error: ends[0] });
  expect(statuses.map(({ state }) => state)).toEqual(['connecting', 'open', 'closed']);
  expect(() => client.meeting(meetingId).subscribe()).toThrow(ends[0]);
  await expect(client.command('meetings.get', meetingId)).rejects.toBe(ends[0]);
});

test('a stream that is refused ends alone, and one that cannot be read now is asked for again', async () => {
  await using stage = await WebSocketStage.open();
  const { client } = clientOf(stage);
  const ends: unknown[] = [];
  const { heard } = follow(client, { onEnd: (error) => void ends.push(error.code) });
  const own = client.inbox(personId).subscribe({ onEnd: (error) => void ends.push(error.code) });
  const peer = await stage.peer();
  await peer.hears('subscribe', 1);
  peer.send(
    { kind: 'unsubscribed', stream: inbox, code: 'NOT_FOUND', message: 'There is none.' },
    { kind: 'unsubscribed', stream, code: 'UNAVAILABLE', message: 'Later.' },
  );
  expect((await peer.hears('subscribe', 2)).stream).toEqual(stream);
  peer.send(subscribed(0), events(1));
  await until(() => expect(heard).toEqual([1]));
  expect(ends).toEqual(['NOT_FOUND']);
  await expect(own[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a token travels as a subprotocol, is asked for anew each time, and the server picks another name', async () => {
  await using stage = await WebSocketStage.open();
  let asked = 0;
  const { client } = clientOf(stage, { token: async () => `to ken(${++asked})` });
  follow(client);
  const first = await stage.peer();
  expect(first.request.headers['sec-websocket-protocol']).toBe('convoke.v1, convoke.bearer.to%20ken%281%29');
  expect(first.request.url).toBe('/live');
  expect(first.protocol).toBe('convoke.v1');
  first.close(3005, 'expired');
  const second = await stage.peer(1);
  expect(second.request.headers['sec-websocket-protocol']).toContain('%282%29');
  await client.authenticate();
  expect(await second.hears('authenticate')).toEqual({ kind: 'authenticate', token: 'to ken(3)' });
});

test('credentials that change while a connection opens are not lost', async () => {
  await using stage = await WebSocketStage.open();
  let token = 'old';
  const { client } = clientOf(stage, { token: () => token });
  await Promise.resolve(); // the handshake has its token
  token = 'new';
  expect(client.status.state).toBe('connecting');
  await client.authenticate();
  const peer = await stage.peer();
  expect(peer.request.headers['sec-websocket-protocol']).toContain('convoke.bearer.old');
  expect(await peer.hears('authenticate')).toEqual({ kind: 'authenticate', token: 'new' });
});

test('a token can travel in the address, and without one there is no subprotocol', async () => {
  await using stage = await WebSocketStage.open();
  clientOf(stage, { token: () => 'a b', tokenIn: 'query' });
  expect((await stage.peer()).request.url).toBe('/live?access_token=a+b');
  clientOf(stage);
  expect((await stage.peer(1)).request.headers['sec-websocket-protocol']).toBeUndefined();
});

test('a token that cannot be had is asked for again', async () => {
  await using stage = await WebSocketStage.open();
  let asked = 0;
  const { errors } = clientOf(stage, {
    token: () => (++asked === 1 ? Promise.reject(new Error('no network')) : 'token'),
  });
  await stage.peer();
  expect(errors).toEqual([new Error('no network')]);
});

test('a token that tells when it expires is followed by the next one before', async () => {
  await using stage = await WebSocketStage.open();
  const clock = manualClock(1_000_000_000);
  let asked = 0;
  const token = () => {
    const claims = { n: ++asked, exp: clock.now() / 1000 + 100 };
    return `head.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;
  };
  const { client } = clientOf(stage, { clock, token });
  const peer = await stage.peer();
  await until(() => expect(client.status.state).toBe('open'));
  clock.advance(30_000);
  peer.send({ kind: 'ping' });
  await peer.hears('pong');
  clock.advance(30_000);
  peer.send({ kind: 'ping' });
  await peer.hears('pong', 1);
  expect(asked).toBe(1);
  clock.advance(20_000);
  await peer.hears('authenticate');
  expect(asked).toBe(2);
  expect(stage.peers).toHaveLength(1);
  client.close();
  expect(clock.waits).toEqual([]);
});

test('pings are answered, and after 35 s without a word another connection is taken', async () => {
  await using stage = await WebSocketStage.open();
  const clock = manualClock();
  const { client, statuses } = clientOf(stage, { clock, random: () => 0.5 });
  follow(client);
  const peer = await stage.peer();
  await until(() => expect(client.status.state).toBe('open'));
  clock.advance(34_000);
  peer.send({ kind: 'ping' });
  expect(await peer.hears('pong')).toEqual({ kind: 'pong' });
  clock.advance(34_999);
  expect(client.status.state).toBe('open');
  clock.advance(1);
  expect(statuses.at(-1)).toMatchObject({ state: 'waiting', closeCode: 3012 });
  await until(() => expect(peer.closed).toEqual({ code: 3012 }));
  clock.advance(250);
  await stage.peer(1);
});

test('waits double with full jitter up to 30 s, and begin anew after a connection that stood', async () => {
  await using stage = await WebSocketStage.open();
  const clock = manualClock();
  const { client, statuses } = clientOf(stage, { clock, random: () => 0.5 });
  const waits: number[] = [];
  for (let index = 0; index < 9; index++) {
    const peer = await stage.peer(index);
    await until(() => expect(client.status.state).toBe('open'));
    if (index === 8) clock.advance(5_000);
    peer.close(3008, 'slow');
    await until(() => expect(client.status.state).toBe('waiting'));
    const status = statuses.at(-1);
    if (status?.state === 'waiting') waits.push(status.forMs);
    clock.advance(waits.at(-1) ?? 0);
  }
  expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 250]);
});

test('a server that goes away is left alone for a random time of up to 5 s', async () => {
  await using stage = await WebSocketStage.open();
  const clock = manualClock();
  const { client, statuses } = clientOf(stage, { clock, random: () => 0.7 });
  const peer = await stage.peer();
  await until(() => expect(client.status.state).toBe('open'));
  peer.close(3001, 'shutdown');
  await until(() =>
    expect(statuses.at(-1)).toEqual({ state: 'waiting', forMs: 3_500, closeCode: 3001, reason: 'shutdown' }),
  );
});

test('expired credentials cost no wait, unless they are all there is', async () => {
  await using stage = await WebSocketStage.open();
  const clock = manualClock();
  const { client, statuses } = clientOf(stage, { clock, random: () => 0.5 });
  for (const [stoodMs, forMs] of [
    [5_000, 0],
    [0, 250],
    [0, 500],
  ] as const) {
    const peer = await stage.peer(
      stage.peers.length === 0 ? 0 : statuses.filter(({ state }) => state === 'waiting').length,
    );
    await until(() => expect(client.status.state).toBe('open'));
    clock.advance(stoodMs);
    peer.close(3005, 'expired');
    await until(() => expect(statuses.at(-1)).toMatchObject({ state: 'waiting', forMs, closeCode: 3005 }));
    clock.advance(forMs);
  }
});

test('a handshake that nobody answers is given up', async () => {
  await using stage = await WebSocketStage.open();
  const clock = manualClock();
  const { client } = clientOf(stage, {
    ...{ clock, random: () => 0.5 },
    WebSocket: class {
      send() {}
      close() {}
      addEventListener() {}
    },
  });
  await until(() => expect(clock.waits).toEqual([10_000]));
  clock.advance(10_000);
  expect(client.status).toMatchObject({ state: 'waiting', closeCode: 1006 });
});

test('closing ends everything, once', async () => {
  await using stage = await WebSocketStage.open();
  const { client, statuses } = clientOf(stage);
  const ends: unknown[] = [];
  const { subscription } = follow(client, { onEnd: (error) => void ends.push(error) });
  const loop = everyOf(subscription);
  const sent = client.command('meetings.get', meetingId);
  const peer = await stage.peer();
  await peer.hears('command');
  client.close();
  client.close();
  await expect(sent).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  await expect(loop).resolves.toEqual([]);
  await until(() => expect(peer.closed).toEqual({ code: 1000 }));
  expect(statuses.at(-1)).toEqual({ state: 'closed', error: null });
  expect(statuses.filter(({ state }) => state === 'closed')).toHaveLength(1);
  expect(ends).toEqual([]);
  await expect(client.command('meetings.get', meetingId)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('a browser that finds its network again is not kept waiting', async () => {
  await using stage = await WebSocketStage.open();
  const target = new EventTarget();
  const page = globalThis as { addEventListener?: unknown; removeEventListener?: unknown };
  let listening = 0;
  page.addEventListener = (type: string, listener: () => void) => {
    listening++;
    target.addEventListener(type, listener);
  };
  page.removeEventListener = (type: string, listener: () => void) => {
    listening--;
    target.removeEventListener(type, listener);
  };
  try {
    const clock = manualClock();
    const { client } = clientOf(stage, { clock, random: () => 0.9 });
    (await stage.peer()).cut();
    await until(() => expect(client.status.state).toBe('waiting'));
    target.dispatchEvent(new Event('online'));
    await stage.peer(1);
    await until(() => expect(client.status.state).toBe('open'));
    expect(clock.now()).toBe(0);
    client.close();
    expect(listening).toBe(0);
  } finally {
    delete page.addEventListener;
    delete page.removeEventListener;
  }
});
