import { isMeeting, type StoredSettings } from '../core/access.ts';
import type { MeetingStatus, ParticipantRole, ParticipationStatus } from '../core/enums.ts';
import { statement } from '../core/statement.ts';
import { appendCtes, appendedEvents, type EventRow } from '../events/index.ts';
import { type ParticipantRow, participantColumns } from './participant.statements.ts';

/** What a join found, whether or not it went through. */
export interface JoinRow extends Partial<ParticipantRow> {
  /** Null when there is no such meeting. */
  readonly meeting_status: MeetingStatus | null;
  readonly actor_role: ParticipantRole | null;
  readonly actor_status: ParticipationStatus | null;
  readonly removed: boolean | null;
  readonly settings: StoredSettings | null;
  /** Something this decision rests on changed while the statement waited for its lock: ask again. */
  readonly stale: boolean;
  readonly password_ok: boolean | null;
  readonly seat_free: boolean | null;
  /** The meeting limits acceptances and this person holds no accepted seat yet. */
  readonly seat_needed: boolean | null;
  /** The person is in already, with this device or another. */
  readonly was_present: boolean | null;
  /** The stored hash, only where it has to be compared. */
  readonly password_hash: string | null;
  readonly joined: boolean;
  readonly events: readonly EventRow[];
}

/**
 * Joins one connection of one person: checks the right, the password and the seat, opens the session, lets the person
 * onto the roster, counts them, accepts their invitation and appends the events, in one round trip.
 *
 * What guards what: `lock` serialises everybody who changes seats of this meeting. A statement reads all else as it
 * was when it started, before it waited for that lock; `me` and `host` therefore lock their rows, which reads them anew
 * (`for share` at least: `for key share` would be content with the old version of a row). Rows that were not there yet,
 * or not the Host's yet, cannot be read anew: then nothing is done but to say so. Whether a connection is in already is
 * asked of the unique index, which knows no snapshot.
 *
 * Parameters: 1 meeting, 2 user, 3 connection, 4 now, 5 participant id, 6 session id, 7–9 event ids, 10 verified hash,
 * 11 legal states, 12 roles that need no password, 13 the Host's role, 14 openJoin where the meeting is silent, 15 source,
 * 16 whether to come in without an accepted seat, for somebody who is in already: then their answer stands.
 */
export const join = statement<JoinRow>(
  'participant-join',
  (t) => `
  with lock as (
    select m.id, m.status, m.max_participants, m.current_participants_count as present, m.meeting_password, m.settings,
           m.scheduled_start_time, m.actual_start_time
    from ${t.meetings} m where m.id = $1::uuid and ${isMeeting}
    for no key update),
  me as (
    select p.id, p.role, p.status, p.removed_at, p.joined_at, p.left_at, p.invited_at
    from lock l join ${t.meeting_participants} p on p.meeting_id = l.id and p.auth_user_id = $2::uuid
    for no key update of p),
  host as (
    select h.joined_at is not null and h.left_at is null as present
    from lock l join ${t.meeting_participants} h on h.meeting_id = l.id and h.role = $13::${t.type('participant_role')}
    for share of h),
  facts as (
    -- A clock that is set back lets nobody in before the start, or before they were asked.
    select l.*, greatest(coalesce($4::timestamptz, date_trunc('milliseconds', clock_timestamp())),
                         l.actual_start_time, me.invited_at) as now,
           me.id as participant_id, me.role, me.status as participation, me.removed_at is not null as removed,
           coalesce(me.joined_at is not null and me.left_at is null, false) as was_present,
           host.present is null as stale,
           coalesce((l.settings->>'openJoin')::boolean, $14::boolean) as open_join,
           l.meeting_password is null or coalesce(me.role::text = any($12::text[]), false)
             or coalesce(l.meeting_password = $10::text, false) as password_ok,
           coalesce(me.role::text = $13::text, false) as is_host, host.present as host_present,
           (l.settings->>'limitAcceptances') is not null
             and coalesce(me.status <> 'Accepted' and me.role::text <> $13::text, true) as seat_needed
    from lock l left join me on true left join host on true),
  verdict as (
    select f.*,
           f.was_present or f.max_participants is null
             or f.present < f.max_participants - case when f.is_host or f.host_present then 0 else 1 end as seat_free
    from facts f),
  allowed as (
    select v.* from verdict v
    where not v.stale and not v.removed and (v.participant_id is not null or v.open_join)
      and v.status::text = any($11::text[]) and v.password_ok and v.seat_free
      and (not v.seat_needed or $16::boolean)),
  returned as (
    update ${t.meeting_participants} p
    set status = case when p.status in ('Invited', 'Declined', 'Tentative') and not a.seat_needed then 'Accepted'
                      else p.status end,
        joined_at = coalesce(p.joined_at, a.now), left_at = null,
        upcoming_at = case when a.seat_needed then p.upcoming_at else a.scheduled_start_time end
    from allowed a where p.id = a.participant_id
    returning ${participantColumns('p')}),
  walked_in as (
    insert into ${t.meeting_participants} as p
      (id, meeting_id, auth_user_id, status, invited_at, joined_at, upcoming_at)
    select $5::uuid, a.id, $2::uuid, 'Accepted', a.now, a.now, a.scheduled_start_time
    from allowed a where a.participant_id is null
    on conflict (meeting_id, auth_user_id) do nothing
    returning ${participantColumns('p')}),
  entered as (select * from returned union all select * from walked_in),
  session as (
    insert into ${t.meeting_participant_sessions} (id, meeting_id, auth_user_id, source, connection_id, joined_at, created_at)
    select $6::uuid, a.id, $2::uuid, $15, $3, a.now, a.now from entered cross join allowed a
    on conflict (meeting_id, auth_user_id, source, connection_id) where left_at is null do nothing
    returning id),
  counted as (
    -- Checks are made on the version this statement saw first, where the count and the limit may be older than the lock.
    update ${t.meetings} m set current_participants_count = a.present + 1, max_participants = a.max_participants
    from entered cross join allowed a where m.id = a.id and not a.was_present
    returning m.id),
  accepted as (
    update ${t.meeting_invitations} i set status = 'Accepted', responded_at = greatest(a.now, i.invited_at)
    from entered cross join allowed a
    where i.meeting_id = a.id and i.invitee_id = $2::uuid and i.status in ('Pending', 'Declined') and not a.seat_needed
    returning i.id),
  drafts as (
    select 1 as position, 0::smallint as stream_kind, a.id as stream_id, $7::uuid as id, 'participant.joined' as type,
           'all' as audience, null::uuid[] as audience_users, $2::uuid as actor_id,
           jsonb_build_object('userId', $2::uuid, 'role', e.role) as data, a.now as occurred_at
    from entered e cross join allowed a where not a.was_present
    union all
    select 2, 0::smallint, a.id, $8::uuid, 'invitation.accepted', 'hosts', null, $2::uuid,
           jsonb_build_object('inviteeId', $2::uuid, 'byJoining', true), a.now
    from accepted cross join allowed a
    union all
    select 3, 1::smallint, $2::uuid, $9::uuid, 'invitation.accepted', 'users', array[$2::uuid], $2::uuid,
           jsonb_build_object('meetingId', a.id, 'inviteeId', $2::uuid, 'byJoining', true), a.now
    from accepted cross join allowed a),
  ${appendCtes(t)}
  select v.status as meeting_status, v.role as actor_role, v.participation as actor_status, v.removed, v.settings,
         coalesce(v.stale, false) or (exists (select 1 from allowed) and e.id is null) as stale,
         v.password_ok, v.seat_free, v.seat_needed, v.was_present,
         case when not v.password_ok then v.meeting_password end as password_hash,
         e.id is not null as joined, e.*, ${appendedEvents} as events
  from (select 1) one left join verdict v on true left join entered e on true`,
);
