import type { ParticipantRole, ParticipationStatus } from '../core/enums.ts';
import { instantOf } from '../core/instant.ts';
import { statement } from '../core/statement.ts';
import type { ParticipantView, RosterEntry } from './participant.schema.ts';

/** Columns of a participant as statements give them back. */
export interface ParticipantRow {
  readonly id: string;
  readonly meeting_id: string;
  readonly auth_user_id: string;
  readonly role: ParticipantRole;
  readonly status: ParticipationStatus;
  readonly invited_at: string;
  readonly joined_at: string | null;
  readonly left_at: string | null;
  readonly total_duration_minutes: number;
  readonly is_presenter: boolean;
  readonly can_share_screen: boolean;
  readonly can_use_chat: boolean;
  readonly hand_raised_at?: string | null;
}

/** What is left to tell of a person where it is known who they are, and whether they are there. */
export type OwnRow = Omit<ParticipantRow, 'meeting_id' | 'auth_user_id' | 'left_at' | 'hand_raised_at'>;

const ownNames = [
  ...['id', 'role', 'status', 'invited_at', 'joined_at', 'total_duration_minutes', 'is_presenter', 'can_share_screen'],
  'can_use_chat',
];

/** The column list for an alias; a listed column survives an `alter table` where a prepared `*` does not. */
export function participantColumns(alias: string): string {
  return columnsOf(alias, ['meeting_id', 'auth_user_id', 'left_at', ...ownNames]);
}

/** As above, the columns of an {@link OwnRow}. */
export function ownColumns(alias: string): string {
  return columnsOf(alias, ownNames);
}

function columnsOf(alias: string, names: readonly string[]): string {
  return names.map((column) => `${alias}.${column}`).join(', ');
}

export function participantViewOf(row: ParticipantRow): ParticipantView {
  return Object.freeze({
    id: row.id,
    meetingId: row.meeting_id,
    authUserId: row.auth_user_id,
    role: row.role,
    status: row.status,
    invitedAt: instantOf(row.invited_at),
    joinedAt: instantOf(row.joined_at),
    leftAt: instantOf(row.left_at),
    totalDurationMinutes: row.total_duration_minutes,
    isPresenter: row.is_presenter,
    canShareScreen: row.can_share_screen,
    canUseChat: row.can_use_chat,
    isPresent: row.joined_at !== null && row.left_at === null,
    handRaisedAt: instantOf(row.hand_raised_at),
  });
}

/** One person of a meeting, removed people included. */
export const participantInMeeting = statement<ParticipantRow & { removed: boolean }>(
  'participant-in-meeting',
  (t) => `
  select ${participantColumns('p')}, p.removed_at is not null as removed, h.started_at as hand_raised_at
  from ${t.meeting_participants} p
  left join ${t.meeting_media_intervals} h
    on h.meeting_id = p.meeting_id and h.auth_user_id = p.auth_user_id and h.kind = 'hand' and h.ended_at is null
  where p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid`,
);

/** As above, locked: for whoever is about to change the row. */
export const lockParticipant = statement<ParticipantRow & { removed: boolean }>(
  'participant-lock',
  (t) => `
  select ${participantColumns('p')}, p.removed_at is not null as removed
  from ${t.meeting_participants} p where p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid
  for no key update`,
);

interface RosterRow extends ParticipantRow {
  readonly invited_text: string;
  readonly microphone: boolean;
  readonly speaking: boolean;
  readonly camera: boolean;
}

/**
 * A page of the roster in the order people were added: 1 meeting, 2 and 3 the last row's time and id, 4 the only roles shown
 * besides the actor, 5 the actor, 6 limit.
 */
export const rosterPage = statement<RosterRow>(
  'participant-roster',
  (t) => `
  select ${participantColumns('p')}, p.invited_at::text as invited_text, o.hand_raised_at, o.microphone, o.speaking, o.camera
  from ${t.meeting_participants} p
  cross join lateral (
    select max(i.started_at) filter (where i.kind = 'hand') as hand_raised_at,
           coalesce(bool_or(i.kind = 'microphone'), false) as microphone,
           coalesce(bool_or(i.kind = 'speaking'), false) as speaking, coalesce(bool_or(i.kind = 'camera'), false) as camera
    from ${t.meeting_media_intervals} i
    where i.meeting_id = p.meeting_id and i.auth_user_id = p.auth_user_id and i.ended_at is null) o
  where p.meeting_id = $1::uuid and p.removed_at is null
    and ($2::timestamptz is null or (p.invited_at, p.id) > ($2::timestamptz, $3::uuid))
    and ($4::text[] is null or p.role::text = any($4::text[]) or p.auth_user_id = $5::uuid)
  order by p.invited_at, p.id limit $6::int`,
  { prepare: false },
);

export function rosterEntryOf(row: RosterRow): RosterEntry {
  const { microphone, speaking, camera } = row;
  return Object.freeze({ ...participantViewOf(row), media: Object.freeze({ microphone, speaking, camera }) });
}

export const rosterSize = statement<{ total: number }>(
  'participant-roster-size',
  (t) => `
  select count(*)::int as total from ${t.meeting_participants} where meeting_id = $1::uuid and removed_at is null`,
);
