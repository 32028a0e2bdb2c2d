import type { MeetingErrorCode } from '../core/errors.ts';
import type { StreamRef } from '../core/event.ts';
import type { CloseCode, Frame } from './frame.ts';

/** Why a subscription is over. */
export interface Ending {
  readonly code: MeetingErrorCode;
  readonly message: string;
  /** Set where the whole connection has to go. */
  readonly closeCode: CloseCode | null;
}

/** Where one subscription's frames go. */
export interface Sink {
  /** Never throws. The same text goes to many. */
  send(encoded: string): void;
  /** Bytes that wait to be sent. */
  readonly bufferedBytes: number;
  /** Calls once, when at most so many bytes wait. */
  onDrain(atMost: number, callback: () => void): void;
  /** The subscription is over, and nothing follows. Not called after a `reset` frame, which says so itself, nor after `stop`. */
  ended(why: Ending): void;
}

/** A stream that is being followed. */
export interface Subscription {
  readonly stream: StreamRef;
  /** Nothing follows any more: it was stopped, it ended, or a `reset` frame told to begin anew. */
  readonly over: boolean;
  stop(): void;
}

/** A frame that goes to many. It is written as text once, and only where a text is wanted. */
export class SharedFrame {
  readonly frame: Frame;
  #text: string | undefined;

  constructor(frame: Frame) {
    this.frame = frame;
  }

  get text(): string {
    return (this.#text ??= JSON.stringify(this.frame));
  }
}

/** What a subscription writes to: a connection's sink, or a reader in this process, which takes frames as they are. */
export interface Outlet extends Pick<Sink, 'bufferedBytes' | 'onDrain' | 'ended'> {
  put(frame: SharedFrame): void;
  /** Reads at its own pace and may take its time: what it has not read yet waits in the log, not in memory. */
  readonly isPatient: boolean;
}

export function outletOf(sink: Sink): Outlet {
  return {
    put: (frame) => sink.send(frame.text),
    get bufferedBytes() {
      return sink.bufferedBytes;
    },
    onDrain: (atMost, callback) => sink.onDrain(atMost, callback),
    ended: (why) => sink.ended(why),
    isPatient: false,
  };
}
