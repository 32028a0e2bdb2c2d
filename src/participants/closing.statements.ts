import type { SessionLeftReason } from '../core/enums.ts';
import { statement, type Tables } from '../core/statement.ts';
import { participantColumns } from './participant.statements.ts';

/*
 * The one way in which sessions end, whoever ends them, once for many people and once for one. Afterwards a person without an
 * open session is away, their minutes are those of the union of all their stays, whatever they had switched on is off, and
 * the meeting counts the people present.
 */

/** A session that ends at a time, unless it began later. */
const ended = (at: string, reason: string) => `left_at = greatest(${at}, s.joined_at), left_reason = ${reason}`;

/** The union of the stays `s` within the time of the meeting `l`. */
const stay = 'range_agg(tstzrange(s.joined_at, s.left_at) * tstzrange(l.actual_start_time, null))';

const minutesOf = (range: string) =>
  `coalesce(floor(sum(extract(epoch from upper(${range}) - lower(${range}))) / 60), 0)::int`;

/**
 * What becomes of a person whose stays came to `x (last_left, minutes)`. The row is written even when another device stays: whoever
 * waits for it must see that something happened.
 */
const departure = (isOpen: string) => `
    set left_at = case when ${isOpen} then p.left_at else greatest(x.last_left, p.joined_at) end,
        total_duration_minutes = case when ${isOpen} then p.total_duration_minutes else x.minutes end`;

/** The CTEs `lowered` and `counted`, of `lock` and of `departed (meeting_id, auth_user_id, left_at, still_present)`. */
const afterDeparture = (t: Tables) => `
  lowered as (
    update ${t.meeting_media_intervals} i set ended_at = greatest(d.left_at, i.started_at)
    from departed d
    where i.meeting_id = d.meeting_id and i.auth_user_id = d.auth_user_id and i.ended_at is null and not d.still_present
    returning i.auth_user_id, i.kind),
  counted as (
    update ${t.meetings} m set current_participants_count = m.current_participants_count - gone.n
    from lock l, (select count(*)::int as n from departed where not still_present) gone
    where m.id = l.id and gone.n > 0)`;

/**
 * The CTEs `closed`, `people`, `departed`, `lowered` and `counted`. Expects `lock (id, actual_start_time)`, the locked meeting, and
 * `closing (session_id, left_at, reason)`.
 */
function closingCtes(t: Tables): string {
  return `
  closed as (
    update ${t.meeting_participant_sessions} s set ${ended('c.left_at', 'c.reason')}
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
    select u.auth_user_id, max(u.last_left) as last_left, ${minutesOf('u.stay')} as minutes
    from (
      select s.auth_user_id, max(s.left_at) as last_left,
             unnest(coalesce(nullif(${stay}, '{}'::tstzmultirange), '{[epoch,epoch]}'::tstzmultirange)) as stay
      from stays s cross join lock l group by s.auth_user_id) u
    group by u.auth_user_id),
  departed as (
    update ${t.meeting_participants} p ${departure('o.open')}
    from lock l, totals x,
         lateral (select exists (select 1 from others s where s.auth_user_id = x.auth_user_id and s.left_at is null) as open) o
    where p.meeting_id = l.id and p.auth_user_id = x.auth_user_id
    returning p.meeting_id, p.auth_user_id, p.left_at, o.open as still_present),
  ${afterDeparture(t)}`;
}

/**
 * For one person: the CTEs `closed`, `departed`, `lowered` and `counted`. Expects `lock` as above and `leaver (meeting_id,
 * participant_id, user_id, now)`: the person, if they may leave, their row locked, and none of their sessions changed since the
 * statement began.
 * @param connection one of theirs, or null for all of them
 */
export function closingOneCtes(t: Tables, connection: string, reason: string): string {
  return `
  closed as (
    update ${t.meeting_participant_sessions} s set ${ended('v.now', reason)}
    from leaver v
    where s.meeting_id = v.meeting_id and s.auth_user_id = v.user_id and s.left_at is null
      and (${connection} is null or s.connection_id = ${connection})
    returning s.joined_at, s.left_at),
  -- This statement still sees the sessions as they were before it, so what it closes is taken from 'closed'.
  stays as (
    select s.joined_at, s.left_at
    from leaver v join ${t.meeting_participant_sessions} s on s.meeting_id = v.meeting_id and s.auth_user_id = v.user_id
    where (s.left_at is not null or s.connection_id <> ${connection}) and exists (select from closed)
    union all select joined_at, left_at from closed),
  total as (
    select max(s.left_at) as last_left, bool_or(s.left_at is null) as open,
           (select ${minutesOf('r')} from unnest(${stay} filter (where s.left_at is not null)) r) as minutes
    from stays s cross join lock l having count(*) > 0),
  departed as (
    update ${t.meeting_participants} p ${departure('x.open')}
    from total x cross join leaver v where p.id = v.participant_id
    returning ${participantColumns('p')}, x.open as still_present, v.now),
  ${afterDeparture(t)}`;
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
