import { meetingStream } from '../core/event.ts';
import type { Kernel } from '../core/kernel.ts';
import { authorise } from '../core/policy.ts';
import type { Work } from '../core/work.ts';
import { settleEngagement } from '../engagement/index.ts';
import { lapseInvitations } from '../invitations/index.ts';
import { endPresence } from '../participants/index.ts';
import { Meeting } from './meeting.entity.ts';
import { meetingEvents } from './meeting.events.ts';
import { later } from './meeting.rules.ts';
import type { MeetingView } from './meeting.schema.ts';
import { meetingById, meetingViewOf } from './meeting.statements.ts';

/**
 * InProgress → Completed, with everything that follows from it in the same transaction: whoever is present leaves, attendance is
 * decided, open questions lapse, and engagement is counted from facts that the locks hold still.
 */
export async function endMeeting(kernel: Kernel, work: Work, meetingId: string): Promise<MeetingView> {
  const { standing, now } = await kernel.enter(work, meetingId);
  authorise('meeting.end', standing);
  const meeting = await work.em.findOneOrFail(Meeting, meetingId);
  const actualEndTime = later(now, meeting.actualStartTime ?? now);
  Object.assign(meeting, { status: 'Completed', actualEndTime, updatedAt: later(now, meeting.updatedAt) });
  await work.flush();
  await endPresence(kernel, work, { meetingId, actualEndTime, settings: meeting.settings });
  await lapseInvitations(work, meetingId, actualEndTime);
  work.emit(meetingEvents, 'meeting.ended', meetingStream(meetingId), {
    actualEndTime: actualEndTime.toISOString(),
    automatic: work.principal.kind === 'system',
  });
  await settleEngagement(work, meetingId);
  return meetingViewOf(await work.one(meetingById, [meetingId]));
}
