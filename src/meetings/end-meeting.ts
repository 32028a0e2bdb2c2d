import { meetingStream } from '../core/event.ts';
import type { Kernel } from '../core/kernel.ts';
import { authorise } from '../core/policy.ts';
import { statement } from '../core/statement.ts';
import type { Work } from '../core/work.ts';
import { settleEngagement } from '../engagement/index.ts';
import { lapseInvitations } from '../invitations/index.ts';
import { endPresence } from '../participants/index.ts';
import { closeOpenPolls } from '../polls/index.ts';
import { Meeting } from './meeting.entity.ts';
import { meetingEvents } from './meeting.events.ts';
import { later } from './meeting.rules.ts';
import type { MeetingView } from './meeting.schema.ts';
import { meetingById, meetingViewOf } from './meeting.statements.ts';

/** Not before the start, nor before anybody came or went: a clock that is set back must not undo what has happened. 1 meeting, 2 now. */
const endTime = statement<{ at: string }>(
  'meeting-end-time',
  (t) => `
  select greatest($2::timestamptz, m.actual_start_time,
                  (select max(greatest(s.joined_at, s.left_at)) from ${t.meeting_participant_sessions} s
                   where s.meeting_id = m.id)) as at
  from ${t.meetings} m where m.id = $1::uuid`,
  { prepare: false },
);

/**
 * InProgress → Completed, with everything that follows from it in the same transaction: whoever is present leaves, attendance is
 * decided, polls close, open questions lapse, and engagement is counted from facts that the locks hold still.
 */
export async function endMeeting(kernel: Kernel, work: Work, meetingId: string): Promise<MeetingView> {
  const { standing, now } = await kernel.enter(work, meetingId);
  authorise('meeting.end', standing);
  const meeting = await work.em.findOneOrFail(Meeting, meetingId);
  const actualEndTime = new Date((await work.one(endTime, [meetingId, now])).at);
  Object.assign(meeting, { status: 'Completed', actualEndTime, updatedAt: later(now, meeting.updatedAt) });
  await work.flush();
  await endPresence(kernel, work, { meetingId, actualEndTime, settings: meeting.settings });
  // After the people's rows: whoever was voting has voted by now, and nobody else can.
  await closeOpenPolls(work, meetingId, actualEndTime);
  await lapseInvitations(work, meetingId, actualEndTime);
  work.emit(meetingEvents, 'meeting.ended', meetingStream(meetingId), {
    actualEndTime: actualEndTime.toISOString(),
    automatic: work.principal.kind === 'system',
  });
  await settleEngagement(work, meetingId);
  return meetingViewOf(await work.one(meetingById, [meetingId]));
}
