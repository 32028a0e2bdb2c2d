import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { expect, test as plainTest, vi } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { Frame } from '../../src/realtime/frame.ts';
import type { Connection, ConnectionSession, RealtimeHost } from '../../src/transports/session.ts';
import { sseTransport, type SseTransportOptions } from '../../src/transports/sse.ts';
import { stageTest, transportContract } from './contract.ts';
import { type Adapter, until } from './stage.ts';

const adapter: Adapter = {
  name: 'SSE',
  mount(server, authenticate) {
    const transport = sseTransport({ authenticate: (_, token) => authenticate(token) });
    server.on('request', (request, response) => void transport.handle(request, response));
    return transport;
  },
  options: (address) => ({ url: `http://${address}/live`, transports: ['sse'] }),
};
const test = stageTest(adapter);
transportContract(test, adapter);

const meetingId = newId();
const personId = newId();
const epoch = newId();
const stream = { kind: 'meeting', id: meetingId } as const;

/** A hub that is played by hand: what is said to it is kept, and what is to be heard is the test's own. */
class Puppet implements RealtimeHost {
  readonly connections: Connection[] = [];
  readonly heard: unknown[] = [];
  closed = 0;
  /** What a message is answered. */
  answer: (message: { readonly kind?: string }, connection: Connection) => Frame | null = () => null;

  open(connection: Connection): ConnectionSession {
    this.connections.push(connection);
    return {
      receive: (text) => {
        const message: { kind?: string } = JSON.parse(text);
        this.heard.push(message);
        const frame = this.answer(message, connection);
        if (frame !== null) connection.send(JSON.stringify(frame));
      },
      closed: () => this.closed++,
    };
  }
}

const begun: Frame = { kind: 'subscribed', stream, epoch, seq: 3, resumed: false };
const refused: Frame = { kind: 'unsubscribed', stream, code: 'NOT_FOUND', message: 'There is no such meeting.' };

function puppet(answer: Frame | null, options: Partial<SseTransportOptions> = {}) {
  const host = new Puppet();
  host.answer = () => answer;
  const transport = sseTransport({ authenticate: () => ({ userId: personId }), ...options });
  void transport.start(host);
  const get = (query = `?stream=meeting:${meetingId}`, headers: Record<string, string> = {}) =>
    transport.fetch(new Request(`https://server/live${query}`, { headers }));
  const post = (body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
    transport.fetch(new Request('https://server/live', { method: 'POST', headers, body }));
  return { host, transport, get, post };
}

/** Reads until a text has come. */
async function readUntil(response: Response, end: string): Promise<string> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes(end)) {
    const { done, value } = await reader.read();
    if (done) return `${text}[end]`;
    text += value;
  }
  reader.releaseLock();
  return text;
}

plainTest('a stream tells browsers how to come back, and where they were', async () => {
  const { host, get } = puppet(begun);
  const response = await get();
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toEqual({
    ...{ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' },
    'cache-control': 'no-cache, no-transform',
  });
  const [connection] = host.connections;
  const events: Frame = { kind: 'events', stream, epoch, to: 9, events: [] };
  const signal: Frame = { kind: 'signal', stream, from: personId, type: 'typing', data: null };
  for (const frame of [events, signal]) connection?.send(JSON.stringify(frame));
  connection?.close(3001, 'The service is being closed.');
  const [retry, ...blocks] = (await readUntil(response, 'nothing')).split('\n\n');
  expect(retry).toMatch(/^retry: [1-4]\d{3}$/);
  expect(blocks).toEqual([
    `id: ${epoch}:3\ndata: ${JSON.stringify(begun)}`,
    `id: ${epoch}:9\ndata: ${JSON.stringify(events)}`,
    `data: ${JSON.stringify(signal)}`,
    'event: close\ndata: {"code":3001,"reason":"The service is being closed."}',
    '[end]',
  ]);
  expect(host.closed).toBe(1);
});

plainTest('where to go on from is what the browser says, else the address', async () => {
  const { host, get } = puppet(begun);
  await get(`?stream=meeting:${meetingId}&after=${epoch}:1`);
  await get(`?stream=meeting:${meetingId}&after=${epoch}:1`, { 'last-event-id': `${epoch}:2` });
  await get(`?stream=user:${personId}`);
  expect(host.heard).toEqual([
    { kind: 'subscribe', stream, after: `${epoch}:1` },
    { kind: 'subscribe', stream, after: `${epoch}:2` },
    { kind: 'subscribe', stream: { kind: 'user', id: personId } },
  ]);
});

plainTest('a stream that is refused is an answer, and no stream', async () => {
  const { host, get } = puppet(refused);
  const response = await get();
  expect(response.status).toBe(404);
  expect(await response.json()).toEqual({ code: 'NOT_FOUND', message: 'There is no such meeting.' });
  expect(host.closed).toBe(1);
  // A browser that comes back by itself is to leave it at that.
  expect((await get(undefined, { 'last-event-id': `${epoch}:2` })).status).toBe(204);
  const away = puppet({ ...refused, code: 'UNAVAILABLE' });
  const later = await away.get(undefined, { 'last-event-id': `${epoch}:2` });
  expect([later.status, later.headers.get('retry-after')]).toEqual([503, '1']);
});

plainTest('a stream ends with the frame that nothing follows', async () => {
  for (const last of [{ ...refused }, { kind: 'reset', stream, epoch, seq: 9, reason: 'pruned' } as const]) {
    const { host, get } = puppet(begun);
    const response = await get();
    host.connections[0]?.send(JSON.stringify(last));
    expect(await readUntil(response, 'nothing')).toMatch(new RegExp(`"kind":"${last.kind}".*\n\n\\[end\\]$`));
    expect(host.closed).toBe(1);
  }
});

plainTest('whoever stops reading is let go, and whoever reads has answered the ping', async () => {
  const { host, get } = puppet(begun);
  const response = await get();
  host.answer = () => null;
  const [connection] = host.connections;
  connection?.send('{"kind":"ping"}');
  expect(host.heard.at(-1)).toEqual({ kind: 'pong' });
  host.heard.length = 0;
  connection?.send(JSON.stringify({ ...refused, kind: 'signal', data: 'x'.repeat(20_000) }));
  connection?.send('{"kind":"ping"}');
  expect(host.heard).toEqual([]);
  expect(connection?.bufferedBytes).toBeGreaterThan(20_000);
  const reader = response.body!.getReader();
  await reader.read();
  expect(host.heard).toEqual([{ kind: 'pong' }]);
  expect(connection?.bufferedBytes).toBe(0);
  await reader.cancel();
  expect(host.closed).toBe(1);
});

plainTest('a stream whose request is called off is over', async () => {
  const { host, transport } = puppet(begun);
  const leaving = new AbortController();
  const request = new Request(`https://server/?stream=meeting:${meetingId}`, { signal: leaving.signal });
  const response = await transport.fetch(request);
  leaving.abort();
  expect(host.closed).toBe(1);
  expect(await response.text()).toBe('');
});

plainTest('a silent stream beats, so that nobody on the way takes it for dead', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { get } = puppet(begun);
  const response = await get();
  const reader = response.body!.getReader();
  await reader.read();
  const beat = reader.read();
  vi.advanceTimersByTime(15_000);
  expect(Buffer.from((await beat).value ?? []).toString()).toBe(':\n\n');
  vi.useRealTimers();
  await reader.cancel();
});

plainTest('a message is answered by a frame, under the status that fits', async () => {
  const id = newId();
  const command = JSON.stringify({ kind: 'command', id, operation: 'chat.send', input: [] });
  const done: Frame = { kind: 'done', id, result: null, seq: 4 };
  const accepted = await puppet(done).post(command);
  expect([accepted.status, await accepted.json()]).toEqual([200, done]);
  const failed: Frame = { kind: 'failed', id, code: 'FORBIDDEN', message: 'No.', details: {} };
  const answer = await puppet(failed).post(command);
  expect([answer.status, await answer.json()]).toEqual([403, failed]);
  expect((await puppet({ ...failed, code: 'CAPACITY' }).post(command)).status).toBe(409);
  const { host, post } = puppet(null);
  expect((await post(JSON.stringify({ kind: 'signal', stream, type: 'typing', data: null }))).status).toBe(204);
  expect([host.closed, host.heard.length]).toEqual([1, 1]);
  for (const kind of ['subscribe', 'unsubscribe', 'authenticate'])
    expect((await post(JSON.stringify({ kind, stream }))).status).toBe(400);
  expect(host.heard).toHaveLength(1);
});

plainTest('what cannot be a message is not looked at', async () => {
  const { host, post, transport } = puppet(null);
  expect((await post('{}', { 'content-type': 'text/plain' })).status).toBe(415);
  expect((await post('{}', {})).status).toBe(415);
  expect((await post(`"${'x'.repeat(65_536)}"`)).status).toBe(413);
  const put = await transport.fetch(new Request('https://server/', { method: 'PUT', body: '{}' }));
  expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, POST']);
  expect(host.connections).toEqual([]);
});

const failing = () => Promise.reject(new Error('the directory is away'));

plainTest('nobody, a refusal of the host’s own, its failure and a closed service each have a status', async () => {
  const errors: unknown[] = [];
  const nobody = await puppet(begun, { authenticate: () => null }).get();
  expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  const own = await puppet(begun, {
    authenticate: () => ({ status: 402, body: 'pay', headers: { 'x-price': '1' } }),
  }).get();
  expect([own.status, await own.text(), own.headers.get('x-price')]).toEqual([402, 'pay', '1']);
  expect(
    (await puppet(begun, { authenticate: failing, onError: (error) => void errors.push(error) }).get()).status,
  ).toBe(500);
  expect(errors.map(String)).toEqual(['Error: the directory is away']);
  const closed = puppet(begun);
  await closed.transport.stop({ graceMs: 0 });
  expect((await closed.get()).status).toBe(503);
});

plainTest('a connection that is closed before it has begun is an answer', async () => {
  const statuses = [];
  for (const code of [3001, 3005, 3013, 3500, 3501]) {
    const { host, get } = puppet(null);
    host.answer = (_, connection) => {
      connection.close(code, 'because');
      return null;
    };
    statuses.push((await get()).status);
  }
  expect(statuses).toEqual([503, 401, 429, 401, 403]);
});

plainTest('who asks is told to the host, with their token', async () => {
  const asked: unknown[] = [];
  const authenticate = (request: Request, token: string | null) => {
    asked.push([request.headers.get('cookie'), token]);
    return null;
  };
  const { get } = puppet(begun, { authenticate });
  await get(undefined, { authorization: 'Bearer one', cookie: 'a=b' });
  await get('?access_token=two%20words');
  await get();
  expect(asked).toEqual([
    ['a=b', 'one'],
    [null, 'two words'],
    [null, null],
  ]);
});

plainTest('the requests of one client are one connection, by its name for itself or its person’s', async () => {
  const { host, get, transport } = puppet(begun);
  const name = newId();
  await get(`?stream=meeting:${meetingId}&connection=${name}`);
  const headers = { 'content-type': 'application/json' };
  const body = '{"kind":"pong"}';
  await transport.fetch(new Request(`https://server/?connection=${name}`, { method: 'POST', headers, body }));
  await get();
  expect(host.connections.map(({ id }) => id)).toEqual([name, name, `sse:${personId}`]);
});

plainTest('a web framework passes requests on as they are', async () => {
  const { host, transport } = puppet(begun);
  const app = new Hono().all('/live', ({ req }) => transport.fetch(req.raw));
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const leaving = new AbortController();
  const response = await fetch(`http://127.0.0.1:${port}/live?stream=meeting:${meetingId}`, { signal: leaving.signal });
  expect(await readUntil(response, '"subscribed"')).toContain(`id: ${epoch}:3`);
  leaving.abort();
  await until(() => expect(host.closed).toBe(1));
  await new Promise((resolve) => server.close(resolve));
});

plainTest('on Node, a body that is too long or no request at all ends in an answer', async () => {
  const { host, transport } = puppet(null);
  const server = createServer((request, response) => void transport.handle(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const address = `http://127.0.0.1:${port}`;
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  const long = await fetch(address, { method: 'POST', headers, body: `"${'x'.repeat(65_536)}"` });
  expect(long.status).toBe(413);
  const posted = await fetch(`${address}//live?x[]=|`, { method: 'POST', headers, body: '{"kind":"pong"}' });
  expect(posted.status).toBe(204);
  expect(host.heard).toEqual([{ kind: 'pong' }]);
  await new Promise((resolve) => server.close(resolve));
});

test('SSE: whoever floods is told to wait, whichever requests they come with', async ({ open, running }) => {
  const stage = await open();
  const { id, host } = await running();
  const say = (userId: string) =>
    fetch(`http://127.0.0.1:${stage.port}/live`, {
      ...{
        method: 'POST',
        body: JSON.stringify({ kind: 'signal', stream: { kind: 'meeting', id }, type: 'x', data: 1 }),
      },
      headers: { 'content-type': 'application/json', authorization: `Bearer ${userId}` },
    });
  let last = 204;
  for (let round = 0; round < 40 && last !== 429; round++) {
    const statuses = await Promise.all(Array.from({ length: 50 }, async () => (await say(host)).status));
    last = Math.max(...statuses);
  }
  expect(last).toBe(429);
  expect((await say(newId())).status).toBe(404);
});
