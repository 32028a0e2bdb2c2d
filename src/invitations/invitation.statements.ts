import type { InvitationStatus, ParticipantRole } from '../core/enums.ts';
import { instantOf } from '../core/instant.ts';
import { statement } from '../core/statement.ts';
import type { InvitationView } from './invitation.schema.ts';

/** Columns of an invitation as statements give them back. */
export interface InvitationRow {
  readonly id: string;
  readonly meeting_id: string;
  readonly inviter_id: string;
  readonly invitee_id: string;
  readonly role: ParticipantRole;
  readonly status: InvitationStatus;
  readonly message: string | null;
  readonly invited_at: string;
  readonly responded_at: string | null;
  readonly response_message: string | null;
  readonly reminder_sent_at: string | null;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
}

const columns = [
  ...['id', 'meeting_id', 'inviter_id', 'invitee_id', 'role', 'status', 'message', 'invited_at', 'responded_at'],
  ...['response_message', 'reminder_sent_at', 'expires_at', 'revoked_at'],
]
  .map((column) => `i.${column}`)
  .join(', ');

export function invitationViewOf(row: InvitationRow): InvitationView {
  return Object.freeze({
    id: row.id,
    meetingId: row.meeting_id,
    inviterId: row.inviter_id,
    inviteeId: row.invitee_id,
    role: row.role,
    status: row.status,
    message: row.message,
    invitedAt: instantOf(row.invited_at),
    respondedAt: instantOf(row.responded_at),
    responseMessage: row.response_message,
    reminderSentAt: instantOf(row.reminder_sent_at),
    expiresAt: instantOf(row.expires_at),
    revokedAt: instantOf(row.revoked_at),
  });
}

/** One person's invitation, locked. */
export const lockInvitation = statement<InvitationRow>(
  'invitation-lock',
  (t) => `
  select ${columns} from ${t.meeting_invitations} i
  where i.meeting_id = $1::uuid and i.invitee_id = $2::uuid for no key update`,
);

/**
 * A page of a meeting's invitations: 1 meeting, 2 whose own rows only (sent or received) or null for all, 3 status,
 * 4 and 5 the last row's time and id, 6 limit.
 */
export const invitationPage = statement<InvitationRow & { invited_text: string }>(
  'invitation-page',
  (t) => `
  select ${columns}, i.invited_at::text as invited_text from ${t.meeting_invitations} i
  where i.meeting_id = $1::uuid and ($2::uuid is null or $2::uuid = i.invitee_id or ($7::boolean and $2::uuid = i.inviter_id))
    and ($3::text is null or i.status::text = $3::text)
    and ($4::timestamptz is null or (i.invited_at, i.id) > ($4::timestamptz, $5::uuid))
  order by i.invited_at, i.id limit $6::int`,
  { prepare: false },
);

/** A page of a person's invitations, newest first: 1 person, 2 status, 3 and 4 the last row's time and id, 5 limit. */
export const myInvitationPage = statement<InvitationRow & { invited_text: string }>(
  'invitation-mine',
  (t) => `
  select ${columns}, i.invited_at::text as invited_text from ${t.meeting_invitations} i
  where i.invitee_id = $1::uuid and ($2::text is null or i.status::text = $2::text)
    and ($3::timestamptz is null or (i.invited_at, i.id) < ($3::timestamptz, $4::uuid))
  order by i.invited_at desc, i.id desc limit $5::int`,
  { prepare: false },
);

/** Takes an invitation back for good: 1 meeting, 2 invitee, 3 now. It stays on record as expired. */
export const revokeInvitation = statement<{ id: string }>(
  'invitation-revoke',
  (t) => `
  with waiting as (
    update ${t.meeting_waitlist_entries} set left_at = greatest($3::timestamptz, entered_at)
    where meeting_id = $1::uuid and auth_user_id = $2::uuid and promoted_at is null and left_at is null)
  update ${t.meeting_invitations} i set status = 'Expired', revoked_at = $3::timestamptz
  where i.meeting_id = $1::uuid and i.invitee_id = $2::uuid and i.revoked_at is null
  returning i.id`,
);

/** The meeting is over or off: open questions and places in line lapse. 1 meeting, 2 now. */
export const lapseInvitations = statement<{ lapsed: number }>(
  'invitation-lapse',
  (t) => `
  with waiting as (
    update ${t.meeting_waitlist_entries} set left_at = greatest($2::timestamptz, entered_at)
    where meeting_id = $1::uuid and promoted_at is null and left_at is null),
  lapsed as (
    update ${t.meeting_invitations} set status = 'Expired'
    where meeting_id = $1::uuid and status = 'Pending' returning id)
  select count(*)::int as lapsed from lapsed`,
  { prepare: false },
);

/**
 * The time changed, so every answer but the Host's is void (RFC 6638 §3.2.8 asks for the same): 1 meeting, 2 now,
 * 3 the Host's role. People without an invitation were never asked and stay as they are.
 */
export const askAgain = statement<{ reset: number }>(
  'invitation-ask-again',
  (t) => `
  with asked as (
    update ${t.meeting_invitations} i
    -- A bound that has passed was meant for the old time.
    set status = 'Pending', responded_at = null, response_message = null, reminder_sent_at = null,
        expires_at = case when i.expires_at > $2::timestamptz then i.expires_at end
    from ${t.meeting_participants} p
    where i.meeting_id = $1::uuid and p.meeting_id = i.meeting_id and p.auth_user_id = i.invitee_id
      and p.removed_at is null and p.role::text <> $3::text and i.revoked_at is null and i.status <> 'Expired'
    returning i.invitee_id),
  waiting as (
    update ${t.meeting_waitlist_entries} w set left_at = greatest($2::timestamptz, w.entered_at)
    from asked a
    where w.meeting_id = $1::uuid and w.auth_user_id = a.invitee_id and w.promoted_at is null and w.left_at is null),
  reset as (
    update ${t.meeting_participants} p set status = 'Invited'
    from asked a
    where p.meeting_id = $1::uuid and p.auth_user_id = a.invitee_id
      and p.status in ('Accepted', 'Tentative', 'Declined')
    returning p.id)
  select count(*)::int as reset from reset`,
  { prepare: false },
);

/**
 * People who have not answered and still may, locked, and how many seconds are left before they may be reminded again, null when
 * they may be now: 1 meeting, 2 now, 3 whom, or null for all, 4 hours between reminders.
 */
export const awaitedAnswers = statement<{ invitee_id: string; wait_seconds: number | null }>(
  'invitation-awaited-answers',
  (t) => `
  select i.invitee_id,
         case when i.reminder_sent_at > $2::timestamptz - make_interval(hours => $4::int)
              then ceil(extract(epoch from i.reminder_sent_at + make_interval(hours => $4::int) - $2::timestamptz))::int
         end as wait_seconds
  from ${t.meeting_invitations} i
  where i.meeting_id = $1::uuid and i.status = 'Pending' and i.responded_at is null
    and (i.expires_at is null or i.expires_at > $2::timestamptz)
    and ($3::uuid[] is null or i.invitee_id = any($3::uuid[]))
  order by i.invitee_id for no key update`,
  { prepare: false },
);

/** Notes when people were reminded: 1 meeting, 2 now, 3 whom. */
export const markReminded = statement<never>(
  'invitation-mark-reminded',
  (t) => `
  update ${t.meeting_invitations} i set reminder_sent_at = greatest($2::timestamptz, i.invited_at)
  where i.meeting_id = $1::uuid and i.invitee_id = any($3::uuid[])`,
  { prepare: false },
);

/** Meetings with invitations that nobody has answered in time. */
export const meetingsWithExpired = statement<{ meeting_id: string }>(
  'invitation-expired-meetings',
  (t) => `
  select distinct i.meeting_id from ${t.meeting_invitations} i
  where i.status = 'Pending' and i.responded_at is null
    and i.expires_at <= coalesce($1::timestamptz, clock_timestamp()) limit $2::int`,
  { prepare: false },
);

/**
 * Lets a locked meeting's invitations expire that nobody has answered in time: 1 meeting, 2 now. Who has said maybe, or waits in
 * line, has answered.
 */
export const expireInvitations = statement<{ invitee_id: string }>(
  'invitation-expire',
  (t) => `
  with expired as (
    update ${t.meeting_invitations} i set status = 'Expired'
    where i.meeting_id = $1::uuid and i.status = 'Pending' and i.responded_at is null
      and i.expires_at <= $2::timestamptz
    returning i.invitee_id)
  select invitee_id from expired order by invitee_id`,
  { prepare: false },
);
