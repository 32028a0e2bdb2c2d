import type { StreamEvent } from '../core/event.ts';
import type { Logger } from '../core/logger.ts';
import { channelsOf, type Delivery, type PushTransport } from '../transports/index.ts';
import type { EventBus } from './event-bus.ts';

/** Batches a stuck transport may leave waiting before further ones are dropped; the log still has their events. */
const mostWaiting = 10_000;

/**
 * Announces committed events: first in process, then over the transport, one batch after another in the order they were
 * handed in. Nothing that fails here reaches the caller whose change is already stored.
 */
export class Relay {
  readonly #bus: EventBus;
  readonly #outboxes: readonly Outbox[];
  readonly #closing = new AbortController();

  constructor(bus: EventBus, transports: PushTransport | readonly PushTransport[], logger: Logger) {
    this.#bus = bus;
    this.#outboxes = [transports].flat().map((transport) => new Outbox(transport, logger, this.#closing.signal));
  }

  /** Batches handed in and not yet taken by a transport. */
  get waiting(): number {
    return this.#outboxes.reduce((total, { waiting }) => total + waiting, 0);
  }

  deliver(events: readonly StreamEvent[]): void {
    if (events.length === 0) return;
    this.#bus.emit(events);
    for (const outbox of this.#outboxes) outbox.put(events);
  }

  /** Waits for what is under way, at most `graceMs`, then tells the transports to stop. */
  async close(graceMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs)));
    await Promise.race([Promise.all(this.#outboxes.map((outbox) => outbox.sent())), grace]);
    clearTimeout(timer);
    this.#closing.abort();
  }
}

/** What waits for one transport. It gets one batch after another, and none of the others waits for it. */
class Outbox {
  readonly #transport: PushTransport;
  readonly #logger: Logger;
  readonly #signal: AbortSignal;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(transport: PushTransport, logger: Logger, signal: AbortSignal) {
    this.#transport = transport;
    this.#logger = logger;
    this.#signal = signal;
  }

  get waiting(): number {
    return this.#waiting;
  }

  put(events: readonly StreamEvent[]): void {
    if (this.#waiting >= mostWaiting) {
      this.#logger.error('the transport is stuck: events were not published', { events: events.length });
      return;
    }
    this.#waiting++;
    this.#last = this.#last.then(() => this.#publish(events.flatMap(deliveriesOf)));
  }

  /** Ends when all that was put in so far has been taken. */
  sent(): Promise<void> {
    return this.#last;
  }

  async #publish(deliveries: readonly Delivery[]): Promise<void> {
    try {
      await this.#transport.publish(deliveries, this.#signal);
    } catch (error) {
      this.#logger.error('the transport failed to publish', { deliveries: deliveries.length, error });
    } finally {
      this.#waiting--;
    }
  }
}

/** Encoded by the first transport that looks, and once: one within this process hands on the event itself. */
function deliveriesOf(event: StreamEvent): Delivery[] {
  let encoded: string | undefined;
  return channelsOf(event).map((channel) => ({
    channel,
    event,
    durable: true,
    get encoded() {
      return (encoded ??= JSON.stringify(event));
    },
  }));
}
