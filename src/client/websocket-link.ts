import type { StreamRef } from '../core/event.ts';
import type { ClientMessage } from '../realtime/frame.ts';
import { watchSilence } from './clock.ts';
import {
  frameOf,
  handshakeMs,
  type Link,
  type LinkEnd,
  type LinkEvents,
  type LinkSettings,
  lost,
  silenceMs,
  silent,
  type WebSocketLike,
} from './link.ts';
import { refreshAfter, subprotocolsOf } from './token.ts';

/** All streams over one WebSocket. */
export class WebSocketLink implements Link {
  readonly #settings: LinkSettings;
  readonly #events: LinkEvents;
  #socket: WebSocketLike | null = null;
  /** What was said before the socket was open; null from then on. */
  #early: string[] | null = [];
  #over = false;
  #silence: { readonly heard: () => void; readonly stop: () => void };
  #cancelRefresh = () => {};

  constructor(settings: LinkSettings, events: LinkEvents) {
    this.#settings = settings;
    this.#events = events;
    this.#silence = watchSilence(settings.clock, handshakeMs, () => this.#end(lost('no handshake')));
    void this.#open();
  }

  subscribe(stream: StreamRef, after: string | null): void {
    this.send({ kind: 'subscribe', stream, ...(after !== null && { after }) });
  }

  unsubscribe(stream: StreamRef): void {
    this.send({ kind: 'unsubscribe', stream });
  }

  send(message: ClientMessage): void {
    const text = JSON.stringify(message);
    if (this.#early !== null) this.#early.push(text);
    else if (!this.#over) this.#socket?.send(text);
  }

  async authenticate(): Promise<void> {
    // Also while the socket opens: the handshake may have left with what was good before.
    const token = await this.#token();
    if (token !== null) this.send({ kind: 'authenticate', token });
  }

  close(): void {
    this.#leave(1000, '');
  }

  async #open(): Promise<void> {
    try {
      const token = await this.#token();
      if (this.#over) return;
      this.#connect(token);
    } catch (error) {
      if (this.#over) return;
      this.#events.failed(error);
      this.#end(lost('no connection could be tried'));
    }
  }

  #connect(token: string | null): void {
    const { url, tokenIn, WebSocket } = this.#settings;
    if (WebSocket === undefined) throw new TypeError('There is no WebSocket here; give one as an option.');
    const address = new URL(url);
    address.protocol = address.protocol.replace('http', 'ws');
    if (token !== null && tokenIn === 'query') address.searchParams.set('access_token', token);
    const protocols = token !== null && tokenIn === 'subprotocol' ? subprotocolsOf(token) : [];
    const socket = new WebSocket(address.href, protocols);
    this.#socket = socket;
    socket.addEventListener('open', () => this.#opened(socket));
    socket.addEventListener('message', ({ data }) => this.#heard(data));
    socket.addEventListener('close', ({ code = 1006, reason = '' }) => this.#end({ code, reason }));
    // A close follows, and tells more.
    socket.addEventListener('error', () => {});
  }

  #opened(socket: WebSocketLike): void {
    if (this.#over) return;
    this.#silence.stop();
    this.#silence = watchSilence(this.#settings.clock, silenceMs, () => this.#end(silent));
    const early = this.#early ?? [];
    this.#early = null;
    for (const text of early) socket.send(text);
    this.#events.reached();
  }

  #heard(data: unknown): void {
    if (this.#over) return;
    this.#silence.heard();
    const frame = frameOf(data);
    if (frame?.kind === 'ping') this.send({ kind: 'pong' });
    else if (frame !== null) this.#events.frame(frame);
  }

  /** Asks for a token, and sees to the next one before this one expires. */
  async #token(): Promise<string | null> {
    const { token: ask, clock } = this.#settings;
    if (ask === null) return null;
    const token = await ask();
    const wait = refreshAfter(token, clock.now());
    this.#cancelRefresh();
    if (wait !== null && !this.#over)
      this.#cancelRefresh = clock.after(
        wait,
        () => void this.authenticate().catch((error: unknown) => this.#events.failed(error)),
      );
    return token;
  }

  #end(end: LinkEnd): void {
    if (this.#over) return;
    this.#leave(end.code === silent.code ? silent.code : 1000, end.reason);
    this.#events.ended(end);
  }

  /** A closing handshake with a dead network takes minutes: nobody waits for it. */
  #leave(code: number, reason: string): void {
    this.#over = true;
    this.#early = [];
    this.#silence.stop();
    this.#cancelRefresh();
    this.#socket?.close(code, reason);
  }
}
