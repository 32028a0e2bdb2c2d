import type { Invariant } from './invariant.ts';

/** Invitations and the answers to them. */
export const invitationInvariants: readonly Invariant[] = [
  {
    id: 'V01',
    level: 'error',
    needs: ['meeting_waitlist_entries'],
    about:
      'Accepted/Declined have responded_at; Pending only when Tentative or waiting for a seat; Expired may keep it',
    sql: (t) => `
      select i.id, i.status||' responded='||(i.responded_at is not null) as detail
      from ${t.meeting_invitations} i
      where (i.status in ('Accepted','Declined') and i.responded_at is null)
        or (i.status='Pending' and i.responded_at is not null
          and not exists (select 1 from ${t.meeting_participants} p
            where p.meeting_id=i.meeting_id and p.auth_user_id=i.invitee_id and p.status='Tentative')
          and not exists (select 1 from ${t.meeting_waitlist_entries} w
            where w.meeting_id=i.meeting_id and w.auth_user_id=i.invitee_id and w.promoted_at is null and w.left_at is null))`,
  },
  {
    id: 'V02',
    level: 'error',
    about: 'Accepted invitation has a participant row that is not Invited/Declined',
    sql: (t) => `
      select i.id, 'no matching participant' as detail
      from ${t.meeting_invitations} i
      where i.status='Accepted'
        and not exists (select 1 from ${t.meeting_participants} p
          where p.meeting_id=i.meeting_id and p.auth_user_id=i.invitee_id and p.status not in ('Invited','Declined'))`,
  },
  {
    id: 'V03',
    level: 'error',
    about: 'Declined invitation: participant, if any, is Declined',
    sql: (t) => `
      select i.id, p.status::text as detail
      from ${t.meeting_invitations} i
      join ${t.meeting_participants} p on p.meeting_id=i.meeting_id and p.auth_user_id=i.invitee_id
      where i.status='Declined' and p.status<>'Declined'`,
  },
  {
    id: 'V04',
    level: 'error',
    about: 'no Pending invitation to a finished meeting (1 h grace for the sweeper)',
    sql: (t) => `
      select i.id, m.status::text as detail
      from ${t.meeting_invitations} i
      join ${t.meetings} m on m.id=i.meeting_id
      where i.status='Pending' and (m.status in ('Completed','Cancelled') and m.updated_at < now()-interval '1 hour')`,
  },
  {
    id: 'V05',
    level: 'error',
    about: 'nobody invites themselves',
    sql: (t) => `
      select id, inviter_id::text as detail
      from ${t.meeting_invitations}
      where inviter_id=invitee_id`,
  },
  {
    id: 'V06',
    level: 'error',
    about: 'response and reminder are not before the invitation',
    sql: (t) => `
      select id, 'times' as detail
      from ${t.meeting_invitations}
      where responded_at < invited_at or reminder_sent_at < invited_at`,
  },
  {
    id: 'V07',
    level: 'error',
    about: 'inviter belongs to the meeting',
    sql: (t) => `
      select i.id, i.inviter_id::text as detail
      from ${t.meeting_invitations} i
      join ${t.meetings} m on m.id=i.meeting_id
      where i.inviter_id<>m.creator_id
        and not exists (select 1 from ${t.meeting_participants} p
          where p.meeting_id=i.meeting_id and p.auth_user_id=i.inviter_id)`,
  },
];
