import { z } from 'zod';
import { meetingStatuses, meetingTypes } from '../core/enums.ts';
import {
  boundedArray,
  httpUrl,
  id,
  instant,
  int32,
  label,
  pageInput,
  text,
  timeZone,
  title,
  version,
} from '../core/schema.ts';

const oneThreshold = 'must be { minutes } or { share }';

/** Switches and limits of one meeting, kept in `meetings.settings`. What is absent falls back to the service's. */
const meetingSettings = z.strictObject({
  /** @default true */
  coHostMayStart: z.boolean().optional(),
  /** @default true */
  coHostMayEnd: z.boolean().optional(),
  /** @default false */
  participantsMayInvite: z.boolean().optional(),
  /** @default true */
  participantsMayUpload: z.boolean().optional(),
  /** People without an invitation may walk in. @default false */
  openJoin: z.boolean().optional(),
  /** @default 'all' */
  privateChat: z.enum(['all', 'hostsOnly', 'off']).optional(),
  /** @default false */
  publishRecording: z.boolean().optional(),
  /** @default false */
  publishMinutes: z.boolean().optional(),
  /** Seats to accept, the Host's included; further acceptances wait in line. Absent is no limit. */
  limitAcceptances: int32(1, 1_000_000).optional(),
  /** What counts as having attended: minutes present, or a share of the meeting's length. Absent is any presence. */
  attendanceThreshold: z
    .union([
      z.strictObject({ minutes: int32(1, 10_080) }, oneThreshold),
      z.strictObject({ share: z.number().gt(0).lte(1) }, oneThreshold),
    ])
    .optional(),
  /** Hosts get an engagement score too. @default false */
  scoreHosts: z.boolean().optional(),
});
export type MeetingSettings = z.output<typeof meetingSettings>;

/** A change of settings: what is given is set, null goes back to the default, the rest stays. */
const settingsPatch = z.strictObject(
  Object.fromEntries(Object.entries(meetingSettings.shape).map(([name, schema]) => [name, schema.nullable()])) as {
    [Name in keyof typeof meetingSettings.shape]: z.ZodNullable<(typeof meetingSettings.shape)[Name]>;
  },
);

const meetingPassword = label(128);

/** Known, so that whoever gives it learns where recurring meetings come from. */
const madeBySeries = z.undefined('must be left out: a series makes recurring meetings').optional();

/** Input of `meetings.schedule`. */
export const scheduleInput = z.strictObject({
  title,
  description: text(10_000).nullish(),
  meetingType: z.enum(meetingTypes),
  partyId: id.nullish(),
  guildId: id.nullish(),
  classId: id.nullish(),
  subjectId: id.nullish(),
  scheduledStartTime: instant,
  scheduledEndTime: instant,
  /** IANA name. @default 'UTC' */
  timezone: timeZone.default('UTC'),
  /** Most people present at once; null is no limit. */
  maxParticipants: int32(1, 1_000_000).nullish(),
  meetingUrl: httpUrl.nullish(),
  /** Stored as a hash; read by nobody. */
  meetingPassword: meetingPassword.nullish(),
  recordingEnabled: z.boolean().default(false),
  settings: meetingSettings.default({}),
  isRecurring: madeBySeries,
  recurrencePattern: madeBySeries,
});
export type ScheduleInput = z.input<typeof scheduleInput>;

/** The system names the person it schedules for. */
export const systemScheduleInput = z.strictObject({ ...scheduleInput.shape, creatorId: id });
export type SystemScheduleInput = z.input<typeof systemScheduleInput>;

/** Input of `meetings.update`: what is given changes; null empties what may be empty. Times are `reschedule`'s. */
export const updateInput = z
  .strictObject({
    title: title.optional(),
    description: text(10_000).nullish(),
    meetingType: z.enum(meetingTypes).optional(),
    partyId: id.nullish(),
    guildId: id.nullish(),
    classId: id.nullish(),
    subjectId: id.nullish(),
    maxParticipants: int32(1, 1_000_000).nullish(),
    meetingUrl: httpUrl.nullish(),
    meetingPassword: meetingPassword.nullish(),
    recordingEnabled: z.boolean().optional(),
    settings: settingsPatch.optional(),
  })
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), {
    error: 'give at least one field to change',
  });
export type UpdateInput = z.input<typeof updateInput>;

export const updateOptions = z.strictObject({ version: version.optional() });

/** Input of `meetings.reschedule`. */
export const rescheduleInput = z.strictObject({
  scheduledStartTime: instant,
  scheduledEndTime: instant,
  timezone: timeZone.optional(),
});
export type RescheduleInput = z.input<typeof rescheduleInput>;

/** Input of `postpone` and `cancel`. */
export const reasonInput = z.strictObject({ reason: text(1_000).nullish() });
export type ReasonInput = z.input<typeof reasonInput>;

/** Filter and page of `meetings.list`. */
export const listInput = z.strictObject({
  ...pageInput.shape,
  /** Only meetings whose roster has me. With false, others the visibility policy shows are added. @default true */
  mine: z.boolean().default(true),
  /** Only what lies ahead or is running and I have not declined. @default false */
  upcoming: z.boolean().default(false),
  statuses: boundedArray(z.enum(meetingStatuses), meetingStatuses.length).optional(),
  meetingTypes: boundedArray(z.enum(meetingTypes), meetingTypes.length).optional(),
  /** Scheduled to end after this instant. */
  from: instant.optional(),
  /** Scheduled to start before this instant. */
  to: instant.optional(),
  creatorId: id.optional(),
  partyId: id.optional(),
  guildId: id.optional(),
  classId: id.optional(),
  subjectId: id.optional(),
  seriesId: id.optional(),
  /** By scheduled start. @default 'asc' */
  order: z.enum(['asc', 'desc']).default('asc'),
});
export type ListInput = z.input<typeof listInput>;

/** A meeting as callers see it: no password, no links. */
export const meetingView = z.strictObject({
  id,
  title: z.string(),
  description: z.string().nullable(),
  meetingType: z.enum(meetingTypes),
  creatorId: id,
  partyId: id.nullable(),
  guildId: id.nullable(),
  classId: id.nullable(),
  subjectId: id.nullable(),
  scheduledStartTime: instant,
  scheduledEndTime: instant,
  actualStartTime: instant.nullable(),
  actualEndTime: instant.nullable(),
  timezone: z.string(),
  maxParticipants: z.number().nullable(),
  currentParticipantsCount: z.number(),
  status: z.enum(meetingStatuses),
  isRecurring: z.boolean(),
  recurrencePattern: z.record(z.string(), z.unknown()).nullable(),
  recordingEnabled: z.boolean(),
  hasPassword: z.boolean(),
  hasRecording: z.boolean(),
  seriesId: id.nullable(),
  templateId: id.nullable(),
  /** With what later versions may have put there. */
  settings: z.looseObject(meetingSettings.shape),
  version: z.number(),
  createdAt: instant,
  updatedAt: instant,
});
export type MeetingView = Readonly<z.output<typeof meetingView>>;

/** Answer of `meetings.joinInfo`. The link stays null until `availableAt`. */
export const joinInfoView = z.strictObject({
  meetingUrl: z.string().nullable(),
  requiresPassword: z.boolean(),
  availableAt: instant,
});
export type JoinInfo = Readonly<z.output<typeof joinInfoView>>;
