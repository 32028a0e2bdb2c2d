import { z } from 'zod';
import { participantRoles, participationStatuses } from '../core/enums.ts';
import { id, instant, label, pageInput, text } from '../core/schema.ts';

/** Tells the devices of one person apart. Absent is the one unnamed device. */
const connectionId = label(255);

/** Input of `participants.join`. */
export const joinInput = z.strictObject({
  /** Asked of everybody but Host and CoHost, where the meeting has one. */
  meetingPassword: z.string().min(1).max(128).optional(),
  connectionId: connectionId.optional(),
});
export type JoinInput = z.input<typeof joinInput>;

/** Input of `participants.leave` and `heartbeat`. Without a connection, leaving means all of them. */
export const connectionInput = z.strictObject({ connectionId: connectionId.optional() });
export type ConnectionInput = z.input<typeof connectionInput>;

/** Roles that can be given; a Host is made by `transferHost` alone. */
export const assignableRole = z.enum(['CoHost', 'Presenter', 'Participant', 'Observer']);
export type AssignableRole = z.output<typeof assignableRole>;

/** Input of `participants.setPermissions`. */
export const permissionsInput = z
  .strictObject({
    isPresenter: z.boolean().optional(),
    canShareScreen: z.boolean().optional(),
    canUseChat: z.boolean().optional(),
  })
  .refine((flags) => Object.values(flags).some((flag) => flag !== undefined), { error: 'must set at least one flag' });
export type PermissionsInput = z.input<typeof permissionsInput>;

export const attendanceMark = z.enum(['Attended', 'NoShow']);
export type AttendanceMark = z.output<typeof attendanceMark>;

/** Input of `participants.reportIssue`. */
export const issueInput = z.strictObject({
  kind: z.enum(['audio', 'video', 'connection', 'screen-share', 'access', 'other']),
  detail: text(1_000).optional(),
});
export type IssueInput = z.input<typeof issueInput>;

/** Input of `participants.setMedia`: what is switched on or off. What is left out stays as it is. */
export const mediaInput = z
  .strictObject({
    /** Unmuted. */
    microphone: z.boolean().optional(),
    /** Heard; needs the microphone. Switching that off ends it. */
    speaking: z.boolean().optional(),
    camera: z.boolean().optional(),
  })
  .refine((media) => Object.values(media).some((on) => on !== undefined), { error: 'must switch at least one' })
  .refine((media) => media.microphone !== false || media.speaking !== true, {
    error: 'must not be true while the microphone is switched off',
    path: ['speaking'],
  });
export type MediaInput = z.input<typeof mediaInput>;

/** What a person has switched on, on whichever device. */
export const mediaView = z.strictObject({
  meetingId: id,
  authUserId: id,
  microphone: z.boolean(),
  speaking: z.boolean(),
  camera: z.boolean(),
});
export type MediaView = Readonly<z.output<typeof mediaView>>;

/** Input of `participants.recordSession`: a stay that another system observed. */
export const recordSessionInput = z
  .strictObject({
    userId: id,
    /** Who observed it, such as the name of a video platform. */
    source: z.string().regex(/^[a-z][a-z0-9-]{0,49}$/, 'must be a short lower-case name such as zoom'),
    connectionId: connectionId.default(''),
    /** The observer's own key of this fact: telling it twice changes nothing. */
    externalEventKey: label(255).optional(),
    joinedAt: instant,
    /** Null or absent while the stay goes on. */
    leftAt: instant.nullish(),
  })
  .refine((stay) => stay.leftAt === null || stay.leftAt === undefined || stay.leftAt >= stay.joinedAt, {
    error: 'must not be before joinedAt',
    path: ['leftAt'],
  });
export type RecordSessionInput = z.input<typeof recordSessionInput>;

/** One person of a meeting. */
export const participantView = z.strictObject({
  id,
  meetingId: id,
  authUserId: id,
  role: z.enum(participantRoles),
  status: z.enum(participationStatuses),
  invitedAt: instant,
  joinedAt: instant.nullable(),
  leftAt: instant.nullable(),
  totalDurationMinutes: z.number(),
  isPresenter: z.boolean(),
  canShareScreen: z.boolean(),
  canUseChat: z.boolean(),
  isPresent: z.boolean(),
  handRaisedAt: instant.nullable(),
});
export type ParticipantView = Readonly<z.output<typeof participantView>>;

export const participantPageInput = pageInput;
export type ParticipantPageInput = z.input<typeof participantPageInput>;

/** One person of the roster, and what they have switched on: nothing while they are away. */
export interface RosterEntry extends ParticipantView {
  readonly media: Pick<MediaView, 'microphone' | 'speaking' | 'camera'>;
}

/** The roster, and how many people there are on it beyond those the caller may see by name. */
export interface Roster {
  readonly items: readonly RosterEntry[];
  readonly nextCursor: string | null;
  /** People on the roster. */
  readonly total: number;
}

/** One stay of one connection. */
export interface SessionView {
  readonly id: string;
  readonly authUserId: string;
  readonly source: string;
  readonly connectionId: string;
  readonly joinedAt: Date;
  readonly leftAt: Date | null;
}

/** A person's attendance: the union of their sessions, counted once however many devices there were. */
export interface PersonAttendance {
  readonly authUserId: string;
  readonly seconds: number;
  readonly minutes: number;
  /** Of the meeting's actual length so far, 0 to 1. */
  readonly share: number;
  readonly sessions: readonly SessionView[];
}

/** Answer of `participants.attendance`. People without the right to the whole see themselves, and no peak. */
export interface AttendanceView {
  readonly people: readonly PersonAttendance[];
  /** Most distinct people present at one time. */
  readonly peak: number | null;
  readonly meetingSeconds: number;
}
