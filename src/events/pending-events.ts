import { type StreamEvent, streamKinds } from '../core/event.ts';
import type { Logger } from '../core/logger.ts';
import { statement } from '../core/statement.ts';

/** What the log says about an event whose transaction is somebody else's. */
export interface PendingState {
  readonly id: string;
  readonly stored: boolean;
  /** Stored, and blanked since. */
  readonly redacted: boolean;
  /** Another event has its number, or every transaction that could bring it has ended: it was rolled back. */
  readonly overtaken: boolean;
  /** A transaction number above that of every one which has written so far: to be told at the next look. */
  readonly next?: string;
}

/**
 * Which of these events are committed, and which never will be. `before` is the `next` of an earlier look: once all transactions
 * below it have ended, what is not there was rolled back. A snapshot tells how far transactions have ended, but not how far they
 * have begun; for that, this takes a number of its own.
 */
export const committedAmong = statement<PendingState>(
  'events-committed-among',
  (t) => `
  select e.id::text as id, found.id is not null as stored, coalesce(found.redacted, false) as redacted,
         found.id is null and coalesce(h.seq >= e.seq or pg_snapshot_xmin(pg_current_snapshot()) >= e.before::xid8, false)
           as overtaken,
         pg_current_xact_id()::text as next
  from jsonb_to_recordset($1::jsonb) as e(id uuid, stream_kind smallint, stream_id uuid, seq bigint, before text)
  left join ${t.meeting_events} found
    on found.stream_kind = e.stream_kind and found.stream_id = e.stream_id and found.seq = e.seq and found.id = e.id
  left join ${t.meeting_event_heads} h on h.stream_kind = e.stream_kind and h.stream_id = e.stream_id`,
);

/** The parameter of {@link committedAmong}. */
export function pendingPositions(events: readonly StreamEvent[], before: ReadonlyMap<string, string>): string {
  return JSON.stringify(
    events.map(({ id, stream, seq }) => ({
      ...{ id, seq, stream_kind: streamKinds[stream.kind], stream_id: stream.id, before: before.get(id) ?? null },
    })),
  );
}

interface Held {
  readonly event: StreamEvent;
  readonly since: number;
  /** The number of the event's transaction is below this; undefined until it was looked for. */
  before?: string | undefined;
}

export interface PendingEventsPorts {
  /** Asks the log. `before` has, by the event's id, what an earlier look gave as `next`. */
  readonly check: (
    events: readonly StreamEvent[],
    before: ReadonlyMap<string, string>,
  ) => Promise<readonly PendingState[]>;
  readonly deliver: (events: readonly StreamEvent[]) => void;
  /** Tells earlier events that an event has blanked in the log; null for events that blank none. */
  readonly blanking: (event: StreamEvent) => ((earlier: StreamEvent) => boolean) | null;
  readonly logger: Logger;
}

/**
 * Events that stand in transactions of the host's. Usually the host's commit announces them at once; where nobody tells, a
 * look at the log each second does. One that is not there once every transaction that could bring it has ended, was rolled back.
 */
export class PendingEvents {
  readonly #ports: PendingEventsPorts;
  readonly #held = new Map<string, Held>();
  readonly #looking = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

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
    if (this.#closed) return;
    for (const event of events) this.#held.set(event.id, { event, since: Date.now() });
    this.#schedule();
  }

  /**
   * What one of them has blanked goes out blank. Where one that is held may have been committed with them or not, as under a
   * savepoint, only the log can tell.
   */
  committed(events: readonly StreamEvent[]): void {
    const certain = new Set(events.filter(({ id }) => this.#held.has(id)));
    const blanking = this.#events().flatMap((by) => {
      const blanks = this.#ports.blanking(by);
      return blanks === null ? [] : [{ by, blanks }];
    });
    const doubts = blanking.filter(({ by }) => !certain.has(by));
    const doubtful = [...certain].filter((event) => doubts.some(({ blanks }) => blanks(event)));
    for (const event of doubtful) certain.delete(event);
    this.#announce([...certain], (event) => blanking.some(({ blanks }) => blanks(event)));
    if (doubtful.length > 0) this.look([...doubtful, ...doubts.map(({ by }) => by)]);
  }

  discard(events: readonly StreamEvent[]): void {
    for (const event of events) this.#held.delete(event.id);
  }

  /** Looks in the log now, for these or for all, instead of at the next look. */
  look(events: readonly StreamEvent[] = this.#events()): void {
    const run = this.check(events)
      .catch((error: unknown) => this.#ports.logger.warn('pending events could not be checked', { error }))
      .finally(() => this.#looking.delete(run));
    this.#looking.add(run);
  }

  async check(events: readonly StreamEvent[] = this.#events()): Promise<void> {
    const pending = events.flatMap((event) => this.#held.get(event.id) ?? []);
    if (pending.length === 0) return;
    const before = new Map(
      pending.flatMap((held) => (held.before === undefined ? [] : [[held.event.id, held.before]])),
    );
    const states = await this.#ports.check(
      pending.map(({ event }) => event),
      before,
    );
    const byId = new Map(states.map((state) => [state.id, state]));
    for (const held of pending) held.before ??= byId.get(held.event.id)?.next;
    const are = (test: (held: Held) => boolean) => pending.filter(test).map(({ event }) => event);
    this.#announce(
      are(({ event }) => byId.get(event.id)?.stored === true),
      ({ id }) => byId.get(id)?.redacted === true,
    );
    this.discard(are(({ event, since }) => byId.get(event.id)?.overtaken === true || isGivenUp(since)));
  }

  /** Looks a last time, then holds nothing any more. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.look();
    await Promise.all(this.#looking);
    this.#held.clear();
  }

  #announce(events: readonly StreamEvent[], isBlanked: (event: StreamEvent) => boolean): void {
    const announced = events.filter(({ id }) => this.#held.delete(id));
    this.#ports.deliver(announced.map((event) => (isBlanked(event) ? redacted(event) : event)));
  }

  #events(): StreamEvent[] {
    return [...this.#held.values()].map(({ event }) => event);
  }

  #schedule(): void {
    if (this.#timer !== null || this.#held.size === 0 || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.look();
      void Promise.allSettled(this.#looking).then(() => {
        this.#timer = null;
        this.#schedule();
      });
    }, PendingEvents.checkEveryMs);
    this.#timer.unref();
  }
}

function isGivenUp(since: number): boolean {
  return Date.now() - since > PendingEvents.forgetAfterMs;
}

/** As the log gives back an event that was blanked. */
function redacted(event: StreamEvent): StreamEvent {
  return Object.freeze({ ...event, data: Object.freeze({}), redacted: true as const });
}
