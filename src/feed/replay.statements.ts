import { statement } from '../core/statement.ts';
import { place } from './place.ts';

/** Asks for another attempt at parked events. 1 name, 2 their ids, null for all. */
export const askReplay = statement<{ event_id: string }>(
  'feed-ask-replay',
  (t) => `
  update ${t.meeting_event_parked} p set replay_at = clock_timestamp()
  where p.consumer = $1 and ($2::uuid[] is null or p.event_id = any($2::uuid[]))
  returning p.event_id`,
  { prepare: false },
);

/** Another attempt went well. 1 name, 2 owner, 3 the event. */
export const endReplay = statement<{ event_id: string }>(
  'feed-end-replay',
  (t) => `
  delete from ${t.meeting_event_parked} p
  using ${t.meeting_event_consumers} c
  where c.name = $1 and c.lease_owner = $2::uuid and p.consumer = c.name and p.event_id = $3::uuid
  returning p.event_id`,
);

/** Another attempt failed. 1 name, 2 owner, 3 the event, 4 the text. */
export const parkAgain = statement<{ event_id: string }>(
  'feed-park-again',
  (t) => `
  update ${t.meeting_event_parked} p
  set attempts = p.attempts + 1, error = $4, parked_at = clock_timestamp(), replay_at = null
  from ${t.meeting_event_consumers} c
  where c.name = $1 and c.lease_owner = $2::uuid and p.consumer = c.name and p.event_id = $3::uuid
  returning p.event_id`,
);

/**
 * Moves the position back, never on: to the beginning, or before the first event of an instant or later. What was parked behind it comes
 * again by itself. Whoever is handling events now moves nothing with them, since the position is no longer the one they were read
 * at. 1 name, 2 the instant or null.
 */
export const rewind = statement<{ name: string }>(
  'feed-rewind',
  (t) => `
  with first as (
    select e.tx, e.stream_kind, e.stream_id, e.seq - 1 as seq
    from ${t.meeting_events} e where e.occurred_at >= $2::timestamptz
    order by ${place.order('e')} limit 1),
  target as (
    select f.tx, f.stream_kind, f.stream_id, f.seq from first f
    union all
    select null, null, null, null where $2::timestamptz is null),
  moved as (
    update ${t.meeting_event_consumers} c
    set position_tx = a.tx, position_stream_kind = a.stream_kind, position_stream_id = a.stream_id, position_seq = a.seq,
        attempts = 0, last_error = null, updated_at = clock_timestamp()
    from target a
    where c.name = $1 and c.position_tx is not null and (a.tx is null or ${place.of('a')} < ${place.of('c', 'position_')})
    returning c.name, a.tx, a.stream_kind, a.stream_id, a.seq),
  unparked as (
    delete from ${t.meeting_event_parked} p
    using moved m
    where p.consumer = m.name and (m.tx is null or ${place.of('p')} > ${place.of('m')}))
  select m.name from moved m`,
  { prepare: false },
);
