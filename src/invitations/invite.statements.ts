import { statement } from '../core/statement.ts';
import { appendCtes, appendedRows, type EventRow } from '../events/index.ts';

/**
 * Asks up to 500 people in one statement, under the meeting's lock. Somebody on the roster is left alone, unless they were
 * removed or let their invitation lapse: then the same row asks again, and the time of asking moves only for people who have
 * never come. Gives the events that it appended, among them one for everybody who was asked.
 *
 * Parameters: 1 meeting, 2 inviter, 3 role, 4 message, 5 expiry, 6 now, 7 people, 8–10 the flags of the role, 11 who did it,
 * 12–15 ids for each person: of the participant, the invitation, the meeting's event and the person's own.
 */
export const invitePeople = statement<EventRow>(
  'invitation-invite',
  (t) => `
  with meeting as (
    select id, status, scheduled_start_time, $6::timestamptz as now from ${t.meetings} where id = $1::uuid),
  wanted as (
    select * from unnest($7::uuid[], $12::uuid[], $13::uuid[], $14::uuid[], $15::uuid[]) with ordinality
      as w(user_id, participant_id, invitation_id, event_id, inbox_event_id, position)),
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
      expires_at = excluded.expires_at, revoked_at = null
    returning i.invitee_id, i.role),
  drafts as (
    select 2 * c.position as position, 0::smallint as stream_kind, m.id as stream_id, c.event_id as id,
           'invitation.sent' as type, 'hosts' as audience, null::uuid[] as audience_users, $11::uuid as actor_id,
           jsonb_build_object('inviteeId', c.user_id, 'inviterId', $2::uuid, 'role', a.role, 'again', c.again) as data,
           m.now as occurred_at
    from chosen c cross join meeting m join asked a on a.invitee_id = c.user_id
    union all
    select 2 * c.position + 1, 1::smallint, c.user_id, c.inbox_event_id, 'invitation.sent', 'users', array[c.user_id],
           $11::uuid, jsonb_build_object('meetingId', m.id, 'inviteeId', c.user_id, 'inviterId', $2::uuid,
                                         'role', a.role, 'again', c.again), m.now
    from chosen c cross join meeting m join asked a on a.invitee_id = c.user_id),
  ${appendCtes(t)}
  ${appendedRows}`,
  { prepare: false },
);
