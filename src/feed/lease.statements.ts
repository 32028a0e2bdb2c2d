import { statement } from '../core/statement.ts';
import { place } from './place.ts';

/*
 * A consumer belongs to whoever holds its lease. Each statement that changes a position compares the owner and the position it
 * started from: whoever was paused and has lost the lease, or was overtaken by a replay, moves nothing.
 */

/** Makes a consumer known, unless it is. 1 name, 2 whether it begins with what is committed from here on. */
export const register = statement<never>(
  'feed-register',
  (t) => `
  insert into ${t.meeting_event_consumers}
    (name, position_tx, position_stream_kind, position_stream_id, position_seq)
  select $1, n.tx, n.kind, n.id, n.seq
  from (select) one
  left join lateral (
    -- Whatever is committed later has a transaction number from here on.
    select pg_snapshot_xmin(pg_current_snapshot()), ${place.lowest}) n (tx, kind, id, seq) on $2::boolean
  on conflict (name) do nothing`,
);

/**
 * Whether the log has transaction numbers that this cluster has not reached: it came from another one, and what is committed now would be
 * ordered before what is there. 1 name, which does not matter.
 */
export const isForeign = statement<{ foreign: boolean }>(
  'feed-foreign',
  (t) => `
  select exists (select from ${t.meeting_events} e where e.tx >= pg_snapshot_xmax(pg_current_snapshot())) as foreign
  where $1::text is not null`,
  { prepare: false },
);

/** Takes the lease, or lengthens it. No row where another has it, or the consumer was halted. 1 name, 2 owner, 3 milliseconds. */
export const holdLease = statement<{ name: string }>(
  'feed-hold',
  (t) => `
  update ${t.meeting_event_consumers}
  set lease_owner = $2::uuid, lease_until = clock_timestamp() + make_interval(secs => $3::float8 / 1000)
  where name = $1 and parked_at is null
    and (lease_owner = $2::uuid or lease_until is null or lease_until <= clock_timestamp())
  returning name`,
);

/** Lets go of the lease, so that another need not wait for its end. 1 name, 2 owner. */
export const releaseLease = statement<never>(
  'feed-release',
  (t) => `
  update ${t.meeting_event_consumers} set lease_owner = null, lease_until = null
  where name = $1 and lease_owner = $2::uuid`,
);

/** The owner's consumer, where it still stands: 1 name, 2 owner, 3 to 6 the position. */
const mine = `c.name = $1 and c.lease_owner = $2::uuid and c.parked_at is null
    and ${place.of('c', 'position_')} is not distinct from ${place.parameters(3)}`;

/** Moves the position. 1 to 6 see above, 7 to 10 where to. */
const move = (tables: { meeting_event_consumers: string }) => `
  update ${tables.meeting_event_consumers} c
  set position_tx = $7::xid8, position_stream_kind = $8::smallint, position_stream_id = $9::uuid, position_seq = $10::bigint,
      attempts = 0, last_error = null, updated_at = clock_timestamp()
  where ${mine}
  returning c.name`;

export const settle = statement<{ name: string }>('feed-settle', (t) => move(t));

/** Keeps what the handler failed with. 1 to 6 see above, 7 the text, 8 by how much the attempts grow. */
export const recordFailure = statement<{ attempts: number }>(
  'feed-failure',
  (t) => `
  update ${t.meeting_event_consumers} c
  set attempts = c.attempts + $8::int, last_error = $7, updated_at = clock_timestamp()
  where ${mine}
  returning c.attempts`,
);

/** Sets an event aside and moves on. 1 to 10 as for the move, 11 to 13 the event, 14 attempts, 15 the text. */
export const park = statement<{ event_id: string }>(
  'feed-park',
  (t) => `
  with moved as (${move(t)})
  insert into ${t.meeting_event_parked} as p
    (consumer, tx, stream_kind, stream_id, seq, event_id, attempts, error, parked_at)
  select m.name, e.tx, e.stream_kind, e.stream_id, e.seq, e.id, $14::int, $15, clock_timestamp()
  from moved m
  join ${t.meeting_events} e on e.stream_kind = $11::smallint and e.stream_id = $12::uuid and e.seq = $13::bigint
  on conflict (consumer, tx, stream_kind, stream_id, seq) do update
  set attempts = p.attempts + excluded.attempts, error = excluded.error, parked_at = excluded.parked_at, replay_at = null
  returning event_id`,
);

/** Stops the consumer until somebody resumes it. 1 to 6 see above, 7 the text. */
export const halt = statement<{ name: string }>(
  'feed-halt',
  (t) => `
  update ${t.meeting_event_consumers} c
  set parked_at = clock_timestamp(), last_error = $7, lease_owner = null, lease_until = null, updated_at = clock_timestamp()
  where ${mine}
  returning c.name`,
);

/** Lets a halted consumer go on. 1 name. */
export const resume = statement<{ name: string }>(
  'feed-resume',
  (t) => `
  update ${t.meeting_event_consumers}
  set parked_at = null, attempts = 0, last_error = null, updated_at = clock_timestamp()
  where name = $1 and parked_at is not null
  returning name`,
);
