import { systemPrincipal } from '../core/actor.ts';
import type { Call } from '../core/call.ts';
import { MeetingError } from '../core/errors.ts';
import { type StreamEvent, streamKinds } from '../core/event.ts';
import type { Kernel } from '../core/kernel.ts';
import type { Parameter, Statement } from '../core/statement.ts';
import { type EventRow, eventOf } from '../events/index.ts';
import * as leases from './lease.statements.ts';
import { type Place, placeOf, placeParameters } from './place.ts';
import { type BatchRow, nextReplay, readBatch } from './read.statements.ts';
import { endReplay, parkAgain } from './replay.statements.ts';

const asSystem: Call = { principal: systemPrincipal, host: null, signal: null, idempotencyKey: null };

/** Events that follow a consumer's position. */
export interface Batch {
  /** Where the consumer stands. */
  readonly position: Place | null;
  /** Where it stands once these events are done; null where nothing follows. */
  readonly reached: Place | null;
  readonly events: readonly StreamEvent[];
  /** Whether parked events wait for another attempt. */
  readonly replays: boolean;
}

/** A batch is looked for among so many events at least, where only some types are wanted. */
const leastScanned = 1_000;

/** The log as one consumer reads it, in the name of one owner. Every answer of `false` or null means: it belongs to another now. */
export class Feed {
  readonly name: string;
  readonly owner: string;
  readonly #kernel: Kernel;
  readonly #types: readonly string[] | null;

  constructor(kernel: Kernel, name: string, owner: string, types: readonly string[] | null) {
    this.#kernel = kernel;
    this.name = name;
    this.owner = owner;
    this.#types = types;
  }

  read<Row>(of: Statement<Row>, parameters: readonly Parameter[]): Promise<readonly Row[]> {
    return this.#kernel.read(asSystem, (work) => work.run(of, [this.name, ...parameters]));
  }

  write<Row>(of: Statement<Row>, parameters: readonly Parameter[]): Promise<readonly Row[]> {
    return this.#kernel.run(asSystem, (work) => work.run(of, [this.name, ...parameters]), { singleStatement: true });
  }

  /** @throws MeetingError CONFLICT for a log that was restored from elsewhere */
  async register(fromNow: boolean): Promise<void> {
    const [log] = await this.read(leases.isForeign, []);
    if (log?.foreign === true)
      throw new MeetingError(
        'CONFLICT',
        'The event log was restored from another database cluster and has to be put in order first: see "After a restore" in docs/feed.md.',
      );
    await this.write(leases.register, [fromNow]);
  }

  hold(milliseconds: number): Promise<boolean> {
    return this.#did(leases.holdLease, [milliseconds]);
  }

  async release(): Promise<void> {
    await this.#did(leases.releaseLease, []);
  }

  /** @param most how many events at most */
  async next(most: number): Promise<Batch | null> {
    const scanned = this.#types === null ? most : Math.max(most, leastScanned);
    const rows = await this.read(readBatch, [this.owner, scanned, this.#types, most]);
    const [first] = rows;
    if (first === undefined) return null;
    return {
      position: placeIn(first, 'position'),
      reached: placeIn(first, 'reached'),
      events: rows.filter(isEvent).map(eventOf),
      replays: first.replays,
    };
  }

  /** The events are done. */
  settle({ position, reached }: Batch): Promise<boolean> {
    return this.#did(leases.settle, [...placeParameters(position), ...placeParameters(reached)]);
  }

  /** @returns how often the event at the position has failed by now */
  async failed({ position }: Batch, text: string, attempts: number): Promise<number | null> {
    const [row] = await this.write(leases.recordFailure, [this.owner, ...placeParameters(position), text, attempts]);
    return row?.attempts ?? null;
  }

  /** Sets the one event of a batch aside. */
  park({ position, reached }: Batch, event: StreamEvent, attempts: number, text: string): Promise<boolean> {
    const moved = [...placeParameters(position), ...placeParameters(reached)];
    const { stream, seq } = event;
    return this.#did(leases.park, [...moved, streamKinds[stream.kind], stream.id, seq, attempts, text]);
  }

  halt({ position }: Batch, text: string): Promise<boolean> {
    return this.#did(leases.halt, [...placeParameters(position), text]);
  }

  async nextReplay(): Promise<StreamEvent | null> {
    const [row] = await this.read(nextReplay, [this.owner]);
    return row === undefined ? null : eventOf(row);
  }

  replayed(event: StreamEvent): Promise<boolean> {
    return this.#did(endReplay, [event.id]);
  }

  replayFailed(event: StreamEvent, text: string): Promise<boolean> {
    return this.#did(parkAgain, [event.id, text]);
  }

  async #did<Row>(of: Statement<Row>, parameters: readonly Parameter[]): Promise<boolean> {
    return (await this.write(of, [this.owner, ...parameters])).length > 0;
  }
}

function placeIn(row: BatchRow, which: 'position' | 'reached'): Place | null {
  return placeOf({
    tx: row[`${which}_tx`],
    stream_kind: row[`${which}_stream_kind`],
    stream_id: row[`${which}_stream_id`],
    seq: row[`${which}_seq`],
  });
}

function isEvent(row: BatchRow): row is BatchRow & EventRow {
  return row.id !== null;
}
