import { statement, type Tables } from '../core/statement.ts';
import type { EventRow } from '../events/index.ts';
import { place, type PlaceRow } from './place.ts';

const columns =
  'id, stream_kind, stream_id, seq, prev, type, occurred_at, audience, audience_users, actor_id, data, redacted'.split(
    ', ',
  );
const columnsOf = (alias: string) => columns.map((name) => `${alias}.${name}`).join(', ');
const eventColumns = columnsOf('e');

/** Asked for each event by itself: of a join, the planner would think that it is of all streams there are. */
const epochOf = (t: Tables, alias: string) =>
  `(select h.epoch from ${t.meeting_event_heads} h
           where h.stream_kind = ${alias}.stream_kind and h.stream_id = ${alias}.stream_id)`;

/**
 * That an event lies behind the position of a CTE `consumer`, of one row or none. As values that are known before the search begins,
 * they are where it begins in the index.
 */
const behindConsumer = `exists (select from consumer)
      and ${place.of('e')} > (
        coalesce((select position_tx from consumer), '0'::xid8), coalesce((select position_stream_kind from consumer), 0::smallint),
        coalesce((select position_stream_id from consumer), '00000000-0000-0000-0000-000000000000'::uuid),
        coalesce((select position_seq from consumer), 0::bigint))`;

type Nullable<Row> = { readonly [Column in keyof Row]: Row[Column] | null };

/** What the owner of a lease reads: one row for each event, or a single row without one. */
export interface BatchRow extends Nullable<EventRow> {
  readonly position_tx: string | null;
  readonly position_stream_kind: number | null;
  readonly position_stream_id: string | null;
  readonly position_seq: string | number | null;
  /** Where the position stands once the events are done: behind the last of them and what was passed over. Null where nothing follows. */
  readonly reached_tx: string | null;
  readonly reached_stream_kind: number | null;
  readonly reached_stream_id: string | null;
  readonly reached_seq: string | number | null;
  /** Whether parked events wait for another attempt. */
  readonly replays: boolean;
}

/**
 * What follows the position, of transactions below the oldest one that is still open: only there is nothing that could still come in
 * between. No row where the lease is another's. 1 name, 2 owner, 3 how many rows to look through, 4 types or null, 5 how many events.
 */
export const readBatch = statement<BatchRow>(
  'feed-read',
  (t) => `
  with consumer as (
    select c.name, c.position_tx, c.position_stream_kind, c.position_stream_id, c.position_seq
    from ${t.meeting_event_consumers} c
    where c.name = $1 and c.lease_owner = $2::uuid and c.parked_at is null),
  scanned as (
    select e.tx, ${eventColumns}
    from ${t.meeting_events} e
    where ${behindConsumer} and e.tx < pg_snapshot_xmin(pg_current_snapshot())
    order by ${place.order('e')} limit $3::int),
  matched as (
    select s.* from scanned s
    where $4::text[] is null or s.type = any($4::text[])
    order by ${place.order('s')} limit $5::int),
  amount as (select count(*) = $5::int as is_full from matched),
  reached as (
    select r.tx, r.stream_kind, r.stream_id, r.seq
    from (select m.tx, m.stream_kind, m.stream_id, m.seq from matched m where (select is_full from amount)
          union all
          select s.tx, s.stream_kind, s.stream_id, s.seq from scanned s where not (select is_full from amount)) r
    order by ${place.order('r', 'desc')} limit 1)
  select c.position_tx::text, c.position_stream_kind, c.position_stream_id, c.position_seq,
         r.tx::text as reached_tx, r.stream_kind as reached_stream_kind, r.stream_id as reached_stream_id, r.seq as reached_seq,
         (select count(*) > 0 from ${t.meeting_event_parked} p where p.consumer = $1 and p.replay_at is not null) as replays,
         ${columnsOf('m')}, ${epochOf(t, 'm')} as epoch
  from consumer c
  left join reached r on true
  left join matched m on true
  order by ${place.order('m')}`,
);

/** The lag of a consumer. 1 name, 2 types or null, 3 how many to count at most. */
export const readLag = statement<{ events: number; oldest: string | null }>(
  'feed-lag',
  (t) => `
  with consumer as (
    select c.position_tx, c.position_stream_kind, c.position_stream_id, c.position_seq
    from ${t.meeting_event_consumers} c where c.name = $1)
  select count(*)::int as events, min(n.occurred_at) as oldest
  from (
    select e.occurred_at from ${t.meeting_events} e
    where ${behindConsumer} and ($2::text[] is null or e.type = any($2::text[]))
    order by ${place.order('e')} limit $3::int) n`,
  { prepare: false },
);

/** How a consumer is doing. 1 name, 2 owner. */
export const readStatus = statement<{
  leading: boolean;
  halted_at: string | null;
  attempts: number;
  last_error: string | null;
  parked: number;
}>(
  'feed-status',
  (t) => `
  select coalesce(c.lease_owner = $2::uuid and c.lease_until > clock_timestamp(), false) as leading,
         c.parked_at as halted_at, c.attempts, c.last_error,
         (select count(*)::int from ${t.meeting_event_parked} p where p.consumer = c.name) as parked
  from ${t.meeting_event_consumers} c where c.name = $1`,
  { prepare: false },
);

export interface ParkedRow extends EventRow, PlaceRow {
  readonly stream_kind: number;
  readonly stream_id: string;
  readonly seq: string | number;
  readonly attempts: number;
  readonly error: string;
  readonly parked_at: string;
  readonly replay_at: string | null;
}

const parkedColumns = (t: Tables) =>
  `p.tx::text, ${eventColumns}, ${epochOf(t, 'p')} as epoch, p.attempts, p.error, p.parked_at, p.replay_at`;

/** Parked events in the log's order: 1 name, 2 to 5 the place to begin behind, 6 how many. */
export const readParked = statement<ParkedRow>(
  'feed-parked',
  (t) => `
  select ${parkedColumns(t)}
  from ${t.meeting_event_parked} p
  join ${t.meeting_events} e on e.stream_kind = p.stream_kind and e.stream_id = p.stream_id and e.seq = p.seq
  where p.consumer = $1 and ($2::xid8 is null or ${place.of('p')} > ${place.parameters(2)})
  order by ${place.order('p')} limit $6::int`,
  { prepare: false },
);

/** The parked event whose turn it is to be tried again, for the owner of the lease: 1 name, 2 owner. */
export const nextReplay = statement<ParkedRow>(
  'feed-next-replay',
  (t) => `
  select ${parkedColumns(t)}
  from ${t.meeting_event_consumers} c
  join ${t.meeting_event_parked} p on p.consumer = c.name and p.replay_at is not null
  join ${t.meeting_events} e on e.stream_kind = p.stream_kind and e.stream_id = p.stream_id and e.seq = p.seq
  where c.name = $1 and c.lease_owner = $2::uuid and c.parked_at is null
  order by p.replay_at, ${place.order('p')} limit 1`,
);
