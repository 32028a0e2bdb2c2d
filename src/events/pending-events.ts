import type { StreamEvent } from '../core/event.ts';
import type { Logger } from '../core/logger.ts';
import { statement } from '../core/statement.ts';

/** Which of these events are committed, and how far their streams have got. */
export const committedAmong = statement<{ id: string; stored: boolean; overtaken: boolean }>(
  'events-committed-among',
  (t) => `
  select e.id::text as id, found.id is not null as stored,
         coalesce(h.seq >= e.seq and found.id is null, false) as overtaken
  from jsonb_to_recordset($1::jsonb) as e(id uuid, stream_kind smallint, stream_id uuid, seq bigint)
  left join ${t.meeting_events} found
    on found.stream_kind = e.stream_kind and found.stream_id = e.stream_id and found.seq = e.seq and found.id = e.id
  left join ${t.meeting_event_heads} h on h.stream_kind = e.stream_kind and h.stream_id = e.stream_id`,
);

interface Held {
  readonly event: StreamEvent;
  readonly since: number;
}

export interface PendingEventsPorts {
  readonly check: (
    events: readonly StreamEvent[],
  ) => Promise<readonly { id: string; stored: boolean; overtaken: boolean }[]>;
  readonly deliver: (events: readonly StreamEvent[]) => void;
  readonly logger: Logger;
}

/**
 * Events that stand in transactions of the host's. Usually the host's commit announces them at once; where nobody tells,
 * a look at the log each second does. An event another one has overtaken was rolled back and is forgotten.
 */
export class PendingEvents {
  readonly #ports: PendingEventsPorts;
  readonly #held = new Map<string, Held>();
  #timer: NodeJS.Timeout | null = null;
  #checking: Promise<void> = Promise.resolve();

  static readonly checkEveryMs = 1_000;
  /** A host transaction open for longer than this has been given up; its events remain readable in the log. */
  static readonly forgetAfterMs = 3_600_000;

  constructor(ports: PendingEventsPorts) {
    this.#ports = ports;
  }

  get size(): number {
    return this.#held.size;
  }

  hold(events: readonly StreamEvent[]): void {
    for (const event of events) this.#held.set(event.id, { event, since: Date.now() });
    this.#schedule();
  }

  committed(events: readonly StreamEvent[]): void {
    this.#ports.deliver(events.filter((event) => this.#held.delete(event.id)));
  }

  discard(events: readonly StreamEvent[]): void {
    for (const event of events) this.#held.delete(event.id);
  }

  /** Looks at the log now. */
  async check(): Promise<void> {
    const events = [...this.#held.values()].map((held) => held.event);
    if (events.length === 0) return;
    const states = new Map((await this.#ports.check(events)).map((state) => [state.id, state]));
    this.committed(events.filter((event) => states.get(event.id)?.stored === true));
    const expired = (id: string) => Date.now() - (this.#held.get(id)?.since ?? 0) > PendingEvents.forgetAfterMs;
    this.discard(events.filter((event) => states.get(event.id)?.overtaken === true || expired(event.id)));
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#checking;
    this.#held.clear();
  }

  #schedule(): void {
    if (this.#timer !== null || this.#held.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#checking = this.check()
        .catch((error: unknown) => this.#ports.logger.warn('pending events could not be checked', { error }))
        .then(() => {
          this.#timer = null;
          this.#schedule();
        });
    }, PendingEvents.checkEveryMs);
    this.#timer.unref();
  }
}
