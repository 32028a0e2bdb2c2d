import { io, type Socket } from 'socket.io-client';
import type { WebSocketConstructor, WebSocketLike } from '../../src/client/index.ts';

type Heard = Parameters<WebSocketLike['addEventListener']>[1];

/** Lets `connect` speak Socket.IO: a socket of it that looks like a WebSocket. */
export const SocketIoSocket: WebSocketConstructor = class implements WebSocketLike {
  readonly #socket: Socket;
  readonly #listeners = new Map<string, Heard[]>();
  #closed: { code: number; reason: string } = { code: 1006, reason: '' };

  constructor(url: string, protocols: string[] = []) {
    const token = decodeURIComponent(protocols[1]?.slice('convoke.bearer.'.length) ?? '');
    this.#socket = io(url.replace(/^ws/, 'http'), { auth: { token }, reconnection: false, forceNew: true });
    this.#socket.on('connect', () => this.#tell('open', {}));
    this.#socket.on('convoke', (data: string) => this.#tell('message', { data }));
    this.#socket.on('convoke:close', (closed: { code: number; reason: string }) => (this.#closed = closed));
    this.#socket.on('connect_error', () => this.#end());
    this.#socket.on('disconnect', () => this.#end());
  }

  send(text: string): void {
    this.#socket.emit('convoke', text);
  }

  close(): void {
    this.#socket.disconnect();
  }

  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: Heard): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  #end(): void {
    this.#socket.disconnect();
    this.#tell('close', this.#closed);
    this.#listeners.clear();
  }

  #tell(type: string, event: { data?: unknown; code?: number; reason?: string }): void {
    for (const listener of this.#listeners.get(type) ?? []) listener({ type, ...event });
  }
};
