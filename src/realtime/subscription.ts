import type { StreamEvent, StreamRef } from '../core/event.ts';
import { Batch, slices } from './batch.ts';
import { closeCodes, type ResetReason } from './frame.ts';
import type { RealtimeSettings } from './settings.ts';
import { type Ending, type Outlet, SharedFrame, type Subscription } from './sink.ts';
import type { Grant } from './visibility.rules.ts';

/** What a subscription asks of the room it is in. */
export interface FollowedRoom {
  readonly stream: StreamRef;
  readonly epoch: string;
  /** The last event that has passed here. */
  readonly cursor: number;
  /** All that is known to have happened has passed here. */
  readonly isIdle: boolean;
  readonly hosts: ReadonlySet<string>;
  readonly settings: RealtimeSettings;
  /** Lets pass what is known to have happened; ends early where the log cannot be read. */
  settled(): Promise<void>;
  /** The events after a number that have passed here, a page at most. */
  passedAfter(seq: number): readonly StreamEvent[] | Promise<readonly StreamEvent[]>;
  leave(subscription: Follower): void;
  failed(what: string, error: unknown): void;
}

/** `reading` catches up from the log; `lagging` waits until what it was given has drained, and reads on then. */
type State = 'reading' | 'live' | 'lagging' | 'over';

const removal: Ending = {
  code: 'NOT_FOUND',
  message: 'You were removed from the meeting.',
  closeCode: closeCodes.removed,
};

const slow: Ending = {
  code: 'UNAVAILABLE',
  message: 'Too much was waiting to be read; come back and go on from your cursor.',
  closeCode: closeCodes.slow,
};

/**
 * One follower of a stream. Nothing is kept for those who are slow: the log has everything, and whoever does not keep up reads it
 * from their cursor on once they can.
 */
export class Follower implements Subscription {
  readonly userId: string;
  grant: Grant;
  readonly #room: FollowedRoom;
  readonly #outlet: Outlet;
  #state: State = 'reading';
  #isReading = false;
  #cursor: number;
  /** The cursor that the client knows of. */
  #told: number;
  #atLastTick = -1;
  #laggingSince = 0;
  /** Nothing after this one is for them. */
  #last = Number.POSITIVE_INFINITY;
  /** What the room has to have let pass before the log may be read: it knows of what was taken back since. */
  readonly #from: number;
  /** States that could not be told at once: the latest of each. */
  readonly #kept = new Map<string, SharedFrame>();
  #awaitsDrain = false;

  constructor(room: FollowedRoom, grant: Grant, outlet: Outlet, place: { cursor: number; head: number }) {
    this.#room = room;
    this.#outlet = outlet;
    this.grant = grant;
    this.userId = grant.userId;
    this.#cursor = this.#told = place.cursor;
    this.#from = place.cursor < place.head ? place.head : 0;
  }

  get stream(): StreamRef {
    return this.#room.stream;
  }

  get over(): boolean {
    return this.#state === 'over';
  }

  stop(): void {
    if (this.over) return;
    this.#state = 'over';
    this.#room.leave(this);
  }

  /** Begins to read: from the cursor up to now, then as it happens. */
  greet(resumed: boolean): void {
    const { stream, epoch } = this.#room;
    this.put(new SharedFrame({ kind: 'subscribed', stream, epoch, seq: this.#cursor, resumed }));
    void this.catchUp();
  }

  /** Takes what happens now. Those who are not up to date come to it by themselves. */
  take(batch: Batch): void {
    // Whoever comes back from a process that was ahead of this one has had some of it already.
    if (this.#state !== 'live' || batch.to <= this.#cursor) return;
    if (batch.first > this.#cursor + 1) {
      this.#state = 'reading';
      void this.catchUp();
    } else {
      this.#send(batch);
      if (this.#cursor >= this.#last) this.end(removal);
    }
  }

  /** They are no member any more. @param last the number of the event that says so, after which nothing is for them */
  dismiss(last: number): void {
    this.#last = last;
    if (this.#cursor >= last) this.end(removal);
  }

  end(why: Ending): void {
    if (this.over) return;
    this.stop();
    try {
      this.#outlet.ended(why);
    } catch (error) {
      this.#room.failed('a sink failed at the end of its subscription', error);
    }
  }

  reset(reason: ResetReason, head: { epoch: string; seq: number }): void {
    if (this.over) return;
    const { stream } = this;
    this.stop();
    this.#write(new SharedFrame({ kind: 'reset', stream, ...head, reason }));
  }

  put(frame: SharedFrame): void {
    if (!this.over) this.#write(frame);
  }

  /** Says something in passing. With a key it is a state, whose latest is told once there is room; without, it is left out for who is slow. */
  hear(frame: SharedFrame, key: string | null): void {
    if (this.over) return;
    if (this.#state === 'live' && this.#outlet.bufferedBytes <= this.#room.settings.lowWaterBytes) {
      if (key !== null) this.#kept.delete(key);
      this.put(frame);
    } else if (key !== null) {
      this.#kept.set(key, frame);
      this.#tellKeptOnceDrained();
    }
  }

  /** Once in a while: who is slow for too long goes, who is quiet hears how far the stream has come. */
  tick(now: number): void {
    if (this.#state === 'lagging') {
      const { maxLagMs, maxLagEvents } = this.#room.settings;
      const isTooSlow = now - this.#laggingSince > maxLagMs || this.#room.cursor - this.#cursor > maxLagEvents;
      if (isTooSlow && !this.#outlet.isPatient) this.end(slow);
    } else if (this.#state === 'reading') void this.catchUp();
    else if (this.grant.removed && this.#room.isIdle && this.#atLastTick === this.#cursor) this.end(removal); // the row says so, and no event ever will
    else if (this.#cursor > this.#told && this.#cursor === this.#atLastTick) this.#tellCursor();
    this.#atLastTick = this.#cursor;
  }

  /** Reads the log up to where the room is, then goes live. */
  async catchUp(): Promise<void> {
    if (this.#isReading || this.over) return;
    this.#isReading = true;
    this.#state = 'reading';
    try {
      if (this.#room.cursor < this.#from) await this.#room.settled();
      // Where the log cannot be read, the next tick tries again.
      if (this.#room.cursor >= this.#from) await this.#read();
    } catch (error) {
      this.#room.failed('a stream could not be read', error);
    } finally {
      this.#isReading = false;
    }
  }

  async #read(): Promise<void> {
    for (;;) {
      const until = Math.min(this.#room.cursor, this.#last);
      if (this.over || this.#cursor >= until) break;
      const found = this.#room.passedAfter(this.#cursor);
      const events = (found instanceof Promise ? await found : found).filter(({ seq }) => seq <= until);
      if (this.over) return;
      const [first] = events;
      if (first?.seq !== this.#cursor + 1) {
        const { epoch, cursor: seq } = this.#room;
        return this.reset('pruned', { epoch, seq });
      }
      for (const slice of slices(events)) {
        this.#send(new Batch(this.stream, slice, this.#room.hosts));
        if (this.#state !== 'reading') return;
      }
    }
    if (this.over) return;
    if (this.#cursor >= this.#last) return this.end(removal);
    this.#state = 'live'; // in the same breath as the look above, so nothing passes in between
    this.#tellKeptOnceDrained();
  }

  #send(batch: Batch): void {
    const frame = batch.frameFor(this.grant, this.#cursor);
    this.#cursor = batch.to;
    if (frame === null) return;
    this.put(frame);
    this.#told = this.#cursor;
    if (!this.over && this.#outlet.bufferedBytes > this.#room.settings.highWaterBytes) this.#lag();
  }

  #lag(): void {
    this.#state = 'lagging';
    this.#laggingSince = performance.now();
    // Not at once, should it have drained already: whoever found it full is still at it.
    const readOn = () => queueMicrotask(() => void this.catchUp());
    this.#outlet.onDrain(this.#room.settings.lowWaterBytes, readOn);
  }

  #tellKeptOnceDrained(): void {
    if (this.#kept.size === 0 || this.#awaitsDrain) return;
    this.#awaitsDrain = true;
    this.#outlet.onDrain(this.#room.settings.lowWaterBytes, () => {
      this.#awaitsDrain = false;
      if (this.#state !== 'live') return; // told when it is
      for (const frame of this.#kept.values()) this.put(frame);
      this.#kept.clear();
    });
  }

  #tellCursor(): void {
    const { stream, epoch } = this.#room;
    this.#told = this.#cursor;
    this.put(new SharedFrame({ kind: 'cursor', stream, epoch, to: this.#cursor }));
  }

  /** A sink that throws is broken; that must not keep what happens from the others. */
  #write(frame: SharedFrame): void {
    try {
      this.#outlet.put(frame);
    } catch (error) {
      this.stop();
      this.#room.failed('a sink failed to send', error);
    }
  }
}
