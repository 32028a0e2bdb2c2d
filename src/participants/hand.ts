import { meetingStream } from '../core/event.ts';
import { newId } from '../core/identifier.ts';
import type { Kernel } from '../core/kernel.ts';
import { authorise } from '../core/policy.ts';
import type { Work } from '../core/work.ts';
import { told } from '../events/index.ts';
import { standingOfFound } from './found-standing.ts';
import { type HandSet, lowerHand, raiseHand } from './hand.statements.ts';
import type { ParticipantView } from './participant.schema.ts';
import { participantViewOf } from './participant.statements.ts';

/**
 * Raises or lowers a person's own hand.
 * @returns null when it stood so already; how, a statement that has waited may not have seen
 */
export async function setHand(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  raised: boolean,
): Promise<ParticipantView | null> {
  const eventId = newId();
  const parameters = [meetingId, work.actorId, work.clockParameter, eventId];
  const [row] = await (raised ? work.run(raiseHand, [...parameters, newId()]) : work.run(lowerHand, parameters));
  if (row?.done) return handSet(work, meetingId, eventId, raised, row.done);
  const standing = await standingOfFound(kernel, work, meetingId, row?.found ?? undefined);
  authorise('participant.raiseHand', standing, { own: true, conditions: { present: row?.found?.present === true } });
  return null;
}

/** Tells of it. Whoever does this is there, and the hand is up since the event. */
function handSet(work: Work, meetingId: string, eventId: string, raised: boolean, done: HandSet): ParticipantView {
  const { actorId } = work;
  const [seq, prev, epoch, told_at, id, role, status, invited_at, joined_at, ...rest] = done;
  const [total_duration_minutes, is_presenter, can_share_screen, can_use_chat] = rest;
  const type = raised ? 'participant.hand-raised' : 'participant.hand-lowered';
  const event = { id: eventId, stream: meetingStream(meetingId), type, audience: 'all', actorId } as const;
  told(work, { seq, prev, epoch, told_at }, { ...event, data: { userId: actorId } });
  return participantViewOf({
    id,
    meeting_id: meetingId,
    auth_user_id: actorId,
    role,
    status,
    invited_at,
    joined_at,
    left_at: null,
    total_duration_minutes,
    is_presenter,
    can_share_screen,
    can_use_chat,
    hand_raised_at: raised ? told_at : null,
  });
}
