import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A network between clients and one server, of any protocol, that can be taken away. */
export class TcpProxy implements AsyncDisposable {
  readonly port: number;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | null;
  #frozen = false;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
    this.port = (server.address() as AddressInfo).port;
    this.#serve(server);
  }

  /** Listens on a free port and passes everything on to `target`, a port of this machine. */
  static async create(target: number): Promise<TcpProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, target);
  }

  /** Open connections, counted once on each side. */
  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** Breaks all connections and refuses new ones. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    server?.close();
    this.resetAll();
    if (server?.listening === true) await once(server, 'close');
  }

  async restore(): Promise<void> {
    if (this.#server !== null) return;
    this.#server = createServer().listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#serve(this.#server);
  }

  /** Breaks all connections with a reset, as a firewall does that has forgotten them. */
  resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Nothing gets through in either direction, while all connections look alive. */
  set frozen(on: boolean) {
    this.#frozen = on;
    for (const socket of this.#sockets) flow(socket, !on);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
  }

  #serve(server: Server): void {
    server.on('connection', (client) => {
      const upstream = connect(this.#target, '127.0.0.1');
      this.#pass(client, upstream);
      this.#pass(upstream, client);
    });
  }

  #pass(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (chunk) => to.writable && to.write(chunk));
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.end();
    });
    flow(from, !this.#frozen);
  }
}

function flow(socket: Socket, on: boolean): void {
  if (on) socket.resume();
  else socket.pause();
}
