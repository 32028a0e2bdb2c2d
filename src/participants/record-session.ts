import type { z } from 'zod';
import { MeetingError } from '../core/errors.ts';
import { meetingStream } from '../core/event.ts';
import { newId } from '../core/identifier.ts';
import type { Kernel } from '../core/kernel.ts';
import { authorise } from '../core/policy.ts';
import type { Work } from '../core/work.ts';
import { settleEngagement } from '../engagement/index.ts';
import { decideAttendance } from './end-presence.ts';
import { participantEvents } from './participant.events.ts';
import type { ParticipantView, recordSessionInput } from './participant.schema.ts';
import { participantInMeeting, participantViewOf } from './participant.statements.ts';
import { addToRoster, finishSession, insertSession, settlePerson } from './settle.statements.ts';

/**
 * Takes in a stay that somebody else observed. Reports may come late, twice and in any order: what a person did follows
 * from all of them, and after the end attendance and engagement follow too.
 */
export async function recordSession(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  stay: z.output<typeof recordSessionInput>,
): Promise<ParticipantView> {
  const { meeting, standing, now } = await kernel.enter(work, meetingId);
  authorise('participant.recordSession', standing);
  const leftAt = stay.leftAt ?? null;
  if (leftAt === null && meeting.status === 'Completed')
    throw new MeetingError('VALIDATION', 'leftAt is required once the meeting is over.', {
      details: { fields: [{ path: 'leftAt', message: 'is required once the meeting is over' }] },
    });
  const [former] = await work.run(participantInMeeting, [meetingId, stay.userId]);
  const wasPresent = former !== undefined && former.joined_at !== null && former.left_at === null;
  await work.run(addToRoster, [newId(), meetingId, stay.userId, stay.joinedAt]);
  const place = [meetingId, stay.userId, stay.source, stay.connectionId];
  const [finished] = leftAt === null ? [] : await work.run(finishSession, [...place, stay.joinedAt, leftAt]);
  if (finished === undefined)
    await work.run(insertSession, [newId(), ...place, stay.externalEventKey ?? null, stay.joinedAt, leftAt, now]);
  await work.run(settlePerson, [meetingId, stay.userId]);
  if (meeting.status === 'Completed') {
    await decideAttendance(work, meetingId, meeting.settings);
    await settleEngagement(work, meetingId);
  }
  const person = participantViewOf(await work.one(participantInMeeting, [meetingId, stay.userId]));
  const stream = meetingStream(meetingId);
  if (person.isPresent && !wasPresent)
    work.emit(participantEvents, 'participant.joined', stream, { userId: stay.userId, role: person.role });
  if (!person.isPresent && wasPresent)
    work.emit(participantEvents, 'participant.left', stream, { userId: stay.userId, reason: 'left' });
  return person;
}
