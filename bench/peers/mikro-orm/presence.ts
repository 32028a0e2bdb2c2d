import { LockMode, ref } from '@mikro-orm/core';
import { newId } from '../../../src/core/identifier.ts';
import { Invitation, MediaInterval, Meeting, Participant, ParticipantSession } from '../../../src/entities.ts';
import type { ParticipantView } from '../../../src/index.ts';
import { type MediaView, type Place, Refused } from '../../operations.ts';
import { admit, isPresent, later, minutesOf, requirePresence, running, seatFree, speakers } from '../rules.ts';
import { append, type Em } from './events.ts';

export function viewOf(row: Participant, handRaisedAt: Date | null = null): ParticipantView {
  return {
    ...{ id: row.id, meetingId: row.meeting.id, authUserId: row.authUserId, role: row.role, status: row.status },
    ...{ invitedAt: row.invitedAt, joinedAt: row.joinedAt ?? null, leftAt: row.leftAt ?? null },
    ...{ totalDurationMinutes: row.totalDurationMinutes, isPresenter: row.isPresenter },
    ...{ canShareScreen: row.canShareScreen, canUseChat: row.canUseChat, isPresent: isPresent(row), handRaisedAt },
  };
}

/** The own row, locked; the meeting comes from a query of its own, as a lock on a join would lock both. */
export async function admitted(
  em: Em,
  { meetingId, userId }: Place,
  lockMode: LockMode.PESSIMISTIC_READ | LockMode.PESSIMISTIC_WRITE,
  needs: Parameters<typeof admit>[2],
): Promise<{ meeting: Meeting; member: Participant }> {
  const member = await em.findOne(Participant, { meeting: meetingId, authUserId: userId }, { lockMode });
  const meeting = await em.findOne(Meeting, meetingId);
  return admit(meeting, member, needs);
}

/** The meeting first, then the own row, both for a change. */
export async function entered(
  em: Em,
  { meetingId, userId }: Place,
  needs: Parameters<typeof admit>[2],
  lockMode: LockMode = LockMode.PESSIMISTIC_WRITE,
): Promise<{ meeting: Meeting; member: Participant }> {
  const meeting = await em.findOne(Meeting, meetingId, { lockMode });
  const own = { meeting: meetingId, authUserId: userId };
  return admit(meeting, await em.findOne(Participant, own, { lockMode: LockMode.PESSIMISTIC_WRITE }), needs);
}

export function join(base: Em, place: Place): Promise<ParticipantView> {
  const { meetingId, userId } = place;
  return base.transactional(async (em) => {
    const { meeting, member } = await entered(em, place, { states: running });
    const now = new Date();
    const wasPresent = isPresent(member);
    if (!wasPresent && typeof meeting.maxParticipants === 'number') {
      const host = await em.findOne(Participant, { meeting: meetingId, role: 'Host' });
      if (!seatFree(meeting, member, host !== null && isPresent(host))) throw new Refused('CAPACITY');
    }
    if (['Invited', 'Declined', 'Tentative'].includes(member.status)) member.status = 'Accepted';
    Object.assign(member, { joinedAt: member.joinedAt ?? now, leftAt: null, upcomingAt: meeting.scheduledStartTime });
    if (!wasPresent) {
      em.create(ParticipantSession, {
        id: newId(),
        meeting: ref(meeting),
        authUserId: userId,
        joinedAt: now,
        createdAt: now,
      });
      meeting.currentParticipantsCount += 1;
    }
    const invitation = await em.findOne(Invitation, { meeting: meetingId, inviteeId: userId });
    const accepts = invitation !== null && ['Pending', 'Declined'].includes(invitation.status);
    if (accepts) Object.assign(invitation, { status: 'Accepted', respondedAt: now });
    const joined = { id: newId(), type: 'participant.joined', audience: 'all', actorId: userId } as const;
    const data = { inviteeId: userId, byJoining: true };
    const answered = { type: 'invitation.accepted', actorId: userId };
    await append(
      em,
      'meeting',
      [
        ...(wasPresent ? [] : [{ ...joined, streamId: meetingId, data: { userId, role: member.role } }]),
        ...(accepts ? [{ ...answered, id: newId(), streamId: meetingId, audience: 'hosts' as const, data }] : []),
      ],
      now,
    );
    const told = {
      ...answered,
      id: newId(),
      streamId: userId,
      audience: 'users',
      data: { meetingId, ...data },
    } as const;
    await append(em, 'user', accepts ? [told] : [], now);
    return viewOf(member, wasPresent ? await handOf(em, place) : null);
  });
}

async function handOf(em: Em, { meetingId, userId }: Place): Promise<Date | null> {
  const hand = await em.findOne(MediaInterval, { meeting: meetingId, authUserId: userId, kind: 'hand', endedAt: null });
  return hand?.startedAt ?? null;
}

export function leave(base: Em, place: Place): Promise<ParticipantView> {
  const { meetingId, userId } = place;
  return base.transactional(async (em) => {
    const { meeting, member } = await entered(em, place, { states: running });
    const now = new Date();
    const stays = await em.find(ParticipantSession, { meeting: meetingId, authUserId: userId });
    const open = stays.filter(({ leftAt }) => !leftAt);
    if (open.length === 0) return viewOf(member);
    for (const session of open) Object.assign(session, { leftAt: later(now, session.joinedAt), leftReason: 'left' });
    member.leftAt = later(now, member.joinedAt ?? now);
    member.totalDurationMinutes = minutesOf(stays, meeting.actualStartTime);
    meeting.currentParticipantsCount -= 1;
    const on = await em.find(MediaInterval, { meeting: meetingId, authUserId: userId, endedAt: null });
    for (const interval of on) interval.endedAt = later(now, interval.startedAt);
    const told = { streamId: meetingId, audience: 'all', actorId: userId, data: { userId, reason: 'left' } } as const;
    const shares = on.filter(({ kind }) => kind === 'screen').map(() => 'screen-share.stopped');
    await append(
      em,
      'meeting',
      [...shares, 'participant.left'].map((type) => ({ ...told, id: newId(), type })),
      now,
    );
    return viewOf(member);
  });
}

export async function heartbeat(base: Em, place: Place): Promise<void> {
  const { meetingId, userId } = place;
  await base.transactional(async (em) => {
    const open = { meeting: meetingId, authUserId: userId, leftAt: null };
    const beats = await em.nativeUpdate(ParticipantSession, open, { lastHeartbeatAt: new Date() });
    if (beats > 0) return;
    await admitted(em, place, LockMode.PESSIMISTIC_READ, { states: running });
    throw new Refused('FORBIDDEN');
  });
}

export function raiseHand(base: Em, place: Place): Promise<ParticipantView> {
  return base.transactional(async (em) => {
    const { member, on } = await begin(em, place, 'hand', 'participant.hand-raised', { userId: place.userId });
    return viewOf(member, on.find(({ kind }) => kind === 'hand')?.startedAt ?? null);
  });
}

export function setMedia(base: Em, place: Place): Promise<MediaView> {
  const { meetingId, userId } = place;
  return base.transactional(async (em) => {
    const data = { userId, changed: { microphone: true } };
    const { on } = await begin(em, place, 'microphone', 'media.changed', data);
    const has = (kind: string) => on.some((interval) => interval.kind === kind);
    return { meetingId, authUserId: userId, microphone: true, speaking: has('speaking'), camera: has('camera') };
  });
}

async function begin(em: Em, place: Place, kind: 'hand' | 'microphone', type: string, data: Record<string, unknown>) {
  const { meetingId, userId } = place;
  const needs = { roles: speakers, states: running };
  const { member } = await admitted(em, place, LockMode.PESSIMISTIC_WRITE, needs);
  requirePresence(member);
  const on = await em.find(MediaInterval, { meeting: meetingId, authUserId: userId, endedAt: null });
  if (on.some((interval) => interval.kind === kind)) return { member, on };
  const now = new Date();
  const begun = em.create(MediaInterval, {
    ...{ id: newId(), meeting: member.meeting, authUserId: userId, kind, startedAt: now },
  });
  const draft = { id: newId(), streamId: meetingId, type, audience: 'all', actorId: userId, data } as const;
  await append(em, 'meeting', [draft], now);
  return { member, on: [...on, begun] };
}
