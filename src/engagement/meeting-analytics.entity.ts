import { defineEntity, type EntityCtor, type Opt, p, type Ref } from '@mikro-orm/core';
import { Meeting } from '../meetings/index.ts';

const schema = defineEntity({
  name: 'MeetingAnalytics',
  tableName: 'meeting_analytics',
  schema: '*',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    meeting: () =>
      p
        .manyToOne(Meeting)
        .ref()
        .deleteRule('cascade')
        .foreignKeyName('meeting_analytics_meeting_id_fkey')
        .index('idx_meeting_analytics_meeting_id')
        .unique('meeting_analytics_meeting_id_key'),
    totalParticipants: p.integer().default(0),
    averageAttendanceDurationMinutes: p.decimal('number').precision(10).scale(2).nullable(),
    peakConcurrentParticipants: p.integer().default(0),
    totalChatMessages: p.integer().default(0),
    totalScreenShares: p.integer().default(0),
    totalPollsCreated: p.integer().default(0),
    engagementScore: p.decimal('number').precision(5).scale(2).nullable(),
    technicalIssuesCount: p.integer().default(0),
    recordingDurationMinutes: p.integer().nullable(),
    createdAt: p.datetime().defaultRaw('now()'),
    formulaVersion: p.string().length(50).nullable(),
    coverage: p.json<Record<string, unknown>>().nullable(),
    averageAttendanceSeconds: p.decimal('number').precision(12).scale(3).nullable(),
  },
});

/** Columns of `meeting_analytics`: one row for each meeting that ended. */
export interface MeetingAnalyticsProps {
  id: Opt<string>;
  meeting: Ref<Meeting>;
  totalParticipants: Opt<number>;
  /** Mean of the participants' whole minutes. */
  averageAttendanceDurationMinutes: number | null | undefined;
  /** Distinct people present at the same moment, at most. */
  peakConcurrentParticipants: Opt<number>;
  totalChatMessages: Opt<number>;
  totalScreenShares: Opt<number>;
  totalPollsCreated: Opt<number>;
  /** 0–100. */
  engagementScore: number | null | undefined;
  technicalIssuesCount: Opt<number>;
  recordingDurationMinutes: number | null | undefined;
  createdAt: Opt<Date>;
  /** Which formula made the score; null for a row that the formula never saw. */
  formulaVersion: string | null | undefined;
  /** What the meeting offered and what could be observed, so what the score rests on. */
  coverage: Record<string, unknown> | null | undefined;
  averageAttendanceSeconds: number | null | undefined;
}

const MeetingAnalyticsBase: EntityCtor<MeetingAnalyticsProps> = schema.class;
/** What a meeting came to: one row of `meeting_analytics`. */
export class MeetingAnalytics extends MeetingAnalyticsBase {}
schema.setClass(MeetingAnalytics);
