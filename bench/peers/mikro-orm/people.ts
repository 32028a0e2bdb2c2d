import { LockMode, ref } from '@mikro-orm/core';
import { newId } from '../../../src/core/identifier.ts';
import { Invitation, Participant } from '../../../src/entities.ts';
import type { InviteResult, RespondResult } from '../../../src/index.ts';
import { type InputOf, Refused } from '../../operations.ts';
import { hosts, isOpen, notOver } from '../rules.ts';
import { append, type Em } from './events.ts';
import { entered } from './presence.ts';

export function rsvp(base: Em, { response, ...place }: InputOf<'rsvp'>): Promise<RespondResult> {
  const { meetingId, userId } = place;
  return base.transactional(async (em) => {
    const { meeting, member } = await entered(em, place, { states: notOver }, LockMode.PESSIMISTIC_READ);
    const own = { meeting: meetingId, inviteeId: userId };
    const invitation = await em.findOne(Invitation, own, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (invitation === null) throw new Refused('NOT_FOUND');
    const now = new Date();
    if (!isOpen(invitation, now)) throw new Refused('EXPIRED');
    if (member.role === 'Host' && response !== 'Accepted') throw new Refused('CONFLICT');
    invitation.status = response === 'Tentative' ? 'Pending' : response;
    Object.assign(invitation, { respondedAt: now, responseMessage: null });
    member.status = response;
    member.upcomingAt = response !== 'Declined' && meeting.status !== 'Postponed' ? meeting.scheduledStartTime : null;
    const draft = { type: `invitation.${response.toLowerCase()}`, actorId: userId };
    const data = { inviteeId: userId };
    await append(em, 'meeting', [{ ...draft, id: newId(), streamId: meetingId, audience: 'hosts', data }], now);
    const told = { ...draft, id: newId(), streamId: userId, audience: 'users', data: { meetingId, ...data } } as const;
    await append(em, 'user', [told], now);
    return { participationStatus: response, waitlistPosition: null };
  });
}

export function invite(base: Em, { inviteeIds, ...place }: InputOf<'invite'>): Promise<InviteResult> {
  const { meetingId, userId } = place;
  const wanted = [...new Set(inviteeIds)].filter((invitee) => invitee !== userId).toSorted();
  const failed = inviteeIds.includes(userId) ? [{ userId, reason: 'self' as const }] : [];
  return base.transactional(async (em) => {
    const { meeting } = await entered(em, place, { roles: hosts, states: notOver });
    const now = new Date();
    const people = await em.find(Participant, { meeting: meetingId, authUserId: { $in: wanted } });
    const answers = await em.find(Invitation, { meeting: meetingId, inviteeId: { $in: wanted } });
    const places = new Map(people.map((row) => [row.authUserId, row]));
    const invitations = new Map(answers.map((row) => [row.inviteeId, row]));
    const invited: string[] = [];
    const drafts = [];
    const upcomingAt = meeting.status === 'Postponed' ? null : meeting.scheduledStartTime;
    for (const person of wanted) {
      const [row, invitation] = [places.get(person), invitations.get(person)];
      if (row !== undefined && !row.removedAt && !isLapsed(row, invitation, now)) continue;
      invited.push(person);
      const role = row === undefined || row.removedAt ? ('Participant' as const) : row.role;
      const again = row !== undefined;
      const member =
        row ?? em.create(Participant, { id: newId(), meeting: ref(meeting), authUserId: person, role, invitedAt: now });
      Object.assign(member, {
        ...{ role, status: 'Invited', removedAt: null, removedBy: null, upcomingAt },
        ...{ isPresenter: false, canShareScreen: true, canUseChat: true },
        invitedAt: member.joinedAt ? member.invitedAt : now,
      });
      const { invitedAt } = member;
      const asked =
        invitation ??
        em.create(Invitation, { id: newId(), meeting: ref(meeting), inviterId: userId, inviteeId: person, invitedAt });
      Object.assign(asked, {
        ...{ inviterId: userId, role, status: 'Pending', message: null, invitedAt, respondedAt: null },
        ...{ responseMessage: null, reminderSentAt: null, expiresAt: null, revokedAt: null },
      });
      drafts.push({ person, data: { inviteeId: person, inviterId: userId, role, again } });
    }
    const common = { type: 'invitation.sent', actorId: userId };
    const told = { ...common, streamId: meetingId, audience: 'hosts' } as const;
    await append(
      em,
      'meeting',
      drafts.map(({ data }) => ({ ...told, id: newId(), data })),
      now,
    );
    const own = { ...common, audience: 'users' } as const;
    await append(
      em,
      'user',
      drafts.map(({ person, data }) => ({ ...own, id: newId(), streamId: person, data: { meetingId, ...data } })),
      now,
    );
    return { invited, alreadyInvited: wanted.filter((person) => !invited.includes(person)), failed };
  });
}

function isLapsed({ status }: Participant, invitation: Invitation | undefined, now: Date): boolean {
  if (status !== 'Invited' || invitation === undefined) return false;
  const { status: answer, respondedAt, expiresAt } = invitation;
  if (answer === 'Expired') return true;
  return answer === 'Pending' && !respondedAt && Boolean(expiresAt && expiresAt <= now);
}
