import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { io as client, type Socket } from 'socket.io-client';
import { expect, test as plainTest, vi } from 'vitest';
import type { Identity, RealtimeHost } from '../../src/transports/session.ts';
import { socketIoTransport, type SocketIoTransportOptions } from '../../src/transports/socket-io.ts';
import { stageTest, transportContract } from './contract.ts';
import { SocketIoSocket } from './socket-io-socket.ts';
import { type Adapter, hear, until } from './stage.ts';

const adapter: Adapter = {
  name: 'Socket.IO',
  mount: (server, authenticate) =>
    socketIoTransport(new Server(server).of('/convoke'), { authenticate: (_, token) => authenticate(token) }),
  options: (address) => ({ url: `ws://${address}/convoke`, transports: ['websocket'], WebSocket: SocketIoSocket }),
};
const test = stageTest(adapter);
transportContract(test, adapter);

test('Socket.IO: whoever floods is cut off, and nobody else', async ({ open, running }) => {
  const stage = await open();
  const { id, host, participants } = await running({ participants: 1 });
  const [bob = ''] = participants;
  const [loud, quiet] = [await stage.visit(host), await stage.visit(bob)];
  const [{ subscription }, { words }] = [await hear(loud, id), await hear(quiet, id)];
  for (let said = 0; said < 1_000; said++) subscription.signal('typing', said);
  await until(() => expect(loud.statuses).toContainEqual(expect.objectContaining({ closeCode: 3013 })));
  await quiet.client.command('chat.send', id, { content: 'peace' });
  await until(() => expect(words).toEqual(['peace']));
  expect(quiet.statuses.map(({ state }) => state)).toEqual(['connecting', 'open']);
});

/** Says back what it hears, once it is known who says it. */
const echo: RealtimeHost = {
  open: (connection, { userId }) => ({
    receive(text) {
      if (text.startsWith('token '))
        void connection.authenticate?.(text.slice(6)).then((found) => connection.send(JSON.stringify(found)));
      else connection.send(`${userId}: ${text}`);
    },
    closed: () => closed.push(userId),
  }),
};
const closed: string[] = [];

const heard = (socket: Socket, event = 'convoke') => new Promise<unknown>((resolve) => socket.once(event, resolve));

async function namespace(authenticate: SocketIoTransportOptions['authenticate'], onError?: (error: unknown) => void) {
  const server = createServer();
  const io = new Server(server);
  const transport = socketIoTransport(io, { authenticate, ...(onError && { onError }) });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];
  const connect = async (options: object = {}) => {
    const socket = client(`http://127.0.0.1:${port}`, { reconnection: false, forceNew: true, ...options });
    sockets.push(socket);
    await new Promise<void>((resolve) => socket.on('connect', resolve));
    return socket;
  };
  const dispose = async () => {
    for (const socket of sockets) socket.disconnect();
    await io.close();
  };
  return { io, transport, connect, [Symbol.asyncDispose]: dispose };
}

plainTest('sockets that say nothing of ours are left alone', async () => {
  const authenticate = vi.fn<() => null>(() => null);
  await using stage = await namespace(authenticate);
  await stage.transport.start(echo);
  const socket = await stage.connect();
  stage.io.on('connection', (each) => each.on('ping of their own', (answer: () => void) => answer()));
  const other = await stage.connect();
  await other.emitWithAck('ping of their own');
  expect(authenticate).not.toHaveBeenCalled();
  expect([socket.connected, other.connected]).toEqual([true, true]);
});

plainTest('what is said while it is asked who says it waits, in order', async () => {
  const gate = Promise.withResolvers<Identity>();
  await using stage = await namespace(() => gate.promise);
  await stage.transport.start(echo);
  const socket = await stage.connect();
  const texts: unknown[] = [];
  socket.on('convoke', (text) => texts.push(text));
  for (const text of ['one', 'two', { three: 3 }]) socket.emit('convoke', text);
  gate.resolve({ userId: 'ada' });
  await until(() => expect(texts).toEqual(['ada: one', 'ada: two', 'ada: ']));
  socket.disconnect();
  await until(() => expect(closed).toContain('ada'));
});

plainTest('sockets that are there already are heard, over polling and after an upgrade too', async () => {
  await using stage = await namespace((_, token) => ({ userId: token ?? 'nobody' }));
  const polling = await stage.connect({ transports: ['polling'], auth: { token: 'eve' } });
  const upgrading = await stage.connect({ transports: ['polling', 'websocket'], auth: { token: 'bob' } });
  await stage.transport.start(echo);
  for (const [socket, name] of [
    [polling, 'eve'],
    [upgrading, 'bob'],
  ] as const) {
    for (const text of ['one', 'two']) {
      const answer = heard(socket);
      socket.emit('convoke', text);
      expect(await answer).toBe(`${name}: ${text}`);
      if (socket === upgrading) await until(() => expect(socket.io.engine.transport.name).toBe('websocket'));
    }
  }
});

const strict: SocketIoTransportOptions['authenticate'] = (_, token) => {
  if (token === 'away') throw new Error('the directory is away');
  return token === null ? null : { userId: token };
};

plainTest(
  'nobody leaves the namespace, and is told why; so do all where the host fails or the service is closed',
  async () => {
    const errors: unknown[] = [];
    await using stage = await namespace(strict, (error) => void errors.push(error));
    await stage.transport.start(echo);
    const codes: unknown[] = [];
    for (const auth of [{}, { token: 7 }, { token: 'away' }]) {
      const socket = await stage.connect({ auth });
      const told = heard(socket, 'convoke:close');
      socket.emit('convoke', 'hello');
      codes.push(((await told) as { code: number }).code);
      await until(() => expect(socket.connected).toBe(false));
    }
    expect(codes).toEqual([3500, 3500, 3001]);
    expect(errors.map(String)).toEqual(['Error: the directory is away']);
    await stage.transport.stop({ graceMs: 0 });
    const late = await stage.connect({ auth: { token: 'ada' } });
    late.emit('convoke', 'hello');
    late.on('convoke', () => expect.fail('nobody is there to answer'));
    stage.io.on('connection', (each) => each.on('still there', (answer: () => void) => answer()));
    const last = await stage.connect();
    await last.emitWithAck('still there');
    expect(late.connected).toBe(true);
  },
);

plainTest('new credentials are looked at by the host', async () => {
  await using stage = await namespace((_, token) => ({ userId: token ?? 'ada' }));
  await stage.transport.start(echo);
  const socket = await stage.connect();
  const answer = heard(socket);
  socket.emit('convoke', 'token bob');
  expect(await answer).toBe('{"userId":"bob"}');
});
