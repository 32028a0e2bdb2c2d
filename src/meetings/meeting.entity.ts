import { defineEntity, type EntityCtor, type Hidden, type Opt, p } from '@mikro-orm/core';
import { type MeetingStatus, meetingStatuses, type MeetingType, meetingTypes } from '../core/enums.ts';

const schema = defineEntity({
  name: 'Meeting',
  tableName: 'meetings',
  schema: '*',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    title: p.string().length(255),
    description: p.text().nullable(),
    meetingType: p.enum(meetingTypes).nativeEnumName('meeting_type').index('idx_meetings_meeting_type'),
    creatorId: p.uuid().index('idx_meetings_creator_id'),
    partyId: p.uuid().nullable().index('idx_meetings_party_id'),
    guildId: p.uuid().nullable().index('idx_meetings_guild_id'),
    classId: p.uuid().nullable().index('idx_meetings_class_id'),
    subjectId: p.uuid().nullable().index('idx_meetings_subject_id'),
    scheduledStartTime: p.datetime().index('idx_meetings_scheduled_start_time'),
    scheduledEndTime: p.datetime(),
    actualStartTime: p.datetime().nullable(),
    actualEndTime: p.datetime().nullable(),
    timezone: p.string().length(50).default('UTC'),
    maxParticipants: p.integer().nullable(),
    currentParticipantsCount: p.integer().default(0),
    meetingUrl: p.text().nullable(),
    // Never read by accident: not in a select that does not ask for it, not in any serialisation.
    meetingPassword: p.string().length(255).nullable().lazy().hidden(),
    status: p.enum(meetingStatuses).nativeEnumName('meeting_status').default('Scheduled').index('idx_meetings_status'),
    isRecurring: p.boolean().default(false),
    recurrencePattern: p.json<Record<string, unknown>>().nullable(),
    recordingEnabled: p.boolean().default(false),
    recordingUrl: p.text().nullable(),
    createdAt: p.datetime().defaultRaw('now()'),
    updatedAt: p.datetime().defaultRaw('now()'),
    settings: p.json<Record<string, unknown>>().defaultRaw(`'{}'`),
    version: p.integer().version().default(1),
    // Plain ids: as relations they would make this room import the rooms that build on it. The database holds the keys.
    seriesId: p.uuid().nullable(),
    originalStartLocal: p.string().length(19).nullable(),
    startLocal: p.string().length(19).nullable(),
    overridden: p.json<string[]>().nullable(),
    icalUid: p.string().length(255).nullable(),
    icalSequence: p.integer().default(0),
    templateId: p.uuid().nullable(),
    templateVersion: p.integer().nullable(),
  },
  indexes: [
    { name: 'idx_meetings_series_start', properties: ['seriesId', 'scheduledStartTime'] },
    { name: 'idx_meetings_template_id', properties: ['templateId'], where: 'template_id is not null' },
  ],
  uniques: [{ name: 'meetings_series_id_original_start_local_key', properties: ['seriesId', 'originalStartLocal'] }],
  checks: [
    { name: 'meetings_schedule_check', expression: 'scheduled_end_time > scheduled_start_time' },
    { name: 'meetings_max_participants_check', expression: 'max_participants >= 1' },
    {
      name: 'meetings_current_participants_count_check',
      expression:
        'current_participants_count >= 0 and (max_participants is null or current_participants_count <= max_participants)',
    },
    {
      name: 'meetings_original_start_local_check',
      expression: `original_start_local ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$'`,
    },
    {
      name: 'meetings_start_local_check',
      expression: `start_local ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$'`,
    },
  ],
});

/** Columns of `meetings`. */
export interface MeetingProps {
  id: Opt<string>;
  title: string;
  description: string | null | undefined;
  meetingType: MeetingType;
  /** User id; the creator becomes the Host. */
  creatorId: string;
  partyId: string | null | undefined;
  guildId: string | null | undefined;
  classId: string | null | undefined;
  subjectId: string | null | undefined;
  scheduledStartTime: Date;
  scheduledEndTime: Date;
  actualStartTime: Date | null | undefined;
  actualEndTime: Date | null | undefined;
  /** IANA name. */
  timezone: Opt<string>;
  /** Most people present at once; null is no limit. */
  maxParticipants: number | null | undefined;
  /** Distinct people present, never connections. */
  currentParticipantsCount: Opt<number>;
  meetingUrl: string | null | undefined;
  /** A hash, never the password. Lazy and hidden: only a query that names it gets it. */
  meetingPassword: Hidden<string> | null | undefined;
  status: Opt<MeetingStatus>;
  isRecurring: Opt<boolean>;
  recurrencePattern: Record<string, unknown> | null | undefined;
  recordingEnabled: Opt<boolean>;
  recordingUrl: string | null | undefined;
  createdAt: Opt<Date>;
  updatedAt: Opt<Date>;
  /** Switches of this meeting, checked by the room's schema. */
  settings: Opt<Record<string, unknown>>;
  /** Counts the changes made through the entity; the optimistic lock of `update`. */
  version: Opt<number>;
  /** The recurring series this row belongs to, as an occurrence or as its hidden template. */
  seriesId: string | null | undefined;
  /** `YYYY-MM-DDTHH:mm:ss` on the wall clock: which slot of the series this is, wherever it was moved. */
  originalStartLocal: string | null | undefined;
  /** `YYYY-MM-DDTHH:mm:ss` on the wall clock as it was asked for; null is a fixed instant. */
  startLocal: string | null | undefined;
  /** Names of the fields changed on this occurrence alone; null is untouched. */
  overridden: string[] | null | undefined;
  icalUid: string | null | undefined;
  icalSequence: Opt<number>;
  /** The template this meeting was made from. */
  templateId: string | null | undefined;
  templateVersion: number | null | undefined;
}

const MeetingBase: EntityCtor<MeetingProps> = schema.class;
/** A meeting: one row of `meetings`. */
export class Meeting extends MeetingBase {}
schema.setClass(Meeting);
