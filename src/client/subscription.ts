import type { StreamRef } from '../core/event.ts';
import type { ClientMessage, Frame } from '../realtime/frame.ts';
import type { ClientClock } from './clock.ts';
import { cursorOf, placeOf } from './cursor.ts';
import { ConvokeError } from './error.ts';
import { EventQueue } from './event-queue.ts';
import { type AnewReason, Feed, type FeedTarget } from './feed.ts';
import type { AnyEvent, EventName, EventOf } from './wire.ts';

/** Something said in passing, or the latest of somebody's passing states. */
export interface Passing {
  /** Who says it: the id of a person. */
  readonly from: string;
  readonly type: string;
  /** As it was sent. Of a state that is over: null. */
  readonly data: unknown;
}

/** What can be listened to: every event by its name, all of them, and what is said in passing. */
export type Heard = { readonly [Name in EventName]: EventOf<Name> } & {
  readonly '*': AnyEvent;
  readonly signal: Passing;
  readonly state: Passing;
};

export interface SubscribeOptions<State = unknown> {
  /** Where to go on: a cursor that was kept with what was made of the events up to it. Without it the stream begins now. */
  readonly after?: string | undefined;
  /**
   * Loads what the events change, such as the list of messages. Called when a stream begins without a cursor, and again after every
   * reset; events that come meanwhile wait. It may tell of some of them already, so apply by id. A rejection is tried again.
   */
  readonly state?: (options: { readonly signal: AbortSignal }) => Promise<State>;
  /** Shows what `state` has loaded. Events follow. */
  readonly onState?: (state: State) => void;
  /** What was had before leads nowhere any more: drop it. What is missed meanwhile only `state` can tell. */
  readonly onReset?: (reason: AnewReason) => void;
  /** It is over, and not by `stop`: the stream was refused, the person was removed, or the whole connection is. */
  readonly onEnd?: (error: ConvokeError) => void;
}

/** The state first, then what changes it. @example meeting.subscribe(startFrom(() => load(id), show)) */
export function startFrom<State>(
  loadState: (options: { readonly signal: AbortSignal }) => Promise<State>,
  show: (state: State) => void,
): { readonly state: typeof loadState; readonly onState: typeof show } {
  return { state: loadState, onState: show };
}

/** What a subscription needs of its connection. */
export interface SubscriptionHost {
  readonly clock: ClientClock;
  readonly random: () => number;
  subscribe(feed: Feed, after: string | null): void;
  /** Takes the stream out of the connection. */
  leave(subscription: StreamSubscription): void;
  reconnect(reason: string): void;
  send(message: ClientMessage): void;
  failed(error: unknown): void;
}

/** The options without the state's type: `load` gives what shows the state it has loaded. */
export interface SubscriptionSettings extends Pick<SubscribeOptions, 'after' | 'onReset' | 'onEnd'> {
  readonly load: ((signal: AbortSignal) => Promise<() => void>) | null;
}

export function settingsOf<State>({
  after,
  state,
  onState,
  onReset,
  onEnd,
}: SubscribeOptions<State>): SubscriptionSettings {
  const load = async (signal: AbortSignal) => {
    const loaded = await state?.({ signal });
    return () => {
      if (loaded !== undefined) onState?.(loaded);
    };
  };
  return { load: state === undefined ? null : load, after, ...(onReset && { onReset }), ...(onEnd && { onEnd }) };
}

type Listener = (heard: never) => void | Promise<void>;

export class StreamSubscription {
  readonly feed: Feed;
  readonly #host: SubscriptionHost;
  readonly #options: SubscriptionSettings;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #queues = new Set<EventQueue<AnyEvent>>();
  /** What comes before anybody listens waits for the first who does. */
  #unheard: EventQueue<AnyEvent> | null;
  /** The same, while those who begin to listen are still gathering. */
  #hearing: EventQueue<AnyEvent> | null = null;
  /** The latest of each person's passing states, so that they can be ended where the server may have forgotten them. */
  readonly #states = new Map<string, Passing>();
  readonly #own = new Map<string, unknown>();
  #end: { readonly error: ConvokeError | null } | null = null;

  constructor(stream: StreamRef, options: SubscriptionSettings, host: SubscriptionHost) {
    const after = options.after === undefined ? null : placeOf(options.after);
    if (options.after !== undefined && after === null) throw new ConvokeError('VALIDATION', '`after` is no cursor.');
    this.#host = host;
    this.#options = options;
    this.#unheard = this.#queue();
    const source = {
      subscribe: (place: string | null) => host.subscribe(this.feed, place),
      reconnect: (reason: string) => host.reconnect(reason),
    };
    this.feed = new Feed(stream, after, source, this.#target(options), host);
  }

  get stream(): StreamRef {
    return this.feed.stream;
  }

  get cursor(): string | null {
    const { place } = this.feed;
    if (place === null) return null;
    const waiting = [...this.#queues].map(({ before }) => before ?? place.seq);
    return cursorOf({ epoch: place.epoch, seq: Math.min(place.seq, ...waiting) });
  }

  on(name: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(name) ?? new Set<Listener>();
    this.#listeners.set(name, listeners.add(listener));
    // Not at once, so that all who begin to listen together hear it.
    if (this.#unheard !== null) queueMicrotask(() => this.#catchUp());
    this.#hearing = this.#unheard ?? this.#hearing;
    this.#unheard = null;
    return () => void listeners.delete(listener);
  }

  events(): EventQueue<AnyEvent> {
    const queue = this.#unheard ?? this.#queue();
    this.#unheard = null;
    if (this.#end !== null) queue.end(this.#end.error);
    return queue;
  }

  signal(type: string, data: unknown): void {
    if (this.feed.live) this.#host.send({ kind: 'signal', stream: this.stream, type, data });
  }

  state(type: string, data: unknown): void {
    if (data === null) this.#own.delete(type);
    else this.#own.set(type, data);
    if (this.feed.live) this.#host.send({ kind: 'state', stream: this.stream, type, data });
  }

  /** @param error why it is over; null where it was meant to be */
  end(error: ConvokeError | null): void {
    if (this.#end !== null) return;
    this.#end = { error };
    this.feed.stop();
    this.#host.leave(this);
    for (const queue of this.#queues) queue.end(error);
    if (error !== null) this.#call(this.#options.onEnd, error);
  }

  #target({ load, onReset }: SubscriptionSettings): FeedTarget {
    const show = async (signal: AbortSignal, loading: Promise<() => void>) => {
      const shown = await loading;
      if (!signal.aborted) this.#call(shown, undefined);
    };
    return {
      event: (event) => this.#deliver(event),
      passing: (frame) => this.#pass(frame),
      live: () => this.#live(),
      anew: (reason) => {
        for (const queue of this.#queues) queue.drain();
        this.#call(onReset, reason);
      },
      load: load === null ? null : (signal) => show(signal, load(signal)),
      ended: (error) => this.end(error),
      failed: (error) => this.#host.failed(error),
    };
  }

  #queue(): EventQueue<AnyEvent> {
    const queue: EventQueue<AnyEvent> = new EventQueue(() => this.#queues.delete(queue));
    this.#queues.add(queue);
    return queue;
  }

  /** Tells the first listeners what has waited for them. */
  #catchUp(): void {
    const waiting = this.#hearing;
    this.#hearing = null;
    if (waiting === null) return;
    this.#queues.delete(waiting);
    for (const event of waiting.drain()) this.#tell(event.type, event, '*');
    if (waiting.error !== null) this.end(waiting.error);
  }

  #deliver(event: AnyEvent): void {
    this.#catchUp();
    for (const queue of this.#queues) queue.push(event);
    this.#tell(event.type, event, '*');
  }

  /** Connections forget passing states, so one's own are said again, and those of others are over unless they are said again. */
  #live(): void {
    for (const [key, { from, type }] of this.#states) {
      this.#states.delete(key);
      this.#tell('state', { from, type, data: null });
    }
    for (const [type, data] of this.#own) this.#host.send({ kind: 'state', stream: this.stream, type, data });
  }

  #pass({ kind, from, type, data }: Extract<Frame, { kind: 'signal' | 'state' }>): void {
    const passing: Passing = { from, type, data };
    const key = JSON.stringify([from, type]);
    if (kind === 'state' && data === null) this.#states.delete(key);
    else if (kind === 'state') this.#states.set(key, passing);
    this.#tell(kind, passing);
  }

  #tell(name: string, heard: AnyEvent | Passing, also?: string): void {
    for (const each of also === undefined ? [name] : [name, also])
      for (const listener of this.#listeners.get(each) ?? []) this.#call(listener, heard as never);
  }

  /** A listener that throws or rejects harms nobody else. */
  #call<Value>(listener: ((value: Value) => void | Promise<void>) | undefined, value: Value): void {
    try {
      void Promise.resolve(listener?.(value)).catch((error: unknown) => this.#host.failed(error));
    } catch (error) {
      this.#host.failed(error);
    }
  }
}
