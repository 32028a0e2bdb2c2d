import { isMeeting } from '../core/access.ts';
import type { MeetingStatus, ParticipantRole } from '../core/enums.ts';
import { streamKinds } from '../core/event.ts';
import { conditions } from '../core/permission-terms.ts';
import { isLegalState, isRole } from '../core/policy.ts';
import { type Statement, statement, type Tables } from '../core/statement.ts';
import type { RespondInput } from './invitation.schema.ts';

export type Answer = RespondInput['response'];

/** What is told of each answer. */
export const answerEvents = {
  Accepted: 'invitation.accepted',
  Declined: 'invitation.declined',
  Tentative: 'invitation.tentative',
} as const satisfies Record<Answer, string>;

/** When it was given, the place of the event for the hosts, and of the invitee's own. */
export type Answered = readonly [
  at: string,
  ...[seq: number, prev: number, epoch: string],
  ...[ownSeq: number, ownPrev: number, ownEpoch: string],
];

/** What an answer came to. No row: there is no such meeting. */
export interface RespondRow {
  /** Null where it was not taken. One column, of whose parts none takes the time that a column of its own does. */
  readonly done: Answered | null;
  /** What stood against it, where it was not taken. */
  readonly found: RespondFacts | null;
}

export interface RespondFacts {
  readonly meeting_status: MeetingStatus;
  readonly actor_role: ParticipantRole | null;
  readonly removed: boolean | null;
  readonly invited: boolean;
  readonly open: boolean;
  /** The meeting limits acceptances, so an answer moves seats and has to be given under the meeting's own lock. */
  readonly limited: boolean;
}

/** By whose stream it is. */
const ofKind = (meeting: string, user: string) =>
  `case h.stream_kind when ${streamKinds.meeting} then ${meeting} else ${user} end`;

/**
 * The CTEs `heads` and `told`: the hosts' event and the invitee's own, from `allowed`. Both heads are moved by one statement and both
 * events stored by another: two of each would cost a tenth of the whole answer. The meeting's head comes first, as for everybody.
 */
const announced = (t: Tables, answer: Answer) => `
  heads as (
    insert into ${t.meeting_event_heads} as h (stream_kind, stream_id, seq, public_seq, hosts_seq)
    select s.kind, s.id, 1, 0, s.hosts_seq
    from allowed a
    cross join lateral (
      values (${streamKinds.meeting}, a.id, 1), (${streamKinds.user}, $2::uuid, 0)) s (kind, id, hosts_seq)
    on conflict (stream_kind, stream_id) do update
    set seq = h.seq + 1, public_prev = h.public_seq, hosts_prev = h.hosts_seq,
        hosts_seq = ${ofKind('h.seq + 1', 'h.hosts_seq')}
    returning h.stream_kind, h.stream_id, h.seq, h.epoch, ${ofKind('h.hosts_prev', 'h.seq - 1')} as prev),
  told as (
    insert into ${t.meeting_events}
      (stream_kind, stream_id, seq, prev, audience, id, type, audience_users, actor_id, data, occurred_at)
    select h.stream_kind, h.stream_id, h.seq, h.prev, ${ofKind(`'hosts'`, `'users'`)}, ${ofKind('$5::uuid', '$6::uuid')},
           '${answerEvents[answer]}', ${ofKind('null', 'array[$2::uuid]')}, $2::uuid,
           ${ofKind(`jsonb_build_object('inviteeId', $2::uuid)`, `jsonb_build_object('meetingId', a.id, 'inviteeId', $2::uuid)`)},
           a.now
    from heads h cross join allowed a)`;

/**
 * Answers one's own invitation where no seats are at stake: invitation and participation follow together. The meeting
 * is share-locked, so that its state holds while many people answer at once.
 *
 * Parameters: 1 meeting, 2 user, 3 now, 4 note, 5 event id, 6 inbox event id.
 */
const respondWith = (answer: Answer): Statement<RespondRow> =>
  statement<RespondRow>(
    `invitation-respond-${answer}`,
    (t) => `
  with lock as (
    select m.id, m.status, m.settings->>'limitAcceptances' is not null as limited, m.scheduled_start_time
    from ${t.meetings} m where m.id = $1::uuid and ${isMeeting}
    for share),
  me as (
    select p.id, p.role, p.removed_at is not null as removed
    from lock l join ${t.meeting_participants} p on p.meeting_id = l.id and p.auth_user_id = $2::uuid
    for no key update of p),
  mine as (
    select i.id, i.status, i.responded_at, i.expires_at, i.invited_at
    from lock l left join me on true
    join ${t.meeting_invitations} i on i.meeting_id = l.id and i.invitee_id = $2::uuid
    for no key update of i),
  verdict as (
    select l.*, me.id as participant_id, me.role, me.removed, mine.id as invitation_id, mine.invited_at, c.now,
           -- The time to answer bounds the first answer; one that was given in time may change until the meeting ends.
           mine.id is not null and mine.status <> 'Expired'
             and (mine.responded_at is not null or mine.expires_at is null or mine.expires_at > c.now) as open
    from lock l left join me on true left join mine on true
    cross join lateral (select coalesce($3::timestamptz, date_trunc('milliseconds', clock_timestamp())) as now
                        where l.id is not null) c),
  allowed as (
    select * from verdict v
    where open and not limited and not removed and ${isLegalState('invitation.respond', 'v.status')}
      ${answer === 'Accepted' ? '' : `and not ${isRole(conditions.seatFree.exempts, 'v.role')}`}),
  answered as (
    update ${t.meeting_invitations} i
    set status = '${answer === 'Tentative' ? 'Pending' : answer}', responded_at = greatest(a.now, i.invited_at),
        response_message = $4::text
    from allowed a where i.id = a.invitation_id),
  waiting as (
    update ${t.meeting_waitlist_entries} w set left_at = greatest(a.now, w.entered_at)
    from allowed a
    where w.meeting_id = a.id and w.auth_user_id = $2::uuid and w.promoted_at is null and w.left_at is null),
  followed as (
    update ${t.meeting_participants} p
    set status = '${answer}',
        upcoming_at = ${answer === 'Declined' ? 'null' : `case when a.status in ('Scheduled', 'InProgress') then a.scheduled_start_time end`}
    from allowed a where p.id = a.participant_id),
  ${announced(t, answer)}
  select case when h.seq is not null then json_build_array(v.now, h.seq, h.prev, h.epoch, o.seq, o.prev, o.epoch) end as done,
         case when h.seq is null then json_build_object(
           'meeting_status', v.status, 'actor_role', v.role, 'removed', v.removed, 'invited', v.invitation_id is not null,
           'open', v.open, 'limited', v.limited) end as found
  from verdict v
  left join heads h on h.stream_kind = ${streamKinds.meeting} left join heads o on o.stream_kind = ${streamKinds.user}`,
  );

/** A statement for each answer: what it says is known when its text is made. */
export const respond = {
  Accepted: respondWith('Accepted'),
  Declined: respondWith('Declined'),
  Tentative: respondWith('Tentative'),
} as const satisfies Record<Answer, Statement<RespondRow>>;
