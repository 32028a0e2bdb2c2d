import { and, count, eq, ne, notInArray, sql } from 'drizzle-orm';
import { newId } from '../../../src/core/identifier.ts';
import type { MeetingAnalyticsView } from '../../../src/index.ts';
import { analyse } from '../../facts.ts';
import type { Place } from '../../operations.ts';
import { formulaVersion } from '../../scoring.ts';
import { admit } from '../rules.ts';
import { append, type Db, type Trx } from './events.ts';
import { lockMeeting, memberOf } from './presence.ts';
import {
  analytics as analyticsTable,
  events,
  media,
  messages,
  metrics,
  participants,
  polls,
  responses,
  sessions,
} from './schema.ts';

const micros = (time: Date) => time.getTime() * 1000;

export function analytics(db: Db, place: Place): Promise<MeetingAnalyticsView> {
  const { meetingId } = place;
  return db.transaction(async (trx) => {
    const locked = await lockMeeting(trx, place);
    const member = await memberOf(trx, place, 'share');
    const { meeting } = admit(locked, member, { roles: ['Host'], states: ['Completed'] });
    const now = new Date();
    const figures = analyse(await factsOf(trx, meetingId, meeting));
    const { people, coverage } = figures;
    const ids = people.map(({ userId }) => userId);
    await trx.delete(metrics).where(and(eq(metrics.meetingId, meetingId), notInArray(metrics.authUserId, ids)));
    await trx
      .insert(metrics)
      .values(
        people.map((person) => ({
          ...{ id: newId(), meetingId, authUserId: person.userId, createdAt: now, formulaVersion, coverage },
          attendanceDurationMinutes: person.attendanceMinutes,
          attendanceSeconds: person.attendanceSeconds,
          chatMessagesSent: person.chatMessages,
          pollsParticipated: person.pollsParticipated,
          screenShareDurationMinutes: Math.floor(person.screenShareSeconds / 60),
          screenShareSeconds: person.screenShareSeconds,
          microphoneActiveMinutes: Math.floor(person.microphoneSeconds / 60),
          microphoneSeconds: person.microphoneSeconds,
          cameraActiveMinutes: Math.floor(person.cameraSeconds / 60),
          cameraSeconds: person.cameraSeconds,
          speakingSeconds: person.speakingSeconds,
          engagementScore: person.engagementScore,
        })),
      )
      .onConflictDoUpdate({
        target: [metrics.meetingId, metrics.authUserId],
        set: {
          attendanceDurationMinutes: sql`excluded.attendance_duration_minutes`,
          attendanceSeconds: sql`excluded.attendance_seconds`,
          chatMessagesSent: sql`excluded.chat_messages_sent`,
          pollsParticipated: sql`excluded.polls_participated`,
          screenShareDurationMinutes: sql`excluded.screen_share_duration_minutes`,
          screenShareSeconds: sql`excluded.screen_share_seconds`,
          microphoneActiveMinutes: sql`excluded.microphone_active_minutes`,
          microphoneSeconds: sql`excluded.microphone_seconds`,
          cameraActiveMinutes: sql`excluded.camera_active_minutes`,
          cameraSeconds: sql`excluded.camera_seconds`,
          speakingSeconds: sql`excluded.speaking_seconds`,
          engagementScore: sql`excluded.engagement_score`,
          formulaVersion: sql`excluded.formula_version`,
          coverage: sql`excluded.coverage`,
        },
      });
    const row = {
      ...{ totalParticipants: figures.totalParticipants, averageAttendanceDurationMinutes: figures.averageMinutes },
      ...{ averageAttendanceSeconds: figures.averageSeconds, peakConcurrentParticipants: figures.peak },
      ...{ totalChatMessages: figures.messages, totalScreenShares: figures.screenShares },
      ...{ totalPollsCreated: figures.pollsCreated, engagementScore: figures.score, formulaVersion, coverage },
    };
    const [stored] = await trx
      .insert(analyticsTable)
      .values({ id: newId(), meetingId, createdAt: now, technicalIssuesCount: figures.issues, ...row })
      .onConflictDoUpdate({
        target: analyticsTable.meetingId,
        set: {
          ...row,
          technicalIssuesCount: sql`greatest(${analyticsTable.technicalIssuesCount}, excluded.technical_issues_count)`,
        },
      })
      .returning();
    if (stored === undefined) throw new Error('nothing was stored');
    const data = { formulaVersion, engagementScore: figures.score, people: people.length };
    const draft = {
      id: newId(),
      streamId: meetingId,
      type: 'analytics.ready',
      audience: 'hosts',
      actorId: null,
    } as const;
    await append(trx, 'meeting', [{ ...draft, data }], now);
    return stored;
  });
}

/** Sessions and intervals as rows, messages and votes counted by the database. */
async function factsOf(
  trx: Trx,
  meetingId: string,
  meeting: { readonly actualStartTime: Date | null; readonly actualEndTime: Date | null },
): Promise<Parameters<typeof analyse>[0]> {
  const { authUserId: userId, role, status, totalDurationMinutes: minutes, canUseChat, canShareScreen } = participants;
  const roster = await trx
    .select({ userId, role, status, minutes, canUseChat, canShareScreen })
    .from(participants)
    .where(eq(participants.meetingId, meetingId));
  const stays = await trx.select().from(sessions).where(eq(sessions.meetingId, meetingId));
  const intervals = await trx.select().from(media).where(eq(media.meetingId, meetingId));
  const written = await trx
    .select({ userId: messages.senderId, count: count() })
    .from(messages)
    .where(and(eq(messages.meetingId, meetingId), ne(messages.messageType, 'System')))
    .groupBy(messages.senderId);
  const votes = await trx
    .select({ userId: responses.respondentId, count: count() })
    .from(responses)
    .innerJoin(polls, eq(polls.id, responses.pollId))
    .where(and(eq(polls.meetingId, meetingId), eq(polls.isAnonymous, false)))
    .groupBy(responses.respondentId);
  const asked = await trx.select().from(polls).where(eq(polls.meetingId, meetingId));
  const issues = await trx.$count(
    events,
    and(eq(events.streamKind, 0), eq(events.streamId, meetingId), eq(events.type, 'participant.issue-reported')),
  );
  const ended = meeting.actualEndTime ?? new Date();
  return {
    ...{ startedAt: micros(meeting.actualStartTime ?? ended), endedAt: micros(ended), roster },
    sessions: stays.flatMap(({ authUserId, joinedAt, leftAt }) =>
      authUserId === null ? [] : [{ userId: authUserId, from: micros(joinedAt), to: leftAt && micros(leftAt) }],
    ),
    media: intervals.map(({ authUserId, kind, startedAt, endedAt }) => ({
      ...{ userId: authUserId, kind, from: micros(startedAt), to: endedAt && micros(endedAt) },
    })),
    ...{ messages: written, votes, issues },
    polls: { created: asked.length, named: asked.filter((poll) => poll.openedAt !== null && !poll.isAnonymous).length },
  };
}
