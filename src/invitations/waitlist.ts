import type { MeetingFacts, StoredSettings } from '../core/access.ts';
import { newId } from '../core/identifier.ts';
import type { Kernel } from '../core/kernel.ts';
import type { Work } from '../core/work.ts';
import { announce } from './announce.ts';
import {
  acceptComing,
  acceptedSeats,
  enterWaitlist,
  leaveWaitlist,
  promoteNext,
  recordAnswer,
  seatWalkIn,
  waitlistPosition,
} from './waitlist.statements.ts';

/** How many may have accepted at one time; null is no limit. */
function acceptanceLimit(settings: StoredSettings): number | null {
  const limit = settings['limitAcceptances'];
  return typeof limit === 'number' ? limit : null;
}

/**
 * Gives seats that are free now to the first in line. Called by whatever can free one, in its own transaction and under the
 * meeting's lock, so that each seat is given once.
 * @returns how many were promoted
 */
export async function promoteWaiting(work: Work, meeting: MeetingFacts, now: Date): Promise<number> {
  if (meeting.status === 'Completed' || meeting.status === 'Cancelled') return 0;
  const promoted = await work.run(promoteNext, [meeting.id, acceptanceLimit(meeting.settings), now]);
  for (const { auth_user_id: inviteeId } of promoted)
    announce(work, 'invitation.promoted', meeting.id, inviteeId, {}, { actorId: null });
  return promoted.length;
}

/**
 * Takes an accepted seat for somebody who is about to join a meeting that limits acceptances. Nobody is put in line here: who
 * stands at the door wants to come in now.
 * @returns false when every seat is taken
 */
export async function takeSeat(kernel: Kernel, work: Work, meetingId: string, userId: string): Promise<boolean> {
  const { meeting, now } = await kernel.enter(work, meetingId);
  if (!(await seatFree(work, meeting))) return false;
  await work.run(seatWalkIn, [newId(), meetingId, userId, now]);
  await acceptByComing(work, meetingId, userId, now);
  return true;
}

/**
 * Whoever comes, or takes the meeting over, has accepted, whatever they answered before, and waits no longer. Under the
 * meeting's lock.
 */
export async function acceptByComing(
  work: Work,
  meetingId: string,
  userId: string,
  now: Date,
  byJoining = true,
): Promise<void> {
  await work.run(leaveWaitlist, [meetingId, userId, now]);
  const { answered } = await work.one(acceptComing, [meetingId, userId, now]);
  if (answered) announce(work, 'invitation.accepted', meetingId, userId, byJoining ? { byJoining } : {});
}

/** Accepts for the actor where seats are limited: a seat if one is free and nobody stands before them, else a place in line. */
export async function acceptOrWait(
  work: Work,
  meeting: MeetingFacts,
  now: Date,
  note: string | null,
): Promise<number | null> {
  const userId = work.actorId;
  if (await seatFree(work, meeting)) {
    await work.run(leaveWaitlist, [meeting.id, userId, now]);
    await work.run(recordAnswer, [meeting.id, userId, now, 'Accepted', 'Accepted', note]);
    announce(work, 'invitation.accepted', meeting.id, userId, {});
    return null;
  }
  const [entered] = await work.run(enterWaitlist, [newId(), meeting.id, userId, now]);
  await work.run(recordAnswer, [meeting.id, userId, now, 'Pending', 'Invited', note]);
  const { position } = await work.one(waitlistPosition, [meeting.id, userId]);
  if (entered !== undefined) announce(work, 'invitation.waitlisted', meeting.id, userId, { position });
  return position;
}

async function seatFree(work: Work, meeting: MeetingFacts): Promise<boolean> {
  const limit = acceptanceLimit(meeting.settings);
  if (limit === null) return true;
  const { taken } = await work.one(acceptedSeats, [meeting.id]);
  return taken < limit;
}
