import type { ParticipationStatus } from '../core/enums.ts';
import { MeetingError } from '../core/errors.ts';
import { newId } from '../core/identifier.ts';
import type { Kernel } from '../core/kernel.ts';
import type { ActorRole } from '../core/permission-terms.ts';
import { authorise } from '../core/policy.ts';
import { statement } from '../core/statement.ts';
import type { Work } from '../core/work.ts';
import { initialFlags } from '../participants/index.ts';
import { announce } from './announce.ts';
import type { RespondResult } from './invitation.schema.ts';
import { type InvitationRow, lockInvitation } from './invitation.statements.ts';
import { type Answer, answerEvents } from './respond.statements.ts';
import { leaveWaitlist, recordAnswer } from './waitlist.statements.ts';
import { acceptOrWait, promoteWaiting } from './waitlist.ts';

const participationOf = statement<{ status: ParticipationStatus }>(
  'participation-of',
  (t) => `select status from ${t.meeting_participants} where meeting_id = $1::uuid and auth_user_id = $2::uuid`,
);

/** An invitee whom nobody has put on the roster yet: 1 id, 2 meeting, 3 invitee, 4 role, 5–7 its flags, 8 when asked. */
const addInvitee = statement<{ id: string }>(
  'participant-add-invitee',
  (t) => `
  insert into ${t.meeting_participants}
    (id, meeting_id, auth_user_id, role, status, is_presenter, can_share_screen, can_use_chat, invited_at)
  values ($1::uuid, $2::uuid, $3::uuid, $4::${t.type('participant_role')}, 'Invited', $5::boolean, $6::boolean, $7::boolean,
          $8::timestamptz)
  on conflict (meeting_id, auth_user_id) do nothing
  returning id`,
);

/**
 * Answers under the meeting's lock: where acceptances are limited, because a yes takes a seat and a no may free one, and where
 * the invitee has no place on the roster yet.
 */
export async function respondUnderLock(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  response: Answer,
  note: string | null,
): Promise<RespondResult> {
  const { meeting, standing, now } = await kernel.enter(work, meetingId);
  const [invitation] = await work.run(lockInvitation, [meetingId, work.actorId]);
  authorise('invitation.respond', standing, {
    own: invitation !== undefined,
    conditions: { invitationOpen: invitation !== undefined && isOpen(invitation, now) },
  });
  refuseHost(standing.role, response);
  const participation = invitation === undefined ? null : await placeOf(work, invitation);
  if (response === 'Accepted' && participation !== 'Accepted') {
    const position = await acceptOrWait(work, meeting, now, note);
    return { participationStatus: position === null ? 'Accepted' : 'Invited', waitlistPosition: position };
  }
  await work.run(leaveWaitlist, [meetingId, work.actorId, now]);
  const status = response === 'Tentative' ? 'Pending' : response;
  await work.run(recordAnswer, [meetingId, work.actorId, now, status, response, note]);
  announce(work, answerEvents[response], meetingId, work.actorId, {});
  await promoteWaiting(work, meeting, now);
  return { participationStatus: response, waitlistPosition: null };
}

/**
 * Somebody has to hold a meeting, so whoever does has accepted.
 * @throws MeetingError CONFLICT for any other answer of a Host, who was invited once and handed the meeting since
 */
export function refuseHost(role: ActorRole, response: Answer): void {
  if (role !== 'Host' || response === 'Accepted') return;
  throw new MeetingError(
    'CONFLICT',
    'The Host of a meeting has accepted it; to answer otherwise, hand it over first (participants.transferHost), or cancel it.',
  );
}

/** The time to answer bounds the first answer; one that was given in time may change until the meeting ends. */
function isOpen({ status, responded_at, expires_at }: InvitationRow, now: Date): boolean {
  return status !== 'Expired' && (responded_at !== null || expires_at === null || new Date(expires_at) > now);
}

async function placeOf(work: Work, invitation: InvitationRow): Promise<ParticipationStatus> {
  const { meeting_id: meetingId, invitee_id: userId, role } = invitation;
  const [place] = await work.run(participationOf, [meetingId, userId]);
  if (place !== undefined) return place.status;
  const { isPresenter, canShareScreen, canUseChat } = initialFlags(role);
  const flags = [isPresenter, canShareScreen, canUseChat];
  await work.run(addInvitee, [newId(), meetingId, userId, role, ...flags, invitation.invited_at]);
  return 'Invited';
}
