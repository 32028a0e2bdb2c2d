import { randomUUID } from 'node:crypto';
import type { Namespace, Server, Socket } from 'socket.io';
import { z } from 'zod';
import { validate } from '../core/validate.ts';
import { connectionIdOf, onErrorOption } from './credentials.ts';
import { Drains } from './drains.ts';
import type { Connection, ConnectionSession, Identity, RealtimeHost, SessionTransport } from './session.ts';

export interface SocketIoTransportOptions {
  /**
   * Who is it? The host's own word: what its middleware has found, or from a token (`handshake.auth.token`). Null for nobody. Asked when a
   * socket first says something of ours, and again with every new token that the client sends.
   */
  readonly authenticate: (socket: Socket, token: string | null) => Identity | null | Promise<Identity | null>;
  /** Is told when `authenticate` throws. @default a warning of the process */
  readonly onError?: (error: unknown) => void;
}

/** Frames and messages, each as JSON text. */
const event = 'convoke';
/** Stands in for the close code, which Socket.IO has none of: `{ code, reason }`. The socket leaves the namespace after it. */
const closeEvent = 'convoke:close';
/** While it is asked who somebody is, they may say so much; it is what they may say at once anyway. */
const mostEarly = 600;
const unauthorized = 3500;
const flooding = 3013;
const unavailable = 3001;

const options = z.strictObject({
  authenticate: z.custom<SocketIoTransportOptions['authenticate']>(
    (value) => typeof value === 'function',
    'must be a function',
  ),
  onError: onErrorOption,
});

/**
 * Speaks over the host's own Socket.IO server, or one namespace of it; a namespace for nothing else is best, because whoever has to go leaves
 * it. Sockets that say nothing of ours are left alone. What is sent goes to sockets, not rooms, so no adapter between processes is needed.
 * @throws MeetingError VALIDATION for wrong options
 */
export function socketIoTransport(io: Server | Namespace, given: SocketIoTransportOptions): SessionTransport {
  return new Transport('of' in io ? io.of('/') : io, validate(options, given));
}

class Transport implements SessionTransport {
  readonly kind = 'session';
  readonly specVersion = 1;
  readonly #namespace: Namespace;
  readonly #options: z.output<typeof options>;
  readonly #clients = new Set<Client>();
  #host: RealtimeHost | null = null;
  readonly #connected = (socket: Socket) => {
    const client = new Client(socket, this.#options, () => this.#host);
    this.#clients.add(client);
    socket.once('disconnect', () => this.#clients.delete(client));
  };

  constructor(namespace: Namespace, given: z.output<typeof options>) {
    this.#namespace = namespace;
    this.#options = given;
  }

  start(host: RealtimeHost): void {
    if (this.#host !== null) throw new TypeError('This transport belongs to another service already.');
    this.#host = host;
    this.#namespace.on('connection', this.#connected);
    for (const socket of this.#namespace.sockets.values()) this.#connected(socket);
  }

  stop(): void {
    this.#host = null;
    this.#namespace.off('connection', this.#connected);
    for (const client of this.#clients) client.leave();
    this.#clients.clear();
  }
}

/** One socket, from when it could say something of ours. */
class Client {
  readonly #socket: Socket;
  readonly #options: z.output<typeof options>;
  readonly #host: () => RealtimeHost | null;
  readonly #said = (text: unknown) => this.#hear(typeof text === 'string' ? text : '');
  /** What was said before it was known who says it; null before anything was. */
  #early: string[] | null = null;
  #session: ConnectionSession | null = null;

  constructor(socket: Socket, given: z.output<typeof options>, host: () => RealtimeHost | null) {
    this.#socket = socket;
    this.#options = given;
    this.#host = host;
    socket.on(event, this.#said);
  }

  /** The socket is the host's alone again. */
  leave(): void {
    this.#socket.off(event, this.#said);
  }

  #hear(text: string): void {
    if (this.#session !== null) return this.#session.receive(text);
    if (this.#early === null) {
      this.#early = [];
      void this.#open();
    }
    this.#early.push(text);
    if (this.#early.length > mostEarly) close(this.#socket, flooding, 'Too many messages; wait a moment.');
  }

  async #open(): Promise<void> {
    const connection = new SocketConnection(this.#socket, (token) => this.#authenticate(token));
    const { token }: { token?: unknown } = this.#socket.handshake.auth;
    try {
      const identity = await this.#authenticate(typeof token === 'string' ? token : null);
      const host = this.#host();
      if (!this.#socket.connected) return;
      if (identity === null) return connection.close(unauthorized, 'These are the credentials of nobody.');
      if (host === null) return connection.close(unavailable, 'The service is not open; come back.');
      this.#session = host.open(connection, identity);
      this.#socket.once('disconnect', () => this.#session?.closed());
      for (const text of this.#early?.splice(0) ?? []) this.#session.receive(text);
    } catch {
      connection.close(unavailable, 'It cannot be told who this is; come back.');
    }
  }

  async #authenticate(token: string | null): Promise<Identity | null> {
    try {
      return await this.#options.authenticate(this.#socket, token);
    } catch (error) {
      this.#options.onError(error);
      throw error;
    }
  }
}

class SocketConnection implements Connection {
  readonly id: string;
  readonly authenticate: (token: string) => Promise<Identity | null>;
  readonly #socket: Socket;
  readonly #drains = new Drains();
  /** Bytes that wait to be handed to the network, and that were handed to it and are on their way. */
  #waiting = 0;
  #leaving = 0;

  constructor(socket: Socket, authenticate: (token: string) => Promise<Identity | null>) {
    this.#socket = socket;
    const { connection }: { connection?: unknown } = socket.handshake.auth;
    this.id = connectionIdOf(connection) ?? randomUUID();
    this.authenticate = authenticate;
    this.#watch();
  }

  get bufferedBytes(): number {
    return this.#waiting + this.#leaving;
  }

  send(text: string): void {
    this.#waiting += Buffer.byteLength(text);
    this.#socket.emit(event, text);
  }

  onDrain(atMost: number, callback: () => void): void {
    this.#drains.wait(this.bufferedBytes, atMost, callback);
  }

  close(code: number, reason: string): void {
    close(this.#socket, code, reason);
  }

  /** Engine.IO hands over everything that waits at once, and then nothing until that is gone. */
  #watch(): void {
    const { conn } = this.#socket;
    const flushed = () => {
      this.#leaving += this.#waiting;
      this.#waiting = 0;
    };
    const drained = () => {
      this.#leaving = 0;
      this.#drains.drained(this.bufferedBytes);
    };
    let { transport } = conn;
    const upgraded = () => {
      transport.off('drain', drained);
      transport = conn.transport;
      transport.on('drain', drained);
      drained();
    };
    conn.on('flush', flushed).on('upgrade', upgraded);
    transport.on('drain', drained);
    this.#socket.once('disconnect', () => {
      conn.off('flush', flushed).off('upgrade', upgraded);
      transport.off('drain', drained);
    });
  }
}

function close(socket: Socket, code: number, reason: string): void {
  if (!socket.connected) return;
  socket.emit(closeEvent, { code, reason });
  socket.disconnect();
}
