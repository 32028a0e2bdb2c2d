import { meetingStream } from '../core/event.ts';
import type { Kernel } from '../core/kernel.ts';
import { authorise } from '../core/policy.ts';
import type { Work } from '../core/work.ts';
import { lapseInvitations } from '../invitations/index.ts';
import { closeOpenPolls } from '../polls/index.ts';
import { Meeting } from './meeting.entity.ts';
import { meetingEvents } from './meeting.events.ts';
import { isWithin, later, startWindow } from './meeting.rules.ts';
import type { MeetingView } from './meeting.schema.ts';
import { meetingById, meetingViewOf, refreshUpcoming } from './meeting.statements.ts';

/** Scheduled → InProgress. */
export async function start(kernel: Kernel, work: Work, meetingId: string): Promise<MeetingView> {
  const { standing, now } = await kernel.enter(work, meetingId);
  const meeting = await work.em.findOneOrFail(Meeting, meetingId);
  const window = startWindow(meeting, kernel.ports.rules);
  const details = { status: meeting.status, opensAt: window.opens, closesAt: window.closes };
  authorise('meeting.start', standing, { conditions: { withinStartWindow: isWithin(window, now) || { details } } });
  Object.assign(meeting, { status: 'InProgress', actualStartTime: now, updatedAt: later(now, meeting.updatedAt) });
  await work.flush();
  work.emit(meetingEvents, 'meeting.started', meetingStream(meetingId), { actualStartTime: now.toISOString() });
  return current(work, meetingId);
}

/** Scheduled → Postponed. Answers stay: they are asked anew when there is a new time. */
export async function postpone(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  reason: string | null,
): Promise<MeetingView> {
  const { standing, now } = await kernel.enter(work, meetingId);
  authorise('meeting.postpone', standing);
  const meeting = await work.em.findOneOrFail(Meeting, meetingId);
  Object.assign(meeting, { status: 'Postponed', updatedAt: later(now, meeting.updatedAt) });
  await work.flush();
  await work.run(refreshUpcoming, [meetingId]);
  work.emit(meetingEvents, 'meeting.postponed', meetingStream(meetingId), { reason });
  return current(work, meetingId);
}

/** Scheduled or Postponed → Cancelled, for good. */
export async function cancel(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  reason: string | null,
): Promise<MeetingView> {
  const { standing, now } = await kernel.enter(work, meetingId);
  authorise('meeting.cancel', standing);
  const meeting = await work.em.findOneOrFail(Meeting, meetingId);
  Object.assign(meeting, { status: 'Cancelled', updatedAt: later(now, meeting.updatedAt) });
  await work.flush();
  await lapseInvitations(work, meetingId, now);
  await work.run(refreshUpcoming, [meetingId]);
  await closeOpenPolls(work, meetingId, now);
  work.emit(meetingEvents, 'meeting.cancelled', meetingStream(meetingId), { reason });
  return current(work, meetingId);
}

async function current(work: Work, meetingId: string): Promise<MeetingView> {
  return meetingViewOf(await work.one(meetingById, [meetingId]));
}
