/** A meeting's figures, counted again: rows read as they are, unions and scores in plain code, everybody stored in one statement. */
import { newId } from '../../src/core/identifier.ts';
import type { MeetingAnalyticsView } from '../../src/index.ts';
import { type Analytics, analyse, type CountRow, type SpanRow, type StoredFacts } from '../facts.ts';
import { type Place, Refused } from '../operations.ts';
import { formulaVersion } from '../scoring.ts';
import { clock, isMeeting, type LimitClient } from './client.ts';

const micros = (column: string) => `(extract(epoch from ${column}) * 1000000)::float8`;

/** Parameter of all: 1 meeting. */
const texts = {
  enter: `
    with lock as (
      select m.id, m.status, ${micros('m.actual_start_time')} as started, ${micros('m.actual_end_time')} as ended
      from convoke.meetings m where m.id = $1::uuid and ${isMeeting} for no key update),
    me as (
      select p.role from lock l join convoke.meeting_participants p on p.meeting_id = l.id and p.auth_user_id = $2::uuid
      where p.removed_at is null for share of p)
    select l.status, me.role, l.started, l.ended, ${clock} as now from lock l cross join me`,
  roster: `
    select auth_user_id as "userId", role, status, total_duration_minutes as minutes, can_use_chat as "canUseChat",
           can_share_screen as "canShareScreen"
    from convoke.meeting_participants where meeting_id = $1`,
  sessions: `
    select auth_user_id as "userId", ${micros('joined_at')} as "from", ${micros('left_at')} as "to"
    from convoke.meeting_participant_sessions where meeting_id = $1 and auth_user_id is not null`,
  media: `
    select auth_user_id as "userId", kind, ${micros('started_at')} as "from", ${micros('ended_at')} as "to"
    from convoke.meeting_media_intervals where meeting_id = $1`,
  messages: `
    select sender_id as "userId", count(*)::int as count from convoke.meeting_chat_messages
    where meeting_id = $1 and message_type <> 'System' group by sender_id`,
  votes: `
    select r.respondent_id as "userId", count(*)::int as count
    from convoke.meeting_polls l join convoke.meeting_poll_responses r on r.poll_id = l.id
    where l.meeting_id = $1 and not l.is_anonymous group by r.respondent_id`,
  polls: `
    select count(*)::int as created,
           count(*) filter (where (is_active or closed_at is not null) and not is_anonymous)::int as named,
           (select count(*)::int from convoke.meeting_events
            where stream_kind = 0 and stream_id = $1 and type = 'participant.issue-reported') as issues
    from convoke.meeting_polls where meeting_id = $1`,
};

/** 1 meeting, 2 coverage, 3 now, 4 version, 5 ids, then the columns. Who turned out never to have been there loses their row. */
const metricsText = `
  with given as materialized (
    select * from unnest($5::uuid[], $6::uuid[], $7::int[], $8::numeric[], $9::int[], $10::int[], $11::numeric[], $12::numeric[],
                         $13::numeric[], $14::numeric[], $15::numeric[])
      as g(id, user_id, minutes, seconds, chat, polls, screen, microphone, camera, speaking, score)),
  removed as (
    delete from convoke.participant_engagement_metrics e
    where e.meeting_id = $1 and not exists (select from given g where g.user_id = e.auth_user_id))
  insert into convoke.participant_engagement_metrics (
    id, meeting_id, auth_user_id, attendance_duration_minutes, chat_messages_sent, polls_participated,
    screen_share_duration_minutes, microphone_active_minutes, camera_active_minutes, engagement_score, created_at,
    formula_version, coverage, attendance_seconds, screen_share_seconds, microphone_seconds, camera_seconds, speaking_seconds)
  select id, $1::uuid, user_id, minutes, chat, polls, floor(screen / 60), floor(microphone / 60), floor(camera / 60), score,
         $3::timestamptz, $4::text, $2::jsonb, seconds, screen, microphone, camera, speaking
  from given order by user_id
  on conflict (meeting_id, auth_user_id) do update set
    attendance_duration_minutes = excluded.attendance_duration_minutes, chat_messages_sent = excluded.chat_messages_sent,
    polls_participated = excluded.polls_participated,
    screen_share_duration_minutes = excluded.screen_share_duration_minutes,
    microphone_active_minutes = excluded.microphone_active_minutes, camera_active_minutes = excluded.camera_active_minutes,
    engagement_score = excluded.engagement_score, formula_version = excluded.formula_version, coverage = excluded.coverage,
    attendance_seconds = excluded.attendance_seconds, screen_share_seconds = excluded.screen_share_seconds,
    microphone_seconds = excluded.microphone_seconds, camera_seconds = excluded.camera_seconds,
    speaking_seconds = excluded.speaking_seconds`;

/** The meeting's row and the event, as one statement that answers with the row. */
const analyticsText = `
  with stored as (
    insert into convoke.meeting_analytics as a (
      id, meeting_id, total_participants, average_attendance_duration_minutes, peak_concurrent_participants,
      total_chat_messages, total_screen_shares, total_polls_created, engagement_score, technical_issues_count, created_at,
      formula_version, coverage, average_attendance_seconds)
    values ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    on conflict (meeting_id) do update set
      total_participants = excluded.total_participants,
      average_attendance_duration_minutes = excluded.average_attendance_duration_minutes,
      peak_concurrent_participants = excluded.peak_concurrent_participants,
      total_chat_messages = excluded.total_chat_messages, total_screen_shares = excluded.total_screen_shares,
      total_polls_created = excluded.total_polls_created, engagement_score = excluded.engagement_score,
      technical_issues_count = greatest(a.technical_issues_count, excluded.technical_issues_count),
      formula_version = excluded.formula_version, coverage = excluded.coverage,
      average_attendance_seconds = excluded.average_attendance_seconds
    returning a.*),
  head as (
    insert into convoke.meeting_event_heads as h (stream_kind, stream_id, seq, hosts_seq)
    select 0, meeting_id, 1, 1 from stored
    on conflict (stream_kind, stream_id) do update
    set seq = h.seq + 1, hosts_seq = h.seq + 1, public_prev = h.public_seq, hosts_prev = h.hosts_seq
    returning h.seq, h.hosts_prev),
  announced as (
    insert into convoke.meeting_events (stream_kind, stream_id, seq, id, prev, type, occurred_at, audience, data)
    select 0, s.meeting_id, h.seq, $15, h.hosts_prev, 'analytics.ready', $11, 'hosts',
           jsonb_build_object('formulaVersion', $12::text, 'engagementScore', s.engagement_score, 'people', $16::int)
    from stored s cross join head h)
  select id, meeting_id as "meetingId", total_participants as "totalParticipants",
         average_attendance_duration_minutes::float8 as "averageAttendanceDurationMinutes",
         average_attendance_seconds::float8 as "averageAttendanceSeconds",
         peak_concurrent_participants as "peakConcurrentParticipants", total_chat_messages as "totalChatMessages",
         total_screen_shares as "totalScreenShares", total_polls_created as "totalPollsCreated",
         engagement_score::float8 as "engagementScore", technical_issues_count as "technicalIssuesCount",
         recording_duration_minutes as "recordingDurationMinutes", formula_version as "formulaVersion", coverage,
         created_at as "createdAt"
  from stored`;

interface Entered {
  readonly status: string;
  readonly role: string;
  readonly started: number;
  readonly ended: number;
  readonly now: Date;
}

export async function analytics(client: LimitClient, { meetingId, userId }: Place): Promise<MeetingAnalyticsView> {
  return client.transaction(async (connection) => {
    const rows = async <Row extends object>(text: string): Promise<Row[]> =>
      (await connection.query<Row>(text, [meetingId])).rows;
    const [entered] = (await connection.query<Entered>(texts.enter, [meetingId, userId])).rows;
    if (entered === undefined) throw new Refused('NOT_FOUND');
    if (entered.role !== 'Host') throw new Refused('FORBIDDEN');
    if (entered.status !== 'Completed') throw new Refused('INVALID_TRANSITION');
    const [polls] = await rows<{ created: number; named: number; issues: number }>(texts.polls);
    const facts: StoredFacts = {
      ...{ startedAt: entered.started, endedAt: entered.ended },
      roster: await rows<StoredFacts['roster'][number]>(texts.roster),
      sessions: await rows<SpanRow>(texts.sessions),
      media: await rows<SpanRow & { kind: string }>(texts.media),
      messages: await rows<CountRow>(texts.messages),
      votes: await rows<CountRow>(texts.votes),
      polls: polls ?? { created: 0, named: 0 },
      issues: polls?.issues ?? 0,
    };
    const figures = analyse(facts);
    await connection.query(metricsText, [meetingId, ...metricsValues(figures, entered.now)]);
    const values = [meetingId, ...analyticsValues(figures, entered.now)];
    const [stored] = (await connection.query<MeetingAnalyticsView>(analyticsText, values)).rows;
    if (stored === undefined) throw new Error('the analytics were not stored');
    return stored;
  });
}

function metricsValues({ people, coverage }: Analytics, now: Date): unknown[] {
  return [
    ...[JSON.stringify(coverage), now, formulaVersion, people.map(newId), people.map((person) => person.userId)],
    ...[people.map((person) => person.attendanceMinutes), people.map((person) => person.attendanceSeconds)],
    ...[people.map((person) => person.chatMessages), people.map((person) => person.pollsParticipated)],
    ...[people.map((person) => person.screenShareSeconds), people.map((person) => person.microphoneSeconds)],
    ...[people.map((person) => person.cameraSeconds), people.map((person) => person.speakingSeconds)],
    people.map((person) => person.engagementScore),
  ];
}

function analyticsValues(figures: Analytics, now: Date): unknown[] {
  return [
    ...[
      newId(),
      figures.totalParticipants,
      figures.averageMinutes,
      figures.peak,
      figures.messages,
      figures.screenShares,
    ],
    ...[figures.pollsCreated, figures.score, figures.issues, now, formulaVersion, JSON.stringify(figures.coverage)],
    ...[figures.averageSeconds, newId(), figures.people.length],
  ];
}
