import { toMeetingError } from '../core/driver-error.ts';
import { MeetingError } from '../core/errors.ts';
import type { StreamRef } from '../core/event.ts';
import type { Connection } from '../transports/session.ts';
import type { Cursor } from './cursor.ts';
import type { CloseCode, Frame } from './frame.ts';
import type { Hub } from './hub.ts';
import { streamKey } from './reading.statements.ts';
import type { Ending, Subscription } from './sink.ts';

/** Streams that one connection may follow. */
const mostStreams = 100;

/** Whose streams they are. */
export interface Line {
  readonly connection: Connection;
  readonly hub: Pick<Hub, 'subscribe'>;
  readonly say: (frame: Frame) => void;
  readonly close: (code: CloseCode, reason: string) => void;
}

/** One stream from when it was asked for: nothing of it is sent once it is not followed any more. */
interface Followed {
  subscription: Subscription | null;
  over: boolean;
}

/** The streams that a connection follows. */
export class FollowedStreams {
  readonly #line: Line;
  readonly #streams = new Map<string, Followed>();

  constructor(line: Line) {
    this.#line = line;
  }

  /** Follows a stream, anew if it is followed already. That it cannot be is told by an `unsubscribed` frame. */
  async follow(userId: string, stream: StreamRef, after: Cursor | null): Promise<void> {
    this.leave(stream);
    const followed: Followed = { subscription: null, over: false };
    try {
      if (this.#streams.size >= mostStreams)
        throw new MeetingError('CONFLICT', `At most ${mostStreams} streams over one connection; leave one first.`);
      this.#streams.set(streamKey(stream), followed);
      const sink = this.#sinkOf(stream, followed);
      const subscription = await this.#line.hub.subscribe({ stream, userId, after, sink });
      followed.subscription = subscription;
      if (followed.over) subscription.stop();
      else if (subscription.over) this.#forget(stream, followed); // it was told to begin anew
    } catch (error) {
      if (followed.over) return;
      this.#forget(stream, followed);
      this.#unsubscribed(stream, toMeetingError(error));
    }
  }

  leave(stream: StreamRef): void {
    const followed = this.#streams.get(streamKey(stream));
    if (followed === undefined) return;
    this.#forget(stream, followed);
    followed.subscription?.stop();
  }

  /** Nothing more is sent. */
  end(): void {
    for (const followed of this.#streams.values()) {
      followed.over = true;
      followed.subscription?.stop();
    }
    this.#streams.clear();
  }

  #sinkOf(stream: StreamRef, followed: Followed) {
    const { connection } = this.#line;
    return {
      send: (encoded: string) => {
        if (!followed.over) connection.send(encoded);
      },
      get bufferedBytes() {
        return connection.bufferedBytes;
      },
      onDrain: (atMost: number, callback: () => void) => connection.onDrain(atMost, callback),
      ended: (why: Ending) => {
        if (followed.over) return;
        this.#forget(stream, followed);
        if (why.closeCode === null) this.#unsubscribed(stream, why);
        else this.#line.close(why.closeCode, why.message);
      },
    };
  }

  #forget(stream: StreamRef, followed: Followed): void {
    followed.over = true;
    const key = streamKey(stream);
    if (this.#streams.get(key) === followed) this.#streams.delete(key);
  }

  #unsubscribed(stream: StreamRef, { code, message }: Pick<Ending, 'code' | 'message'>): void {
    this.#line.say({ kind: 'unsubscribed', stream, code, message });
  }
}
