import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { newId } from '../../../src/core/identifier.ts';
import type { ParticipantView } from '../../../src/index.ts';
import { type MediaView, type Place, Refused } from '../../operations.ts';
import { admit, isPresent, later, minutesOf, requirePresence, running, seatFree, speakers } from '../rules.ts';
import { append, type Db, type Trx } from './events.ts';
import { invitations, media, meetings, participants, sessions } from './schema.ts';

const { id, meetingId: meeting, authUserId, role, status, invitedAt, joinedAt, leftAt } = participants;
const { totalDurationMinutes, isPresenter, canShareScreen, canUseChat, removedAt } = participants;
const columns = {
  ...{ id, meetingId: meeting, authUserId, role, status, invitedAt, joinedAt, leftAt },
  ...{ totalDurationMinutes, isPresenter, canShareScreen, canUseChat },
};

type Columns = Omit<ParticipantView, 'isPresent' | 'handRaisedAt'>;

function viewOf(row: Columns, handRaisedAt: Date | null = null): ParticipantView {
  return {
    ...{ id: row.id, meetingId: row.meetingId, authUserId: row.authUserId, role: row.role, status: row.status },
    ...{ invitedAt: row.invitedAt, joinedAt: row.joinedAt, leftAt: row.leftAt },
    ...{ totalDurationMinutes: row.totalDurationMinutes, isPresenter: row.isPresenter },
    ...{ canShareScreen: row.canShareScreen, canUseChat: row.canUseChat, isPresent: isPresent(row), handRaisedAt },
  };
}

const own = (place: Place) =>
  and(eq(participants.meetingId, place.meetingId), eq(participants.authUserId, place.userId));
const off = (place: Place) =>
  and(eq(media.meetingId, place.meetingId), eq(media.authUserId, place.userId), isNull(media.endedAt));

/** The own row, locked, and the meeting's state. */
export async function memberOf(trx: Trx, place: Place, lock: 'share' | 'no key update') {
  const [row] = await trx
    .select({ ...columns, removedAt, meetingStatus: meetings.status })
    .from(participants)
    .innerJoin(meetings, eq(meetings.id, participants.meetingId))
    .where(own(place))
    .for(lock, { of: participants });
  return row;
}

export async function admitted(
  trx: Trx,
  place: Place,
  lock: 'share' | 'no key update',
  needs: Parameters<typeof admit>[2],
) {
  const row = await memberOf(trx, place, lock);
  admit(row && { status: row.meetingStatus }, row, needs);
  if (row === undefined) throw new Refused('NOT_FOUND');
  return row;
}

export async function lockMeeting(trx: Trx, place: Place) {
  const [row] = await trx.select().from(meetings).where(eq(meetings.id, place.meetingId)).for('no key update');
  return row;
}

export function join(db: Db, place: Place): Promise<ParticipantView> {
  const { meetingId, userId } = place;
  return db.transaction(async (trx) => {
    const locked = await lockMeeting(trx, place);
    const { meeting: row, member } = admit(locked, await memberOf(trx, place, 'no key update'), { states: running });
    const now = new Date();
    const wasPresent = isPresent(member);
    if (!wasPresent && row.maxParticipants !== null) {
      const [host] = await trx
        .select({ joinedAt, leftAt })
        .from(participants)
        .where(and(eq(participants.meetingId, meetingId), eq(participants.role, 'Host')));
      if (!seatFree(row, member, host !== undefined && isPresent(host))) throw new Refused('CAPACITY');
    }
    const answer = ['Invited', 'Declined', 'Tentative'].includes(member.status) ? 'Accepted' : member.status;
    const [entered] = await trx
      .update(participants)
      .set({ status: answer, joinedAt: member.joinedAt ?? now, leftAt: null, upcomingAt: row.scheduledStartTime })
      .where(eq(participants.id, member.id))
      .returning(columns);
    if (entered === undefined) throw new Refused('NOT_FOUND');
    await trx
      .insert(sessions)
      .values({ id: newId(), meetingId, authUserId: userId, joinedAt: now, createdAt: now })
      .onConflictDoNothing();
    if (!wasPresent)
      await trx
        .update(meetings)
        .set({ currentParticipantsCount: sql`${meetings.currentParticipantsCount} + 1` })
        .where(eq(meetings.id, meetingId));
    const accepted = await trx
      .update(invitations)
      .set({ status: 'Accepted', respondedAt: now })
      .where(
        and(
          ...[eq(invitations.meetingId, meetingId), eq(invitations.inviteeId, userId)],
          inArray(invitations.status, ['Pending', 'Declined']),
        ),
      )
      .returning({ id: invitations.id });
    const joined = { type: 'participant.joined', audience: 'all', data: { userId, role: entered.role } } as const;
    const data = { inviteeId: userId, byJoining: true };
    const answered = { type: 'invitation.accepted', actorId: userId };
    await append(
      trx,
      'meeting',
      [
        ...(wasPresent ? [] : [{ ...joined, id: newId(), streamId: meetingId, actorId: userId }]),
        ...accepted.map(() => ({ ...answered, id: newId(), streamId: meetingId, audience: 'hosts' as const, data })),
      ],
      now,
    );
    const told = { ...answered, streamId: userId, audience: 'users', data: { meetingId, ...data } } as const;
    await append(
      trx,
      'user',
      accepted.map(() => ({ ...told, id: newId() })),
      now,
    );
    return viewOf(entered, wasPresent ? await handOf(trx, place) : null);
  });
}

async function handOf(trx: Trx, place: Place): Promise<Date | null> {
  const [hand] = await trx
    .select({ startedAt: media.startedAt })
    .from(media)
    .where(and(off(place), eq(media.kind, 'hand')));
  return hand?.startedAt ?? null;
}

export function leave(db: Db, place: Place): Promise<ParticipantView> {
  const { meetingId, userId } = place;
  return db.transaction(async (trx) => {
    const locked = await lockMeeting(trx, place);
    const { meeting: row, member } = admit(locked, await memberOf(trx, place, 'no key update'), { states: running });
    const now = new Date();
    const mine = and(eq(sessions.meetingId, meetingId), eq(sessions.authUserId, userId));
    const closed = await trx
      .update(sessions)
      .set({ leftAt: sql`greatest(${now.toISOString()}::timestamptz, ${sessions.joinedAt})`, leftReason: 'left' })
      .where(and(mine, isNull(sessions.leftAt)))
      .returning({ leftAt: sessions.leftAt });
    if (closed.length === 0) return viewOf(member);
    const stays = await trx.select({ joinedAt: sessions.joinedAt, leftAt: sessions.leftAt }).from(sessions).where(mine);
    const [departed] = await trx
      .update(participants)
      .set({
        leftAt: closed.reduce((latest, session) => later(latest, session.leftAt ?? latest), member.joinedAt ?? now),
        totalDurationMinutes: minutesOf(stays, row.actualStartTime),
      })
      .where(eq(participants.id, member.id))
      .returning(columns);
    if (departed === undefined) throw new Refused('NOT_FOUND');
    const lowered = await trx
      .update(media)
      .set({ endedAt: sql`greatest(${now.toISOString()}::timestamptz, ${media.startedAt})` })
      .where(off(place))
      .returning({ kind: media.kind });
    await trx
      .update(meetings)
      .set({ currentParticipantsCount: sql`${meetings.currentParticipantsCount} - 1` })
      .where(eq(meetings.id, meetingId));
    const told = { streamId: meetingId, audience: 'all', actorId: userId, data: { userId, reason: 'left' } } as const;
    const shares = lowered.filter(({ kind }) => kind === 'screen').map(() => 'screen-share.stopped');
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
  await db.transaction(async (trx) => {
    const beats = await trx
      .update(sessions)
      .set({ lastHeartbeatAt: new Date() })
      .where(
        and(eq(sessions.meetingId, place.meetingId), eq(sessions.authUserId, place.userId), isNull(sessions.leftAt)),
      )
      .returning({ id: sessions.id });
    if (beats.length > 0) return;
    await admitted(trx, place, 'share', { states: running });
    throw new Refused('FORBIDDEN');
  });
}

export function raiseHand(db: Db, place: Place): Promise<ParticipantView> {
  return db.transaction(async (trx) => {
    const member = await begin(trx, place, 'hand', 'participant.hand-raised', { userId: place.userId });
    return viewOf(member, await handOf(trx, place));
  });
}

export function setMedia(db: Db, place: Place): Promise<MediaView> {
  const { meetingId, userId } = place;
  return db.transaction(async (trx) => {
    await begin(trx, place, 'microphone', 'media.changed', { userId, changed: { microphone: true } });
    const on = await trx.select({ kind: media.kind }).from(media).where(off(place));
    const has = (kind: string) => on.some((interval) => interval.kind === kind);
    return { meetingId, authUserId: userId, microphone: true, speaking: has('speaking'), camera: has('camera') };
  });
}

async function begin(trx: Trx, place: Place, kind: string, type: string, data: Record<string, unknown>) {
  const { meetingId, userId } = place;
  const member = await admitted(trx, place, 'no key update', { roles: speakers, states: running });
  requirePresence(member);
  const now = new Date();
  const begun = await trx
    .insert(media)
    .values({ id: newId(), meetingId, authUserId: userId, kind, startedAt: now })
    .onConflictDoNothing()
    .returning({ id: media.id });
  const draft = { streamId: meetingId, type, audience: 'all', actorId: userId, data } as const;
  await append(
    trx,
    'meeting',
    begun.map(() => ({ ...draft, id: newId() })),
    now,
  );
  return member;
}
