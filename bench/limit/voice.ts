/** Hands and microphones. */
import { newId } from '../../src/core/identifier.ts';
import type { ParticipantView } from '../../src/index.ts';
import type { MediaView, Place } from '../operations.ts';
import { type ParticipantRow, participantView } from '../views.ts';
import { announce, clock, type LimitClient, participantColumns } from './client.ts';

/**
 * Begins an interval of the own row's person. That row is locked, so that nobody removes the person or ends the meeting in between,
 * and written, so that whoever leaves meanwhile learns that there is something to switch off.
 * Parameters: 1 meeting, 2 user, 3 interval, 4 event.
 */
const begin = (kind: string, type: string, data: string) => `
  me as (
    select ${participantColumns}
    from convoke.meeting_participants p join convoke.meetings m on m.id = p.meeting_id
    where p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid and p.removed_at is null and p.joined_at is not null
      and p.left_at is null and p.role <> 'Observer' and m.status = 'InProgress'
    for no key update of p),
  begun as (
    insert into convoke.meeting_media_intervals as i (id, meeting_id, auth_user_id, kind, started_at)
    select $3::uuid, me.meeting_id, $2::uuid, '${kind}', ${clock} from me
    on conflict (meeting_id, auth_user_id, kind) where ended_at is null do nothing
    returning i.meeting_id, i.started_at as now),
  noticed as (update convoke.meeting_participants p set role = p.role from begun cross join me where p.id = me.id),
  ${announce('begun', type, data, '$4::uuid')}`;

const raiseHandText = `
  with ${begin('hand', 'participant.hand-raised', `jsonb_build_object('userId', $2::uuid)`)}
  select ${participantColumns}, coalesce((select now from begun), i.started_at) as "handRaisedAt"
  from me p left join convoke.meeting_media_intervals i
    on i.meeting_id = $1::uuid and i.auth_user_id = $2::uuid and i.kind = 'hand' and i.ended_at is null`;

export async function raiseHand(client: LimitClient, { meetingId, userId }: Place): Promise<ParticipantView> {
  const values = [meetingId, userId, newId(), newId()];
  const [row] = await client.named<ParticipantRow & { handRaisedAt: Date }>('raiseHand', raiseHandText, values);
  return row === undefined ? refuseVoice(client, meetingId, userId) : participantView(row, row.handRaisedAt);
}

const changed = `jsonb_build_object('userId', $2::uuid, 'changed', jsonb_build_object('microphone', true))`;
const microphoneText = `
  with ${begin('microphone', 'media.changed', changed)}
  select coalesce(bool_or(i.kind = 'speaking'), false) as speaking, coalesce(bool_or(i.kind = 'camera'), false) as camera
  from me left join convoke.meeting_media_intervals i
    on i.meeting_id = $1::uuid and i.auth_user_id = $2::uuid and i.ended_at is null
  group by me.id`;

export async function setMedia(client: LimitClient, { meetingId, userId }: Place): Promise<MediaView> {
  const values = [meetingId, userId, newId(), newId()];
  const [row] = await client.named<{ speaking: boolean; camera: boolean }>('setMedia', microphoneText, values);
  if (row === undefined) return refuseVoice(client, meetingId, userId);
  const { speaking, camera } = row;
  return { meetingId, authUserId: userId, microphone: true, speaking, camera };
}

function refuseVoice(client: LimitClient, meetingId: string, userId: string): Promise<never> {
  const roles = ['Host', 'CoHost', 'Presenter', 'Participant'];
  return client.refuse(meetingId, userId, { roles, states: ['InProgress'], otherwise: 'FORBIDDEN' });
}
