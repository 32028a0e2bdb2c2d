import { MeetingError } from '../core/errors.ts';
import { newId } from '../core/identifier.ts';
import type { Kernel } from '../core/kernel.ts';
import { validate } from '../core/validate.ts';
import { consumeInput, consumerName, type ConsumeOptions } from './consume.schema.ts';
import { Consumer } from './consumer.ts';
import { Feed } from './feed.ts';
import { type EventHandler, Handling } from './handling.ts';
import { Lease } from './lease.ts';
import { Loop } from './loop.ts';

/** The consumers of one service. Nothing runs where nobody consumes. */
export class Consumers {
  readonly #kernel: Kernel;
  readonly #running = new Map<string, Loop>();
  #closed = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Resolves once the consumer is known to the database: from then on nothing that is committed is lost to it. */
  async consume(name: string, handler: EventHandler, options: ConsumeOptions = {}): Promise<Consumer> {
    validate(consumerName, { name, handler });
    const settings = validate(consumeInput, options);
    if (this.#running.has(name))
      throw new MeetingError(
        'CONFLICT',
        'This service consumes under that name already; stop the other consumer first.',
      );
    const { logger } = this.#kernel.ports;
    const feed = new Feed(this.#kernel, name, newId(), settings.types ?? null);
    const lease = new Lease({
      hold: () => feed.hold(settings.leaseMs),
      release: () => feed.release(),
      leaseMs: settings.leaseMs,
    });
    const handling = new Handling({ feed, handler, settings, logger });
    const loop = new Loop({ name, lease, turn: (signal) => handling.turn(signal), settings, logger });
    this.#running.set(name, loop);
    const gone = () => {
      if (this.#running.get(name) === loop) this.#running.delete(name);
    };
    try {
      await feed.register(settings.from === 'now');
    } catch (error) {
      gone();
      throw error;
    }
    if (this.#closed) throw new MeetingError('UNAVAILABLE', 'The service is closed.');
    loop.start();
    return new Consumer(feed, loop, settings.types ?? null, gone);
  }

  /** There are new events. */
  wake(): void {
    for (const loop of this.#running.values()) loop.wake();
  }

  /** Stops them all. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#running.values()].map((loop) => loop.stop(graceMs)));
    this.#running.clear();
  }
}
