import type { StreamEvent, StreamRef } from '../core/event.ts';
import { streamKinds } from '../core/event.ts';
import { statement } from '../core/statement.ts';
import { type EventRow, eventOf } from '../events/index.ts';

/** Events of a stream after a number. Parameters: 1 kind, 2 stream, 3 after, 4 limit. */
export const eventsAfter = statement<EventRow>(
  'realtime-events',
  (t) => `
  select e.stream_kind, e.stream_id, e.seq, h.epoch, e.id, e.prev, e.type, e.occurred_at, e.audience, e.audience_users,
         e.actor_id, e.data, e.redacted
  from ${t.meeting_events} e
  join ${t.meeting_event_heads} h on h.stream_kind = e.stream_kind and h.stream_id = e.stream_id
  where e.stream_kind = $1::smallint and e.stream_id = $2::uuid and e.seq > $3::bigint
  order by e.seq limit $4::int`,
);

export interface HeadRow {
  readonly stream_kind: number;
  readonly stream_id: string;
  readonly epoch: string;
  readonly seq: string | number;
  readonly min_seq: string | number;
}

/** Where streams stand. Parameters, of the same length: 1 kinds, 2 streams. */
export const headsOf = statement<HeadRow>(
  'realtime-heads',
  (t) => `
  select h.stream_kind, h.stream_id, h.epoch, h.seq, h.min_seq
  from unnest($1::smallint[], $2::uuid[]) as wanted(kind, id)
  join ${t.meeting_event_heads} h on h.stream_kind = wanted.kind and h.stream_id = wanted.id`,
);

/** Makes the head of a stream in which nothing has happened, so that whoever follows it from now on has a place. */
export const makeHead = statement<never>(
  'realtime-make-head',
  (t) => `
  insert into ${t.meeting_event_heads} (stream_kind, stream_id) values ($1::smallint, $2::uuid)
  on conflict (stream_kind, stream_id) do nothing`,
);

/** Where a stream stands. */
export interface Head {
  readonly epoch: string;
  readonly seq: number;
  /** Events before this one may be gone. */
  readonly minSeq: number;
}

export function headOf({ epoch, seq, min_seq: minSeq }: Pick<HeadRow, 'epoch' | 'seq' | 'min_seq'>): Head {
  return { epoch, seq: Number(seq), minSeq: Number(minSeq) };
}

/** A stream's name, for maps. */
export function streamKey({ kind, id }: StreamRef): string {
  return `${kind}:${id}`;
}

export function streamOf({ stream_kind: kind, stream_id: id }: Pick<HeadRow, 'stream_kind' | 'stream_id'>): StreamRef {
  return { kind: kind === streamKinds.user ? 'user' : 'meeting', id };
}

/**
 * The event of a stored row. What cannot be told as it stands (put there by another hand than this package's) keeps its place with
 * nothing in it, like an event that was blanked: one broken row must not hold up all that come after it.
 */
export function readableEvent(row: EventRow, unreadable: (row: EventRow, error: unknown) => void): StreamEvent {
  try {
    if (typeof row.data !== 'object' || row.data === null || Array.isArray(row.data))
      throw new TypeError('The data of the event is no object.');
    return eventOf(row);
  } catch (error) {
    unreadable(row, error);
    return eventOf({ ...row, data: {}, occurred_at: readableTime(row.occurred_at), redacted: true });
  }
}

function readableTime(written: string): string {
  return Number.isNaN(new Date(written).getTime()) ? new Date(0).toISOString() : written;
}
