import { isMeeting, type StoredSettings } from '../core/access.ts';
import type { MeetingStatus, ParticipantRole, ParticipationStatus } from '../core/enums.ts';
import { statement } from '../core/statement.ts';
import { appendCtes, appendedEvents, type EventRow } from '../events/index.ts';

/** What an answer found, whether or not it was taken. */
export interface RespondRow {
  /** Null when there is no such meeting. */
  readonly meeting_status: MeetingStatus | null;
  readonly actor_role: ParticipantRole | null;
  readonly removed: boolean | null;
  readonly settings: StoredSettings | null;
  readonly invited: boolean;
  readonly open: boolean;
  /** The meeting limits acceptances, so an answer moves seats and has to be given under the meeting's own lock. */
  readonly limited: boolean;
  readonly participation: ParticipationStatus | null;
  readonly events: readonly EventRow[];
}

/**
 * Answers one's own invitation where no seats are at stake: invitation and participation follow together. The meeting
 * is share-locked, so that its state holds while many people answer at once.
 *
 * Parameters: 1 meeting, 2 user, 3 now, 4 the answer, 5 note, 6 legal states, 7 event id, 8 inbox event id, 9 event type,
 * 10 the Host's role: who has accepted in any case.
 */
export const respond = statement<RespondRow>(
  'invitation-respond',
  (t) => `
  with lock as (
    select m.id, m.status, m.settings, m.scheduled_start_time
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
             and (mine.responded_at is not null or mine.expires_at is null or mine.expires_at > c.now) as open,
           (l.settings->>'limitAcceptances') is not null as limited
    from lock l left join me on true left join mine on true
    cross join lateral (select coalesce($3::timestamptz, date_trunc('milliseconds', clock_timestamp())) as now
                        where l.id is not null) c),
  allowed as (
    select * from verdict
    where open and not limited and participant_id is not null and not removed and status::text = any($6::text[])
      and ($4::text = 'Accepted' or role::text <> $10::text)),
  answered as (
    update ${t.meeting_invitations} i
    set status = case $4::text when 'Tentative' then 'Pending' else $4::text end::${t.type('invitation_status')},
        responded_at = greatest(a.now, i.invited_at), response_message = $5::text
    from allowed a where i.id = a.invitation_id
    returning i.id),
  waiting as (
    update ${t.meeting_waitlist_entries} w set left_at = greatest(a.now, w.entered_at)
    from allowed a
    where w.meeting_id = a.id and w.auth_user_id = $2::uuid and w.promoted_at is null and w.left_at is null),
  followed as (
    update ${t.meeting_participants} p
    set status = $4::${t.type('participation_status')},
        upcoming_at = case when $4::text <> 'Declined' and a.status in ('Scheduled', 'InProgress')
                           then a.scheduled_start_time end
    from allowed a where p.id = a.participant_id
    returning p.status),
  drafts as (
    select 1 as position, 0::smallint as stream_kind, a.id as stream_id, $7::uuid as id, $9::text as type,
           'hosts' as audience, null::uuid[] as audience_users, $2::uuid as actor_id,
           jsonb_build_object('inviteeId', $2::uuid) as data, a.now as occurred_at
    from allowed a cross join answered
    union all
    select 2, 1::smallint, $2::uuid, $8::uuid, $9::text, 'users', array[$2::uuid], $2::uuid,
           jsonb_build_object('meetingId', a.id, 'inviteeId', $2::uuid), a.now
    from allowed a cross join answered),
  ${appendCtes(t)}
  select v.status as meeting_status, v.role as actor_role, v.removed, v.settings,
         v.invitation_id is not null as invited, coalesce(v.open, false) as open, coalesce(v.limited, false) as limited,
         f.status as participation, ${appendedEvents} as events
  from (select 1) one left join verdict v on true left join followed f on true`,
);
