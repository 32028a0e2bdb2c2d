import { newId } from '../../../src/core/identifier.ts';
import type { MeetingStatus, ParticipantView } from '../../../src/index.ts';
import { type MediaView, type Place, Refused } from '../../operations.ts';
import { admit, isPresent, later, minutesOf, requirePresence, running, seatFree, speakers } from '../rules.ts';
import { append, type Db, type Json, type Trx } from './events.ts';
import { type Participant, Prisma } from './generated/client.ts';

function viewOf(row: Participant, handRaisedAt: Date | null = null): ParticipantView {
  return {
    ...{ id: row.id, meetingId: row.meetingId, authUserId: row.authUserId, role: row.role, status: row.status },
    ...{ invitedAt: row.invitedAt, joinedAt: row.joinedAt, leftAt: row.leftAt },
    ...{ totalDurationMinutes: row.totalDurationMinutes, isPresenter: row.isPresenter },
    ...{ canShareScreen: row.canShareScreen, canUseChat: row.canUseChat, isPresent: isPresent(row), handRaisedAt },
  };
}

const locks = { share: Prisma.sql`for share`, change: Prisma.sql`for no key update` };

/** Prisma has no locks of its own: a raw query takes them, and a typed one reads what is locked. */
export async function memberOf(trx: Trx, { meetingId, userId }: Place, lock: keyof typeof locks) {
  await trx.$queryRaw`select id from convoke.meeting_participants
    where meeting_id = ${meetingId}::uuid and auth_user_id = ${userId}::uuid ${locks[lock]}`;
  return trx.participant.findUnique({
    where: { meetingId_authUserId: { meetingId, authUserId: userId } },
    include: { meeting: { select: { status: true } } },
  });
}

export async function admitted(trx: Trx, place: Place, lock: keyof typeof locks, needs: Parameters<typeof admit>[2]) {
  const row = await memberOf(trx, place, lock);
  admit(row?.meeting, row, needs);
  if (row === null) throw new Refused('NOT_FOUND');
  return row;
}

interface LockedMeeting {
  readonly status: MeetingStatus;
  readonly maxParticipants: number | null;
  readonly currentParticipantsCount: number;
  readonly scheduledStartTime: Date;
  readonly actualStartTime: Date | null;
  readonly actualEndTime: Date | null;
}

export async function lockMeeting(trx: Trx, meetingId: string, lock: keyof typeof locks = 'change') {
  const [row] = await trx.$queryRaw<LockedMeeting[]>`
    select status::text, max_participants as "maxParticipants", current_participants_count as "currentParticipantsCount",
           scheduled_start_time as "scheduledStartTime", actual_start_time as "actualStartTime",
           actual_end_time as "actualEndTime"
    from convoke.meetings where id = ${meetingId}::uuid ${locks[lock]}`;
  return row;
}

export function join(db: Db, place: Place): Promise<ParticipantView> {
  const { meetingId, userId } = place;
  return db.$transaction(async (trx) => {
    const locked = await lockMeeting(trx, meetingId);
    const { meeting, member } = admit(locked, await memberOf(trx, place, 'change'), { states: running });
    const now = new Date();
    const wasPresent = isPresent(member);
    if (!wasPresent && meeting.maxParticipants !== null) {
      const host = await trx.participant.findFirst({ where: { meetingId, role: 'Host' } });
      if (!seatFree(meeting, member, host !== null && isPresent(host))) throw new Refused('CAPACITY');
    }
    const entered = await trx.participant.update({
      where: { id: member.id },
      data: {
        ...(['Invited', 'Declined', 'Tentative'].includes(member.status) ? { status: 'Accepted' } : {}),
        ...{ joinedAt: member.joinedAt ?? now, leftAt: null, upcomingAt: meeting.scheduledStartTime },
      },
    });
    if (!wasPresent) {
      await trx.session.create({ data: { id: newId(), meetingId, authUserId: userId, joinedAt: now, createdAt: now } });
      await trx.meeting.update({
        where: { id: meetingId },
        data: { currentParticipantsCount: { increment: 1 } },
        select: { id: true },
      });
    }
    const { count: accepted } = await trx.invitation.updateMany({
      where: { meetingId, inviteeId: userId, status: { in: ['Pending', 'Declined'] } },
      data: { status: 'Accepted', respondedAt: now },
    });
    const joined = { id: newId(), type: 'participant.joined', audience: 'all', actorId: userId } as const;
    const data = { inviteeId: userId, byJoining: true };
    const answered = { type: 'invitation.accepted', actorId: userId };
    await append(
      trx,
      'meeting',
      [
        ...(wasPresent ? [] : [{ ...joined, streamId: meetingId, data: { userId, role: entered.role } }]),
        ...(accepted > 0 ? [{ ...answered, id: newId(), streamId: meetingId, audience: 'hosts' as const, data }] : []),
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
    await append(trx, 'user', accepted > 0 ? [told] : [], now);
    return viewOf(entered, wasPresent ? await handOf(trx, place) : null);
  });
}

async function handOf(trx: Trx, { meetingId, userId }: Place): Promise<Date | null> {
  const where = { meetingId, authUserId: userId, kind: 'hand', endedAt: null };
  return (await trx.mediaInterval.findFirst({ where }))?.startedAt ?? null;
}

export function leave(db: Db, place: Place): Promise<ParticipantView> {
  const { meetingId, userId } = place;
  return db.$transaction(async (trx) => {
    const locked = await lockMeeting(trx, meetingId);
    const { meeting, member } = admit(locked, await memberOf(trx, place, 'change'), { states: running });
    const now = new Date();
    const mine = { meetingId, authUserId: userId };
    const stays = await trx.session.findMany({ where: mine });
    const open = stays.filter(({ leftAt }) => leftAt === null);
    if (open.length === 0) return viewOf(member);
    await trx.session.updateMany({ where: { ...mine, leftAt: null }, data: { leftAt: now, leftReason: 'left' } });
    const ended = stays.map((session) => ({ ...session, leftAt: session.leftAt ?? now }));
    const departed = await trx.participant.update({
      where: { id: member.id },
      data: {
        leftAt: later(now, member.joinedAt ?? now),
        totalDurationMinutes: minutesOf(ended, meeting.actualStartTime),
      },
    });
    const on = await trx.mediaInterval.findMany({ where: { ...mine, endedAt: null } });
    if (on.length > 0)
      await trx.mediaInterval.updateMany({ where: { ...mine, endedAt: null }, data: { endedAt: now } });
    await trx.meeting.update({
      where: { id: meetingId },
      data: { currentParticipantsCount: { decrement: 1 } },
      select: { id: true },
    });
    const told = { streamId: meetingId, audience: 'all', actorId: userId, data: { userId, reason: 'left' } } as const;
    const shares = on.filter(({ kind }) => kind === 'screen').map(() => 'screen-share.stopped');
    await append(
      trx,
      'meeting',
      [...shares, 'participant.left'].map((type) => ({ ...told, id: newId(), type })),
      now,
    );
    return viewOf(departed);
  });
}

export async function heartbeat(db: Db, place: Place): Promise<void> {
  await db.$transaction(async (trx) => {
    const where = { meetingId: place.meetingId, authUserId: place.userId, leftAt: null };
    const { count } = await trx.session.updateMany({ where, data: { lastHeartbeatAt: new Date() } });
    if (count > 0) return;
    await admitted(trx, place, 'share', { states: running });
    throw new Refused('FORBIDDEN');
  });
}

export function raiseHand(db: Db, place: Place): Promise<ParticipantView> {
  return db.$transaction(async (trx) => {
    const member = await begin(trx, place, 'hand', 'participant.hand-raised', { userId: place.userId });
    return viewOf(member, await handOf(trx, place));
  });
}

export function setMedia(db: Db, place: Place): Promise<MediaView> {
  const { meetingId, userId } = place;
  return db.$transaction(async (trx) => {
    await begin(trx, place, 'microphone', 'media.changed', { userId, changed: { microphone: true } });
    const on = await trx.mediaInterval.findMany({ where: { meetingId, authUserId: userId, endedAt: null } });
    const has = (kind: string) => on.some((interval) => interval.kind === kind);
    return { meetingId, authUserId: userId, microphone: true, speaking: has('speaking'), camera: has('camera') };
  });
}

async function begin(trx: Trx, place: Place, kind: string, type: string, data: Json) {
  const { meetingId, userId } = place;
  const member = await admitted(trx, place, 'change', { roles: speakers, states: running });
  requirePresence(member);
  const now = new Date();
  const { count } = await trx.mediaInterval.createMany({
    data: [{ id: newId(), meetingId, authUserId: userId, kind, startedAt: now }],
    skipDuplicates: true,
  });
  const draft = { id: newId(), streamId: meetingId, type, audience: 'all', actorId: userId, data } as const;
  await append(trx, 'meeting', count > 0 ? [draft] : [], now);
  return member;
}
