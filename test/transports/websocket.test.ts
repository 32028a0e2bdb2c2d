import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test as plainTest, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { RealtimeHost } from '../../src/transports/session.ts';
import { webSocketTransport, type WebSocketTransportOptions } from '../../src/transports/websocket.ts';
import { stageTest, transportContract } from './contract.ts';
import type { Adapter } from './stage.ts';

const adapter: Adapter = {
  name: 'WebSocket',
  mount: (server, authenticate) =>
    webSocketTransport({ server, path: '/live', authenticate: (_, token) => authenticate(token) }),
  options: (address) => ({ url: `ws://${address}/live`, transports: ['websocket'] }),
};
const test = stageTest(adapter);
transportContract(test, adapter);

type Mounted = Partial<WebSocketTransportOptions>;

/** A transport that trusts every token, on a server of its own, with a service that has no meetings. */
async function mounted(options: Mounted = {}, host: RealtimeHost = echo) {
  const server = createServer();
  const transport = webSocketTransport({
    ...{ server, authenticate: (_, token) => (token === null ? null : { userId: token }) },
    ...options,
  });
  await transport.start(host);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    await transport.stop({ graceMs: 100 });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { server, transport, address: `ws://127.0.0.1:${port}`, [Symbol.asyncDispose]: close };
}

/** Says back what it hears, and closes with what is a number. */
const echo: RealtimeHost = {
  open: (connection, { userId }) => ({
    receive(text) {
      if (/^\d{4}$/.test(text)) connection.close(Number(text), 'as you wish: '.repeat(20));
      else if (text.startsWith('token '))
        void connection.authenticate?.(text.slice(6)).then(
          (found) => connection.send(JSON.stringify(found)),
          () => connection.send('failed'),
        );
      else connection.send(text === 'who?' ? userId : `heard ${text}`);
    },
    closed: () => {},
  }),
};

const bearer = (token: string) => ['convoke.v1', `convoke.bearer.${token}`];

async function said(socket: WebSocket, text: string): Promise<string> {
  socket.send(text);
  const [data] = (await once(socket, 'message')) as [Buffer];
  return data.toString('utf8');
}

async function refusedWith(
  address: string,
  options: object = {},
): Promise<{ status: number | undefined; body: string; headers: object }> {
  const socket = new WebSocket(address, bearer('ada'), options);
  socket.on('error', () => {});
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  let body = '';
  for await (const piece of response) body += String(piece);
  return { status: response.statusCode, body, headers: response.headers };
}

plainTest('a token comes in the subprotocol, the query or the header, and is never said back', async () => {
  await using stage = await mounted();
  const awkward = 'a token, with (anything) in it/ü';
  const encoded = encodeURIComponent(awkward).replaceAll('(', '%28').replaceAll(')', '%29');
  for (const connect of [
    () => new WebSocket(stage.address, bearer(encoded)),
    () => new WebSocket(`${stage.address}/?access_token=${encoded}`),
    () => new WebSocket(stage.address, { headers: { authorization: `Bearer ${encoded}` } }),
  ]) {
    const socket = connect();
    await once(socket, 'open');
    expect([awkward, encoded]).toContain(await said(socket, 'who?'));
    expect(['convoke.v1', '']).toContain(socket.protocol);
    socket.close();
  }
});

plainTest('a client may have a name for itself, and anything else is given one', async () => {
  const ids: string[] = [];
  const open: RealtimeHost['open'] = (connection, identity) => {
    ids.push(connection.id);
    return echo.open(connection, identity);
  };
  await using stage = await mounted({}, { open });
  const name = '0198C0DE-0000-7000-8000-00000000000a';
  for (const query of [`?connection=${name}`, '?connection=mine', '']) {
    const socket = new WebSocket(`${stage.address}/${query}`, bearer('ada'));
    await once(socket, 'open');
    socket.close();
  }
  expect(ids[0]).toBe(name.toLowerCase());
  for (const id of ids.slice(1)) expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect(new Set(ids).size).toBe(3);
});

plainTest('nobody gets in, and is told by a close code', async () => {
  const open = vi.fn<RealtimeHost['open']>((...given) => echo.open(...given));
  await using stage = await mounted({}, { open });
  const socket = new WebSocket(stage.address, bearer('%E0'));
  const [code] = (await once(socket, 'close')) as [number];
  expect(code).toBe(3500);
  expect(open).not.toHaveBeenCalled();
});

plainTest('a host may refuse in its own words, and may fail', async () => {
  const errors: unknown[] = [];
  const words = { status: 429, headers: { 'retry-after': '7' }, body: 'later' };
  const answers = [words, { status: 99 }, { status: 400, headers: { 'x-split': 'a\r\nb' } }];
  await using stage = await mounted({
    authenticate: () => answers.shift() ?? Promise.reject(new Error('the directory is away')),
    onError: (error) => void errors.push(error),
  });
  const first = await refusedWith(stage.address);
  expect(first).toMatchObject({ status: 429, body: 'later', headers: { 'retry-after': '7' } });
  for (let each = 0; each < 3; each++)
    expect(await refusedWith(stage.address)).toMatchObject({ status: 500, body: '' });
  expect(errors.map(String)).toEqual([
    ...[expect.stringContaining('status'), expect.stringContaining('Invalid character')],
    'Error: the directory is away',
  ]);
});

plainTest('pages of other origins stay outside, and other programs need none', async () => {
  await using stage = await mounted({ origins: ['https://app.example.org'] });
  expect(await refusedWith(stage.address, { origin: 'https://evil.example.org' })).toMatchObject({ status: 403 });
  for (const options of [{}, { origin: 'https://app.example.org' }]) {
    const socket = new WebSocket(stage.address, bearer('ada'), options);
    await once(socket, 'open');
    socket.close();
  }
});

plainTest('other paths are others’, and answered where there are none', async () => {
  await using stage = await mounted({ path: '/live' });
  expect(await refusedWith(`${stage.address}/elsewhere`)).toMatchObject({ status: 404 });
  stage.server.on('upgrade', (request, socket) => {
    if (request.url === '/elsewhere') socket.end('HTTP/1.1 418 I am another\r\nConnection: close\r\n\r\n');
  });
  expect(await refusedWith(`${stage.address}/elsewhere`)).toMatchObject({ status: 418 });
  const socket = new WebSocket(`${stage.address}/live?x=1`, bearer('ada'));
  await once(socket, 'open');
  expect(await said(socket, 'hello')).toBe('heard hello');
  socket.close();
});

plainTest('a host that routes upgrades by itself hands them over', async () => {
  const transport = webSocketTransport({ authenticate: () => ({ userId: 'ada' }) });
  await using stage = await mounted({ path: '/other' });
  stage.server.on('upgrade', (request, socket, head) => {
    if (request.url === '/mine') void transport.handleUpgrade(request, socket, head);
  });
  expect(await refusedWith(`${stage.address}/mine`)).toMatchObject({ status: 503 });
  await transport.start(echo);
  const socket = new WebSocket(`${stage.address}/mine`);
  await once(socket, 'open');
  expect(await said(socket, 'who?')).toBe('ada');
  await transport.stop({ graceMs: 0 });
  await once(socket, 'close');
});

plainTest('messages that are too long, or no text, do no harm', async () => {
  await using stage = await mounted();
  const socket = new WebSocket(stage.address, bearer('ada'));
  await once(socket, 'open');
  expect(await said(socket, 'x'.repeat(65_536))).toHaveLength(65_536 + 'heard '.length);
  socket.send(Buffer.from([1, 2, 3]));
  const [data] = (await once(socket, 'message')) as [Buffer];
  expect(data.toString('utf8')).toBe('heard ');
  socket.send('x'.repeat(65_537));
  const [code] = (await once(socket, 'close')) as [number];
  expect(code).toBe(1009);
});

plainTest('close codes reach the client, with as much of the reason as fits', async () => {
  await using stage = await mounted();
  const socket = new WebSocket(stage.address, bearer('ada'));
  await once(socket, 'open');
  socket.send('3013');
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  expect([code, reason.toString('utf8')]).toEqual([3013, 'as you wish: '.repeat(20).slice(0, 123)]);
});

plainTest('new credentials are looked at by the host, and what it throws is told', async () => {
  const errors: unknown[] = [];
  await using stage = await mounted({
    authenticate(_, token) {
      if (token === 'away') throw new Error('the directory is away');
      return token === 'refused' ? { status: 403 } : { userId: token ?? '' };
    },
    onError: (error) => void errors.push(error),
  });
  const socket = new WebSocket(stage.address, bearer('ada'));
  await once(socket, 'open');
  expect(await said(socket, 'token bob')).toBe('{"userId":"bob"}');
  expect(await said(socket, 'token refused')).toBe('null');
  expect(errors).toEqual([]);
  expect(await said(socket, 'token away')).toBe('failed');
  expect(errors.map(String)).toEqual(['Error: the directory is away']);
});

const authenticate = () => null;

plainTest('one transport serves one service, and wrong options are refused', async () => {
  await using stage = await mounted();
  expect(() => stage.transport.start(echo)).toThrow('another service');
  for (const wrong of [
    {},
    { authenticate, paths: '/' },
    { authenticate, path: 'live' },
    { authenticate, origins: ['*'] },
  ])
    expect(() => webSocketTransport(wrong as never)).toThrow(expect.objectContaining({ code: 'VALIDATION' }));
});
