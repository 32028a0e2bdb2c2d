import type { z } from 'zod';
import { MeetingError } from '../core/errors.ts';
import { meetingStream } from '../core/event.ts';
import { newId } from '../core/identifier.ts';
import { instantOf } from '../core/instant.ts';
import type { Kernel } from '../core/kernel.ts';
import { conditions } from '../core/permission-terms.ts';
import { authorise } from '../core/policy.ts';
import type { Work } from '../core/work.ts';
import { settleEngagement } from '../engagement/index.ts';
import { acceptByComing } from '../invitations/index.ts';
import { endSessions } from './closing.ts';
import { decideAttendance } from './end-presence.ts';
import { participantEvents } from './participant.events.ts';
import type { ParticipantView, recordSessionInput } from './participant.schema.ts';
import { lockParticipant, participantInMeeting, participantViewOf } from './participant.statements.ts';
import { addToRoster, endedStay, insertSession, settlePerson, stayBounds } from './settle.statements.ts';
import { boundedStay, checkStay } from './stay.rules.ts';

/**
 * Takes in a stay that somebody else observed. Reports may come late, twice and in any order: what a person did follows
 * from all of them, and after the end attendance and engagement follow too.
 * @throws MeetingError CAPACITY when the stay goes on and no seat is free; CONFLICT when the person was removed before it
 */
export async function recordSession(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  observed: z.output<typeof recordSessionInput>,
): Promise<ParticipantView> {
  const { meeting, standing, now } = await kernel.enter(work, meetingId);
  authorise('participant.recordSession', standing);
  const { userId } = observed;
  // Whatever they were about to switch on is on or refused by now, and goes off with their last stay.
  await work.run(lockParticipant, [meetingId, userId]);
  const found = await work.one(stayBounds, [meetingId, userId, conditions.seatFree.exempts[0]]);
  const removedAt = instantOf(found.removed_at);
  const actualStartTime = instantOf(found.actual_start_time);
  const bounds = { now, actualStartTime, actualEndTime: instantOf(found.actual_end_time), removedAt };
  const stay = boundedStay({ joinedAt: observed.joinedAt, leftAt: observed.leftAt ?? null }, bounds);
  const refusal = checkStay(stay, bounds);
  if (refusal) throw refusal;

  const news = await store(work, meetingId, { ...observed, ...stay }, now);
  if (!news) return person(work, meetingId, userId);
  if (stay.leftAt === null && !found.present && !found.seat_free)
    throw new MeetingError('CAPACITY', 'Every seat is taken; report the stay again once it is over.');
  await work.run(addToRoster, [newId(), meetingId, userId, stay.joinedAt]);
  if (removedAt === null && meeting.status === 'InProgress') await acceptByComing(work, meetingId, userId, now);
  await work.run(settlePerson, [meetingId, userId]);
  if (meeting.status === 'Completed') {
    await decideAttendance(work, meetingId, meeting.settings, userId);
    await settleEngagement(work, meetingId);
  }
  const view = await person(work, meetingId, userId);
  const stream = meetingStream(meetingId);
  if (view.isPresent && !found.present)
    work.emit(participantEvents, 'participant.joined', stream, { userId, role: view.role });
  if (!view.isPresent && found.present)
    work.emit(participantEvents, 'participant.left', stream, { userId, reason: 'left' });
  return view;
}

/** @returns whether anything was told that was not known */
async function store(
  work: Work,
  meetingId: string,
  stay: z.output<typeof recordSessionInput> & { leftAt: Date | null },
  now: Date,
): Promise<boolean> {
  const { joinedAt, leftAt } = stay;
  const place = [meetingId, stay.userId, stay.source, stay.connectionId];
  const ended = leftAt === null ? [] : await work.run(endedStay, [...place, leftAt]);
  await endSessions(
    work,
    meetingId,
    ended.map(({ id }) => ({ id, leftAt: leftAt ?? now, reason: 'left' })),
  );
  const values = [newId(), ...place, stay.externalEventKey ?? null, joinedAt, leftAt, now];
  const added = await work.run(insertSession, values);
  return ended.length + added.length > 0;
}

async function person(work: Work, meetingId: string, userId: string): Promise<ParticipantView> {
  return participantViewOf(await work.one(participantInMeeting, [meetingId, userId]));
}
