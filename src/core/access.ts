import type { MeetingStatus, ParticipantRole, ParticipationStatus } from './enums.ts';
import { notFound } from './errors.ts';
import type { MeetingSwitches } from './permission-terms.ts';
import type { Standing } from './standing.ts';
import { statement, type Tables } from './statement.ts';
import type { MeetingOwnership } from './visibility-policy.ts';
import type { Work } from './work.ts';

/** `meetings.settings` as stored: the switches, and what rooms keep beside them. */
export type StoredSettings = MeetingSwitches & Readonly<Record<string, unknown>>;

/** What authority needs to know of a meeting. */
export interface MeetingFacts {
  readonly id: string;
  readonly status: MeetingStatus;
  readonly settings: StoredSettings;
  readonly creatorId: string;
  readonly partyId: string | null;
  readonly guildId: string | null;
  readonly classId: string | null;
  readonly subjectId: string | null;
}

/** What authority needs to know of the actor's own row; null for people without one, and for the system. */
export interface ActorFacts {
  readonly role: ParticipantRole;
  readonly status: ParticipationStatus;
  readonly removed: boolean;
  readonly present: boolean;
}

/** Where an actor stands in a meeting, from current rows, and the time at which that was so. */
export interface Access {
  readonly meeting: MeetingFacts;
  readonly actor: ActorFacts | null;
  readonly standing: Standing;
  readonly now: Date;
}

interface MeetingRow {
  readonly id: string;
  readonly status: MeetingStatus;
  readonly settings: StoredSettings;
  readonly creator_id: string;
  readonly party_id: string | null;
  readonly guild_id: string | null;
  readonly class_id: string | null;
  readonly subject_id: string | null;
}

interface ActorRow {
  readonly now: string;
  readonly role: ParticipantRole | null;
  readonly participation: ParticipationStatus | null;
  readonly removed: boolean | null;
  readonly present: boolean | null;
  readonly can_use_chat: boolean | null;
  readonly can_share_screen: boolean | null;
}

const meetingColumns = 'm.id, m.status, m.settings, m.creator_id, m.party_id, m.guild_id, m.class_id, m.subject_id';
/** The hidden template row of a series is no meeting anybody can enter. */
export const isMeeting = 'not (m.series_id is not null and m.original_start_local is null and m.is_recurring)';
const actorColumns = `date_trunc('milliseconds', clock_timestamp()) as now, p.role, p.status as participation,
         p.removed_at is not null as removed, p.joined_at is not null and p.left_at is null as present,
         p.can_use_chat, p.can_share_screen`;

const lockForUpdate = statement<MeetingRow>(
  'meeting-lock-update',
  (t) => `select ${meetingColumns} from ${t.meetings} m where m.id = $1::uuid and ${isMeeting} for no key update`,
);

const lockForShare = statement<MeetingRow>(
  'meeting-lock-share',
  (t) => `select ${meetingColumns} from ${t.meetings} m where m.id = $1::uuid and ${isMeeting} for share`,
);

/** A statement of its own, so that its snapshot is taken after the lock was granted. */
const actorInMeeting = statement<ActorRow>(
  'meeting-actor',
  (t) => `
  select ${actorColumns} from (select 1) one
  left join ${t.meeting_participants} p on p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid`,
);

const standingInMeeting = statement<MeetingRow & ActorRow>(
  'meeting-standing',
  (t: Tables) => `
  select ${meetingColumns}, ${actorColumns} from ${t.meetings} m
  left join ${t.meeting_participants} p on p.meeting_id = m.id and p.auth_user_id = $2::uuid
  where m.id = $1::uuid and ${isMeeting}`,
);

/**
 * Locks the meeting, then reads where the actor stands: everything a decision rests on is current and stays so until
 * the transaction ends. `update` for whatever changes the meeting, its people or its seats; `share` for the rest.
 * @throws MeetingError NOT_FOUND when there is no such meeting
 */
export async function enter(
  work: Work,
  meetingId: string,
  lock: 'update' | 'share',
  serviceSwitches: MeetingSwitches,
): Promise<Access> {
  const [meeting] = await work.run(lock === 'update' ? lockForUpdate : lockForShare, [meetingId]);
  if (meeting === undefined) throw notFound();
  const actor = await work.one(actorInMeeting, [meetingId, work.actorId]);
  return accessOf(work, meeting, actor, serviceSwitches);
}

/** Where the actor stands, for a read: one statement, no lock. */
export async function look(work: Work, meetingId: string, serviceSwitches: MeetingSwitches): Promise<Access> {
  const [row] = await work.run(standingInMeeting, [meetingId, work.actorId]);
  if (row === undefined) throw notFound();
  return accessOf(work, row, row, serviceSwitches);
}

function accessOf(work: Work, meeting: MeetingRow, row: ActorRow, serviceSwitches: MeetingSwitches): Access {
  const actor = actorOf(row);
  return {
    meeting: {
      id: meeting.id,
      status: meeting.status,
      settings: meeting.settings,
      creatorId: meeting.creator_id,
      partyId: meeting.party_id,
      guildId: meeting.guild_id,
      classId: meeting.class_id,
      subjectId: meeting.subject_id,
    },
    actor,
    standing: {
      role: work.principal.kind === 'system' ? 'System' : actor === null || actor.removed ? 'Outsider' : actor.role,
      status: meeting.status,
      flags: { canUseChat: row.can_use_chat === true, canShareScreen: row.can_share_screen === true },
      settings: meeting.settings,
      serviceSwitches,
    },
    now: work.clockParameter ?? new Date(row.now),
  };
}

function actorOf(row: ActorRow): ActorFacts | null {
  if (row.role === null || row.participation === null) return null;
  return {
    role: row.role,
    status: row.participation,
    removed: row.removed === true,
    present: row.present === true,
  };
}

/** What a hot statement found out about the actor. */
export interface FoundActor {
  readonly meeting_status: MeetingStatus | null;
  readonly actor_role: ParticipantRole | null;
  readonly removed: boolean | null;
  readonly settings: StoredSettings | null;
}

/**
 * The standing that a hot statement's own facts amount to, so that its refusal is worded and ordered by the same rules.
 * @throws MeetingError NOT_FOUND when there is no such meeting
 */
export function standingOf(work: Work, found: FoundActor, serviceSwitches: MeetingSwitches): Standing {
  if (found.meeting_status === null) throw notFound();
  const { actor_role: role } = found;
  return {
    role: work.principal.kind === 'system' ? 'System' : role === null || found.removed === true ? 'Outsider' : role,
    status: found.meeting_status,
    settings: found.settings ?? {},
    serviceSwitches,
  };
}

/** What a policy about outsiders may know of a meeting. */
export function ownershipOf({
  id,
  creatorId,
  partyId,
  guildId,
  classId,
  subjectId,
}: Omit<MeetingFacts, 'status' | 'settings'>): MeetingOwnership {
  return { meetingId: id, creatorId, partyId, guildId, classId, subjectId };
}
