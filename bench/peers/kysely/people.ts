import { newId } from '../../../src/core/identifier.ts';
import type { InviteResult, RespondResult } from '../../../src/index.ts';
import { type InputOf, Refused } from '../../operations.ts';
import { admit, hosts, isOpen, notOver } from '../rules.ts';
import { append, type Db } from './events.ts';
import { lockMeeting, memberOf } from './presence.ts';

export function rsvp(db: Db, { response, ...place }: InputOf<'rsvp'>): Promise<RespondResult> {
  const { meetingId, userId } = place;
  return db.transaction().execute(async (trx) => {
    const meeting = await trx
      .selectFrom('meetings')
      .select(['status', 'scheduled_start_time'])
      .where('id', '=', meetingId)
      .forShare()
      .executeTakeFirst();
    const found = await memberOf(trx, place, 'change');
    if (found === undefined || meeting === undefined) throw new Refused('NOT_FOUND');
    const { member } = admit(meeting, found, { states: notOver });
    const invitation = await trx
      .selectFrom('meeting_invitations')
      .select(['id', 'status', 'responded_at as respondedAt', 'expires_at as expiresAt'])
      .where('meeting_id', '=', meetingId)
      .where('invitee_id', '=', userId)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (invitation === undefined) throw new Refused('NOT_FOUND');
    const now = new Date();
    if (!isOpen(invitation, now)) throw new Refused('EXPIRED');
    if (member.role === 'Host' && response !== 'Accepted') throw new Refused('CONFLICT');
    await trx
      .updateTable('meeting_invitations')
      .set({ status: response === 'Tentative' ? 'Pending' : response, responded_at: now, response_message: null })
      .where('id', '=', invitation.id)
      .execute();
    const ahead = response !== 'Declined' && meeting.status !== 'Postponed';
    await trx
      .updateTable('meeting_participants')
      .set({ status: response, upcoming_at: ahead ? meeting.scheduled_start_time : null })
      .where('id', '=', member.id)
      .execute();
    const draft = { type: `invitation.${response.toLowerCase()}`, actorId: userId };
    const data = { inviteeId: userId };
    await append(trx, 'meeting', [{ ...draft, id: newId(), streamId: meetingId, audience: 'hosts', data }], now);
    const own = { ...draft, id: newId(), streamId: userId, audience: 'users', data: { meetingId, ...data } } as const;
    await append(trx, 'user', [own], now);
    return { participationStatus: response, waitlistPosition: null };
  });
}

export function invite(db: Db, { inviteeIds, ...place }: InputOf<'invite'>): Promise<InviteResult> {
  const { meetingId, userId } = place;
  const wanted = [...new Set(inviteeIds)].filter((invitee) => invitee !== userId).toSorted();
  const failed = inviteeIds.includes(userId) ? [{ userId, reason: 'self' as const }] : [];
  return db.transaction().execute(async (trx) => {
    const locked = await lockMeeting(trx, meetingId);
    const { meeting } = admit(locked, await memberOf(trx, place, 'share'), { roles: hosts, states: notOver });
    const now = new Date();
    const known = await trx
      .selectFrom('meeting_participants as p')
      .leftJoin('meeting_invitations as i', (on) =>
        on.onRef('i.meeting_id', '=', 'p.meeting_id').onRef('i.invitee_id', '=', 'p.auth_user_id'),
      )
      .select(['p.auth_user_id', 'p.status', 'p.removed_at', 'p.joined_at', 'p.role', 'p.invited_at'])
      .select(['i.status as answer', 'i.responded_at', 'i.expires_at'])
      .where('p.meeting_id', '=', meetingId)
      .where('p.auth_user_id', 'in', wanted)
      .execute();
    const places = new Map(known.map((row) => [row.auth_user_id, row]));
    const chosen = wanted.filter((person) => {
      const row = places.get(person);
      if (row === undefined || row.removed_at !== null) return true;
      const lapsed = row.answer === 'Pending' && !row.responded_at && row.expires_at !== null && row.expires_at <= now;
      return row.status === 'Invited' && (row.answer === 'Expired' || lapsed);
    });
    const alreadyInvited = wanted.filter((person) => !chosen.includes(person));
    if (chosen.length === 0) return { invited: [], alreadyInvited, failed };
    const upcoming_at = meeting.status === 'Postponed' ? null : meeting.scheduled_start_time;
    const rows = chosen.map((person) => {
      const row = places.get(person);
      const stays = row?.removed_at === null;
      const invited_at = row === undefined || row.joined_at === null ? now : row.invited_at;
      return { person, role: stays ? row.role : ('Participant' as const), invited_at, again: row !== undefined };
    });
    await trx
      .insertInto('meeting_participants')
      .values(
        rows.map(({ person, role, invited_at }) => ({
          ...{ id: newId(), meeting_id: meetingId, auth_user_id: person, role, status: 'Invited' as const },
          ...{ invited_at, upcoming_at },
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['meeting_id', 'auth_user_id']).doUpdateSet((eb) => ({
          ...{ status: 'Invited' as const, removed_at: null, removed_by: null },
          ...{ is_presenter: false, can_share_screen: true, can_use_chat: true },
          ...{ role: eb.ref('excluded.role'), invited_at: eb.ref('excluded.invited_at') },
          upcoming_at: eb.ref('excluded.upcoming_at'),
        })),
      )
      .execute();
    await trx
      .insertInto('meeting_invitations')
      .values(
        rows.map(({ person, role, invited_at }) => ({
          ...{ id: newId(), meeting_id: meetingId, inviter_id: userId, invitee_id: person, role, invited_at },
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['meeting_id', 'invitee_id']).doUpdateSet((eb) => ({
          ...{ status: 'Pending' as const, message: null, responded_at: null, response_message: null },
          ...{ reminder_sent_at: null, expires_at: null, revoked_at: null, inviter_id: userId },
          ...{ role: eb.ref('excluded.role'), invited_at: eb.ref('excluded.invited_at') },
        })),
      )
      .execute();
    const drafts = rows.map(({ person, role, again }) => ({
      ...{ type: 'invitation.sent', actorId: userId, person },
      data: { inviteeId: person, inviterId: userId, role, again },
    }));
    await append(
      trx,
      'meeting',
      drafts.map((draft) => ({ ...draft, id: newId(), streamId: meetingId, audience: 'hosts' as const })),
      now,
    );
    await append(
      trx,
      'user',
      drafts.map(({ data, ...draft }) => ({
        ...{ ...draft, id: newId(), streamId: draft.person, audience: 'users' as const },
        data: { meetingId, ...data },
      })),
      now,
    );
    return { invited: chosen, alreadyInvited, failed };
  });
}
