/** The server's side of the protocol, played by hand: real sockets, and every frame is the test's own. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ClientClock } from '../../src/client/index.ts';
import type { StreamRef } from '../../src/core/event.ts';
import type { ClientMessage, Frame, FrameEvent } from '../../src/realtime/frame.ts';

export const meetingId = '0198c0de-0000-7000-8000-000000000001';
export const personId = '0198c0de-0000-7000-8000-00000000000a';
export const epoch = '0198c0de-0000-4000-8000-0000000000ee';
export const stream: StreamRef = { kind: 'meeting', id: meetingId };
export const inbox: StreamRef = { kind: 'user', id: personId };

/** Waits until something holds, for five seconds at most. */
export const until = <Value>(check: () => Value | Promise<Value>): Promise<Value> =>
  vi.waitFor(check, { timeout: 5_000, interval: 5 });

/** A started meeting as number `seq`, or whatever else is given. */
export function event(seq: number, given: Partial<FrameEvent> = {}): FrameEvent {
  const id = `0198c0de-0000-7000-8000-${String(seq).padStart(12, '0')}`;
  const time = '2026-03-02T10:00:00.000Z';
  return { id, seq, prev: seq - 1, type: 'meeting.started', time, audience: 'all', actorId: null, data: {}, ...given };
}

export const subscribed = (seq: number, resumed = false, of = stream): Extract<Frame, { kind: 'subscribed' }> => ({
  ...{ kind: 'subscribed', stream: of, epoch, seq, resumed },
});

export const events = (...given: readonly (number | FrameEvent)[]): Extract<Frame, { kind: 'events' }> => {
  const list = given.map((each) => (typeof each === 'number' ? event(each) : each));
  return { kind: 'events', stream, epoch, to: list.at(-1)?.seq ?? 0, events: list };
};

/** One connection as the server has it. */
export class Peer {
  readonly received: ClientMessage[] = [];
  readonly request: IncomingMessage;
  readonly #socket: WebSocket;
  closed: { readonly code: number } | null = null;

  constructor(socket: WebSocket, request: IncomingMessage) {
    this.#socket = socket;
    this.request = request;
    socket.on('message', (data) => this.received.push(JSON.parse((data as Buffer).toString('utf8'))));
    socket.on('close', (code) => (this.closed = { code }));
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  send(...frames: readonly Frame[]): void {
    for (const frame of frames) this.#socket.send(JSON.stringify(frame));
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  close(code: number, reason = ''): void {
    this.#socket.close(code, reason);
  }

  /** The network is gone: no handshake, no code. */
  cut(): void {
    this.#socket.terminate();
  }

  /** Messages of one kind so far. */
  of<Kind extends ClientMessage['kind']>(kind: Kind): Extract<ClientMessage, { kind: Kind }>[] {
    return this.received.filter((message): message is Extract<ClientMessage, { kind: Kind }> => message.kind === kind);
  }

  /** Waits for the n-th message of a kind. */
  hears<Kind extends ClientMessage['kind']>(kind: Kind, index = 0): Promise<Extract<ClientMessage, { kind: Kind }>> {
    return until(() => this.of(kind)[index] ?? fail(`no ${kind} number ${index}`));
  }
}

function fail(message: string): never {
  throw new Error(message);
}

abstract class Stage implements AsyncDisposable {
  readonly #http: Server;

  constructor(http: Server) {
    this.#http = http;
  }

  get url(): string {
    const { port } = this.#http.address() as AddressInfo;
    return `http://127.0.0.1:${port}/live`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

/** A server that only takes WebSockets, on a path of its own choosing. */
export class WebSocketStage extends Stage {
  readonly peers: Peer[] = [];
  readonly #sockets = new WebSocketServer({ noServer: true });

  private constructor(http: Server) {
    super(http);
    http.on('upgrade', (request, socket, head) =>
      this.#sockets.handleUpgrade(request, socket, head, (client) => this.peers.push(new Peer(client, request))),
    );
  }

  static async open(): Promise<WebSocketStage> {
    const http = createServer((_, response) => void response.writeHead(426).end());
    const stage = new WebSocketStage(http);
    await once(http.listen(0, '127.0.0.1'), 'listening');
    return stage;
  }

  peer(index = 0): Promise<Peer> {
    return until(() => this.peers[index] ?? fail(`no connection number ${index}`));
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    await super[Symbol.asyncDispose]();
  }
}

/** One request as the server has it. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly body: string;

  constructor(request: IncomingMessage, response: ServerResponse, body: string) {
    this.request = request;
    this.response = response;
    this.url = new URL(request.url ?? '', 'http://server');
    this.body = body;
  }

  get gone(): boolean {
    return this.response.destroyed || this.response.writableFinished;
  }

  /** Begins an event stream. */
  begin(...frames: readonly Frame[]): void {
    this.response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    this.response.flushHeaders();
    this.send(...frames);
  }

  send(...frames: readonly Frame[]): void {
    for (const frame of frames) this.response.write(`data: ${JSON.stringify(frame)}\n\n`);
  }

  answer(status: number, body: unknown, headers: Record<string, string> = {}): void {
    this.response.writeHead(status, { 'content-type': 'application/json', ...headers });
    this.response.end(body === null ? undefined : JSON.stringify(body));
  }

  cut(): void {
    this.response.destroy();
  }
}

/** A server that takes requests, and refuses to speak WebSocket. */
export class HttpStage extends Stage {
  readonly exchanges: Exchange[] = [];
  upgrades = 0;

  private constructor(http: Server) {
    super(http);
    http.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.exchanges.push(new Exchange(request, response, Buffer.concat(chunks).toString('utf8')));
      });
    });
    http.on('upgrade', (_, socket) => {
      this.upgrades++;
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
    });
  }

  static async open(): Promise<HttpStage> {
    const http = createServer();
    const stage = new HttpStage(http);
    await once(http.listen(0, '127.0.0.1'), 'listening');
    return stage;
  }

  /** Waits for the n-th request of a method. */
  exchange(method: 'GET' | 'POST', index = 0): Promise<Exchange> {
    return until(
      () =>
        this.exchanges.filter(({ request }) => request.method === method)[index] ??
        fail(`no ${method} number ${index}`),
    );
  }
}

/** Time that passes when the test says so. */
export interface ManualClock extends ClientClock {
  advance(milliseconds: number): void;
  /** How long those wait who wait, in milliseconds, shortest first. */
  readonly waits: readonly number[];
}

export function manualClock(start = 0): ManualClock {
  let now = start;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  return {
    now: () => now,
    after(milliseconds, callback) {
      const timer = { at: now + milliseconds, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(milliseconds) {
      const end = now + milliseconds;
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        now = next.at;
        next.callback();
      }
      now = end;
    },
    get waits() {
      return [...timers].map(({ at }) => at - now).toSorted((a, b) => a - b);
    },
  };
}
