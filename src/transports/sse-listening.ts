import { connectionIdIn } from './credentials.ts';
import { type EventStream, type EventBlock, blockOf } from './event-stream.ts';
import { closeAnswer, type HttpAnswer, jsonAnswer, statusOf } from './http-answer.ts';
import type { Connection, ConnectionSession, Identity, RealtimeHost } from './session.ts';

/** Less than this has to wait when a ping is taken for answered. */
const mostUnreadBytes = 16_384;
const pong = '{"kind":"pong"}';

/**
 * What names a client's requests together. Where the client has no name for itself, nothing tells the devices of one person apart, and they are
 * one.
 */
export function clientOf(request: Request, { userId }: Identity): string {
  return connectionIdIn(request.url) ?? `sse:${userId.toLowerCase()}`;
}

/** One request for a stream, as a connection. What it is answered is known when the stream has begun, or has not. */
export class Listening implements Connection {
  readonly id: string;
  /** Null once the stream has begun: then it wants something to write to. */
  readonly answer: Promise<HttpAnswer | null>;
  #answer: (answer: HttpAnswer | null) => void = () => {};
  #session: ConnectionSession | null = null;
  #hasBegun = false;
  #early: EventBlock[] = [];
  #stream: EventStream | null = null;
  #closing: { readonly code: number; readonly reason: string } | null = null;

  constructor(id: string) {
    this.id = id;
    this.answer = new Promise((resolve) => (this.#answer = resolve));
  }

  get bufferedBytes(): number {
    return this.#stream?.bufferedBytes ?? this.#early.reduce((total, { bytes }) => total + bytes.length, 0);
  }

  /** @param message that subscribes */
  open(host: RealtimeHost, identity: Identity, message: string): void {
    this.#session = host.open(this, identity);
    this.#session.receive(message);
  }

  /** The other side takes what comes from here on. */
  attach(stream: EventStream): void {
    this.#stream = stream;
    for (const block of this.#early.splice(0)) this.#write(stream, block);
    if (this.#closing !== null) stream.close(this.#closing.code, this.#closing.reason);
  }

  /** Nobody reads any more. */
  gone(): void {
    const session = this.#session;
    this.#session = null;
    session?.closed();
  }

  send(text: string): void {
    const block = blockOf(text);
    // Nobody says anything over this connection: whoever reads is there.
    if (block.kind === 'ping') this.onDrain(mostUnreadBytes, () => this.#session?.receive(pong));
    else if (this.#stream !== null) this.#write(this.#stream, block);
    else if (this.#hasBegun || block.kind === 'subscribed' || block.kind === 'reset') this.#begin(block);
    else this.#refuse(text);
  }

  onDrain(atMost: number, callback: () => void): void {
    if (this.#stream === null) callback();
    else this.#stream.onDrain(atMost, callback);
  }

  close(code: number, reason: string): void {
    if (this.#stream !== null) this.#stream.close(code, reason);
    else if (this.#hasBegun) this.#closing = { code, reason };
    else this.#answer(closeAnswer(code, reason));
  }

  #begin(block: EventBlock): void {
    this.#hasBegun = true;
    this.#early.push(block);
    this.#answer(null);
  }

  #write(stream: EventStream, { kind, bytes }: EventBlock): void {
    stream.write(bytes);
    if (kind !== 'reset' && kind !== 'unsubscribed') return;
    stream.end(); // nothing follows
    this.gone();
  }

  #refuse(text: string): void {
    const { code, message, details } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    this.#answer(jsonAnswer(statusOf(String(code)), JSON.stringify({ code, message, details })));
    this.gone();
  }
}
