import type { ParticipantRole } from '../core/enums.ts';
import { streamKinds } from '../core/event.ts';
import { statement } from '../core/statement.ts';
import { storeEvent, takeNumber } from '../events/index.ts';

/** Somebody who was asked. */
export interface AskedRow {
  readonly userId: string;
  readonly role: ParticipantRole;
  readonly again: boolean;
}

/**
 * Asks up to 500 people in one statement, under the meeting's lock. Somebody on the roster is left alone, unless they were
 * removed or let their invitation lapse: then the same row asks again, and the time of asking moves only for people who have
 * never come. Gives everybody who was asked, in no order.
 *
 * Parameters: 1 meeting, 2 inviter, 3 role, 4 message, 5 expiry, 6 now, 7 people, 8–10 the flags of the role, 11 and 12 ids for
 * each person: of the participant and the invitation.
 */
export const invitePeople = statement<AskedRow>(
  'invitation-invite',
  (t) => `
  with meeting as (
    select id, status, scheduled_start_time, $6::timestamptz as now from ${t.meetings} where id = $1::uuid),
  wanted as (
    select * from unnest($7::uuid[], $11::uuid[], $12::uuid[]) as w(user_id, participant_id, invitation_id)),
  chosen as (
    select w.*, i.id is not null or p.id is not null as again
    from wanted w
    left join ${t.meeting_participants} p on p.meeting_id = $1::uuid and p.auth_user_id = w.user_id
    left join ${t.meeting_invitations} i on i.meeting_id = $1::uuid and i.invitee_id = w.user_id
    cross join meeting m
    -- Spelled as a case, of which the planner expects half the people; of an "or" it expects one, and loops over all for each.
    where case when p.id is null or p.removed_at is not null then true
               -- Over when it is over, even if no sweep has said so yet.
               when p.status = 'Invited'
                 then i.status = 'Expired' or i.status = 'Pending' and i.responded_at is null and i.expires_at <= m.now end),
  roster as (
    insert into ${t.meeting_participants} as p
      (id, meeting_id, auth_user_id, role, status, invited_at, is_presenter, can_share_screen, can_use_chat, upcoming_at)
    select c.participant_id, m.id, c.user_id, $3::${t.type('participant_role')}, 'Invited', m.now,
           $8::boolean, $9::boolean, $10::boolean,
           case when m.status in ('Scheduled', 'InProgress') then m.scheduled_start_time end
    from chosen c cross join meeting m order by c.user_id
    on conflict (meeting_id, auth_user_id) do update set
      -- Who kept a place keeps its role: asking again is no way around changing one.
      role = case when p.removed_at is null then p.role else excluded.role end,
      is_presenter = case when p.removed_at is null then p.is_presenter else excluded.is_presenter end,
      can_share_screen = case when p.removed_at is null then p.can_share_screen else excluded.can_share_screen end,
      can_use_chat = case when p.removed_at is null then p.can_use_chat else excluded.can_use_chat end,
      status = 'Invited', removed_at = null, removed_by = null, upcoming_at = excluded.upcoming_at,
      invited_at = case when p.joined_at is null then excluded.invited_at else p.invited_at end
    returning p.auth_user_id, p.invited_at, p.role),
  asked as (
    insert into ${t.meeting_invitations} as i
      (id, meeting_id, inviter_id, invitee_id, role, status, message, invited_at, expires_at)
    select c.invitation_id, m.id, $2::uuid, c.user_id, r.role, 'Pending', $4::text,
           r.invited_at, $5::timestamptz
    from chosen c cross join meeting m join roster r on r.auth_user_id = c.user_id order by c.user_id
    on conflict (meeting_id, invitee_id) do update set
      inviter_id = excluded.inviter_id, role = excluded.role, status = 'Pending', message = excluded.message,
      invited_at = excluded.invited_at, responded_at = null, response_message = null, reminder_sent_at = null,
      expires_at = excluded.expires_at, revoked_at = null)
  select c.user_id as "userId", r.role, c.again from chosen c join roster r on r.auth_user_id = c.user_id`,
  { prepare: false },
);

const sent = { type: `'invitation.sent'`, actor: '$3::uuid', at: '$4::timestamptz' };

/** Where somebody was told: the last number that was taken in their stream, what came before the first, and the stream's epoch. */
export interface TakenRow {
  /** Null for the meeting's stream. */
  readonly user_id: string | null;
  readonly seq: string | number;
  readonly prev: string | number;
  readonly epoch: string;
}

/**
 * Tells the hosts, in the order of the people, and everybody in their own stream. Only
 * numbers come back: all else of the events is known where they were thought of.
 *
 * A statement by itself: the planner cannot know how many people another one asked, and would loop over everybody for each of them.
 *
 * Parameters: 1 meeting, 2 inviter, 3 who did it, 4 now, 5 people, 6 their roles, 7 those of them who were asked again, 8 and 9
 * ids for each person: of the meeting's event and of their own.
 */
export const announceSent = statement<TakenRow>(
  'invitation-announce-sent',
  (t) => `
  with asked as materialized (
    select w.*, jsonb_build_object('inviteeId', user_id, 'inviterId', $2::uuid, 'role', role,
                                   'again', user_id = any($7::uuid[])) as data
    from unnest($5::uuid[], $6::text[], $8::uuid[], $9::uuid[]) with ordinality
      as w(user_id, role, event_id, own_event_id, position)),
  meeting as (
    insert into ${t.meeting_event_heads} as h (stream_kind, stream_id, seq, hosts_seq)
    values (${streamKinds.meeting}, $1::uuid, cardinality($5::uuid[]), cardinality($5::uuid[]))
    on conflict (stream_kind, stream_id) do update set
      seq = h.seq + excluded.seq, hosts_seq = h.seq + excluded.seq, public_prev = h.public_seq, hosts_prev = h.hosts_seq
    returning h.stream_id, h.seq, h.hosts_prev as prev, h.epoch),
  own as (${takeNumber(t, 'own', `select user_id as stream_id from asked cross join meeting order by user_id`)}),
  told_hosts as (${storeEvent(
    t,
    'hosts',
    { ...sent, id: 'event_id', users: 'null', data: 'data' },
    `(select a.event_id, a.data, m.stream_id, m.seq - cardinality($5::uuid[]) + a.position as seq,
             case a.position when 1 then m.prev else m.seq - cardinality($5::uuid[]) + a.position - 1 end as prev
      from asked a cross join meeting m) e`,
  )}),
  told_own as (${storeEvent(
    t,
    'own',
    { ...sent, id: 'own_event_id', users: 'array[user_id]', data: `data || jsonb_build_object('meetingId', $1::uuid)` },
    'asked join own on own.stream_id = asked.user_id',
  )})
  select null::uuid as user_id, seq, prev, epoch from meeting union all select stream_id, seq, prev, epoch from own`,
  { prepare: false },
);
