import type { ParticipantRole } from '../core/enums.ts';
import { MeetingError, notFound } from '../core/errors.ts';
import type { Kernel } from '../core/kernel.ts';
import { type ActorRole, conditions, roleRanks } from '../core/permission-terms.ts';
import { authorise } from '../core/policy.ts';
import { statement } from '../core/statement.ts';
import type { Work } from '../core/work.ts';
import { announce } from './announce.ts';
import { lockInvitation } from './invitation.statements.ts';
import { withdrawInvitation } from './lapse.ts';
import { promoteWaiting } from './waitlist.ts';

/** Takes the person off the roster: 1 meeting, 2 person, 3 now, 4 who did it, 5 the Host's role. Nobody present, and no Host. */
const takeOff = statement<{ id: string }>(
  'participant-take-off',
  (t) => `
  update ${t.meeting_participants} p
  set removed_at = $3::timestamptz, removed_by = $4::uuid, upcoming_at = null,
      status = case when p.joined_at is null then 'Invited' else p.status end
  where p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid and p.removed_at is null
    and p.role::text <> $5::text and (p.joined_at is null or p.left_at is not null)
  returning p.id`,
);

const placeOf = statement<{ role: ParticipantRole }>(
  'participant-place',
  (t) => `
  select role from ${t.meeting_participants}
  where meeting_id = $1::uuid and auth_user_id = $2::uuid and removed_at is null`,
);

/** Takes an invitation back, under the meeting's lock. */
export async function revoke(kernel: Kernel, work: Work, meetingId: string, inviteeId: string): Promise<null> {
  const { meeting, standing, now } = await kernel.enter(work, meetingId);
  const [invitation] = await work.run(lockInvitation, [meetingId, inviteeId]);
  const mine = invitation?.inviter_id === work.actorId && invitation.status === 'Pending';
  authorise('invitation.revoke', standing, { own: mine });
  if (invitation === undefined || invitation.revoked_at !== null) throw notFound('invitation');
  const [place] = await work.run(placeOf, [meetingId, inviteeId]);
  if (place !== undefined) refuseRank(standing.role, place.role, mine);
  await work.run(takeOff, [meetingId, inviteeId, now, work.actorId, conditions.seatFree.exempts[0]]);
  if ((await work.run(placeOf, [meetingId, inviteeId])).length > 0)
    throw new MeetingError('CONFLICT', 'The person is the Host or present now; remove them as a participant instead.');
  await withdrawInvitation(work, meetingId, inviteeId, now);
  announce(work, 'invitation.revoked', meetingId, inviteeId, {});
  await promoteWaiting(work, meeting, now);
  return null;
}

/**
 * Taking back an invitation takes a place away, and nobody does that to people of their own rank or above; but whoever asked
 * somebody of their own rank, and got no answer yet, may take that back.
 */
function refuseRank(actor: ActorRole, target: ParticipantRole, mine: boolean): void {
  if (actor === 'System' || actor === 'Outsider') return;
  const above = roleRanks[actor] - roleRanks[target];
  if (above > 0 || (mine && above === 0)) return;
  throw new MeetingError('FORBIDDEN', 'You can take a place only from people whose role ranks below yours.');
}
