import { z } from 'zod';
import type { StreamEvent } from '../core/event.ts';
import { instantOf } from '../core/instant.ts';
import { encodeCursor, type Page, page, parsePage } from '../core/page.ts';
import { id, pageInput } from '../core/schema.ts';
import { validate } from '../core/validate.ts';
import { eventOf } from '../events/index.ts';
import { type ReplayInput, replayInput, stopInput } from './consume.schema.ts';
import type { Feed } from './feed.ts';
import { resume } from './lease.statements.ts';
import type { Loop } from './loop.ts';
import { type PlaceParameters, placeOf, placeParameters } from './place.ts';
import { type ParkedRow, readLag, readParked, readStatus } from './read.statements.ts';
import { askReplay, rewind } from './replay.statements.ts';

/** An event that a consumer has left behind. */
export interface ParkedEvent {
  /** As the log has it now: what was blanked since is blank. */
  readonly event: StreamEvent;
  /** How often it was tried, replays included. */
  readonly attempts: number;
  /** What the last attempt failed with: kind and message, at most 500 characters. */
  readonly error: string;
  readonly parkedAt: Date;
  /** When somebody asked for another attempt that is still to come; null while it rests. */
  readonly replayAt: Date | null;
}

/** How far behind a consumer is. */
export interface ConsumerLag {
  /** Committed events that are still to be handled, at most 10 000. Those that wait for an older transaction to end count. */
  readonly events: number;
  /** When the oldest of them happened; null where there is none. */
  readonly oldest: Date | null;
}

/** How a consumer is doing, whichever process it runs in. */
export interface ConsumerStatus {
  /** Whether it is this handle that handles events now. */
  readonly leading: boolean;
  /** When it was given up on until `resume`; null while it runs. */
  readonly haltedAt: Date | null;
  /** Failures in a row of the event it stands before. */
  readonly attempts: number;
  /** What the last of them was, or what it was halted for. */
  readonly lastError: string | null;
  /** Events left behind. */
  readonly parked: number;
}

const mostCounted = 10_000;

const place = z.tuple([z.string().regex(/^\d{1,20}$/), z.int32(), id, z.int()]);
const parkedPage = { kind: 'feed.parked', values: place };

/** A page of parked events. */
export type ParkedPageInput = z.input<typeof pageInput>;

/**
 * One process's part in a consumer. Of all processes that consume under a name, one handles events and the others stand by. It keeps the
 * process alive until it is stopped or the service is closed.
 */
export class Consumer {
  readonly name: string;
  readonly #feed: Feed;
  readonly #loop: Loop;
  readonly #types: readonly string[] | null;
  readonly #stopped: () => void;

  /** @param stopped called once there will be no more turns */
  constructor(feed: Feed, loop: Loop, types: readonly string[] | null, stopped: () => void) {
    this.name = feed.name;
    this.#feed = feed;
    this.#loop = loop;
    this.#types = types;
    this.#stopped = stopped;
  }

  /**
   * Hands over no more events. A handler that runs has `graceMs` to end, then its signal aborts. Another process may take over at once;
   * from a handler that does not end even then, only when its lease has run out.
   */
  async stop(options: z.input<typeof stopInput> = {}): Promise<void> {
    const { graceMs } = validate(stopInput, options);
    await this.#loop.stop(graceMs);
    this.#stopped();
  }

  /** Lets a consumer that was halted go on where it stands. @returns whether it was halted */
  async resume(): Promise<boolean> {
    const resumed = await this.#feed.write(resume, []);
    this.#loop.hurry();
    return resumed.length > 0;
  }

  async lag(): Promise<ConsumerLag> {
    const [row] = await this.#feed.read(readLag, [this.#types, mostCounted]);
    return Object.freeze({ events: row?.events ?? 0, oldest: instantOf(row?.oldest) });
  }

  async status(): Promise<ConsumerStatus> {
    const [row] = await this.#feed.read(readStatus, [this.#feed.owner]);
    return Object.freeze({
      leading: row?.leading ?? false,
      haltedAt: instantOf(row?.halted_at),
      attempts: row?.attempts ?? 0,
      lastError: row?.last_error ?? null,
      parked: row?.parked ?? 0,
    });
  }

  /**
   * What was left behind, in the log's order.
   * @throws MeetingError VALIDATION
   */
  async parked(input: ParkedPageInput = {}): Promise<Page<ParkedEvent>> {
    const { limit, after } = parsePage(pageInput, input, parkedPage);
    const behind: PlaceParameters = after ?? placeParameters(null);
    const rows = await this.#feed.read(readParked, [...behind, limit + 1]);
    return page(rows, limit, (row) => encodeCursor(parkedPage.kind, placeParameters(placeOf(row))), parkedEventOf);
  }

  /**
   * Has events handled again. Parked ones come one by one, apart from the log's order, and are parked again if they fail. `{ from }` moves
   * the position back, never on: everything from there comes once more, in order.
   * @returns how many parked events will be tried; of `{ from }`, 1 where the position was moved and 0 where nothing lies there
   * @throws MeetingError VALIDATION
   */
  async replay(what: ReplayInput): Promise<number> {
    const wanted = validate(replayInput, what);
    const rows =
      typeof wanted === 'string'
        ? await this.#feed.write(askReplay, [null])
        : 'from' in wanted
          ? await this.#feed.write(rewind, [wanted.from === 'beginning' ? null : wanted.from])
          : await this.#feed.write(askReplay, [wanted]);
    this.#loop.hurry();
    return rows.length;
  }
}

function parkedEventOf(row: ParkedRow): ParkedEvent {
  return Object.freeze({
    event: eventOf(row),
    attempts: row.attempts,
    error: row.error,
    parkedAt: new Date(row.parked_at),
    replayAt: instantOf(row.replay_at),
  });
}
