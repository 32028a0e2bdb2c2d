import { statement } from '../core/statement.ts';
import type { EngagementMetricsView, MeetingAnalyticsView } from './engagement.schema.ts';

interface AnalyticsRow extends Omit<MeetingAnalyticsView, 'createdAt'> {
  readonly createdAt: string;
}

export const analyticsOf = statement<AnalyticsRow>(
  'engagement-analytics',
  (t) => `
  select a.id, a.meeting_id as "meetingId", a.total_participants as "totalParticipants",
         a.average_attendance_duration_minutes::float8 as "averageAttendanceDurationMinutes",
         a.average_attendance_seconds::float8 as "averageAttendanceSeconds",
         a.peak_concurrent_participants as "peakConcurrentParticipants", a.total_chat_messages as "totalChatMessages",
         a.total_screen_shares as "totalScreenShares", a.total_polls_created as "totalPollsCreated",
         a.engagement_score::float8 as "engagementScore", a.technical_issues_count as "technicalIssuesCount",
         a.recording_duration_minutes as "recordingDurationMinutes", a.formula_version as "formulaVersion",
         a.coverage, a.created_at as "createdAt"
  from ${t.meeting_analytics} a where a.meeting_id = $1::uuid`,
);

export function analyticsViewOf(row: AnalyticsRow): MeetingAnalyticsView {
  return Object.freeze({ ...row, createdAt: new Date(row.createdAt) });
}

interface MetricsRow extends Omit<EngagementMetricsView, 'createdAt'> {
  readonly createdAt: string;
}

/** A page of people's figures by user id: 1 meeting, 2 one person or null for all, 3 after this person, 4 limit. */
export const metricsPage = statement<MetricsRow>(
  'engagement-metrics',
  (t) => `
  select e.id, e.meeting_id as "meetingId", e.auth_user_id as "authUserId",
         e.attendance_duration_minutes as "attendanceDurationMinutes",
         e.attendance_seconds::float8 as "attendanceSeconds", e.chat_messages_sent as "chatMessagesSent",
         e.polls_participated as "pollsParticipated", e.screen_share_duration_minutes as "screenShareDurationMinutes",
         e.microphone_active_minutes as "microphoneActiveMinutes", e.camera_active_minutes as "cameraActiveMinutes",
         e.screen_share_seconds::float8 as "screenShareSeconds", e.microphone_seconds::float8 as "microphoneSeconds",
         e.speaking_seconds::float8 as "speakingSeconds", e.camera_seconds::float8 as "cameraSeconds",
         e.engagement_score::float8 as "engagementScore", e.formula_version as "formulaVersion",
         e.created_at as "createdAt"
  from ${t.participant_engagement_metrics} e
  where e.meeting_id = $1::uuid and ($2::uuid is null or e.auth_user_id = $2::uuid)
    and ($3::uuid is null or e.auth_user_id > $3::uuid)
  order by e.auth_user_id limit $4::int`,
  { prepare: false },
);

export function metricsViewOf(row: MetricsRow): EngagementMetricsView {
  return Object.freeze({ ...row, createdAt: new Date(row.createdAt) });
}
