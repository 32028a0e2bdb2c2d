import { isMeeting } from '../core/access.ts';
import type { MeetingStatus, ParticipantRole, ParticipationStatus } from '../core/enums.ts';
import { streamKinds } from '../core/event.ts';
import { hostRoles } from '../core/permission-terms.ts';
import { isRole } from '../core/policy.ts';
import { statement } from '../core/statement.ts';

/** A person of a meeting, as far as it decides what they see. */
export interface PersonRow {
  readonly userId: string;
  readonly role: ParticipantRole;
  readonly status: ParticipationStatus;
  readonly removed: boolean;
}

export interface StandingsRow {
  readonly meeting_status: MeetingStatus;
  /** Those of the people asked about who have a row. */
  readonly people: readonly PersonRow[];
  /** The stream's head in the same snapshot: null where there is none yet. */
  readonly epoch: string | null;
  readonly seq: string | number | null;
  readonly min_seq: string | number | null;
}

/** Where people stand in a meeting, and where its stream stood then. Parameters: 1 meeting, 2 people. */
export const standings = statement<StandingsRow>(
  'realtime-standings',
  (t) => `
  select m.status as meeting_status, h.epoch, h.seq, h.min_seq,
         coalesce((
           select json_agg(json_build_object(
             'userId', p.auth_user_id, 'role', p.role, 'status', p.status, 'removed', p.removed_at is not null))
           from ${t.meeting_participants} p where p.meeting_id = m.id and p.auth_user_id = any($2::uuid[])), '[]'::json) as people
  from ${t.meetings} m
  left join ${t.meeting_event_heads} h on h.stream_kind = ${streamKinds.meeting} and h.stream_id = m.id
  where m.id = $1::uuid and ${isMeeting}`,
);

/** A meeting's Host and CoHosts, whom Observers see by name. Parameter: the meeting. */
export const hostsOf = statement<{ user_id: string }>(
  'realtime-hosts',
  (t) => `
  select p.auth_user_id as user_id from ${t.meeting_participants} p
  where p.meeting_id = $1::uuid and ${isRole(hostRoles, 'p.role')}`,
);
