import type { Call } from '../core/call.ts';
import type { Kernel } from '../core/kernel.ts';
import { conditions } from '../core/permission-terms.ts';
import { sweep } from '../core/sweep.ts';
import type { Work } from '../core/work.ts';
import { announce } from './announce.ts';
import {
  askAgain as askAgainStatement,
  expireInvitations,
  lapseInvitations as lapseStatement,
  meetingsWithExpired,
  revokeInvitation,
} from './invitation.statements.ts';
import { meetingsWithWaitlist } from './waitlist.statements.ts';
import { promoteWaiting } from './waitlist.ts';

/** Meetings a sweep looks at in one go; the rest wait for the next. */
const sweepBatch = 100;

/** The meeting is over or cancelled: questions nobody has answered lapse with it. */
export async function lapseInvitations(work: Work, meetingId: string, now: Date): Promise<void> {
  await work.run(lapseStatement, [meetingId, now]);
}

/** The meeting has another time: everybody who was asked is asked again. @returns how many answers were reset */
export async function askAgain(work: Work, meetingId: string, now: Date): Promise<number> {
  const { reset } = await work.one(askAgainStatement, [meetingId, now, conditions.seatFree.exempts[0]]);
  return reset;
}

/** A person is no longer wanted: what they were asked is void. Says nothing of its own, whoever calls it does. */
export async function withdrawInvitation(work: Work, meetingId: string, userId: string, now: Date): Promise<void> {
  await work.run(revokeInvitation, [meetingId, userId, now]);
}

/** Lets invitations expire that nobody has answered in time. That frees no seat: whoever holds one, or waits, has answered. */
export async function expireDue(kernel: Kernel, call: Call, signal: AbortSignal): Promise<number> {
  const due = await kernel.read(call, (work) => work.run(meetingsWithExpired, [work.clockParameter, sweepBatch]));
  return sweep(due, signal, ({ meeting_id: meetingId }) =>
    kernel.run(call, async (work) => {
      const { now } = await kernel.enter(work, meetingId);
      const people = await work.run(expireInvitations, [meetingId, now]);
      for (const { invitee_id: inviteeId } of people) announce(work, 'invitation.expired', meetingId, inviteeId, {});
      return people.length;
    }),
  );
}

/** Promotion happens where a seat comes free; this finds what a crash or a change by hand left behind. */
export async function repairWaitlists(kernel: Kernel, call: Call, signal: AbortSignal): Promise<number> {
  const meetings = await kernel.read(call, (work) => work.run(meetingsWithWaitlist, [sweepBatch]));
  return sweep(meetings, signal, ({ meeting_id: meetingId }) =>
    kernel.run(call, async (work) => {
      const { meeting, now } = await kernel.enter(work, meetingId);
      return promoteWaiting(work, meeting, now);
    }),
  );
}
