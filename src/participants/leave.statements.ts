import { isMeeting, type StoredSettings } from '../core/access.ts';
import type { MeetingStatus, ParticipantRole } from '../core/enums.ts';
import { statement } from '../core/statement.ts';
import { storeEvent, takeNumbers, type ToldRow } from '../events/index.ts';
import { closingCtes } from './closing.statements.ts';
import { type ParticipantRow, participantColumns } from './participant.statements.ts';

/** What a leave found, whether or not anybody left; with the event that somebody has, the whole row as it is since. */
export interface LeaveRow extends Partial<ParticipantRow>, ToldRow {
  /** Null when there is no such meeting. */
  readonly meeting_status: MeetingStatus | null;
  readonly actor_role: ParticipantRole | null;
  readonly removed: boolean | null;
  readonly settings: StoredSettings | null;
  readonly stale: boolean;
  /** Of the event about the share that ended with it, which comes first; null where nothing was shared. */
  readonly share_seq: ToldRow['seq'];
  readonly share_prev: ToldRow['prev'];
}

const byPerson = {
  ...{ users: 'null::uuid[]', actor: '$7::uuid', at: 'v.now' },
  data: `jsonb_build_object('userId', $2::uuid, 'reason', $8::text)`,
};
const stopped = { ...byPerson, id: '$9::uuid', type: `'screen-share.stopped'` };
const left = { ...byPerson, id: '$5::uuid', type: `'participant.left'` };

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
    select ${participantColumns('p')}, p.xmin::text as row_version, p.removed_at
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
  gone as (
    select l.id as stream_id, 1 + (select count(*)::int from lowered where kind = 'screen') as n
    from departed d cross join lock l where not d.still_present),
  head as (${takeNumbers(t, 'select * from gone')}),
  place as (
    select h.stream_id, h.seq, h.epoch, case when g.n > 1 then h.seq - 1 else h.prev end as prev,
           case when g.n > 1 then h.seq - 1 end as share_seq, h.prev as share_prev
    from head h cross join gone g),
  told_share as (${storeEvent(
    t,
    'all',
    stopped,
    `(select stream_id, share_seq as seq, share_prev as prev from place where share_seq is not null) s cross join verdict v`,
  )}),
  told as (${storeEvent(t, 'all', left, 'place cross join verdict v')})
  select v.status as meeting_status, v.role as actor_role, v.removed, v.settings, coalesce(v.stale, false) as stale,
         me.id, me.meeting_id, me.auth_user_id, me.role, me.status, me.invited_at, me.joined_at, me.is_presenter,
         me.can_share_screen, me.can_use_chat, d.left_at, x.minutes as total_duration_minutes,
         e.seq, e.prev, e.epoch, v.now as told_at, e.share_seq, e.share_prev
  from (select 1) one left join verdict v on true left join place e on true left join me on e.seq is not null
  left join departed d on true left join totals x on true`,
);

/**
 * Marks a person's open sessions alive; a row for each. An open session says that its person may: whatever takes the right away,
 * removal or the end, closes it. No lock but those of the sessions themselves: one that is being closed meanwhile is found
 * closed. Parameters: 1 meeting, 2 user, 3 connection or null for all, 4 now.
 */
export const heartbeat = statement<{ id: string }>(
  'participant-heartbeat',
  (t) => `
  update ${t.meeting_participant_sessions} s
  set last_heartbeat_at = greatest(coalesce($4::timestamptz, date_trunc('milliseconds', clock_timestamp())), s.joined_at)
  where s.meeting_id = $1::uuid and s.auth_user_id = $2::uuid and s.left_at is null
    and ($3::text is null or s.connection_id = $3::text)
  returning s.id`,
);
