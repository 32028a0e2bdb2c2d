import type { StreamRef } from '../core/event.ts';
import type { Frame, ResetReason } from '../realtime/frame.ts';
import { fullJitter } from './backoff.ts';
import type { ClientClock } from './clock.ts';
import { cursorOf, type Place } from './cursor.ts';
import { type ConvokeError, errorOf } from './error.ts';
import { createGapDetector, type GapDetector } from './gap-detector.ts';
import type { AnyEvent } from './wire.ts';

/** Why a subscription begins anew. `gap`: the server left out, twice, what should have come. */
export type AnewReason = ResetReason | 'gap';

type StreamFrame = Extract<Frame, { stream: StreamRef }>;
type EventsFrame = Extract<Frame, { kind: 'events' | 'cursor' }>;

/** Where a feed's frames come from. */
export interface FeedSource {
  subscribe(after: string | null): void;
  /** Gives the connection up and takes another. */
  reconnect(reason: string): void;
}

/** Where a feed's events go. */
export interface FeedTarget {
  event(event: AnyEvent): void;
  passing(frame: Extract<Frame, { kind: 'signal' | 'state' }>): void;
  /** What comes from here on follows on what was had before. */
  live(): void;
  /** What was had before leads nowhere any more. */
  anew(reason: AnewReason): void;
  /** Loads the state and shows it; null where there is none to load. Rejects when it cannot be had now. */
  readonly load: ((signal: AbortSignal) => Promise<void>) | null;
  ended(error: ConvokeError): void;
  failed(error: unknown): void;
}

/** While the state is loaded, so many frames wait for it; then they are asked for again afterwards. */
const mostHeld = 1_000;

/** One stream as it should arrive: in order, each event once, nothing left out, and the state before what changes it. */
export class Feed {
  readonly stream: StreamRef;
  readonly #source: FeedSource;
  readonly #target: FeedTarget;
  readonly #clock: ClientClock;
  readonly #random: () => number;
  #epoch = '';
  /** Counts what was had; null until a place in the stream is known. */
  #had: GapDetector | null = null;
  /** Frames before `subscribed` belong to an earlier subscription. */
  #live = false;
  /** What waits for the state; null while none is loaded. */
  #held: EventsFrame[] | null = null;
  #loading = new AbortController();
  #gapAt: string | null = null;
  #attempt = 0;
  #cancelRetry = () => {};
  #over = false;

  constructor(
    stream: StreamRef,
    after: Place | null,
    source: FeedSource,
    target: FeedTarget,
    { clock, random }: { readonly clock: ClientClock; readonly random: () => number },
  ) {
    this.stream = stream;
    this.#source = source;
    this.#target = target;
    this.#clock = clock;
    this.#random = random;
    if (after !== null) this.#begin(after);
  }

  /** What to ask the server for. */
  get after(): string | null {
    return this.#had === null ? null : cursorOf({ epoch: this.#epoch, seq: this.#had.seq ?? 0 });
  }

  /** The place up to which everything was handed on; null before there is one, and while the state is loaded. */
  get place(): Place | null {
    return this.#had === null || this.#held !== null ? null : { epoch: this.#epoch, seq: this.#had.seq ?? 0 };
  }

  get live(): boolean {
    return this.#live;
  }

  /** The connection is gone; what follows on `after` will be sent again. */
  offline(): void {
    this.#live = false;
    this.#cancelRetry();
  }

  stop(): void {
    this.#over = true;
    this.#live = false;
    this.#loading.abort();
    this.#cancelRetry();
  }

  frame(frame: StreamFrame): void {
    if (this.#over) return;
    if (frame.kind === 'unsubscribed') this.#unsubscribed(frame);
    else if (frame.kind === 'subscribed') this.#subscribed(frame);
    else if (frame.kind === 'reset') this.#reset(frame.reason);
    else if (!this.#live) return;
    else if (frame.kind === 'signal' || frame.kind === 'state') this.#target.passing(frame);
    else if (this.#held === null) this.#take(frame);
    else if (this.#held.length < mostHeld) this.#held.push(frame);
  }

  #begin({ epoch, seq }: Place): void {
    this.#epoch = epoch;
    this.#had = createGapDetector(seq);
  }

  #subscribed(frame: Extract<Frame, { kind: 'subscribed' }>): void {
    if (this.#live) return; // said twice
    const continued = this.#had !== null && frame.resumed && frame.epoch === this.#epoch;
    if (!continued) {
      if (this.#had !== null) this.#forget(frame.epoch === this.#epoch ? 'too-far' : 'epoch');
      if (this.#over) return; // a listener may have had enough
      this.#begin(frame);
    }
    this.#live = true;
    this.#attempt = 0;
    this.#target.live();
    if (!continued && this.#target.load !== null) void this.#load(this.#target.load);
  }

  /** The same as at the very start: subscribe, learn the place, load the state, apply what came after the place. */
  #reset(reason: AnewReason): void {
    this.#forget(reason);
    if (!this.#over) this.#source.subscribe(null);
  }

  #forget(reason: AnewReason): void {
    this.#live = false;
    this.#had = null;
    this.#held = null;
    this.#loading.abort();
    this.#target.anew(reason);
  }

  #unsubscribed(frame: Extract<Frame, { kind: 'unsubscribed' }>): void {
    const error = errorOf({ ...frame, details: {} });
    if (!error.retryable) return this.#target.ended(error);
    this.offline();
    this.#cancelRetry = this.#clock.after(fullJitter(this.#attempt++, this.#random), () =>
      this.#source.subscribe(this.after),
    );
  }

  #take(frame: EventsFrame): void {
    const had = this.#had;
    if (had === null || frame.epoch !== this.#epoch) return;
    for (const event of frame.kind === 'events' ? frame.events : []) {
      const continuity = had.track(event.prev, event.seq);
      if (continuity === 'repeated') continue;
      if (continuity === 'gap') return this.#gap();
      // Words that were taken back have left empty data behind. The event that took them back tells what stands instead.
      if (event.redacted !== true)
        this.#target.event({ ...event, stream: this.stream, epoch: this.#epoch } as AnyEvent);
      if (this.#over || this.#had !== had) return;
    }
    had.caughtUp(frame.to);
  }

  /** Something is missing, so it is asked for; if it is missing then as well, only the state can tell. */
  #gap(): void {
    const at = this.after;
    const again = at === this.#gapAt;
    this.#gapAt = again ? null : at;
    if (again) this.#reset('gap');
    else this.#source.reconnect('an event is missing');
  }

  async #load(load: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const loading = new AbortController();
    this.#loading = loading;
    this.#held = [];
    for (let attempt = 0; ; attempt++) {
      try {
        await load(loading.signal);
        break;
      } catch (error) {
        if (loading.signal.aborted) return;
        this.#target.failed(error);
        await new Promise<void>((resolve) => {
          const off = this.#clock.after(fullJitter(attempt, this.#random), resolve);
          loading.signal.addEventListener('abort', () => {
            off();
            resolve();
          });
        });
      }
      if (loading.signal.aborted) return;
    }
    if (loading.signal.aborted) return;
    const held = this.#held ?? [];
    this.#held = null;
    for (const frame of held) {
      if (loading.signal.aborted || !this.#live) return;
      this.#take(frame);
    }
    if (held.length >= mostHeld && this.#live) this.#source.reconnect('too much waited for the state');
  }
}
