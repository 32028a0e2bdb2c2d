import { isMeeting, type StoredSettings } from '../core/access.ts';
import type { MeetingStatus, ParticipantRole } from '../core/enums.ts';
import { conditions } from '../core/permission-terms.ts';
import { isLegalState, isRole } from '../core/policy.ts';
import { statement, type Tables } from '../core/statement.ts';
import { storeEvent, takeNumber, takeNumberInEach, type ToldRow } from '../events/index.ts';
import { type OwnRow, ownColumns } from './participant.statements.ts';

/** What joining came to. No row: there is no such meeting. */
export type JoinRow = Joined | NotJoined;

/** Somebody who is in, with the event that they have come: none, if they were in already, with this device or another. */
export interface Joined extends OwnRow, ToldRow {
  /** The events that an invitation was accepted by it. */
  readonly accepted: AcceptedPlaces | null;
  readonly found: null;
}

interface NotJoined {
  /** What stood against it. One column: each takes its time, though nobody looks at it. */
  readonly found: JoinFacts;
}

/** Of the event for hosts and, under names of its own, that for the person. */
export interface AcceptedPlaces {
  readonly seq: number;
  readonly prev: number;
  readonly own_seq: number;
  readonly own_prev: number;
  readonly own_epoch: string;
}

/** What a join found that did not go through. */
export interface JoinFacts {
  readonly meeting_status: MeetingStatus;
  readonly actor_role: ParticipantRole | null;
  readonly removed: boolean;
  readonly settings: StoredSettings;
  /** Something this decision rests on changed while the statement waited for its lock: ask again. */
  readonly stale: boolean;
  readonly password_ok: boolean;
  readonly seat_free: boolean;
  /** The meeting limits acceptances and this person holds no accepted seat yet. */
  readonly seat_needed: boolean;
  readonly was_present: boolean;
}

/** Where the host application itself reports presence; video platforms report under their own names. */
export const hostSource = 'host';

const isHost = (column: string) => isRole(conditions.seatFree.exempts, column);

/** The locked meeting, with it the rows of whoever comes and, where seats are limited, of the Host; and what all of that says. */
const verdict = (t: Tables) => `
  lock as (
    select m.id, m.status, m.max_participants, m.current_participants_count as present, m.meeting_password, m.settings,
           m.scheduled_start_time, m.actual_start_time
    from ${t.meetings} m where m.id = $1::uuid and ${isMeeting}
    for no key update),
  me as (
    select p.id, p.role, p.status, p.removed_at, p.joined_at is not null and p.left_at is null as present, p.invited_at
    from lock l join ${t.meeting_participants} p on p.meeting_id = l.id and p.auth_user_id = $2::uuid
    for no key update of p),
  host as (
    select h.joined_at is not null and h.left_at is null as present
    from lock l join ${t.meeting_participants} h on h.meeting_id = l.id and ${isHost('h.role')}
    where l.max_participants is not null
    for share of h),
  verdict as (
    -- A clock that is set back lets nobody in before the start, or before they were asked.
    select l.*, greatest(coalesce($4::timestamptz, date_trunc('milliseconds', clock_timestamp())),
                         l.actual_start_time, me.invited_at) as now,
           me.id as participant_id, me.role, me.removed_at is not null as removed, coalesce(me.present, false) as was_present,
           l.max_participants is not null and host.present is null as stale,
           l.meeting_password is null or coalesce(${isRole(conditions.passwordGiven.exempts, 'me.role')}, false)
             or coalesce(l.meeting_password = $10::text, false) as password_ok,
           coalesce(me.present, false) or l.max_participants is null
             or l.present < l.max_participants - case when ${isHost('me.role')} or host.present then 0 else 1 end as seat_free,
           l.settings->>'limitAcceptances' is not null
             and coalesce(me.status <> 'Accepted' and not ${isHost('me.role')}, true) as seat_needed
    from lock l left join me on true left join host on true),
  allowed as (
    select v.id, v.scheduled_start_time, v.present, v.max_participants, v.now, v.participant_id, v.was_present, v.seat_needed
    from verdict v
    where not v.stale and not v.removed
      and (v.participant_id is not null or coalesce((v.settings->>'openJoin')::boolean, $11::boolean))
      and ${isLegalState('participant.join', 'v.status')} and v.password_ok and v.seat_free
      and (not v.seat_needed or $12::boolean))`;

const byPerson = { users: 'null::uuid[]', actor: '$2::uuid', at: 'p.now' };
const joined = {
  ...{ ...byPerson, id: '$7::uuid', type: `'participant.joined'` },
  data: `jsonb_build_object('userId', $2::uuid, 'role', role)`,
};
const accepted = { ...byPerson, type: `'invitation.accepted'` };
const toldHosts = { ...accepted, id: '$8::uuid', data: `jsonb_build_object('inviteeId', $2::uuid, 'byJoining', true)` };
const toldPerson = {
  ...{ ...accepted, id: '$9::uuid', users: 'array[$2::uuid]' },
  data: `jsonb_build_object('meetingId', $1::uuid, 'inviteeId', $2::uuid, 'byJoining', true)`,
};

/** The events, of what `entered`, `allowed` and `accepted` say. */
const announced = (t: Tables) => `
  news as (
    select a.id as stream_id, (not a.was_present)::int as for_all, (select count(*)::int from accepted) as for_hosts, e.role, a.now
    from entered e cross join allowed a),
  head as (${takeNumberInEach(t, 'select stream_id, for_all, for_hosts from news')}),
  -- After the meeting's: everybody takes numbers in that order.
  own as (${takeNumber(t, 'own', 'select $2::uuid as stream_id from head cross join accepted')}),
  place as (
    select h.stream_id, h.epoch, case when n.for_all = 1 then h.seq - n.for_hosts end as seq, h.public_prev as prev,
           case when n.for_hosts = 1 then h.seq end as hosts_seq, h.hosts_prev, n.role, n.now
    from head h cross join news n),
  told as (${storeEvent(t, 'all', joined, 'place p where seq is not null')}),
  told_hosts as (${storeEvent(
    t,
    'hosts',
    toldHosts,
    '(select stream_id, hosts_seq as seq, hosts_prev as prev, now from place where hosts_seq is not null) p',
  )}),
  told_own as (${storeEvent(t, 'own', toldPerson, 'own cross join (select now from place) p')})`;

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
 * 11 openJoin where the meeting is silent, 12 whether to come in without an accepted seat, for somebody who is in already: then
 * their answer stands.
 */
export const join = statement<JoinRow>(
  'participant-join',
  (t) => `
  with ${verdict(t)},
  returned as (
    update ${t.meeting_participants} p
    set status = case when p.status in ('Invited', 'Declined', 'Tentative') and not a.seat_needed then 'Accepted'
                      else p.status end,
        joined_at = coalesce(p.joined_at, a.now), left_at = null,
        upcoming_at = case when a.seat_needed then p.upcoming_at else a.scheduled_start_time end
    from allowed a where p.id = a.participant_id
    returning ${ownColumns('p')}),
  walked_in as (
    insert into ${t.meeting_participants} as p
      (id, meeting_id, auth_user_id, status, invited_at, joined_at, upcoming_at)
    select $5::uuid, a.id, $2::uuid, 'Accepted', a.now, a.now, a.scheduled_start_time
    from allowed a where a.participant_id is null
    on conflict (meeting_id, auth_user_id) do nothing
    returning ${ownColumns('p')}),
  entered as (select * from returned union all select * from walked_in),
  session as (
    insert into ${t.meeting_participant_sessions} (id, meeting_id, auth_user_id, source, connection_id, joined_at, created_at)
    select $6::uuid, a.id, $2::uuid, '${hostSource}', $3, a.now, a.now from entered cross join allowed a
    on conflict (meeting_id, auth_user_id, source, connection_id) where left_at is null do nothing),
  counted as (
    -- Checks are made on the version this statement saw first, where the count and the limit may be older than the lock.
    update ${t.meetings} m set current_participants_count = a.present + 1, max_participants = a.max_participants
    from entered cross join allowed a where m.id = a.id and not a.was_present),
  accepted as (
    update ${t.meeting_invitations} i set status = 'Accepted', responded_at = greatest(a.now, i.invited_at)
    from entered cross join allowed a
    where i.meeting_id = a.id and i.invitee_id = $2::uuid and i.status in ('Pending', 'Declined') and not a.seat_needed
    returning i.id),
  ${announced(t)}
  select ${ownColumns('e')}, p.seq, p.prev, p.epoch, v.now as told_at,
         case when p.hosts_seq is not null then json_build_object(
           'seq', p.hosts_seq, 'prev', p.hosts_prev, 'own_seq', o.seq, 'own_prev', o.prev, 'own_epoch', o.epoch) end as accepted,
         case when e.id is null then json_build_object(
           'meeting_status', v.status, 'actor_role', v.role, 'removed', v.removed, 'settings', v.settings,
           'stale', v.stale or exists (select from allowed), 'password_ok', v.password_ok, 'seat_free', v.seat_free,
           'seat_needed', v.seat_needed, 'was_present', v.was_present) end as found
  from verdict v left join entered e on true left join place p on true left join own o on true`,
);
