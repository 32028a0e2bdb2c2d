import { statement } from '../core/statement.ts';
import type { CountedMeeting } from './engagement.facts.rules.ts';
import type { MeetingEngagementFacts } from './engagement.formula.ts';

/** What a recount may change in a row. */
const figures = [
  ...['attendance_duration_minutes', 'chat_messages_sent', 'polls_participated', 'screen_share_duration_minutes'],
  ...['microphone_active_minutes', 'camera_active_minutes', 'engagement_score', 'formula_version', 'coverage'],
  ...['attendance_seconds', 'screen_share_seconds', 'microphone_seconds', 'camera_seconds', 'speaking_seconds'],
];

const listed = (alias: string) => figures.map((figure) => `${alias}.${figure}`).join(', ');

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
 * Parameters: 1 meeting, 2 formula version, 3 coverage as JSON, 4 now (null: the database's clock), then {@link metricsParameters}.
 * Everybody in one statement; who is not among them any more loses their row.
 */
export const upsertMetrics = statement<{ readonly written: number; readonly removed: number }>(
  'engagement-upsert-metrics',
  (t) => `
  with given as materialized (
    select id, $1::uuid as meeting_id, user_id as auth_user_id, minutes as attendance_duration_minutes,
           chat as chat_messages_sent, polls as polls_participated,
           coalesce(floor(screen / 60), 0)::int as screen_share_duration_minutes,
           coalesce(floor(microphone / 60), 0)::int as microphone_active_minutes,
           coalesce(floor(camera / 60), 0)::int as camera_active_minutes, score as engagement_score,
           coalesce($4::timestamptz, date_trunc('milliseconds', clock_timestamp())) as created_at,
           $2::text as formula_version, $3::text::jsonb as coverage, seconds::numeric(12, 3) as attendance_seconds,
           screen::numeric(12, 3) as screen_share_seconds, microphone::numeric(12, 3) as microphone_seconds,
           camera::numeric(12, 3) as camera_seconds, speaking::numeric(12, 3) as speaking_seconds
    from unnest($5::uuid[], $6::uuid[], $7::int[], $8::numeric[], $9::int[], $10::int[], $11::numeric[], $12::numeric[],
                $13::numeric[], $14::numeric[], $15::numeric(5, 2)[])
      as g(id, user_id, minutes, seconds, chat, polls, screen, microphone, camera, speaking, score)),
  -- A recount after sessions were corrected must not leave people who turned out never to have been there.
  removed as (
    delete from ${t.participant_engagement_metrics} e
    where e.meeting_id = $1::uuid and not exists (select from given g where g.auth_user_id = e.auth_user_id)
    returning 1),
  written as (
    insert into ${t.participant_engagement_metrics} as e (id, meeting_id, auth_user_id, created_at, ${figures.join(', ')})
    select g.id, g.meeting_id, g.auth_user_id, g.created_at, ${listed('g')}
    from given g
    -- A recount mostly finds what is there: a row that stays as it is need not be locked, nor written again with an entry in each
    -- index.
    left join ${t.participant_engagement_metrics} e on e.meeting_id = $1::uuid and e.auth_user_id = g.auth_user_id
    where e.id is null or (${listed('e')}) is distinct from (${listed('g')})
    -- One order for everybody: two recounts at once wait for one another instead of locking each other out.
    order by g.auth_user_id
    on conflict (meeting_id, auth_user_id) do update set
      ${figures.map((figure) => `${figure} = excluded.${figure}`).join(', ')}
    returning 1)
  select (select count(*) from written)::int as written, (select count(*) from removed)::int as removed`,
  { prepare: false },
);

/** People's metrics, a column each. */
export function metricsParameters(metrics: readonly MetricsInput[]): readonly string[] {
  const column = (valueOf: (metric: MetricsInput) => string | number | null) => arrayOf(metrics.map(valueOf));
  return [
    ...[column(({ id }) => id), column(({ userId }) => userId)],
    ...[column(({ attendanceMinutes }) => attendanceMinutes), column(({ attendanceSeconds }) => attendanceSeconds)],
    ...[column(({ chatMessages }) => chatMessages), column(({ pollsParticipated }) => pollsParticipated)],
    ...[column(({ screenShareSeconds }) => screenShareSeconds), column(({ microphoneSeconds }) => microphoneSeconds)],
    ...[column(({ cameraSeconds }) => cameraSeconds), column(({ speakingSeconds }) => speakingSeconds)],
    column(({ engagementScore }) => engagementScore),
  ];
}

/** As the database writes an array: of ids and numbers, which need no quotes, and nulls, which an array parameter cannot hold. */
function arrayOf(values: readonly (string | number | null)[]): string {
  return `{${values.map((value) => value ?? 'null').join(',')}}`;
}

/** A meeting's analytics as {@link upsertAnalytics} takes them. */
export interface AnalyticsInput extends Omit<CountedMeeting, keyof MeetingEngagementFacts> {
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
