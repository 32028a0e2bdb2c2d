import { MeetingError, notFound } from '../core/errors.ts';
import { meetingStream } from '../core/event.ts';
import { newId } from '../core/identifier.ts';
import type { Kernel } from '../core/kernel.ts';
import { authorise } from '../core/policy.ts';
import { statement } from '../core/statement.ts';
import type { Work } from '../core/work.ts';
import { settleEngagement } from '../engagement/index.ts';
import { acceptByComing } from '../invitations/index.ts';
import { participantEvents } from './participant.events.ts';
import type { AttendanceMark, ParticipantView } from './participant.schema.ts';
import { lockParticipant, participantInMeeting, participantViewOf } from './participant.statements.ts';
import { disownSessions, insertSession, reclaimSessions, setAttendance, settlePerson } from './settle.statements.ts';

/** Where a stay comes from that a host has vouched for. */
const markedSource = 'marked';

/** 1 meeting, 2 when the person was asked. */
const vouchedSpan = statement<{ start: string; end: string }>(
  'meeting-vouched-span',
  (t) => `
  select least(greatest(actual_start_time, $2::timestamptz), actual_end_time) as start, actual_end_time as end
  from ${t.meetings} where id = $1::uuid`,
);

/**
 * Corrects whether a person attended. Sessions stay the source of attendance: who is marked present without any gets one for the
 * whole meeting, under its own source; the stays of somebody marked absent remain on record but are no longer theirs.
 */
export async function markAttendance(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  userId: string,
  mark: AttendanceMark,
): Promise<ParticipantView> {
  const { standing, now } = await kernel.enter(work, meetingId);
  const [person] = await work.run(lockParticipant, [meetingId, userId]);
  const member = person !== undefined && !person.removed;
  authorise('participant.markAttendance', standing, { conditions: { targetIsMember: member } });
  if (!member) throw notFound('participant');
  if (person.status === 'Declined' && mark === 'NoShow')
    throw new MeetingError(
      'CONFLICT',
      'The person declined, so nobody missed them; only an expected person is a no-show.',
    );
  if (person.status !== mark) {
    if (person.status === 'Declined') await acceptByComing(work, meetingId, userId, now);
    if (mark === 'NoShow') await work.run(disownSessions, [meetingId, userId]);
    else if (person.joined_at === null) await vouchFor(work, meetingId, userId, person.invited_at, now);
    await work.run(settlePerson, [meetingId, userId]);
    await work.run(setAttendance, [meetingId, userId, mark]);
    const data = { userId, status: mark, formerStatus: person.status };
    work.emit(participantEvents, 'participant.attendance-marked', meetingStream(meetingId), data, {
      audience: 'hosts',
    });
    await settleEngagement(work, meetingId);
  }
  return participantViewOf(await work.one(participantInMeeting, [meetingId, userId]));
}

/** The person's own stays, if they were taken from them before; else one for the meeting from when they were asked. */
async function vouchFor(work: Work, meetingId: string, userId: string, invitedAt: string, now: Date): Promise<void> {
  if ((await work.run(reclaimSessions, [meetingId, userId])).length > 0) return;
  const { start, end } = await work.one(vouchedSpan, [meetingId, invitedAt]);
  const span = [new Date(start), new Date(end)];
  await work.run(insertSession, [newId(), meetingId, userId, markedSource, '', null, ...span, now]);
}
