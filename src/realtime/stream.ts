import { z } from 'zod';
import { type Actor, person, signature } from '../core/actor.ts';
import { toMeetingError } from '../core/driver-error.ts';
import { MeetingError } from '../core/errors.ts';
import { meetingStream, type StreamEvent, type StreamRef, userStream } from '../core/event.ts';
import { id, strict } from '../core/schema.ts';
import { validate } from '../core/validate.ts';
import { type Cursor, formatCursor, parseCursor } from './cursor.ts';
import { closeCodes, type Frame, type ResetReason } from './frame.ts';
import type { Hub } from './hub.ts';
import type { Ending, Outlet, Subscription } from './sink.ts';

/** What to follow, and as whom. */
export interface SubscribeOptions {
  /** Whose eyes it is seen with. */
  readonly actor: Actor;
  /** The meeting; without it the person's own stream: invitations, reminders, vote receipts. */
  readonly meetingId?: string;
  /** The `cursor` of the item that was had last. Without it the stream begins now. */
  readonly after?: string;
  /** Ends the iteration, as leaving the loop does. */
  readonly signal?: AbortSignal;
}

/** An event; or, where the cursor was of no use, the word to read the state anew, after which the stream goes on from `cursor`. */
export type LiveItem<Event extends StreamEvent = StreamEvent> =
  | { readonly event: Event; readonly cursor: string; readonly reset: null }
  | { readonly event: null; readonly cursor: string; readonly reset: ResetReason };

const subscribing = strict({
  actor: z.custom<Actor>(),
  meetingId: id.optional(),
  after: z
    .string()
    .refine((text) => parseCursor(text) !== null, 'must be the cursor of an item')
    .optional(),
  signal: z.custom<AbortSignal>((value) => value instanceof AbortSignal, 'must be an AbortSignal').optional(),
});

/**
 * A stream as one person may see it: `for await (const { event, cursor, reset } of service.subscribe({ actor, meetingId }))`. It reads as
 * fast as it is iterated; what is not read yet waits in the log. The iteration ends with `break`, with the signal, and when the service
 * closes; it throws a MeetingError where the person may not (or no longer) follow.
 */
export class LiveStream<Event extends StreamEvent = StreamEvent> implements AsyncIterable<LiveItem<Event>> {
  readonly #hub: Hub;
  readonly #stream: StreamRef;
  readonly #userId: string;
  readonly #signal: AbortSignal | null;
  readonly #outlet: Outlet;
  readonly #leave = () => {
    this.#isLeft = true;
    this.#failure = null;
    this.#finish();
  };
  #after: Cursor | null;
  #subscription: Subscription | null = null;
  #opening: Promise<string> | null = null;
  #begunAfter: string | null = null;
  #unread: LiveItem<Event>[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  #wake: (() => void) | null = null;
  #drained: (() => void)[] = [];
  #failure: MeetingError | null = null;
  #done = false;
  /** By whoever reads. */
  #isLeft = false;

  /** @throws MeetingError VALIDATION */
  constructor(hub: Hub, options: SubscribeOptions) {
    const { actor, meetingId, after, signal } = validate(subscribing, options);
    this.#hub = hub;
    this.#userId = signature(person(actor));
    this.#stream = meetingId === undefined ? userStream(this.#userId) : meetingStream(meetingId);
    this.#after = after === undefined ? null : parseCursor(after);
    this.#signal = signal ?? null;
    this.#outlet = this.#reading();
    this.#signal?.addEventListener('abort', this.#leave, { once: true });
    if (this.#signal?.aborted === true) this.#leave();
  }

  /**
   * Begins, and tells the cursor after which it does: state that is read from now on misses nothing that the stream will not tell.
   * Iterating begins as well, where this was not called.
   * @throws MeetingError as `next`
   */
  ready(): Promise<string> {
    return (this.#opening ??= this.#open());
  }

  /** @throws MeetingError NOT_FOUND where the person is no member of the meeting, or was removed from it; UNAVAILABLE without a database */
  next(): Promise<IteratorResult<LiveItem<Event>, undefined>> {
    const turn = this.#turn.then(() => this.#next());
    this.#turn = turn.catch(() => {}); // whoever asked hears of it, not whoever asks next
    return turn;
  }

  return(): Promise<IteratorResult<LiveItem<Event>, undefined>> {
    this.#leave();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** Takes one frame, and the next when what was in it is read. */
  #reading(): Outlet {
    const isFull = () => this.#unread.length > 0;
    return {
      put: ({ frame }) => this.#take(frame),
      get bufferedBytes() {
        return isFull() ? Number.POSITIVE_INFINITY : 0;
      },
      onDrain: (_, callback) => {
        if (isFull()) this.#drained.push(callback);
        else callback();
      },
      ended: (why) => this.#over(why),
      isPatient: true,
    };
  }

  async #open(): Promise<string> {
    try {
      if (!this.#done) await this.#follow();
    } catch (error) {
      this.#finish();
      throw error;
    }
    if (this.#begunAfter === null) throw new MeetingError('ABORTED', 'The stream was ended before it began.');
    return this.#begunAfter;
  }

  async #follow(): Promise<void> {
    const following = { stream: this.#stream, userId: this.#userId, after: this.#after };
    const subscription = await this.#hub.follow(following, this.#outlet);
    this.#subscription = subscription;
    if (this.#done) subscription.stop();
  }

  async #next(): Promise<IteratorResult<LiveItem<Event>, undefined>> {
    if (this.#done && this.#unread.length === 0) return this.#end();
    try {
      await this.ready();
    } catch (error) {
      if (this.#isLeft) return this.#end();
      throw error;
    }
    while (this.#unread.length === 0 && !this.#done) await new Promise<void>((resolve) => (this.#wake = resolve));
    const value = this.#unread.shift();
    if (value === undefined) return this.#end();
    if (this.#unread.length === 0) for (const drained of this.#drained.splice(0)) drained();
    return { done: false, value };
  }

  #end(): IteratorResult<LiveItem<Event>, undefined> {
    const failure = this.#failure;
    this.#failure = null; // thrown once, then the iteration is over
    if (failure !== null) throw failure;
    return { done: true, value: undefined };
  }

  #take(frame: Frame): void {
    if (frame.kind === 'subscribed') this.#begunAfter ??= formatCursor(frame);
    else if (frame.kind === 'events') this.#takeEvents(frame);
    else if (frame.kind === 'reset') this.#beginAnew(frame);
  }

  #takeEvents({ stream, epoch, to, events }: Extract<Frame, { kind: 'events' }>): void {
    for (const [index, told] of events.entries()) {
      // After the last one, the cursor counts what is hidden behind it, too.
      const seq = index === events.length - 1 ? to : told.seq;
      const event = Object.freeze({ ...told, stream, epoch });
      this.#give({ event, cursor: formatCursor({ epoch, seq }), reset: null });
    }
  }

  #beginAnew({ epoch, seq, reason }: Extract<Frame, { kind: 'reset' }>): void {
    this.#after = { epoch, seq };
    const cursor = formatCursor(this.#after);
    this.#begunAfter ??= cursor;
    this.#give({ event: null, cursor, reset: reason });
    queueMicrotask(() => {
      if (!this.#done) this.#follow().catch((error: unknown) => this.#fail(error));
    });
  }

  #give(item: LiveItem): void {
    if (this.#done) return;
    // The name of an event decides its type, and its data was checked against that name when it was drafted.
    this.#unread.push(Object.freeze(item) as LiveItem<Event>);
    this.#awaken();
  }

  #over({ code, message, closeCode }: Ending): void {
    if (closeCode !== closeCodes.shutdown) this.#fail(new MeetingError(code, message));
    else this.#halt();
  }

  #fail(error: unknown): void {
    this.#failure = toMeetingError(error);
    this.#halt();
  }

  /** Nothing more comes; what is there can still be read. */
  #halt(): void {
    this.#done = true;
    this.#signal?.removeEventListener('abort', this.#leave);
    this.#awaken();
  }

  #finish(): void {
    this.#unread = [];
    this.#drained = [];
    this.#subscription?.stop();
    this.#halt();
  }

  #awaken(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
