import { newId } from '../../../src/core/identifier.ts';
import type { MeetingAnalyticsView } from '../../../src/index.ts';
import { analyse, type CountRow } from '../../facts.ts';
import type { Place } from '../../operations.ts';
import { formulaVersion } from '../../scoring.ts';
import { admit } from '../rules.ts';
import { append, type Db, type Trx } from './events.ts';
import { lockMeeting, memberOf } from './presence.ts';

const micros = (time: Date) => time.getTime() * 1000;

export function analytics(db: Db, place: Place): Promise<MeetingAnalyticsView> {
  const { meetingId } = place;
  return db.transaction().execute(async (trx) => {
    const locked = await lockMeeting(trx, meetingId);
    const member = await memberOf(trx, place, 'share');
    const { meeting } = admit(locked, member, { roles: ['Host'], states: ['Completed'] });
    const now = new Date();
    const figures = analyse(await factsOf(trx, meetingId, meeting));
    const { people } = figures;
    const coverage = JSON.stringify(figures.coverage);
    await trx
      .deleteFrom('participant_engagement_metrics')
      .where('meeting_id', '=', meetingId)
      .where(
        'auth_user_id',
        'not in',
        people.map(({ userId }) => userId),
      )
      .execute();
    await trx
      .insertInto('participant_engagement_metrics')
      .values(
        people.map((person) => ({
          ...{ id: newId(), meeting_id: meetingId, auth_user_id: person.userId, created_at: now, coverage },
          attendance_duration_minutes: person.attendanceMinutes,
          attendance_seconds: person.attendanceSeconds,
          chat_messages_sent: person.chatMessages,
          polls_participated: person.pollsParticipated,
          screen_share_duration_minutes: Math.floor(person.screenShareSeconds / 60),
          screen_share_seconds: person.screenShareSeconds,
          microphone_active_minutes: Math.floor(person.microphoneSeconds / 60),
          microphone_seconds: person.microphoneSeconds,
          camera_active_minutes: Math.floor(person.cameraSeconds / 60),
          camera_seconds: person.cameraSeconds,
          speaking_seconds: person.speakingSeconds,
          engagement_score: person.engagementScore,
          formula_version: formulaVersion,
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['meeting_id', 'auth_user_id']).doUpdateSet((eb) => ({
          attendance_duration_minutes: eb.ref('excluded.attendance_duration_minutes'),
          attendance_seconds: eb.ref('excluded.attendance_seconds'),
          chat_messages_sent: eb.ref('excluded.chat_messages_sent'),
          polls_participated: eb.ref('excluded.polls_participated'),
          screen_share_duration_minutes: eb.ref('excluded.screen_share_duration_minutes'),
          screen_share_seconds: eb.ref('excluded.screen_share_seconds'),
          microphone_active_minutes: eb.ref('excluded.microphone_active_minutes'),
          microphone_seconds: eb.ref('excluded.microphone_seconds'),
          camera_active_minutes: eb.ref('excluded.camera_active_minutes'),
          camera_seconds: eb.ref('excluded.camera_seconds'),
          speaking_seconds: eb.ref('excluded.speaking_seconds'),
          engagement_score: eb.ref('excluded.engagement_score'),
          formula_version: eb.ref('excluded.formula_version'),
          coverage: eb.ref('excluded.coverage'),
        })),
      )
      .execute();
    const row = {
      total_participants: figures.totalParticipants,
      average_attendance_duration_minutes: figures.averageMinutes,
      average_attendance_seconds: figures.averageSeconds,
      peak_concurrent_participants: figures.peak,
      total_chat_messages: figures.messages,
      total_screen_shares: figures.screenShares,
      total_polls_created: figures.pollsCreated,
      engagement_score: figures.score,
      technical_issues_count: figures.issues,
      ...{ formula_version: formulaVersion, coverage },
    };
    const stored = await trx
      .insertInto('meeting_analytics')
      .values({ id: newId(), meeting_id: meetingId, created_at: now, ...row })
      .onConflict((conflict) =>
        conflict.column('meeting_id').doUpdateSet((eb) => ({
          ...row,
          technical_issues_count: eb.fn<number>('greatest', [
            'meeting_analytics.technical_issues_count',
            'excluded.technical_issues_count',
          ]),
        })),
      )
      .returningAll()
      .executeTakeFirstOrThrow();
    const data = { formulaVersion, engagementScore: figures.score, people: people.length };
    const draft = {
      id: newId(),
      streamId: meetingId,
      type: 'analytics.ready',
      audience: 'hosts',
      actorId: null,
      data,
    } as const;
    await append(trx, 'meeting', [draft], now);
    return {
      id: stored.id,
      meetingId,
      totalParticipants: stored.total_participants,
      averageAttendanceDurationMinutes: number(stored.average_attendance_duration_minutes),
      averageAttendanceSeconds: number(stored.average_attendance_seconds),
      peakConcurrentParticipants: stored.peak_concurrent_participants,
      totalChatMessages: stored.total_chat_messages,
      totalScreenShares: stored.total_screen_shares,
      totalPollsCreated: stored.total_polls_created,
      engagementScore: number(stored.engagement_score),
      technicalIssuesCount: stored.technical_issues_count,
      recordingDurationMinutes: stored.recording_duration_minutes,
      formulaVersion: stored.formula_version,
      coverage: stored.coverage,
      createdAt: stored.created_at,
    };
  });
}

function number(text: string | null): number | null {
  return text === null ? null : Number(text);
}

function counted(rows: readonly { userId: string; count: string }[]): CountRow[] {
  return rows.map(({ userId, count }) => ({ userId, count: Number(count) }));
}

/** Sessions and intervals as rows, messages and votes counted by the database. */
async function factsOf(
  trx: Trx,
  meetingId: string,
  meeting: { readonly actual_start_time: Date | null; readonly actual_end_time: Date | null },
): Promise<Parameters<typeof analyse>[0]> {
  const roster = await trx
    .selectFrom('meeting_participants')
    .select(['auth_user_id as userId', 'role', 'status', 'total_duration_minutes as minutes'])
    .select(['can_use_chat as canUseChat', 'can_share_screen as canShareScreen'])
    .where('meeting_id', '=', meetingId)
    .execute();
  const sessions = await trx
    .selectFrom('meeting_participant_sessions')
    .select(['auth_user_id', 'joined_at', 'left_at'])
    .where('meeting_id', '=', meetingId)
    .execute();
  const media = await trx
    .selectFrom('meeting_media_intervals')
    .select(['auth_user_id as userId', 'kind', 'started_at', 'ended_at'])
    .where('meeting_id', '=', meetingId)
    .execute();
  const messages = await trx
    .selectFrom('meeting_chat_messages')
    .select(['sender_id as userId', (eb) => eb.fn.countAll<string>().as('count')])
    .where('meeting_id', '=', meetingId)
    .where('message_type', '<>', 'System')
    .groupBy('sender_id')
    .execute();
  const votes = await trx
    .selectFrom('meeting_poll_responses as r')
    .innerJoin('meeting_polls as l', 'l.id', 'r.poll_id')
    .select(['r.respondent_id as userId', (eb) => eb.fn.countAll<string>().as('count')])
    .where('l.meeting_id', '=', meetingId)
    .where('l.is_anonymous', '=', false)
    .groupBy('r.respondent_id')
    .execute();
  const polls = await trx
    .selectFrom('meeting_polls')
    .select(['opened_at', 'is_anonymous'])
    .where('meeting_id', '=', meetingId)
    .execute();
  const issues = await trx
    .selectFrom('meeting_events')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('stream_kind', '=', 0)
    .where('stream_id', '=', meetingId)
    .where('type', '=', 'participant.issue-reported')
    .executeTakeFirstOrThrow();
  const ended = meeting.actual_end_time ?? new Date();
  return {
    ...{ startedAt: micros(meeting.actual_start_time ?? ended), endedAt: micros(ended), roster },
    sessions: sessions.flatMap(({ auth_user_id: userId, joined_at, left_at }) =>
      userId === null ? [] : [{ userId, from: micros(joined_at), to: left_at && micros(left_at) }],
    ),
    media: media.map(({ userId, kind, started_at, ended_at }) => ({
      ...{ userId, kind, from: micros(started_at), to: ended_at && micros(ended_at) },
    })),
    ...{ messages: counted(messages), votes: counted(votes), issues: Number(issues.count) },
    polls: {
      created: polls.length,
      named: polls.filter((poll) => poll.opened_at !== null && !poll.is_anonymous).length,
    },
  };
}
