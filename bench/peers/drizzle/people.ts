import { and, eq, inArray, sql } from 'drizzle-orm';
import { newId } from '../../../src/core/identifier.ts';
import type { InviteResult, RespondResult } from '../../../src/index.ts';
import { type InputOf, Refused } from '../../operations.ts';
import { admit, hosts, isOpen, notOver } from '../rules.ts';
import { append, type Db } from './events.ts';
import { lockMeeting, memberOf } from './presence.ts';
import { invitations, meetings, participants } from './schema.ts';

export function rsvp(db: Db, { response, ...place }: InputOf<'rsvp'>): Promise<RespondResult> {
  const { meetingId, userId } = place;
  return db.transaction(async (trx) => {
    const [found] = await trx
      .select({ status: meetings.status, scheduledStartTime: meetings.scheduledStartTime })
      .from(meetings)
      .where(eq(meetings.id, meetingId))
      .for('share');
    const { meeting, member } = admit(found, await memberOf(trx, place, 'no key update'), { states: notOver });
    const [invitation] = await trx
      .select()
      .from(invitations)
      .where(and(eq(invitations.meetingId, meetingId), eq(invitations.inviteeId, userId)))
      .for('no key update');
    if (invitation === undefined) throw new Refused('NOT_FOUND');
    const now = new Date();
    if (!isOpen(invitation, now)) throw new Refused('EXPIRED');
    if (member.role === 'Host' && response !== 'Accepted') throw new Refused('CONFLICT');
    await trx
      .update(invitations)
      .set({ status: response === 'Tentative' ? 'Pending' : response, respondedAt: now, responseMessage: null })
      .where(eq(invitations.id, invitation.id));
    const ahead = response !== 'Declined' && meeting.status !== 'Postponed';
    await trx
      .update(participants)
      .set({ status: response, upcomingAt: ahead ? meeting.scheduledStartTime : null })
      .where(eq(participants.id, member.id));
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
  return db.transaction(async (trx) => {
    const locked = await lockMeeting(trx, place);
    const { meeting } = admit(locked, await memberOf(trx, place, 'share'), { roles: hosts, states: notOver });
    const now = new Date();
    const answers = and(
      ...[eq(invitations.meetingId, participants.meetingId), eq(invitations.inviteeId, participants.authUserId)],
    );
    const known = await trx
      .select({ place: participants, invitation: invitations })
      .from(participants)
      .leftJoin(invitations, answers)
      .where(and(eq(participants.meetingId, meetingId), inArray(participants.authUserId, wanted)));
    const places = new Map(known.map((row) => [row.place.authUserId, row]));
    const chosen = wanted.filter((person) => {
      const { place: row, invitation } = places.get(person) ?? {};
      if (row === undefined || row.removedAt !== null) return true;
      if (row.status !== 'Invited' || !invitation) return false;
      const { status, respondedAt, expiresAt } = invitation;
      return status === 'Expired' || (status === 'Pending' && !respondedAt && expiresAt !== null && expiresAt <= now);
    });
    const alreadyInvited = wanted.filter((person) => !chosen.includes(person));
    if (chosen.length === 0) return { invited: [], alreadyInvited, failed };
    const upcomingAt = meeting.status === 'Postponed' ? null : meeting.scheduledStartTime;
    const rows = chosen.map((person) => {
      const row = places.get(person)?.place;
      const role = row?.removedAt === null ? row.role : ('Participant' as const);
      const invitedAt = row === undefined || row.joinedAt === null ? now : row.invitedAt;
      return { person, role, invitedAt, again: row !== undefined };
    });
    await trx
      .insert(participants)
      .values(
        rows.map(({ person, role, invitedAt }) => ({
          ...{ id: newId(), meetingId, authUserId: person, role, status: 'Invited' as const, invitedAt, upcomingAt },
        })),
      )
      .onConflictDoUpdate({
        target: [participants.meetingId, participants.authUserId],
        set: {
          ...{ status: 'Invited', removedAt: null, removedBy: null, isPresenter: false, canShareScreen: true },
          ...{ canUseChat: true, role: sql`excluded.role`, invitedAt: sql`excluded.invited_at` },
          upcomingAt: sql`excluded.upcoming_at`,
        },
      });
    await trx
      .insert(invitations)
      .values(
        rows.map(({ person, role, invitedAt }) => ({
          ...{ id: newId(), meetingId, inviterId: userId, inviteeId: person, role, invitedAt },
        })),
      )
      .onConflictDoUpdate({
        target: [invitations.meetingId, invitations.inviteeId],
        set: {
          ...{ status: 'Pending', message: null, respondedAt: null, responseMessage: null, reminderSentAt: null },
          ...{ expiresAt: null, revokedAt: null, inviterId: userId, role: sql`excluded.role` },
          invitedAt: sql`excluded.invited_at`,
        },
      });
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
