import type { StreamEvent, StreamRef } from '../core/event.ts';

/**
 * What travels between a server and its clients: JSON, one frame a message, the same over WebSocket, Socket.IO and server-sent
 * events. Nothing but types here, so that a browser can share them for nothing.
 */

/** An event without what its frame says already. */
export type FrameEvent = Omit<StreamEvent, 'stream' | 'epoch'>;

/** Why a client has to begin anew: read the state, then subscribe without a cursor. */
export type ResetReason =
  /** The stream was restored with loss. */
  | 'epoch'
  /** Events behind the cursor were removed. */
  | 'pruned'
  /** The cursor lies ahead of the stream. */
  | 'ahead'
  /** More was missed than is worth sending one by one. */
  | 'too-far';

/** From the server. */
export type Frame =
  /** The answer to `subscribe`: what follows comes after `seq`. */
  | {
      readonly kind: 'subscribed';
      readonly stream: StreamRef;
      readonly epoch: string;
      readonly seq: number;
      /** Whether the cursor that was given is continued. */
      readonly resumed: boolean;
    }
  /** Events that this client may see, in order. `to` is the cursor afterwards: it counts the hidden ones too. */
  | {
      readonly kind: 'events';
      readonly stream: StreamRef;
      readonly epoch: string;
      readonly to: number;
      readonly events: readonly FrameEvent[];
    }
  /** Nothing to be seen up to `to`. */
  | { readonly kind: 'cursor'; readonly stream: StreamRef; readonly epoch: string; readonly to: number }
  /** The cursor is of no use; nothing follows on this stream until it is subscribed to anew. */
  | {
      readonly kind: 'reset';
      readonly stream: StreamRef;
      readonly epoch: string;
      readonly seq: number;
      readonly reason: ResetReason;
    }
  /** The subscription is over; the reason is a code of MeetingError. */
  | { readonly kind: 'unsubscribed'; readonly stream: StreamRef; readonly code: string; readonly message: string }
  /** Something said in passing, such as that somebody types: never stored, and dropped for whoever is slow. */
  | {
      readonly kind: 'signal';
      readonly stream: StreamRef;
      readonly from: string;
      readonly type: string;
      readonly data: unknown;
    }
  /** The latest of somebody's passing states, such as that they are idle; null once it is over. Newcomers are given all that hold. */
  | {
      readonly kind: 'state';
      readonly stream: StreamRef;
      readonly from: string;
      readonly type: string;
      readonly data: unknown;
    }
  /** The answer to a command. */
  | {
      readonly kind: 'done';
      readonly id: string;
      readonly result: unknown;
      /** The last event that it brought about in its meeting's stream; null where it brought about none. */
      readonly seq: number | null;
    }
  | {
      readonly kind: 'failed';
      /** The command's id; null where the message could not be read. */
      readonly id: string | null;
      readonly code: string;
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'ping' };

/** From the client. */
export type ClientMessage =
  /** `after` is the cursor `epoch:seq` of what was had last; without it the stream begins now. */
  | { readonly kind: 'subscribe'; readonly stream: StreamRef; readonly after?: string }
  | { readonly kind: 'unsubscribe'; readonly stream: StreamRef }
  /** Calls a method of a room (`chat.send`). `id` is a UUID of the client's making: sent twice, it is done once. */
  | { readonly kind: 'command'; readonly id: string; readonly operation: string; readonly input: readonly unknown[] }
  | { readonly kind: 'signal'; readonly stream: StreamRef; readonly type: string; readonly data: unknown }
  | { readonly kind: 'state'; readonly stream: StreamRef; readonly type: string; readonly data: unknown }
  /** New credentials, before the old ones expire. */
  | { readonly kind: 'authenticate'; readonly token: string }
  | { readonly kind: 'pong' };

/** Why a connection was closed: 30xx, come back; 35xx, do not. */
export const closeCodes = {
  /** The server goes away; come back after some time of your own choosing. */
  shutdown: 3001,
  /** The credentials ran out. */
  expired: 3005,
  /** Too much was waiting to be read. */
  slow: 3008,
  /** No answer to pings. */
  silent: 3012,
  /** Too many messages. */
  flooding: 3013,
  unauthorized: 3500,
  badMessage: 3501,
  /** The person was removed. */
  removed: 3503,
} as const;
export type CloseCode = (typeof closeCodes)[keyof typeof closeCodes];
