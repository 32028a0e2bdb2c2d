import { isMeeting, type StoredSettings } from '../core/access.ts';
import type { MeetingStatus, ParticipantRole, ParticipationStatus } from '../core/enums.ts';
import { statement } from '../core/statement.ts';
import { storeEvent, takeNumber, type ToldRow } from '../events/index.ts';

/** What an answer found, whether or not it was taken. Told of are the hosts and, under names of its own, the invitee. */
export interface RespondRow extends ToldRow {
  readonly own_seq: ToldRow['seq'];
  readonly own_prev: ToldRow['prev'];
  readonly own_epoch: ToldRow['epoch'];
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
}

const answeredBy = { type: '$9::text', actor: '$2::uuid', at: 'a.now' };
const toldHosts = {
  ...{ ...answeredBy, id: '$7::uuid', users: 'null::uuid[]' },
  data: `jsonb_build_object('inviteeId', $2::uuid)`,
};
const toldInvitee = {
  ...{ ...answeredBy, id: '$8::uuid', users: 'array[$2::uuid]' },
  data: `jsonb_build_object('meetingId', a.id, 'inviteeId', $2::uuid)`,
};

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
    returning i.meeting_id),
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
  head as (${takeNumber(t, 'hosts', 'select meeting_id as stream_id from answered')}),
  -- After the meeting's: everybody takes numbers in that order.
  own as (${takeNumber(t, 'own', 'select $2::uuid as stream_id from head')}),
  told as (${storeEvent(t, 'hosts', toldHosts, 'head cross join allowed a')}),
  told_own as (${storeEvent(t, 'own', toldInvitee, 'own cross join allowed a')})
  select v.status as meeting_status, v.role as actor_role, v.removed, v.settings,
         v.invitation_id is not null as invited, coalesce(v.open, false) as open, coalesce(v.limited, false) as limited,
         f.status as participation, h.seq, h.prev, h.epoch, v.now as told_at,
         o.seq as own_seq, o.prev as own_prev, o.epoch as own_epoch
  from (select 1) one left join verdict v on true left join followed f on true left join head h on true left join own o on true`,
);
