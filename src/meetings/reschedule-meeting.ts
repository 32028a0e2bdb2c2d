import type { z } from 'zod';
import { meetingStream } from '../core/event.ts';
import type { Kernel } from '../core/kernel.ts';
import { authorise } from '../core/policy.ts';
import type { Work } from '../core/work.ts';
import { askAgain } from '../invitations/index.ts';
import { Meeting } from './meeting.entity.ts';
import { meetingEvents } from './meeting.events.ts';
import { checkSchedule, later } from './meeting.rules.ts';
import type { MeetingView, rescheduleInput } from './meeting.schema.ts';
import { meetingById, meetingViewOf, refreshUpcoming } from './meeting.statements.ts';

/** Scheduled or Postponed → Scheduled at another time. Who was asked for the old time is asked for the new one. */
export async function reschedule(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  wish: z.output<typeof rescheduleInput>,
): Promise<MeetingView> {
  const { standing, now } = await kernel.enter(work, meetingId);
  authorise('meeting.reschedule', standing);
  const refusal = checkSchedule(wish, now, work.principal.kind === 'system');
  if (refusal) throw refusal;
  const meeting = await work.em.findOneOrFail(Meeting, meetingId);
  const former = {
    formerStartTime: meeting.scheduledStartTime.toISOString(),
    formerEndTime: meeting.scheduledEndTime.toISOString(),
    formerTimezone: meeting.timezone,
  };
  const next = { ...wish, timezone: wish.timezone ?? meeting.timezone };
  Object.assign(meeting, { ...next, status: 'Scheduled', updatedAt: later(now, meeting.updatedAt) });
  await work.flush();
  // Seats come free by this, but nobody is left to promote: whoever stood in line is asked again like everybody.
  const reset = await askAgain(work, meetingId, now);
  await work.run(refreshUpcoming, [meetingId]);
  work.emit(meetingEvents, 'meeting.rescheduled', meetingStream(meetingId), {
    scheduledStartTime: next.scheduledStartTime.toISOString(),
    scheduledEndTime: next.scheduledEndTime.toISOString(),
    timezone: next.timezone,
    ...former,
    reset,
  });
  return meetingViewOf(await work.one(meetingById, [meetingId]));
}
