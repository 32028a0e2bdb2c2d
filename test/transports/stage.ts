/** A service with one transport on a real server, and clients that reach it through a network that can be taken away. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { vi } from 'vitest';
import {
  type Client,
  connect,
  type ConnectionStatus,
  type ConnectOptions,
  type Subscription,
} from '../../src/client/index.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import type { MeetingServiceOptions } from '../../src/options.ts';
import type { Identity, SessionTransport } from '../../src/transports/session.ts';
import { openService } from '../setup/service.ts';
import { TcpProxy } from '../setup/tcp-proxy.ts';

/** What differs between the transports under test. */
export interface Adapter {
  readonly name: string;
  /** Puts the transport on a server that does nothing else. */
  mount(server: Server, authenticate: Authenticate): SessionTransport;
  /** How `connect` reaches it. */
  options(address: string): Partial<ConnectOptions> & Pick<ConnectOptions, 'url'>;
}

export type Authenticate = (token: string | null) => Identity | null;

/** A token says who it is and, after a tilde, until when in milliseconds since 1970. */
export function tokenFor(userId: string, expiresAt?: number): string {
  return expiresAt === undefined ? userId : `${userId}~${expiresAt}`;
}

const authenticate: Authenticate = (token) => {
  const [userId = '', expires] = (token ?? '').split('~');
  if (!/^[0-9a-f-]{36}$/.test(userId)) return null;
  return { userId, ...(expires !== undefined && { expiresAt: new Date(Number(expires)) }) };
};

/** One client, and everything that it has heard. */
export interface Visitor {
  readonly client: Client;
  readonly statuses: ConnectionStatus[];
  readonly errors: unknown[];
  /** The network between this client and the server. */
  readonly network: TcpProxy;
}

/** What was heard of one stream. */
export interface Hearing {
  readonly subscription: Subscription;
  readonly seqs: number[];
  readonly types: string[];
  /** What was said in chat. */
  readonly words: unknown[];
  readonly ends: string[];
}

export class Stage implements AsyncDisposable {
  readonly service: MeetingService;
  readonly #adapter: Adapter;
  readonly #server: Server;
  readonly #visitors: Visitor[] = [];

  private constructor(service: MeetingService, adapter: Adapter, server: Server) {
    this.service = service;
    this.#adapter = adapter;
    this.#server = server;
  }

  static async open(adapter: Adapter, url: string, options: Partial<MeetingServiceOptions> = {}): Promise<Stage> {
    const server = createServer();
    const transport = adapter.mount(server, authenticate);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const service = await openService(url, { transport, ...options });
    return new Stage(service, adapter, server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** @param token of the person, or what gives one */
  async visit(token: string | (() => string), options: Partial<ConnectOptions> = {}): Promise<Visitor> {
    const network = await TcpProxy.create(this.port);
    const statuses: ConnectionStatus[] = [];
    const errors: unknown[] = [];
    const client = connect({
      ...{ random: () => 0, token: () => (typeof token === 'string' ? token : token()) },
      onStatus: (status) => void statuses.push(status),
      onError: (error) => void errors.push(error),
      ...this.#adapter.options(`127.0.0.1:${network.port}`),
      ...options,
    });
    const visitor = { client, statuses, errors, network };
    this.#visitors.push(visitor);
    return visitor;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client, network } of this.#visitors) {
      client.close();
      await network[Symbol.asyncDispose]();
    }
    await this.service.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Follows a meeting, and resolves once the stream has begun. */
export async function hear({ client }: Visitor, meetingId: string): Promise<Hearing> {
  const seqs: number[] = [];
  const types: string[] = [];
  const words: unknown[] = [];
  const ends: string[] = [];
  const subscription = client.meeting(meetingId).subscribe({ onEnd: ({ code }) => void ends.push(code) });
  subscription.on('*', (event) => {
    seqs.push(event.seq);
    types.push(event.type);
    if (event.type === 'chat.message.sent') words.push(event.data.content);
  });
  await until(() => {
    if (subscription.cursor === null && ends.length === 0) throw new Error('the stream has not begun');
  });
  return { subscription, seqs, types, words, ends };
}

/** Waits until something holds. */
export function until<Value>(check: () => Value | Promise<Value>): Promise<Value> {
  return vi.waitFor(check, { timeout: 15_000, interval: 5 });
}
