import { standingOf } from '../core/access.ts';
import { MeetingError } from '../core/errors.ts';
import { meetingStream, userStream } from '../core/event.ts';
import { newId } from '../core/identifier.ts';
import type { Kernel } from '../core/kernel.ts';
import { conditions } from '../core/permission-terms.ts';
import { authorise, legalStates } from '../core/policy.ts';
import type { Work } from '../core/work.ts';
import { told } from '../events/index.ts';
import type { RespondInput, RespondResult } from './invitation.schema.ts';
import { answerEvents, refuseHost } from './respond-under-lock.ts';
import { respond, type RespondRow } from './respond.statements.ts';

/**
 * Answers in one statement, where no seat is at stake.
 * @returns null when the answer needs the meeting's lock
 */
export async function respondAlone(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  response: RespondInput['response'],
  note: string | null,
): Promise<RespondResult | null> {
  const type = answerEvents[response];
  const ids = { hosts: newId(), own: newId() };
  const row = await work.one(respond, [
    ...[meetingId, work.actorId, work.clockParameter, response, note],
    ...[[...legalStates('invitation.respond')], ids.hosts, ids.own, type, conditions.seatFree.exempts[0]],
  ]);
  tell(work, row, meetingId, type, ids);
  if (row.participation !== null) return { participationStatus: row.participation, waitlistPosition: null };
  const standing = standingOf(work, row, kernel.ports.switches);
  authorise('invitation.respond', standing, { own: row.invited, conditions: { invitationOpen: row.open } });
  refuseHost(standing.role, response);
  if (row.limited || row.actor_role === null) return null;
  throw new MeetingError('INTERNAL', 'An answer was refused without a reason.');
}

/** The hosts, and whoever has answered. */
function tell(
  work: Work,
  row: RespondRow,
  meetingId: string,
  type: string,
  ids: { readonly hosts: string; readonly own: string },
): void {
  const { actorId } = work;
  const about = { inviteeId: actorId };
  const stream = meetingStream(meetingId);
  told(work, row, { id: ids.hosts, stream, type, audience: 'hosts', actorId, data: about });
  const own = { seq: row.own_seq, prev: row.own_prev, epoch: row.own_epoch, told_at: row.told_at };
  const audience = Object.freeze({ users: Object.freeze([actorId]) });
  const data = { meetingId, ...about };
  told(work, own, { id: ids.own, stream: userStream(actorId), type, audience, actorId, data });
}
