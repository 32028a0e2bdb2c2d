import type { SessionLeftReason } from '../core/enums.ts';
import { statement, type Tables } from '../core/statement.ts';

/**
 * The one way in which sessions end, whoever ends them: the CTEs `closed`, `people`, `departed`, `lowered` and `counted`.
 * Expects `lock (id, actual_start_time)`, the locked meeting, and `closing (session_id, left_at, reason)`. Afterwards
 * a person without an open session is away, their minutes are those of the union of all their stays, whatever they
 * had switched on is off, and the meeting counts the people present.
 */
export function closingCtes(t: Tables): string {
  return `
  closed as (
    update ${t.meeting_participant_sessions} s
    set left_at = greatest(c.left_at, s.joined_at), left_reason = c.reason
    from closing c where s.id = c.session_id and s.left_at is null
    returning s.id, s.auth_user_id, s.joined_at, s.left_at, s.left_reason),
  people as (
    select auth_user_id from closed where auth_user_id is not null group by auth_user_id),
  -- This statement still sees the sessions as they were before it, so what it closes is taken from 'closed'.
  others as (
    select s.auth_user_id, s.joined_at, s.left_at
    from lock l join ${t.meeting_participant_sessions} s on s.meeting_id = l.id join people using (auth_user_id)
    where s.id not in (select id from closed)),
  stays as (
    select auth_user_id, joined_at, left_at from others where left_at is not null
    union all select auth_user_id, joined_at, left_at from closed where auth_user_id is not null),
  totals as (
    select u.auth_user_id, max(u.last_left) as last_left,
           coalesce(floor(sum(extract(epoch from upper(u.stay) - lower(u.stay))) / 60), 0)::int as minutes
    from (
      select s.auth_user_id, max(s.left_at) as last_left,
             unnest(coalesce(nullif(range_agg(tstzrange(s.joined_at, s.left_at) * tstzrange(l.actual_start_time, null)),
                                    '{}'::tstzmultirange), '{[epoch,epoch]}'::tstzmultirange)) as stay
      from stays s cross join lock l group by s.auth_user_id) u
    group by u.auth_user_id),
  -- The row is written even when another device stays: whoever waits for it must see that something happened.
  departed as (
    update ${t.meeting_participants} p
    set left_at = case when o.open then p.left_at else greatest(x.last_left, p.joined_at) end,
        total_duration_minutes = case when o.open then p.total_duration_minutes else x.minutes end
    from lock l, totals x,
         lateral (select exists (select 1 from others s where s.auth_user_id = x.auth_user_id and s.left_at is null) as open) o
    where p.meeting_id = l.id and p.auth_user_id = x.auth_user_id
    returning p.auth_user_id, o.open as still_present, p.left_at),
  lowered as (
    update ${t.meeting_media_intervals} i set ended_at = greatest(d.left_at, i.started_at)
    from lock l, departed d
    where i.meeting_id = l.id and i.auth_user_id = d.auth_user_id and i.ended_at is null and not d.still_present
    returning i.auth_user_id, i.kind),
  counted as (
    update ${t.meetings} m set current_participants_count = m.current_participants_count - gone.n
    from lock l, (select count(*)::int as n from departed where not still_present) gone
    where m.id = l.id and gone.n > 0
    returning m.id)`;
}

/** What closing did, for callers that announce it. */
export interface ClosedRow {
  readonly auth_user_id: string;
  readonly still_present: boolean;
  /** How the last of the sessions ended. */
  readonly left_reason: SessionLeftReason;
  /** Whether a share of their screen ended with it. */
  readonly was_sharing: boolean;
}

/**
 * Closes the given open sessions of a locked meeting: `$2` is JSON, a list of { id, leftAt, reason }.
 * For removal, the end of a meeting and whoever sweeps silent sessions: all after {@link lockPresent}, {@link lockRoster} or the
 * person's own lock.
 */
export const closeSessions = statement<ClosedRow>(
  'sessions-close',
  (t) => `
  with lock as (select id, actual_start_time from ${t.meetings} where id = $1::uuid),
  closing as (
    select c.id as session_id, c."leftAt" as left_at, c.reason
    from jsonb_to_recordset($2::jsonb) as c(id uuid, "leftAt" timestamptz, reason text)),
  ${closingCtes(t)}
  select d.auth_user_id, d.still_present,
         (select c.left_reason from closed c where c.auth_user_id = d.auth_user_id order by c.left_at desc limit 1) as left_reason,
         exists (select from lowered l where l.auth_user_id = d.auth_user_id and l.kind = 'screen') as was_sharing
  from departed d`,
  { prepare: false },
);

/**
 * Locks the rows of everybody present, in the order of their ids: whatever they were about to switch on is switched on or
 * refused by now, so that {@link closeSessions}, as the next statement, sees all there is to switch off.
 */
export const lockPresent = statement<{ id: string }>(
  'participants-lock-present',
  (t) => `
  select id from ${t.meeting_participants}
  where meeting_id = $1::uuid and joined_at is not null and left_at is null
  order by id for no key update`,
  { prepare: false },
);

/**
 * As {@link lockPresent}, of everybody who was ever asked: the end of a meeting writes all their rows. In one order from the start,
 * because a private message holds its two people's rows at once, and its sender may be away.
 */
export const lockRoster = statement<{ id: string }>(
  'participants-lock-roster',
  (t) => `select id from ${t.meeting_participants} where meeting_id = $1::uuid order by id for no key update`,
  { prepare: false },
);

/** Open sessions of a meeting, of one person or of all. */
export const openSessions = statement<{
  id: string;
  auth_user_id: string | null;
  joined_at: string;
  last_heartbeat_at: string | null;
}>(
  'sessions-open',
  (t) => `
  select id, auth_user_id, joined_at, last_heartbeat_at from ${t.meeting_participant_sessions}
  where meeting_id = $1::uuid and left_at is null and ($2::uuid is null or auth_user_id = $2::uuid)
  order by id`,
  { prepare: false },
);
