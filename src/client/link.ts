import type { StreamRef } from '../core/event.ts';
import type { ClientMessage, Frame } from '../realtime/frame.ts';
import type { ClientClock } from './clock.ts';

/** How a link ended. */
export interface LinkEnd {
  /** A close code; 1006 where there was none. */
  readonly code: number;
  readonly reason: string;
  /** How long the server wants to be left alone, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** What a link tells. Nothing after `ended`, and nothing once it was closed from this side. */
export interface LinkEvents {
  /** The server was reached: this way is open. */
  reached(): void;
  frame(frame: Frame): void;
  ended(end: LinkEnd): void;
  /** Something is wrong that nobody else hears of. */
  failed(error: unknown): void;
}

/** One connection's life on one transport. It can be written to from the start: what comes too early waits for the server. */
export interface Link {
  /** @param after a cursor, or null to begin now */
  subscribe(stream: StreamRef, after: string | null): void;
  unsubscribe(stream: StreamRef): void;
  send(message: ClientMessage): void;
  /** Sends new credentials, where the transport has to be told. */
  authenticate(): Promise<void>;
  close(): void;
}

/** What both transports need. */
export interface LinkSettings {
  readonly url: URL;
  readonly token: (() => string | Promise<string>) | null;
  /** How a token travels where no header can be set. */
  readonly tokenIn: 'subprotocol' | 'query';
  readonly credentials: 'same-origin' | 'include' | 'omit';
  readonly WebSocket: WebSocketConstructor | undefined;
  readonly fetch: typeof fetch;
  readonly clock: ClientClock;
}

/** As much of a WebSocket as is used: a browser's, Node's, or one of your own. */
export interface WebSocketLike {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: WebSocketEvent) => void): void;
}

export interface WebSocketEvent {
  readonly type: string;
  /** Of a message. */
  readonly data?: unknown;
  /** Of a close. */
  readonly code?: number;
  readonly reason?: string;
}

export type WebSocketConstructor = new (url: string, protocols?: string[]) => WebSocketLike;

/** The server pings every 25 s; after 10 s more without a word the connection is dead, whatever the socket believes. */
export const silenceMs = 35_000;
/** A handshake that takes longer is taken for a network that lets nothing through. */
export const handshakeMs = 10_000;

/** Close codes of this side's own making, in the range that says "come back". */
export const silent: LinkEnd = { code: 3012, reason: 'nothing was heard' };
export const lost = (reason: string): LinkEnd => ({ code: 1006, reason });

export const streamKey = ({ kind, id }: StreamRef): string => `${kind}:${id}`;

/** @returns null for what is no frame */
export function frameOf(text: unknown): Frame | null {
  if (typeof text !== 'string') return null;
  try {
    const frame: unknown = JSON.parse(text);
    return typeof frame === 'object' && frame !== null && 'kind' in frame ? (frame as Frame) : null;
  } catch {
    return null;
  }
}
