import { newId } from '../../../src/core/identifier.ts';
import type { MeetingAnalyticsView } from '../../../src/index.ts';
import { analyse, type Metrics } from '../../facts.ts';
import type { Place } from '../../operations.ts';
import { formulaVersion } from '../../scoring.ts';
import { admit } from '../rules.ts';
import { append, type Db, type Json, type Trx } from './events.ts';
import { lockMeeting, memberOf } from './presence.ts';

const micros = (time: Date) => time.getTime() * 1000;

/** There is no upsert of many: what was there is taken away and everybody is stored anew, keeping ids and times. */
export function analytics(db: Db, place: Place): Promise<MeetingAnalyticsView> {
  const { meetingId } = place;
  return db.$transaction(async (trx) => {
    const locked = await lockMeeting(trx, meetingId);
    const member = await memberOf(trx, place, 'share');
    const { meeting } = admit(locked, member, { roles: ['Host'], states: ['Completed'] });
    const now = new Date();
    const figures = analyse(await factsOf(trx, meetingId, meeting));
    const coverage: Json = figures.coverage;
    const former = await trx.metrics.findMany({
      where: { meetingId },
      select: { id: true, authUserId: true, createdAt: true },
    });
    const kept = new Map(former.map((row) => [row.authUserId, row]));
    await trx.metrics.deleteMany({ where: { meetingId } });
    await trx.metrics.createMany({
      data: figures.people.map((person) => {
        const { id, createdAt } = kept.get(person.userId) ?? { id: newId(), createdAt: now };
        return { id, createdAt, meetingId, formulaVersion, coverage, ...columnsOf(person) };
      }),
    });
    const row = {
      ...{ totalParticipants: figures.totalParticipants, averageAttendanceDurationMinutes: figures.averageMinutes },
      ...{ averageAttendanceSeconds: figures.averageSeconds, peakConcurrentParticipants: figures.peak },
      ...{ totalChatMessages: figures.messages, totalScreenShares: figures.screenShares },
      ...{ totalPollsCreated: figures.pollsCreated, engagementScore: figures.score, formulaVersion, coverage },
    };
    const before = await trx.analytics.findUnique({ where: { meetingId }, select: { technicalIssuesCount: true } });
    const technicalIssuesCount = Math.max(before?.technicalIssuesCount ?? 0, figures.issues);
    const stored = await trx.analytics.upsert({
      where: { meetingId },
      create: { id: newId(), meetingId, createdAt: now, technicalIssuesCount, ...row },
      update: { ...row, technicalIssuesCount },
    });
    const data = { formulaVersion, engagementScore: figures.score, people: figures.people.length };
    const draft = {
      id: newId(),
      streamId: meetingId,
      type: 'analytics.ready',
      audience: 'hosts',
      actorId: null,
    } as const;
    await append(trx, 'meeting', [{ ...draft, data }], now);
    return {
      ...stored,
      averageAttendanceDurationMinutes: stored.averageAttendanceDurationMinutes?.toNumber() ?? null,
      averageAttendanceSeconds: stored.averageAttendanceSeconds?.toNumber() ?? null,
      engagementScore: stored.engagementScore?.toNumber() ?? null,
      coverage: figures.coverage,
    };
  });
}

function columnsOf(person: Metrics) {
  return {
    authUserId: person.userId,
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
  };
}

/** Sessions and intervals as rows, messages and votes counted by the database. */
async function factsOf(
  trx: Trx,
  meetingId: string,
  meeting: { readonly actualStartTime: Date | null; readonly actualEndTime: Date | null },
): Promise<Parameters<typeof analyse>[0]> {
  const roster = await trx.participant.findMany({ where: { meetingId } });
  const stays = await trx.session.findMany({ where: { meetingId } });
  const intervals = await trx.mediaInterval.findMany({ where: { meetingId } });
  const messages = await trx.chatMessage.groupBy({
    by: ['senderId'],
    where: { meetingId, messageType: { not: 'System' } },
    _count: { _all: true },
  });
  const votes = await trx.pollResponse.groupBy({
    by: ['respondentId'],
    where: { poll: { meetingId, isAnonymous: false } },
    _count: { _all: true },
  });
  const polls = await trx.poll.findMany({ where: { meetingId } });
  const issues = await trx.streamEvent.count({
    where: { streamKind: 0, streamId: meetingId, type: 'participant.issue-reported' },
  });
  const ended = meeting.actualEndTime ?? new Date();
  return {
    ...{ startedAt: micros(meeting.actualStartTime ?? ended), endedAt: micros(ended), issues },
    roster: roster.map(({ authUserId: userId, role, status, totalDurationMinutes, canUseChat, canShareScreen }) => ({
      ...{ userId, role, status, minutes: totalDurationMinutes, canUseChat, canShareScreen },
    })),
    sessions: stays.flatMap(({ authUserId: userId, joinedAt, leftAt }) =>
      userId === null ? [] : [{ userId, from: micros(joinedAt), to: leftAt && micros(leftAt) }],
    ),
    media: intervals.map(({ authUserId: userId, kind, startedAt, endedAt }) => ({
      ...{ userId, kind, from: micros(startedAt), to: endedAt && micros(endedAt) },
    })),
    messages: messages.map(({ senderId: userId, _count }) => ({ userId, count: _count._all })),
    votes: votes.map(({ respondentId: userId, _count }) => ({ userId, count: _count._all })),
    polls: { created: polls.length, named: polls.filter((poll) => poll.openedAt !== null && !poll.isAnonymous).length },
  };
}
