/**
 * A network in bad condition between a client and PostgreSQL. It reads the client's side of the protocol, so it can fail at
 * a chosen statement, whatever packets the statement came in.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { FrontendStream } from './frontend-stream.ts';

/** Says of a statement's text whether to fail at it. */
export type StatementFilter = (sql: string) => boolean;

/** The end of a transaction, as drivers and query builders spell it. */
export const isCommit: StatementFilter = (sql) => /^\s*(commit|end)\b/i.test(sql);

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** The statement has gone to the server, and whatever it answers must not come through. */
  answerLost: boolean;
}

export class Proxy implements AsyncDisposable {
  readonly port: number;
  /** Milliseconds that every packet is late, each way. */
  latencyMs = 0;
  /** The connection breaks before the server has seen such a statement: it has certainly not happened. */
  cutBefore: StatementFilter | null = null;
  /** The server carries such a statement out and its answer is lost with the connection: it has certainly happened. */
  cutAnswer: StatementFilter | null = null;
  /** Connections cut by `cutBefore` and `cutAnswer`. */
  cuts = 0;
  readonly #listener: Server;
  readonly #links = new Set<Link>();
  #blackhole = false;

  private constructor(listener: Server) {
    this.#listener = listener;
    this.port = (listener.address() as AddressInfo).port;
  }

  /** Listens on a free port and passes everything on to `port`. */
  static async create(port: number): Promise<Proxy> {
    const listener = createServer();
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const proxy = new Proxy(listener);
    listener.on('connection', (client) => proxy.#join(client, connect(port, '127.0.0.1')));
    return proxy;
  }

  /** The same database, reached through this proxy. */
  url(direct: string): string {
    const result = new URL(direct);
    result.hostname = '127.0.0.1';
    result.port = String(this.port);
    return result.href;
  }

  /**
   * Nothing gets through in either direction, not even the end of a connection, while all connections look alive. What was sent
   * meanwhile arrives when the network is back, as TCP has it.
   */
  set blackhole(on: boolean) {
    this.#blackhole = on;
    for (const { client, server } of this.#links) for (const socket of [client, server]) flow(socket, !on);
  }

  /** Open connections through the proxy. */
  get connections(): number {
    return this.#links.size;
  }

  /** Every connection breaks with a TCP reset, as when a firewall forgets it. Resolves to how many. */
  resetAll(): number {
    const links = [...this.#links];
    for (const link of links) this.#break(link);
    return links.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.resetAll();
    this.#listener.close();
    await once(this.#listener, 'close');
  }

  #join(client: Socket, server: Socket): void {
    const link: Link = { client, server, answerLost: false };
    const statements = new FrontendStream();
    this.#links.add(link);
    client.on('data', (chunk) => {
      for (const sql of statements.read(chunk)) {
        if (this.cutBefore?.(sql) === true) return this.#cut(link);
        if (this.cutAnswer?.(sql) === true) link.answerLost = true;
      }
      this.#later(() => server.writable && server.write(chunk));
    });
    server.on('data', (chunk) => {
      if (link.answerLost) return this.#cut(link);
      this.#later(() => client.writable && client.write(chunk));
    });
    // A server that says goodbye is heard out before the connection ends.
    client.on('close', () => this.#later(() => this.#end(link, server)));
    server.on('close', () => this.#later(() => this.#end(link, client)));
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => this.#break(link));
      flow(socket, !this.#blackhole);
    }
  }

  /** Timers of one duration fire in the order they were set, so packets keep theirs. */
  #later(act: () => void): void {
    if (this.latencyMs === 0) act();
    else setTimeout(act, this.latencyMs);
  }

  #end(link: Link, other: Socket): void {
    this.#links.delete(link);
    other.end();
  }

  #cut(link: Link): void {
    this.cuts++;
    this.#break(link);
  }

  #break(link: Link): void {
    if (!this.#links.delete(link)) return;
    link.client.resetAndDestroy();
    link.server.destroy();
  }
}

function flow(socket: Socket, on: boolean): void {
  if (on) socket.resume();
  else socket.pause();
}
