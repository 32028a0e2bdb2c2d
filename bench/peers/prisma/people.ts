import { newId } from '../../../src/core/identifier.ts';
import type { InviteResult, RespondResult } from '../../../src/index.ts';
import { type InputOf, Refused } from '../../operations.ts';
import { admit, hosts, isOpen, notOver } from '../rules.ts';
import { append, type Db } from './events.ts';
import { lockMeeting, memberOf } from './presence.ts';

export function rsvp(db: Db, { response, ...place }: InputOf<'rsvp'>): Promise<RespondResult> {
  const { meetingId, userId } = place;
  return db.$transaction(async (trx) => {
    const found = await lockMeeting(trx, meetingId, 'share');
    const { meeting, member } = admit(found, await memberOf(trx, place, 'change'), { states: notOver });
    await trx.$queryRaw`select id from convoke.meeting_invitations
      where meeting_id = ${meetingId}::uuid and invitee_id = ${userId}::uuid for no key update`;
    const where = { meetingId_inviteeId: { meetingId, inviteeId: userId } };
    const invitation = await trx.invitation.findUnique({ where });
    if (invitation === null) throw new Refused('NOT_FOUND');
    const now = new Date();
    if (!isOpen(invitation, now)) throw new Refused('EXPIRED');
    if (member.role === 'Host' && response !== 'Accepted') throw new Refused('CONFLICT');
    const status = response === 'Tentative' ? 'Pending' : response;
    await trx.invitation.update({ where, data: { status, respondedAt: now, responseMessage: null } });
    const ahead = response !== 'Declined' && meeting.status !== 'Postponed';
    await trx.participant.update({
      where: { id: member.id },
      data: { status: response, upcomingAt: ahead ? meeting.scheduledStartTime : null },
    });
    const draft = { type: `invitation.${response.toLowerCase()}`, actorId: userId };
    const data = { inviteeId: userId };
    await append(trx, 'meeting', [{ ...draft, id: newId(), streamId: meetingId, audience: 'hosts', data }], now);
    const told = { ...draft, id: newId(), streamId: userId, audience: 'users', data: { meetingId, ...data } } as const;
    await append(trx, 'user', [told], now);
    return { participationStatus: response, waitlistPosition: null };
  });
}

export function invite(db: Db, { inviteeIds, ...place }: InputOf<'invite'>): Promise<InviteResult> {
  const { meetingId, userId } = place;
  const wanted = [...new Set(inviteeIds)].filter((invitee) => invitee !== userId).toSorted();
  const failed = inviteeIds.includes(userId) ? [{ userId, reason: 'self' as const }] : [];
  return db.$transaction(async (trx) => {
    const locked = await lockMeeting(trx, meetingId);
    const { meeting } = admit(locked, await memberOf(trx, place, 'share'), { roles: hosts, states: notOver });
    const now = new Date();
    const people = await trx.participant.findMany({ where: { meetingId, authUserId: { in: wanted } } });
    const answers = await trx.invitation.findMany({ where: { meetingId, inviteeId: { in: wanted } } });
    const places = new Map(people.map((row) => [row.authUserId, row]));
    const invitations = new Map(answers.map((row) => [row.inviteeId, row]));
    const chosen = wanted.filter((person) => {
      const [row, invitation] = [places.get(person), invitations.get(person)];
      if (row === undefined || row.removedAt !== null) return true;
      if (row.status !== 'Invited' || invitation === undefined) return false;
      const { status, respondedAt, expiresAt } = invitation;
      return status === 'Expired' || (status === 'Pending' && !respondedAt && expiresAt !== null && expiresAt <= now);
    });
    const upcomingAt = meeting.status === 'Postponed' ? null : meeting.scheduledStartTime;
    const fresh = chosen.filter((person) => !places.has(person));
    const role = 'Participant' as const;
    await trx.participant.createMany({
      data: fresh.map((person) => ({ id: newId(), meetingId, authUserId: person, role, invitedAt: now, upcomingAt })),
    });
    await trx.invitation.createMany({
      data: fresh
        .filter((person) => !invitations.has(person))
        .map((person) => ({ id: newId(), meetingId, inviterId: userId, inviteeId: person, role, invitedAt: now })),
    });
    const roles = new Map<string, typeof role>();
    // Few are asked a second time, each with what they keep.
    for (const person of chosen.filter((one) => places.has(one) || invitations.has(one))) {
      const row = places.get(person);
      const again = row === undefined || row.removedAt !== null ? role : row.role;
      roles.set(person, again as typeof role);
      const invitedAt = row?.joinedAt ? row.invitedAt : now;
      if (row !== undefined)
        await trx.participant.update({
          where: { id: row.id },
          data: {
            ...{ status: 'Invited', removedAt: null, removedBy: null, upcomingAt, role: again, invitedAt },
            ...{ isPresenter: false, canShareScreen: true, canUseChat: true },
          },
        });
      const asked = { inviterId: userId, role: again, status: 'Pending' as const, message: null, invitedAt };
      await trx.invitation.upsert({
        where: { meetingId_inviteeId: { meetingId, inviteeId: person } },
        create: { id: newId(), meetingId, inviteeId: person, ...asked },
        update: {
          ...asked,
          respondedAt: null,
          responseMessage: null,
          reminderSentAt: null,
          expiresAt: null,
          revokedAt: null,
        },
      });
    }
    const drafts = chosen.map((person) => ({
      ...{ type: 'invitation.sent', actorId: userId, person },
      data: { inviteeId: person, inviterId: userId, role: roles.get(person) ?? role, again: places.has(person) },
    }));
    const told = drafts.map((draft) => ({ ...draft, id: newId(), streamId: meetingId, audience: 'hosts' as const }));
    await append(trx, 'meeting', told, now);
    const own = drafts.map(({ data, ...draft }) => ({
      ...{ ...draft, id: newId(), streamId: draft.person, audience: 'users' as const, data: { meetingId, ...data } },
    }));
    await append(trx, 'user', own, now);
    return { invited: chosen, alreadyInvited: wanted.filter((person) => !chosen.includes(person)), failed };
  });
}
