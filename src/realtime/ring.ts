import type { StreamEvent } from '../core/event.ts';

/** Of an event that takes words back: tells the earlier ones that carried them. Null for events that take nothing back. */
export type Blanking = (event: StreamEvent) => ((earlier: StreamEvent) => boolean) | null;

/** The last events of a stream, without a gap, as the log has them. */
export class Ring {
  readonly #blanking: Blanking;
  #events: StreamEvent[] = [];

  static readonly size = 256;

  constructor(blanking: Blanking) {
    this.#blanking = blanking;
  }

  push(events: readonly StreamEvent[]): void {
    for (const event of events) {
      const blanks = this.#blanking(event);
      if (blanks !== null)
        this.#events = this.#events.map((earlier) => (blanks(earlier) ? redacted(earlier) : earlier));
      this.#events.push(event);
    }
    // In steps: taking one away for each that comes would move all of them each time.
    if (this.#events.length >= 2 * Ring.size) this.#events = this.#events.slice(-Ring.size);
  }

  /** What comes after a number; null where that is not all in here. */
  after(seq: number): readonly StreamEvent[] | null {
    const first = this.#events[0]?.seq;
    return first === undefined || seq + 1 < first ? null : this.#events.slice(seq + 1 - first);
  }
}

function redacted(event: StreamEvent): StreamEvent {
  return Object.freeze({ ...event, data: Object.freeze({}), redacted: true as const });
}
