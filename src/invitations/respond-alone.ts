import { standingOf } from '../core/access.ts';
import { MeetingError, notFound } from '../core/errors.ts';
import { meetingStream, userStream } from '../core/event.ts';
import { newId } from '../core/identifier.ts';
import type { Kernel } from '../core/kernel.ts';
import { authorise } from '../core/policy.ts';
import type { Work } from '../core/work.ts';
import { told } from '../events/index.ts';
import type { RespondResult } from './invitation.schema.ts';
import { refuseHost } from './respond-under-lock.ts';
import { type Answer, answerEvents, type Answered, respond } from './respond.statements.ts';

/**
 * Answers in one statement, where no seat is at stake.
 * @returns null when the answer needs the meeting's lock
 */
export async function respondAlone(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  response: Answer,
  note: string | null,
): Promise<RespondResult | null> {
  const ids = [newId(), newId()] as const;
  const [row] = await work.run(respond[response], [meetingId, work.actorId, work.clockParameter, note, ...ids]);
  if (row?.done) {
    tell(work, meetingId, answerEvents[response], ids, row.done);
    return { participationStatus: response, waitlistPosition: null };
  }
  if (!row?.found) throw notFound();
  const { found } = row;
  const standing = standingOf(work, { settings: null, ...found }, kernel.ports.switches);
  authorise('invitation.respond', standing, { own: found.invited, conditions: { invitationOpen: found.open } });
  refuseHost(standing.role, response);
  if (found.limited || found.actor_role === null) return null;
  throw new MeetingError('INTERNAL', 'An answer was refused without a reason.');
}

/** The hosts, and whoever has answered. */
function tell(
  work: Work,
  meetingId: string,
  type: string,
  [hostsId, ownId]: readonly [hosts: string, own: string],
  [told_at, seq, prev, epoch, ownSeq, ownPrev, ownEpoch]: Answered,
): void {
  const { actorId } = work;
  const about = { inviteeId: actorId };
  const stream = meetingStream(meetingId);
  told(work, { seq, prev, epoch, told_at }, { id: hostsId, stream, type, audience: 'hosts', actorId, data: about });
  const audience = Object.freeze({ users: Object.freeze([actorId]) });
  told(
    work,
    { seq: ownSeq, prev: ownPrev, epoch: ownEpoch, told_at },
    { id: ownId, stream: userStream(actorId), type, audience, actorId, data: { meetingId, ...about } },
  );
}
