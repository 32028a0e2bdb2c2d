import type { ClientMessage, closeCodes, Frame } from '../realtime/frame.ts';
import { fullJitter } from './backoff.ts';
import type { ClientClock } from './clock.ts';
import { ConvokeError, errorOf, errorOfClose } from './error.ts';
import type { Feed } from './feed.ts';
import { type Link, type LinkEnd, type LinkEvents, streamKey } from './link.ts';
import { whenOnline } from './network.ts';
import { Outbox } from './outbox.ts';
import type { StreamSubscription, SubscriptionHost } from './subscription.ts';

export type TransportName = 'websocket' | 'sse';

/** How the connection is. */
export type ConnectionStatus =
  | { readonly state: 'connecting' }
  | { readonly state: 'open'; readonly transport: TransportName }
  /** Until the next attempt, in milliseconds. */
  | { readonly state: 'waiting'; readonly forMs: number; readonly closeCode: number; readonly reason: string }
  /** For good: by `close` (then `error` is null), or because the server wants nothing more of this client. */
  | { readonly state: 'closed'; readonly error: ConvokeError | null };

export interface ConnectionSettings {
  readonly transports: readonly TransportName[];
  readonly open: (transport: TransportName, events: LinkEvents) => Link;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly onStatus: (status: ConnectionStatus) => void;
  readonly onError: (error: unknown) => void;
}

const shutdown = 3001 satisfies typeof closeCodes.shutdown;
const expired = 3005 satisfies typeof closeCodes.expired;
/** After the server went away, all of its clients come back within so many milliseconds. */
const shutdownSpreadMs = 5_000;
/** A connection that stood for so long was a good one; shorter ones add up to a longer wait. */
const steadyMs = 5_000;

const isTerminal = (code: number) => code >= 3500 && code < 4000;

/** One client's connection through all its links: takes the next when one breaks, and has everything go on where it was. */
export class Connection implements SubscriptionHost {
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly outbox = new Outbox();
  readonly #settings: ConnectionSettings;
  readonly #subscriptions = new Map<string, StreamSubscription>();
  readonly #offOnline: () => void;
  /** Transports that have led to the server before. */
  readonly #proven = new Set<TransportName>();
  #link: Link | null = null;
  #status: ConnectionStatus = { state: 'connecting' };
  #openedAt: number | null = null;
  #attempt = 0;
  #cancelWait = () => {};

  constructor(settings: ConnectionSettings) {
    this.#settings = settings;
    this.clock = settings.clock;
    this.random = settings.random;
    this.#offOnline = whenOnline(() => {
      if (this.#status.state === 'waiting') this.#dial();
    });
    this.#dial();
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  /** @throws ConvokeError CONFLICT for a stream that is subscribed to already; why it was closed, where it is closed */
  join(subscription: StreamSubscription): void {
    this.refuseClosed();
    const key = streamKey(subscription.stream);
    if (this.#subscriptions.has(key))
      throw new ConvokeError('CONFLICT', 'This client has a subscription to that stream; listen to that one.');
    this.#subscriptions.set(key, subscription);
    this.subscribe(subscription.feed, subscription.feed.after);
  }

  leave(subscription: StreamSubscription): void {
    this.#subscriptions.delete(streamKey(subscription.stream));
    this.#link?.unsubscribe(subscription.stream);
  }

  subscribe(feed: Feed, after: string | null): void {
    this.#link?.subscribe(feed.stream, after);
  }

  send(message: ClientMessage): void {
    this.#link?.send(message);
  }

  get linked(): boolean {
    return this.#link !== null;
  }

  authenticate(): Promise<void> {
    return this.#link?.authenticate() ?? Promise.resolve();
  }

  reconnect(reason: string): void {
    if (this.#link === null) return;
    this.#link.close();
    this.#ended({ code: 3010, reason });
  }

  failed(error: unknown): void {
    try {
      this.#settings.onError(error);
    } catch {
      // Nobody is left to tell.
    }
  }

  refuseClosed(): void {
    if (this.#status.state !== 'closed') return;
    throw this.#status.error ?? new ConvokeError('UNAVAILABLE', 'The client is closed.');
  }

  close(): void {
    this.#close(null, { code: 1000, reason: 'closed by this client' });
  }

  #dial(): void {
    this.#cancelWait();
    this.#become({ state: 'connecting' });
    // What never worked goes last once something else has: a network that lets no WebSocket through costs one wait, not one each time.
    const { transports } = this.#settings;
    const worked = transports.filter((transport) => this.#proven.has(transport));
    this.#try(worked.length === 0 ? transports : [...worked, ...transports.filter((each) => !this.#proven.has(each))]);
  }

  #try([transport, ...others]: readonly TransportName[]): void {
    if (transport === undefined || this.#status.state === 'closed') return;
    const link = this.#settings.open(transport, {
      reached: () => this.#reached(transport),
      frame: (frame) => this.#frame(frame),
      ended: (end) => {
        const next = this.#openedAt === null && !isTerminal(end.code) && others.length > 0;
        if (!next) return this.#ended(end);
        this.#link = null;
        this.#try(others);
      },
      failed: (error) => this.failed(error),
    });
    this.#link = link;
    for (const { feed } of this.#subscriptions.values()) link.subscribe(feed.stream, feed.after);
    this.outbox.repeat((command) => link.send(command));
  }

  #reached(transport: TransportName): void {
    this.#proven.add(transport);
    this.#openedAt = this.clock.now();
    this.#become({ state: 'open', transport });
  }

  #frame(frame: Frame): void {
    if (frame.kind === 'done' || frame.kind === 'failed') {
      this.outbox.answer(frame);
      if (frame.kind === 'failed' && frame.id === null) this.failed(errorOf(frame));
    } else if ('stream' in frame) this.#subscriptions.get(streamKey(frame.stream))?.feed.frame(frame);
  }

  #ended(end: LinkEnd): void {
    const stood = this.#openedAt !== null && this.clock.now() - this.#openedAt >= steadyMs;
    this.#link = null;
    this.#openedAt = null;
    if (isTerminal(end.code)) return this.#close(errorOfClose(end.code, end.reason), end);
    for (const { feed } of this.#subscriptions.values()) feed.offline();
    if (stood) this.#attempt = 0;
    const forMs = this.#waitFor(end, stood);
    this.#cancelWait = this.clock.after(forMs, () => this.#dial());
    this.#become({ state: 'waiting', forMs, closeCode: end.code, reason: end.reason });
  }

  #waitFor({ code, retryAfterMs = 0 }: LinkEnd, stood: boolean): number {
    if (code === shutdown) return this.random() * shutdownSpreadMs;
    if (code === expired && stood) return 0; // nothing is wrong: a new token opens the next one
    return retryAfterMs + fullJitter(this.#attempt++, this.random);
  }

  #close(error: ConvokeError | null, { code, reason }: LinkEnd): void {
    if (this.#status.state === 'closed') return;
    this.#cancelWait();
    this.#offOnline();
    const link = this.#link;
    this.#link = null;
    this.#become({ state: 'closed', error });
    for (const subscription of [...this.#subscriptions.values()]) subscription.end(error);
    this.outbox.close(code, reason);
    link?.close();
  }

  #become(status: ConnectionStatus): void {
    this.#status = status;
    try {
      this.#settings.onStatus(status);
    } catch (error) {
      this.failed(error);
    }
  }
}
