import { newId } from '../../../src/core/identifier.ts';
import type { ParticipantView } from '../../../src/index.ts';
import { type MediaView, type Place, Refused } from '../../operations.ts';
import { participantView } from '../../views.ts';
import { admit, later, minutesOf, requirePresence, running, seatFree, speakers } from '../rules.ts';
import { append, type Db, type Trx } from './events.ts';

const columns = [
  ...(['p.id', 'p.meeting_id', 'p.auth_user_id', 'p.role', 'p.status', 'p.invited_at', 'p.joined_at'] as const),
  ...(['p.left_at', 'p.total_duration_minutes', 'p.is_presenter', 'p.can_share_screen', 'p.can_use_chat'] as const),
  'p.removed_at' as const,
];

/** The own row, locked, and the meeting's state. */
export async function memberOf(trx: Trx, { meetingId, userId }: Place, lock: 'share' | 'change') {
  const query = trx
    .selectFrom('meeting_participants as p')
    .innerJoin('meetings as m', 'm.id', 'p.meeting_id')
    .select(columns)
    .select(['m.status as meeting_status', 'm.actual_start_time', 'm.scheduled_start_time'])
    .where('p.meeting_id', '=', meetingId)
    .where('p.auth_user_id', '=', userId);
  const row = await (lock === 'share' ? query.forShare('p') : query.forNoKeyUpdate('p')).executeTakeFirst();
  return row && { ...row, removedAt: row.removed_at, joinedAt: row.joined_at, leftAt: row.left_at };
}

/** As {@link memberOf}, for whoever may do it in this state. */
export async function admitted(trx: Trx, place: Place, lock: 'share' | 'change', needs: Parameters<typeof admit>[2]) {
  const member = await memberOf(trx, place, lock);
  admit(member && { status: member.meeting_status }, member, needs);
  if (member === undefined) throw new Refused('NOT_FOUND');
  return member;
}

export function lockMeeting(trx: Trx, meetingId: string) {
  return trx
    .selectFrom('meetings')
    .select(['id', 'status', 'max_participants', 'current_participants_count', 'scheduled_start_time', 'settings'])
    .select(['meeting_password', 'actual_start_time', 'actual_end_time'])
    .where('id', '=', meetingId)
    .forNoKeyUpdate()
    .executeTakeFirst();
}

export function join(db: Db, place: Place): Promise<ParticipantView> {
  const { meetingId, userId } = place;
  return db.transaction().execute(async (trx) => {
    const meeting = await lockMeeting(trx, meetingId);
    const found = await memberOf(trx, place, 'change');
    if (found === undefined || meeting === undefined) throw new Refused('NOT_FOUND');
    const { member } = admit(meeting, found, { states: running });
    const now = new Date();
    const wasPresent = member.joined_at !== null && member.left_at === null;
    if (!wasPresent && meeting.max_participants !== null) {
      const host = await trx
        .selectFrom('meeting_participants')
        .select(['joined_at', 'left_at'])
        .where('meeting_id', '=', meetingId)
        .where('role', '=', 'Host')
        .executeTakeFirst();
      const { max_participants: maxParticipants, current_participants_count: currentParticipantsCount } = meeting;
      const hostPresent = host !== undefined && host.joined_at !== null && host.left_at === null;
      if (!seatFree({ maxParticipants, currentParticipantsCount }, member, hostPresent)) throw new Refused('CAPACITY');
    }
    const status = ['Invited', 'Declined', 'Tentative'].includes(member.status) ? 'Accepted' : member.status;
    const entered = await trx
      .updateTable('meeting_participants as p')
      .set({ status, joined_at: member.joined_at ?? now, left_at: null, upcoming_at: meeting.scheduled_start_time })
      .where('p.id', '=', member.id)
      .returning(columns)
      .executeTakeFirstOrThrow();
    await trx
      .insertInto('meeting_participant_sessions')
      .values({ id: newId(), meeting_id: meetingId, auth_user_id: userId, joined_at: now, created_at: now })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    if (!wasPresent)
      await trx
        .updateTable('meetings')
        .set((eb) => ({ current_participants_count: eb('current_participants_count', '+', 1) }))
        .where('id', '=', meetingId)
        .execute();
    const accepted = await trx
      .updateTable('meeting_invitations')
      .set({ status: 'Accepted', responded_at: now })
      .where('meeting_id', '=', meetingId)
      .where('invitee_id', '=', userId)
      .where('status', 'in', ['Pending', 'Declined'])
      .returning('id')
      .execute();
    const common = { id: newId(), actorId: userId };
    const joined = {
      ...common,
      type: 'participant.joined',
      audience: 'all',
      data: { userId, role: entered.role },
    } as const;
    const answer = { inviteeId: userId, byJoining: true };
    const answered = { ...common, id: newId(), type: 'invitation.accepted' } as const;
    const streamId = meetingId;
    await append(
      trx,
      'meeting',
      [
        ...(wasPresent ? [] : [{ ...joined, streamId }]),
        ...accepted.map(() => ({ ...answered, streamId, audience: 'hosts' as const, data: answer })),
      ],
      now,
    );
    const own = { ...answered, id: newId(), audience: 'users', data: { meetingId, ...answer } } as const;
    await append(
      trx,
      'user',
      accepted.map(() => ({ ...own, streamId: userId })),
      now,
    );
    return participantView(entered, wasPresent ? await handOf(trx, place) : null);
  });
}

async function handOf(trx: Trx, { meetingId, userId }: Place): Promise<Date | null> {
  const hand = await trx
    .selectFrom('meeting_media_intervals')
    .select('started_at')
    .where('meeting_id', '=', meetingId)
    .where('auth_user_id', '=', userId)
    .where('kind', '=', 'hand')
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return hand?.started_at ?? null;
}

export function leave(db: Db, place: Place): Promise<ParticipantView> {
  const { meetingId, userId } = place;
  return db.transaction().execute(async (trx) => {
    const meeting = await lockMeeting(trx, meetingId);
    const found = await memberOf(trx, place, 'change');
    if (found === undefined || meeting === undefined) throw new Refused('NOT_FOUND');
    const { member } = admit(meeting, found, { states: running });
    const now = new Date();
    const closed = await trx
      .updateTable('meeting_participant_sessions')
      .set((eb) => ({ left_at: eb.fn<Date>('greatest', [eb.val(now), 'joined_at']), left_reason: 'left' }))
      .where('meeting_id', '=', meetingId)
      .where('auth_user_id', '=', userId)
      .where('left_at', 'is', null)
      .returning('left_at')
      .execute();
    if (closed.length === 0) return participantView(member);
    const stays = await trx
      .selectFrom('meeting_participant_sessions')
      .select(['joined_at as joinedAt', 'left_at as leftAt'])
      .where('meeting_id', '=', meetingId)
      .where('auth_user_id', '=', userId)
      .execute();
    const departed = await trx
      .updateTable('meeting_participants as p')
      .set({
        left_at: closed.reduce((latest, { left_at }) => later(latest, left_at ?? latest), member.joined_at ?? now),
        total_duration_minutes: minutesOf(stays, meeting.actual_start_time),
      })
      .where('p.id', '=', member.id)
      .returning(columns)
      .executeTakeFirstOrThrow();
    const off = await trx
      .updateTable('meeting_media_intervals')
      .set((eb) => ({ ended_at: eb.fn<Date>('greatest', [eb.val(now), 'started_at']) }))
      .where('meeting_id', '=', meetingId)
      .where('auth_user_id', '=', userId)
      .where('ended_at', 'is', null)
      .returning('kind')
      .execute();
    await trx
      .updateTable('meetings')
      .set((eb) => ({ current_participants_count: eb('current_participants_count', '-', 1) }))
      .where('id', '=', meetingId)
      .execute();
    const told = { streamId: meetingId, audience: 'all', actorId: userId, data: { userId, reason: 'left' } } as const;
    const shares = off.filter(({ kind }) => kind === 'screen');
    const drafts = [...shares.map(() => 'screen-share.stopped'), 'participant.left'];
    await append(
      trx,
      'meeting',
      drafts.map((type) => ({ ...told, id: newId(), type })),
      now,
    );
    return participantView(departed);
  });
}

export async function heartbeat(db: Db, place: Place): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const beats = await trx
      .updateTable('meeting_participant_sessions')
      .set({ last_heartbeat_at: new Date() })
      .where('meeting_id', '=', place.meetingId)
      .where('auth_user_id', '=', place.userId)
      .where('left_at', 'is', null)
      .returning('id')
      .execute();
    if (beats.length > 0) return;
    await admitted(trx, place, 'share', { states: running });
    throw new Refused('FORBIDDEN');
  });
}

export function raiseHand(db: Db, place: Place): Promise<ParticipantView> {
  const data = { userId: place.userId };
  return db.transaction().execute(async (trx) => {
    const { member } = await begin(trx, place, 'hand', 'participant.hand-raised', data);
    return participantView(member, await handOf(trx, place));
  });
}

export function setMedia(db: Db, place: Place): Promise<MediaView> {
  const { meetingId, userId } = place;
  const data = { userId, changed: { microphone: true } };
  return db.transaction().execute(async (trx) => {
    await begin(trx, place, 'microphone', 'media.changed', data);
    const on = await trx
      .selectFrom('meeting_media_intervals')
      .select('kind')
      .where('meeting_id', '=', meetingId)
      .where('auth_user_id', '=', userId)
      .where('ended_at', 'is', null)
      .execute();
    const has = (kind: string) => on.some((interval) => interval.kind === kind);
    return { meetingId, authUserId: userId, microphone: true, speaking: has('speaking'), camera: has('camera') };
  });
}

async function begin(trx: Trx, place: Place, kind: string, type: string, data: Record<string, unknown>) {
  const { meetingId, userId } = place;
  const member = await admitted(trx, place, 'change', { roles: speakers, states: running });
  requirePresence(member);
  const now = new Date();
  const begun = await trx
    .insertInto('meeting_media_intervals')
    .values({ id: newId(), meeting_id: meetingId, auth_user_id: userId, kind, started_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .execute();
  const draft = { streamId: meetingId, type, audience: 'all', actorId: userId, data } as const;
  await append(
    trx,
    'meeting',
    begun.map(() => ({ ...draft, id: newId() })),
    now,
  );
  return { member };
}
