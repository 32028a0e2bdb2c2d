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
  readonly #transport: PushTransport;
  readonly #logger: Logger;
  readonly #closing = new AbortController();
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(bus: EventBus, transport: PushTransport, logger: Logger) {
    this.#bus = bus;
    this.#transport = transport;
    this.#logger = logger;
  }

  /** Batches handed in and not yet taken by the transport. */
  get waiting(): number {
    return this.#waiting;
  }

  deliver(events: readonly StreamEvent[]): void {
    if (events.length === 0) return;
    this.#bus.emit(events);
    if (this.#waiting >= mostWaiting) {
      this.#logger.error('the transport is stuck: events were not published', { events: events.length });
      return;
    }
    this.#waiting++;
    this.#last = this.#last.then(() => this.#publish(events.flatMap(deliveriesOf)));
  }

  /** Waits for what is under way, at most `graceMs`, then tells the transport to stop. */
  async close(graceMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs)));
    await Promise.race([this.#last, grace]);
    clearTimeout(timer);
    this.#closing.abort();
  }

  async #publish(deliveries: readonly Delivery[]): Promise<void> {
    try {
      await this.#transport.publish(deliveries, this.#closing.signal);
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
