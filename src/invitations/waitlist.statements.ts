import { statement } from '../core/statement.ts';

/** Accepted seats in use: people on the roster who said yes, the Host included. */
export const acceptedSeats = statement<{ taken: number }>(
  'waitlist-seats',
  (t) => `
  select count(*)::int as taken from ${t.meeting_participants}
  where meeting_id = $1::uuid and status = 'Accepted' and removed_at is null`,
);

/** Puts an answer down in both rows of a locked meeting: 1 meeting, 2 user, 3 now, 4 invitation, 5 participation, 6 note. */
export const recordAnswer = statement<{ id: string }>(
  'invitation-record-answer',
  (t) => `
  with answered as (
    update ${t.meeting_invitations} i
    set status = $4::${t.type('invitation_status')}, responded_at = greatest($3::timestamptz, i.invited_at),
        response_message = $6::text
    where i.meeting_id = $1::uuid and i.invitee_id = $2::uuid)
  update ${t.meeting_participants} p
  set status = $5::${t.type('participation_status')},
      upcoming_at = case when $5::text <> 'Declined' and m.status in ('Scheduled', 'InProgress')
                         then m.scheduled_start_time end
  from ${t.meetings} m
  where m.id = p.meeting_id and p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid
  returning p.id`,
);

/**
 * Whoever comes has accepted, whatever they answered before; what has expired stays so. 1 meeting, 2 user, 3 now. Says
 * whether an invitation was answered by it.
 */
export const acceptComing = statement<{ answered: boolean }>(
  'invitation-accept-coming',
  (t) => `
  with answered as (
    update ${t.meeting_invitations} i set status = 'Accepted', responded_at = greatest($3::timestamptz, i.invited_at)
    where i.meeting_id = $1::uuid and i.invitee_id = $2::uuid and i.status in ('Pending', 'Declined')
    returning i.id),
  followed as (
    update ${t.meeting_participants} p
    set status = 'Accepted',
        upcoming_at = case when m.status in ('Scheduled', 'InProgress') then m.scheduled_start_time end
    from ${t.meetings} m
    where m.id = p.meeting_id and p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid
      and p.status in ('Invited', 'Declined', 'Tentative'))
  select exists (select 1 from answered) as answered`,
);

/** Somebody who walks in where everybody may has no row to put an answer in: 1 id, 2 meeting, 3 user, 4 now. */
export const seatWalkIn = statement<{ id: string }>(
  'waitlist-seat-walk-in',
  (t) => `
  insert into ${t.meeting_participants} (id, meeting_id, auth_user_id, status, invited_at)
  values ($1::uuid, $2::uuid, $3::uuid, 'Accepted', $4::timestamptz)
  on conflict (meeting_id, auth_user_id) do nothing
  returning id`,
);

/** Joins the end of the line; who already stands in it keeps the place. 1 id, 2 meeting, 3 user, 4 now. */
export const enterWaitlist = statement<{ id: string }>(
  'waitlist-enter',
  (t) => `
  insert into ${t.meeting_waitlist_entries} (id, meeting_id, auth_user_id, entered_at)
  values ($1::uuid, $2::uuid, $3::uuid, $4::timestamptz)
  on conflict (meeting_id, auth_user_id) where promoted_at is null and left_at is null do nothing
  returning id`,
);

/** Gives up a place in line. 1 meeting, 2 user, 3 now. */
export const leaveWaitlist = statement<{ id: string }>(
  'waitlist-leave',
  (t) => `
  update ${t.meeting_waitlist_entries} set left_at = greatest($3::timestamptz, entered_at)
  where meeting_id = $1::uuid and auth_user_id = $2::uuid and promoted_at is null and left_at is null
  returning id`,
);

/** A person's place in line, 1 for the next. */
export const waitlistPosition = statement<{ position: number }>(
  'waitlist-position',
  (t) => `
  select count(*)::int as position
  from ${t.meeting_waitlist_entries} me
  join ${t.meeting_waitlist_entries} w on w.meeting_id = me.meeting_id and w.promoted_at is null and w.left_at is null
    and (w.entered_at, w.id) <= (me.entered_at, me.id)
  where me.meeting_id = $1::uuid and me.auth_user_id = $2::uuid and me.promoted_at is null and me.left_at is null`,
);

/**
 * Gives free seats to the first in line, all at once, under the meeting's lock: 1 meeting, 2 the limit or null for none,
 * 3 now. Who has been removed or changed their mind no longer stands in line.
 */
export const promoteNext = statement<{ auth_user_id: string }>(
  'waitlist-promote',
  (t) => `
  with seats as (
    select $2::int - count(*)::int as free from ${t.meeting_participants}
    where meeting_id = $1::uuid and status = 'Accepted' and removed_at is null),
  next as (
    select w.id, w.auth_user_id from ${t.meeting_waitlist_entries} w
    where w.meeting_id = $1::uuid and w.promoted_at is null and w.left_at is null
    order by w.entered_at, w.id limit (select greatest(free, 0) from seats where $2::int is not null) -- no limit at all where there is none to keep
    for update),
  promoted as (
    update ${t.meeting_waitlist_entries} w set promoted_at = greatest($3::timestamptz, w.entered_at)
    from next where w.id = next.id returning w.auth_user_id),
  accepted as (
    update ${t.meeting_invitations} i set status = 'Accepted', responded_at = greatest($3::timestamptz, i.invited_at)
    from promoted p where i.meeting_id = $1::uuid and i.invitee_id = p.auth_user_id),
  seated as (
    update ${t.meeting_participants} q
    set status = 'Accepted',
        upcoming_at = case when m.status in ('Scheduled', 'InProgress') then m.scheduled_start_time end
    from promoted p cross join ${t.meetings} m
    where m.id = $1::uuid and q.meeting_id = m.id and q.auth_user_id = p.auth_user_id)
  select auth_user_id from promoted`,
);

/** Meetings where somebody waits; the sweep looks whether they need to. */
export const meetingsWithWaitlist = statement<{ meeting_id: string }>(
  'waitlist-meetings',
  (t) => `
  select distinct meeting_id from ${t.meeting_waitlist_entries}
  where promoted_at is null and left_at is null limit $1::int`,
  { prepare: false },
);
