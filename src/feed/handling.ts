import type { StreamEvent } from '../core/event.ts';
import type { Logger } from '../core/logger.ts';
import { backoff } from './backoff.rules.ts';
import type { ConsumeSettings } from './consume.schema.ts';
import { failureText, type Verdict, verdictOf } from './failure.rules.ts';
import type { Batch, Feed } from './feed.ts';

/**
 * Takes events in, in the log's order. Resolving means that they are done; rejecting, that they come again. Nobody asks whom an event
 * is for: a handler is trusted code of the host's and gets those for hosts and for single people too. `signal` aborts
 * when the consumer is stopped for good or its lease has passed to another; whatever it does afterwards is done a second time.
 */
export type EventHandler<Event extends StreamEvent = StreamEvent> = (
  events: readonly Event[],
  signal: AbortSignal,
) => Promise<void> | void;

/** What comes after a turn: the next one at once, once there is something new, or after a wait. Null is: the lease is another's. */
export type Next = 'now' | 'idle' | { readonly afterMs: number } | null;

export interface HandlingPorts {
  readonly feed: Feed;
  readonly handler: EventHandler;
  readonly settings: ConsumeSettings;
  readonly logger: Logger;
}

/** Reads, has handled, moves the position: one turn at a time. */
export class Handling {
  readonly #ports: HandlingPorts;
  /** Of a batch that failed, how many events are left to be handed over one by one, so that poison is told from what lies beside it. */
  #suspects = 0;

  constructor(ports: HandlingPorts) {
    this.#ports = ports;
  }

  async turn(signal: AbortSignal): Promise<Next> {
    const { feed, settings } = this.#ports;
    const batch = await feed.next(this.#suspects > 0 ? 1 : settings.batchSize);
    if (batch === null) return null;
    const replayed = batch.replays && (await this.#replay(signal));
    if (signal.aborted) return 'idle';
    if (batch.reached === null) return replayed ? 'now' : 'idle';
    if (batch.events.length > 0) {
      const failure = await this.#handle(batch.events, signal);
      if (failure !== null) return this.#failed(batch, failure.error, signal);
      this.#suspects = Math.max(0, this.#suspects - batch.events.length);
    }
    // Where it cannot be moved, a replay has moved it or the lease is gone: the next look tells which.
    await feed.settle(batch);
    return 'now';
  }

  async #handle(events: readonly StreamEvent[], signal: AbortSignal): Promise<{ readonly error: unknown } | null> {
    try {
      await this.#ports.handler(events, signal);
      return null;
    } catch (error) {
      return { error };
    }
  }

  async #failed(batch: Batch, error: unknown, signal: AbortSignal): Promise<Next> {
    // Told to end, it ended: that says nothing about the events.
    if (signal.aborted) return 'idle';
    const { feed, settings, logger } = this.#ports;
    const [text, verdict] = [failureText(error), verdictOf(error)];
    const { events } = batch;
    if (verdict.outcome === 'halt') return this.#halt(batch, text);
    const alone = events.length === 1;
    const attempts = await feed.failed(batch, text, alone ? 1 : 0);
    if (attempts === null) return 'now';
    const [first] = events;
    logger.warn('a consumer failed', { consumer: feed.name, event: first?.id, events: events.length, attempts, error });
    if (!alone) this.#suspects = events.length;
    else if (verdict.outcome === 'poison' || attempts >= settings.maxAttempts)
      return this.#poison(batch, attempts, text);
    return { afterMs: this.#wait(attempts, verdict) };
  }

  async #poison(batch: Batch, attempts: number, text: string): Promise<Next> {
    const { feed, settings, logger } = this.#ports;
    const [event] = batch.events;
    if (settings.onPoison === 'halt' || event === undefined) return this.#halt(batch, text);
    if (await feed.park(batch, event, attempts, text))
      logger.error('a consumer parked an event', { consumer: feed.name, event: event.id, attempts });
    this.#suspects = Math.max(0, this.#suspects - 1);
    return 'now';
  }

  async #halt(batch: Batch, text: string): Promise<Next> {
    const { feed, logger } = this.#ports;
    if (await feed.halt(batch, text)) logger.error('a consumer halted', { consumer: feed.name });
    return null;
  }

  /** One parked event that somebody has asked for again. */
  async #replay(signal: AbortSignal): Promise<boolean> {
    const { feed, logger } = this.#ports;
    const event = await feed.nextReplay();
    if (event === null) return false;
    const failure = await this.#handle([event], signal);
    if (failure === null) await feed.replayed(event);
    else if (!signal.aborted) {
      await feed.replayFailed(event, failureText(failure.error));
      logger.warn('a consumer failed again', { consumer: feed.name, event: event.id, error: failure.error });
    }
    return true;
  }

  #wait(attempts: number, { retryAfterMs = 0 }: Verdict): number {
    return Math.max(retryAfterMs, backoff(Math.max(1, attempts), this.#ports.settings, Math.random()));
  }
}
