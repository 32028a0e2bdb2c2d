import { ref, sql } from '@mikro-orm/core';
import { newId } from '../../../src/core/identifier.ts';
import {
  ChatMessage,
  EngagementMetrics,
  MediaInterval,
  type Meeting,
  MeetingAnalytics,
  Participant,
  ParticipantSession,
  Poll,
  PollResponse,
  StreamEvent,
} from '../../../src/entities.ts';
import type { MeetingAnalyticsView } from '../../../src/index.ts';
import { analyse, type CountRow } from '../../facts.ts';
import type { Place } from '../../operations.ts';
import { formulaVersion } from '../../scoring.ts';
import { append, type Em } from './events.ts';
import { entered } from './presence.ts';

const micros = (time: Date) => time.getTime() * 1000;

export function analytics(base: Em, place: Place): Promise<MeetingAnalyticsView> {
  const { meetingId } = place;
  return base.transactional(async (em) => {
    const { meeting } = await entered(em, place, { roles: ['Host'], states: ['Completed'] });
    const now = new Date();
    const figures = analyse(await factsOf(em, meeting));
    const { people, coverage } = figures;
    const ids = people.map(({ userId }) => userId);
    await em.nativeDelete(EngagementMetrics, { meeting: meetingId, authUserId: { $nin: ids } });
    await em.upsertMany(
      EngagementMetrics,
      people.map((person) => ({
        ...{ id: newId(), meeting: meetingId, authUserId: person.userId, createdAt: now, formulaVersion, coverage },
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
      { onConflictFields: ['meeting', 'authUserId'], onConflictExcludeFields: ['id', 'createdAt'], batchSize: 1000 },
    );
    const known = await em.findOne(MeetingAnalytics, { meeting: meetingId });
    const stored = known ?? em.create(MeetingAnalytics, { id: newId(), meeting: ref(meeting), createdAt: now });
    Object.assign(stored, {
      ...{ totalParticipants: figures.totalParticipants, averageAttendanceDurationMinutes: figures.averageMinutes },
      ...{ averageAttendanceSeconds: figures.averageSeconds, peakConcurrentParticipants: figures.peak },
      ...{ totalChatMessages: figures.messages, totalScreenShares: figures.screenShares },
      ...{ totalPollsCreated: figures.pollsCreated, engagementScore: figures.score, formulaVersion, coverage },
      technicalIssuesCount: Math.max(known?.technicalIssuesCount ?? 0, figures.issues),
    });
    const data = { formulaVersion, engagementScore: figures.score, people: people.length };
    const draft = {
      id: newId(),
      streamId: meetingId,
      type: 'analytics.ready',
      audience: 'hosts',
      actorId: null,
    } as const;
    await append(em, 'meeting', [{ ...draft, data }], now);
    return {
      ...{ id: stored.id, meetingId, totalParticipants: stored.totalParticipants },
      averageAttendanceDurationMinutes: number(stored.averageAttendanceDurationMinutes),
      averageAttendanceSeconds: number(stored.averageAttendanceSeconds),
      ...{ peakConcurrentParticipants: stored.peakConcurrentParticipants, totalChatMessages: stored.totalChatMessages },
      ...{ totalScreenShares: stored.totalScreenShares, totalPollsCreated: stored.totalPollsCreated },
      ...{ engagementScore: number(stored.engagementScore), technicalIssuesCount: stored.technicalIssuesCount },
      ...{ recordingDurationMinutes: stored.recordingDurationMinutes ?? null, formulaVersion, coverage },
      createdAt: stored.createdAt,
    };
  });
}

function number(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}

/** Sessions and intervals as entities; messages and votes, of which there are many, counted by the database. */
async function factsOf(em: Em, meeting: Meeting): Promise<Parameters<typeof analyse>[0]> {
  const { id } = meeting;
  const people = await em.find(Participant, { meeting: id });
  const stays = await em.find(ParticipantSession, { meeting: id });
  const intervals = await em.find(MediaInterval, { meeting: id });
  const messages = await em
    .createQueryBuilder(ChatMessage, 'c')
    .select([sql`sender_id`.as('userId'), sql`count(*)::int`.as('count')])
    .where({ meeting: id, messageType: { $ne: 'System' } })
    .groupBy('c.senderId')
    .execute<CountRow[]>('all', false);
  const votes = await em
    .createQueryBuilder(PollResponse, 'r')
    .select([sql`respondent_id`.as('userId'), sql`count(*)::int`.as('count')])
    .where({ poll: { meeting: id, isAnonymous: false } })
    .groupBy('r.respondentId')
    .execute<CountRow[]>('all', false);
  const polls = await em.find(Poll, { meeting: id });
  const issues = await em.count(StreamEvent, { streamKind: 0, streamId: id, type: 'participant.issue-reported' });
  const ended = meeting.actualEndTime ?? new Date();
  return {
    ...{ startedAt: micros(meeting.actualStartTime ?? ended), endedAt: micros(ended), messages, votes, issues },
    roster: people.map(({ authUserId: userId, role, status, totalDurationMinutes, canUseChat, canShareScreen }) => ({
      ...{ userId, role, status, minutes: totalDurationMinutes, canUseChat, canShareScreen },
    })),
    sessions: stays.flatMap(({ authUserId: userId, joinedAt, leftAt }) =>
      userId ? [{ userId, from: micros(joinedAt), to: leftAt ? micros(leftAt) : null }] : [],
    ),
    media: intervals.map(({ authUserId: userId, kind, startedAt, endedAt }) => ({
      ...{ userId, kind, from: micros(startedAt), to: endedAt ? micros(endedAt) : null },
    })),
    polls: { created: polls.length, named: polls.filter((poll) => poll.openedAt && !poll.isAnonymous).length },
  };
}
