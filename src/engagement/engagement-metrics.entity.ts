import { defineEntity, type EntityCtor, type Opt, p, type Ref } from '@mikro-orm/core';
import { Meeting } from '../meetings/index.ts';

const seconds = () => p.decimal('number').precision(12).scale(3).nullable();

const schema = defineEntity({
  name: 'EngagementMetrics',
  tableName: 'participant_engagement_metrics',
  schema: '*',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    meeting: () =>
      p
        .manyToOne(Meeting)
        .ref()
        .deleteRule('cascade')
        .foreignKeyName('participant_engagement_metrics_meeting_id_fkey')
        .index('idx_participant_engagement_metrics_meeting_id'),
    authUserId: p.uuid().index('idx_participant_engagement_metrics_auth_user_id'),
    attendanceDurationMinutes: p.integer().default(0),
    chatMessagesSent: p.integer().default(0),
    pollsParticipated: p.integer().default(0),
    screenShareDurationMinutes: p.integer().default(0),
    microphoneActiveMinutes: p.integer().default(0),
    cameraActiveMinutes: p.integer().default(0),
    engagementScore: p.decimal('number').precision(5).scale(2).nullable(),
    createdAt: p.datetime().defaultRaw('now()'),
    formulaVersion: p.string().length(50).nullable(),
    coverage: p.json<Record<string, unknown>>().nullable(),
    attendanceSeconds: seconds(),
    screenShareSeconds: seconds(),
    microphoneSeconds: seconds(),
    cameraSeconds: seconds(),
    speakingSeconds: seconds(),
  },
  uniques: [
    { name: 'participant_engagement_metrics_meeting_id_auth_user_id_key', properties: ['meeting', 'authUserId'] },
  ],
});

/**
 * Columns of `participant_engagement_metrics`: one row for each person of a meeting that ended. Minutes are the floor
 * of the exact seconds beside them; seconds are null where nothing measured them.
 */
export interface EngagementMetricsProps {
  id: Opt<string>;
  meeting: Ref<Meeting>;
  authUserId: string;
  attendanceDurationMinutes: Opt<number>;
  chatMessagesSent: Opt<number>;
  pollsParticipated: Opt<number>;
  screenShareDurationMinutes: Opt<number>;
  /** Unmuted, not necessarily speaking. */
  microphoneActiveMinutes: Opt<number>;
  cameraActiveMinutes: Opt<number>;
  /** 0–100. */
  engagementScore: number | null | undefined;
  createdAt: Opt<Date>;
  /** Which formula made the score; null for a row that the formula never saw. */
  formulaVersion: string | null | undefined;
  /** What the meeting offered and what could be observed, so what the score rests on. */
  coverage: Record<string, unknown> | null | undefined;
  attendanceSeconds: number | null | undefined;
  screenShareSeconds: number | null | undefined;
  microphoneSeconds: number | null | undefined;
  cameraSeconds: number | null | undefined;
  speakingSeconds: number | null | undefined;
}

const EngagementMetricsBase: EntityCtor<EngagementMetricsProps> = schema.class;
/** What a person's part in a meeting came to: one row of `participant_engagement_metrics`. */
export class EngagementMetrics extends EngagementMetricsBase {}
schema.setClass(EngagementMetrics);
