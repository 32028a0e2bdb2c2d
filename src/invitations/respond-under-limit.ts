import type { ParticipationStatus } from '../core/enums.ts';
import { notFound } from '../core/errors.ts';
import type { Kernel } from '../core/kernel.ts';
import { authorise } from '../core/policy.ts';
import { statement } from '../core/statement.ts';
import type { Work } from '../core/work.ts';
import { announce } from './announce.ts';
import type { RespondResult } from './invitation.schema.ts';
import { lockInvitation } from './invitation.statements.ts';
import { leaveWaitlist, recordAnswer } from './waitlist.statements.ts';
import { acceptOrWait, promoteWaiting } from './waitlist.ts';

const participationOf = statement<{ status: ParticipationStatus }>(
  'participation-of',
  (t) => `select status from ${t.meeting_participants} where meeting_id = $1::uuid and auth_user_id = $2::uuid`,
);

/** Answers where acceptances are limited: under the meeting's lock, because a yes takes a seat and a no may free one. */
export async function respondUnderLimit(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  response: 'Accepted' | 'Declined' | 'Tentative',
  note: string | null,
): Promise<RespondResult> {
  const { meeting, standing, now } = await kernel.enter(work, meetingId);
  const [invitation] = await work.run(lockInvitation, [meetingId, work.actorId]);
  const expiresAt = invitation?.expires_at ?? null;
  const expired = expiresAt !== null && new Date(expiresAt) <= now;
  authorise('invitation.respond', standing, {
    own: invitation !== undefined,
    conditions: { invitationOpen: invitation?.status !== 'Expired' && !expired },
  });
  const [person] = await work.run(participationOf, [meetingId, work.actorId]);
  if (person === undefined) throw notFound();
  if (response === 'Accepted') {
    if (person.status === 'Accepted') return { participationStatus: 'Accepted', waitlistPosition: null };
    const position = await acceptOrWait(work, meeting, now, note);
    return { participationStatus: position === null ? 'Accepted' : 'Invited', waitlistPosition: position };
  }
  await work.run(leaveWaitlist, [meetingId, work.actorId, now]);
  const status = response === 'Declined' ? 'Declined' : 'Pending';
  await work.run(recordAnswer, [meetingId, work.actorId, now, status, response, note]);
  announce(work, response === 'Declined' ? 'invitation.declined' : 'invitation.tentative', meetingId, work.actorId, {});
  await promoteWaiting(work, meeting, now);
  return { participationStatus: response, waitlistPosition: null };
}
