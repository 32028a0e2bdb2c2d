import { isMeeting, type StoredSettings } from '../core/access.ts';
import type { MeetingStatus, ParticipantRole } from '../core/enums.ts';
import { statement } from '../core/statement.ts';
import { appendCtes, appendedEvents, type EventRow } from '../events/index.ts';
import { closingCtes } from './closing.statements.ts';

/** What a leave found, whether or not anybody left. */
export interface LeaveRow {
  /** Null when there is no such meeting. */
  readonly meeting_status: MeetingStatus | null;
  readonly actor_role: ParticipantRole | null;
  readonly removed: boolean | null;
  readonly settings: StoredSettings | null;
  readonly stale: boolean;
  readonly events: readonly EventRow[];
}

/**
 * Closes one connection of a person, or all of them, and announces it when it was the last, after the share that ended with it.
 * The guards are those of joining, and one more: `seen` compares the own row, locked and so read anew, with what the statement
 * saw at first. Had it changed, the person's sessions may have too, and nothing is done but to say so. Every change of
 * a person's sessions writes their row, so this finds them all.
 *
 * Parameters: 1 meeting, 2 user, 3 connection or null for all, 4 now, 5 event id, 6 legal states, 7 who did it, or null,
 * 8 the reason, 9 the id of the event about a share.
 */
export const leave = statement<LeaveRow>(
  'participant-leave',
  (t) => `
  with lock as (
    select m.id, m.status, m.actual_start_time, m.settings
    from ${t.meetings} m where m.id = $1::uuid and ${isMeeting}
    for no key update),
  me as (
    select p.id, p.xmin::text as row_version, p.role, p.removed_at
    from lock l join ${t.meeting_participants} p on p.meeting_id = l.id and p.auth_user_id = $2::uuid
    for no key update of p),
  seen as (
    select p.xmin::text as row_version from ${t.meeting_participants} p
    where p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid),
  verdict as (
    select l.status, l.settings, me.role, me.removed_at is not null as removed,
           coalesce(me.row_version <> seen.row_version, false) as stale,
           coalesce($4::timestamptz, date_trunc('milliseconds', clock_timestamp())) as now
    from lock l left join me on true left join seen on true),
  closing as (
    select s.id as session_id, v.now as left_at, $8::text as reason
    from verdict v join ${t.meeting_participant_sessions} s on s.meeting_id = $1::uuid and s.auth_user_id = $2::uuid
    where not v.stale and not v.removed and v.role is not null and v.status::text = any($6::text[])
      and s.left_at is null and ($3::text is null or s.connection_id = $3::text)),
  ${closingCtes(t)},
  drafts as (
    select 1 as position, 0::smallint as stream_kind, l.id as stream_id, $9::uuid as id, 'screen-share.stopped' as type,
           'all' as audience, null::uuid[] as audience_users, $7::uuid as actor_id,
           jsonb_build_object('userId', $2::uuid, 'reason', $8::text) as data, v.now as occurred_at
    from lowered o cross join lock l cross join verdict v where o.kind = 'screen'
    union all
    select 2, 0::smallint, l.id, $5::uuid, 'participant.left', 'all', null, $7::uuid,
           jsonb_build_object('userId', $2::uuid, 'reason', $8::text), v.now
    from departed d cross join lock l cross join verdict v where not d.still_present),
  ${appendCtes(t)}
  select v.status as meeting_status, v.role as actor_role, v.removed, v.settings, coalesce(v.stale, false) as stale,
         ${appendedEvents} as events
  from (select 1) one left join verdict v on true`,
);

/** What a heartbeat found. */
export interface HeartbeatRow {
  readonly meeting_status: MeetingStatus | null;
  readonly actor_role: ParticipantRole | null;
  readonly removed: boolean | null;
  readonly settings: StoredSettings | null;
  /** Sessions that were marked alive; none means that the person is not present on that connection. */
  readonly beats: number;
}

/**
 * Marks a person's open sessions alive. No lock but those of the sessions themselves: one that is being closed meanwhile
 * is found closed. Parameters: 1 meeting, 2 user, 3 connection or null for all, 4 now.
 */
export const heartbeat = statement<HeartbeatRow>(
  'participant-heartbeat',
  (t) => `
  with beats as (
    update ${t.meeting_participant_sessions} s
    set last_heartbeat_at = greatest(coalesce($4::timestamptz, date_trunc('milliseconds', clock_timestamp())), s.joined_at)
    where s.meeting_id = $1::uuid and s.auth_user_id = $2::uuid and s.left_at is null
      and ($3::text is null or s.connection_id = $3::text)
    returning s.id)
  select m.status as meeting_status, p.role as actor_role, p.removed_at is not null as removed, m.settings,
         (select count(*)::int from beats) as beats
  from (select 1) one
  left join ${t.meetings} m on m.id = $1::uuid and ${isMeeting}
  left join ${t.meeting_participants} p on p.meeting_id = m.id and p.auth_user_id = $2::uuid`,
);
