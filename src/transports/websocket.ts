import { randomUUID } from 'node:crypto';
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import * as ws from 'ws';
import { z } from 'zod';
import { validate } from '../core/validate.ts';
import {
  type Authentication,
  checkRefusal,
  connectionIdIn,
  isRefusal,
  onErrorOption,
  type Refusal,
  tokenOf,
} from './credentials.ts';
import { Drains } from './drains.ts';
import { closeAll } from './open-connections.ts';
import type { Connection, ConnectionSession, Identity, RealtimeHost, SessionTransport } from './session.ts';
import { type SendText, sendTextBy } from './websocket-frames.ts';

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** As much of Node's HTTP servers as is needed. */
export interface UpgradingServer {
  on(event: 'upgrade', listener: UpgradeListener): unknown;
  off(event: 'upgrade', listener: UpgradeListener): unknown;
  listenerCount(event: 'upgrade'): number;
}

export interface WebSocketTransportOptions {
  /**
   * Who is it? The host's own word, from a token (see `ConnectOptions.tokenIn` of the client) or from whatever else the request has, such as
   * a cookie: then give `origins`, too. Asked again when the client sends a new token.
   */
  readonly authenticate: (request: IncomingMessage, token: string | null) => Authentication | Promise<Authentication>;
  /** The host's HTTP(S) server. Without one, hand requests to `handleUpgrade`. */
  readonly server?: UpgradingServer;
  /** On a server, the path to listen at. @default all */
  readonly path?: string;
  /** Origins (RFC 6454) whose pages may connect, such as `https://app.example.org`. What is not a browser has none, and may. @default all */
  readonly origins?: readonly string[];
  /** Is told when `authenticate` throws. @default a warning of the process */
  readonly onError?: (error: unknown) => void;
}

export interface WebSocketTransport extends SessionTransport {
  /** Takes an upgrade of an HTTP server, for hosts that route them by themselves. Never rejects. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
}

/** What a client may say at once, in bytes. */
const maxPayload = 65_536;
const shutdown = 3001;
const unauthorized = 3500;
/** The most that fits into a close frame, RFC 6455 §5.5. */
const mostReasonBytes = 123;

const options = z.strictObject({
  authenticate: z.custom<WebSocketTransportOptions['authenticate']>(
    (value) => typeof value === 'function',
    'must be a function',
  ),
  server: z
    .custom<UpgradingServer>(
      (value) => typeof value === 'object' && value !== null && 'on' in value,
      'must be an HTTP server',
    )
    .optional(),
  path: z.string().startsWith('/').optional(),
  origins: z.array(z.url()).optional(),
  onError: onErrorOption,
});

/**
 * WebSockets, through the optional package `ws`. Nothing is compressed, a message has at most 64 KB, and what goes to many is framed once.
 * @throws MeetingError VALIDATION for wrong options
 */
export function webSocketTransport(given: WebSocketTransportOptions): WebSocketTransport {
  return new Transport(validate(options, given));
}

class Transport implements WebSocketTransport {
  readonly kind = 'session';
  readonly specVersion = 1;
  readonly #options: z.output<typeof options>;
  readonly #sockets = new ws.WebSocketServer({
    ...{ noServer: true, clientTracking: true, maxPayload, perMessageDeflate: false },
    // A browser fails the handshake unless one of those that it has offered is chosen; the token is never said back.
    handleProtocols: (offered) => (offered.has('convoke.v1') ? 'convoke.v1' : false),
  });
  readonly #send: SendText = sendTextBy(Reflect.get(ws, 'Sender'));
  #host: RealtimeHost | null = null;
  readonly #upgrade: UpgradeListener = (request, socket, head) => {
    const { path, server } = this.#options;
    if (path === undefined || request.url?.split('?', 1)[0] === path) void this.handleUpgrade(request, socket, head);
    else if (server?.listenerCount('upgrade') === 1) refuse(socket, { status: 404 }); // nobody else will
  };

  constructor(given: z.output<typeof options>) {
    this.#options = given;
  }

  start(host: RealtimeHost): void {
    if (this.#host !== null) throw new TypeError('This transport belongs to another service already.');
    this.#host = host;
    this.#options.server?.on('upgrade', this.#upgrade);
  }

  async stop({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#host = null;
    this.#options.server?.off('upgrade', this.#upgrade);
    const { clients } = this.#sockets;
    await closeAll(graceMs, clients, (socket, closed) => void socket.once('close', closed));
    for (const socket of clients) socket.terminate();
  }

  async handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', ignore);
    const found = await this.#authenticate(request);
    socket.off('error', ignore);
    if (found !== null && isRefusal(found)) return refuse(socket, found);
    this.#sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('error', ignore);
      // A browser is told a close code, but never the status of a handshake that has failed.
      if (found === null) client.close(unauthorized, 'These are the credentials of nobody.');
      else this.#open(client, request, found);
    });
  }

  async #authenticate(request: IncomingMessage): Promise<Authentication> {
    const { origin } = request.headers;
    const { origins, authenticate, onError } = this.#options;
    if (this.#host === null) return { status: 503 };
    if (origin !== undefined && origins?.includes(origin) === false) return { status: 403 };
    try {
      const found = await authenticate(request, tokenOf({ url: request.url ?? '', headers: request.headers }));
      if (found !== null && isRefusal(found)) checkRefusal(found);
      return found;
    } catch (error) {
      onError(error);
      return { status: 500 };
    }
  }

  #open(client: ws.WebSocket, request: IncomingMessage, identity: Identity): void {
    if (this.#host === null) return client.close(shutdown, 'The service is being closed; come back.');
    const again = async (token: string) => {
      try {
        const found = await this.#options.authenticate(request, token);
        return found !== null && isRefusal(found) ? null : found;
      } catch (error) {
        this.#options.onError(error);
        throw error;
      }
    };
    const connection = new SocketConnection(
      client,
      connectionIdIn(request.url ?? '') ?? randomUUID(),
      this.#send,
      again,
    );
    connection.attach(this.#host.open(connection, identity));
  }
}

class SocketConnection implements Connection {
  readonly id: string;
  readonly authenticate: (token: string) => Promise<Identity | null>;
  readonly #socket: ws.WebSocket;
  readonly #send: SendText;
  readonly #drains = new Drains();
  readonly #written = () => this.#drains.drained(this.bufferedBytes);

  constructor(
    socket: ws.WebSocket,
    id: string,
    send: SendText,
    authenticate: (token: string) => Promise<Identity | null>,
  ) {
    this.#socket = socket;
    this.id = id;
    this.#send = send;
    this.authenticate = authenticate;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  attach(session: ConnectionSession): void {
    this.#socket.on('message', (data, isBinary) =>
      // What is not text cannot be read, and is to be told so.
      session.receive(isBinary || !Buffer.isBuffer(data) ? '' : data.toString('utf8')),
    );
    this.#socket.on('close', () => session.closed());
  }

  send(text: string): void {
    if (this.#socket.readyState === ws.WebSocket.OPEN) this.#send(this.#socket, text, this.#written);
  }

  onDrain(atMost: number, callback: () => void): void {
    this.#drains.wait(this.bufferedBytes, atMost, callback);
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, Buffer.from(reason).subarray(0, mostReasonBytes).toString('utf8'));
  }
}

/** It closes then, and that is all there is to know. */
const ignore = (): void => undefined;

function refuse(socket: Duplex, { status, headers = {}, body = '' }: Refusal): void {
  const lines = {
    ...{ Connection: 'close', 'Content-Type': 'text/plain; charset=utf-8' },
    ...headers,
    'Content-Length': String(Buffer.byteLength(body)),
  };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}`);
  socket.once('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...head, '', body].join('\r\n'));
}
