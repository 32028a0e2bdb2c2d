import { statement } from '../core/statement.ts';
import type { MeetingEngagementFacts } from './engagement.formula.ts';
import type { MeetingFactsRow } from './engagement.statements.ts';

/** What a recount may change in a row. */
function storedFigures(alias: string): string {
  const figures = [
    ...['attendance_duration_minutes', 'chat_messages_sent', 'polls_participated', 'screen_share_duration_minutes'],
    ...['microphone_active_minutes', 'camera_active_minutes', 'engagement_score', 'formula_version', 'coverage'],
    ...['attendance_seconds', 'screen_share_seconds', 'microphone_seconds', 'camera_seconds', 'speaking_seconds'],
  ];
  return figures.map((figure) => `${alias}.${figure}`).join(', ');
}

/** One person's metrics as {@link upsertMetrics} takes them. Seconds are null where nothing measured them. */
export interface MetricsInput {
  /** For a new row; one that is there keeps its own. */
  readonly id: string;
  readonly userId: string;
  readonly attendanceMinutes: number;
  readonly attendanceSeconds: number;
  readonly chatMessages: number;
  readonly pollsParticipated: number;
  readonly screenShareSeconds: number | null;
  readonly microphoneSeconds: number | null;
  readonly cameraSeconds: number | null;
  readonly speakingSeconds: number | null;
  readonly engagementScore: number | null;
}

/**
 * Parameters: meeting id, formula version, coverage as JSON, now (null: the database's clock), a JSON array of
 * {@link MetricsInput}. Everybody in one statement; who is not among them any more loses their row.
 */
export const upsertMetrics = statement<{ readonly written: number; readonly removed: number }>(
  'engagement-upsert-metrics',
  (t) => `
  with given as materialized (
    select * from jsonb_to_recordset($5::text::jsonb) as g(
      "id" uuid, "userId" uuid, "attendanceMinutes" int, "attendanceSeconds" numeric, "chatMessages" int,
      "pollsParticipated" int, "screenShareSeconds" numeric, "microphoneSeconds" numeric, "cameraSeconds" numeric,
      "speakingSeconds" numeric, "engagementScore" numeric)),
  -- A recount after sessions were corrected must not leave people who turned out never to have been there.
  removed as (
    delete from ${t.participant_engagement_metrics} e
    where e.meeting_id = $1::uuid and not exists (select from given g where g."userId" = e.auth_user_id)
    returning 1),
  written as (
    insert into ${t.participant_engagement_metrics} as e (
      id, meeting_id, auth_user_id, attendance_duration_minutes, chat_messages_sent, polls_participated,
      screen_share_duration_minutes, microphone_active_minutes, camera_active_minutes, engagement_score, created_at,
      formula_version, coverage, attendance_seconds, screen_share_seconds, microphone_seconds, camera_seconds,
      speaking_seconds)
    select "id", $1::uuid, "userId", "attendanceMinutes", "chatMessages", "pollsParticipated",
           coalesce(floor("screenShareSeconds" / 60), 0), coalesce(floor("microphoneSeconds" / 60), 0),
           coalesce(floor("cameraSeconds" / 60), 0), "engagementScore",
           coalesce($4::timestamptz, date_trunc('milliseconds', clock_timestamp())),
           $2::text, $3::text::jsonb, "attendanceSeconds", "screenShareSeconds", "microphoneSeconds", "cameraSeconds",
           "speakingSeconds"
    from given
    -- One order for everybody: two recounts at once wait for one another instead of locking each other out.
    order by "userId"
    on conflict (meeting_id, auth_user_id) do update set
      attendance_duration_minutes = excluded.attendance_duration_minutes,
      chat_messages_sent = excluded.chat_messages_sent,
      polls_participated = excluded.polls_participated,
      screen_share_duration_minutes = excluded.screen_share_duration_minutes,
      microphone_active_minutes = excluded.microphone_active_minutes,
      camera_active_minutes = excluded.camera_active_minutes,
      engagement_score = excluded.engagement_score,
      formula_version = excluded.formula_version,
      coverage = excluded.coverage,
      attendance_seconds = excluded.attendance_seconds,
      screen_share_seconds = excluded.screen_share_seconds,
      microphone_seconds = excluded.microphone_seconds,
      camera_seconds = excluded.camera_seconds,
      speaking_seconds = excluded.speaking_seconds
    -- A recount mostly finds what is there: a row that stays as it is need not be written again, with an entry in each index.
    where (${storedFigures('e')}) is distinct from (${storedFigures('excluded')})
    returning 1)
  select (select count(*) from written)::int as written, (select count(*) from removed)::int as removed`,
  { prepare: false },
);

/** A meeting's analytics as {@link upsertAnalytics} takes them. */
export interface AnalyticsInput extends Omit<MeetingFactsRow, keyof MeetingEngagementFacts> {
  readonly engagementScore: number | null;
  /** Null where no recording is known. */
  readonly recordingDurationMinutes: number | null;
}

/**
 * Parameters: meeting id, id for a new row, formula version, coverage as JSON, now (null: the database's clock), an
 * {@link AnalyticsInput} as JSON. One row a meeting, whose id and time of making stay.
 */
export const upsertAnalytics = statement<{ readonly id: string }>(
  'engagement-upsert-analytics',
  (t) => `
  insert into ${t.meeting_analytics} as a (
    id, meeting_id, total_participants, average_attendance_duration_minutes, peak_concurrent_participants,
    total_chat_messages, total_screen_shares, total_polls_created, engagement_score, technical_issues_count,
    recording_duration_minutes, created_at, formula_version, coverage, average_attendance_seconds)
  select $2::uuid, $1::uuid, "totalParticipants", "averageAttendanceDurationMinutes", "peakConcurrentParticipants",
         "totalChatMessages", "totalScreenShares", "totalPollsCreated", "engagementScore", "technicalIssuesCount",
         "recordingDurationMinutes", coalesce($5::timestamptz, date_trunc('milliseconds', clock_timestamp())),
         $3::text, $4::text::jsonb, "averageAttendanceSeconds"
  from jsonb_to_record($6::text::jsonb) as g(
    "totalParticipants" int, "averageAttendanceDurationMinutes" numeric, "peakConcurrentParticipants" int,
    "totalChatMessages" int, "totalScreenShares" int, "totalPollsCreated" int, "engagementScore" numeric,
    "technicalIssuesCount" int, "recordingDurationMinutes" int, "averageAttendanceSeconds" numeric)
  on conflict (meeting_id) do update set
    total_participants = excluded.total_participants,
    average_attendance_duration_minutes = excluded.average_attendance_duration_minutes,
    peak_concurrent_participants = excluded.peak_concurrent_participants,
    total_chat_messages = excluded.total_chat_messages,
    total_screen_shares = excluded.total_screen_shares,
    total_polls_created = excluded.total_polls_created,
    engagement_score = excluded.engagement_score,
    -- Reports of issues are events, which a host may let expire: a recount must not forget them.
    technical_issues_count = greatest(a.technical_issues_count, excluded.technical_issues_count),
    -- The length of a recording is known only after the end, from the platform that made it.
    recording_duration_minutes = coalesce(excluded.recording_duration_minutes, a.recording_duration_minutes),
    formula_version = excluded.formula_version,
    coverage = excluded.coverage,
    average_attendance_seconds = excluded.average_attendance_seconds
  returning a.id`,
  { prepare: false },
);
