import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { mediaKinds } from '../../src/core/enums.ts';
import { newId } from '../../src/core/identifier.ts';
import type { Work } from '../../src/core/work.ts';
import {
  type MetricsInput,
  metricsParameters,
  upsertAnalytics,
  upsertMetrics,
} from '../../src/engagement/engagement.figures.statements.ts';
import { scoresOf } from '../../src/engagement/engagement.rules.ts';
import { readFacts } from '../../src/engagement/read-facts.ts';
import { attendanceOf } from '../../src/participants/attendance.rules.ts';
import { test } from '../setup/db.ts';
import { person } from './facts.ts';
import {
  after,
  insertMedia,
  insertMeeting,
  insertMessage,
  insertParticipant,
  insertPoll,
  insertSessions,
  on,
  run,
  settleParticipants,
  start,
  stay,
  violated,
  workOn,
} from './recorded-meeting.ts';

/** Seconds to the millisecond. */
function timeBetween(from: number, to: number): fc.Arbitrary<number> {
  return fc.integer({ min: from * 1000, max: to * 1000 }).map((milliseconds) => milliseconds / 1000);
}

/** What the analytics of a meeting that ended have to uphold. */
const attendanceAndAnalytics = [
  ...['S01', 'S02', 'S03', 'S04', 'S05', 'S06', 'S07', 'S08', 'X01', 'X02', 'X03', 'X11'],
  ...['P01', 'P02', 'P03', 'P04', 'P05', 'P06', 'P07', 'P08'],
];

/** Facts, scores and both upserts, in the order in which the end of a meeting goes through them. */
async function computeAnalytics(work: Work, meetingId: string) {
  const before = await readFacts(work, meetingId);
  await settleParticipants(work, meetingId, new Map(before.people.map((row) => [row.userId, row.attendanceMinutes])));
  const { meeting, people, rubric } = await readFacts(work, meetingId);
  const coverage = JSON.stringify(rubric.coverage);
  const scores = scoresOf(people, rubric);
  const metrics = people.map((row, index): MetricsInput => ({
    ...row,
    id: newId(),
    engagementScore: scores.people[index] ?? null,
  }));
  const { version } = rubric.formula;
  const given = [meetingId, version, coverage, after(9), ...metricsParameters(metrics)];
  const counts = await work.one(upsertMetrics, given);
  const analytics = { ...meeting, engagementScore: scores.meeting, recordingDurationMinutes: null };
  const parameters = [meetingId, newId(), version, coverage, after(9), JSON.stringify(analytics)];
  const { id } = await work.one(upsertAnalytics, parameters);
  return { counts, id, analytics };
}

async function metricsId(work: Work, userId: string): Promise<string | undefined> {
  const rows = await run<{ id: string }>(
    work,
    (t) => `select id from ${t.participant_engagement_metrics} where auth_user_id = $1`,
    [userId],
  );
  return rows[0]?.id;
}

describe('facts', () => {
  test('of a person are clamped, united and theirs alone', async ({ orm }) => {
    const work = workOn(orm);
    const [host, ada, bob, absent, stranger] = [newId(), newId(), newId(), newId(), newId()];
    const meetingId = await insertMeeting(work, 600, [host, ada, absent]);
    await insertParticipant(work, meetingId, bob, 'Observer');
    await insertSessions(work, meetingId, [
      stay(ada, -30, 100),
      stay(ada, 50, 160.5),
      stay(ada, 300, null),
      stay(bob, 20, 20),
      stay(null, 0, 600),
      stay(stranger, 0, 10),
    ]);
    await insertMedia(work, meetingId, [
      on(ada, 'camera', -30, 60),
      on(ada, 'camera', 40, 200),
      on(ada, 'microphone', 590, null),
      on(ada, 'speaking', 595, 599.25),
      on(ada, 'screen', 150, 310),
      on(ada, 'hand', 10, 11),
      on(ada, 'hand', 20, 20),
      on(ada, 'hand', 200, 210),
      on(absent, 'camera', 0, 600),
    ]);
    await insertMessage(work, meetingId, ada);
    await insertMessage(work, meetingId, ada, { recipientId: bob });
    await insertMessage(work, meetingId, ada, { deleted: true });
    await insertMessage(work, meetingId, ada, { type: 'System' });
    await insertMessage(work, meetingId, absent);
    await insertPoll(work, meetingId, host, { voters: [ada, absent] });
    await insertPoll(work, meetingId, host, { voters: [bob] });
    await insertPoll(work, meetingId, host, { voters: [ada], anonymous: true });
    await insertPoll(work, meetingId, host, { draft: true });

    const adasFacts = person({
      userId: ada,
      attendanceSeconds: 460.5,
      chatMessages: 3,
      publicChatMessages: 2,
      pollsParticipated: 1,
      handsRaised: 2,
      cameraSeconds: 160.5,
      microphoneSeconds: 10,
      speakingSeconds: 4.25,
      screenShareSeconds: 20.5,
    });
    const bobsFacts = person({
      userId: bob,
      role: 'Observer',
      attendanceSeconds: 0,
      pollsParticipated: 1,
      canUseChat: false,
      canShareScreen: false,
    });
    expect((await readFacts(work, meetingId)).people).toEqual([
      { ...adasFacts, attendanceMinutes: 7 },
      { ...bobsFacts, attendanceMinutes: 0 },
    ]);
    await settleParticipants(work, meetingId, new Map([[ada, 7]]));
    expect((await readFacts(work, meetingId)).meeting).toEqual({
      durationSeconds: 600,
      peakConcurrentParticipants: 2,
      totalParticipants: 1,
      averageAttendanceDurationMinutes: 7,
      averageAttendanceSeconds: 460.5,
      technicalIssuesCount: 0,
      totalChatMessages: 4,
      totalScreenShares: 1,
      totalPollsCreated: 4,
      namedPolls: 2,
      openedPolls: 3,
      used: { chat: true, speaking: true, microphone: true, camera: true, hands: true, screenShare: true },
    });
  });

  test('count issues that were reported in this meeting', async ({ orm }) => {
    const work = workOn(orm);
    const meetingId = await insertMeeting(work, 600, [newId()]);
    const otherId = await insertMeeting(work, 600, [newId()]);
    await run(
      work,
      (t) => `insert into ${t.meeting_events} (stream_kind, stream_id, seq, type, occurred_at)
      values (0, $1, 1, 'participant.issue-reported', $2), (0, $1, 2, 'participant.joined', $2),
             (0, $1, 3, 'participant.issue-reported', $2)`,
      [meetingId, start],
    );
    expect((await readFacts(work, meetingId)).meeting).toMatchObject({ technicalIssuesCount: 2 });
    expect((await readFacts(work, otherId)).meeting).toMatchObject({ technicalIssuesCount: 0 });
  });

  test('of a meeting in progress last until now, of one that never began there are none', async ({ orm }) => {
    const work = workOn(orm);
    const ada = newId();
    const meetingId = await insertMeeting(work, 600, [newId(), ada]);
    await insertSessions(work, meetingId, [stay(ada, 30, null)]);
    await run(work, (t) => `update ${t.meetings} set status = 'InProgress', actual_end_time = null where id = $1`, [
      meetingId,
    ]);
    const { meeting, people } = await readFacts(workOn(orm, { now: () => after(120) }), meetingId);
    expect(people).toMatchObject([{ attendanceSeconds: 90 }]);
    expect(meeting).toMatchObject({ durationSeconds: 120 });
    await run(work, (t) => `update ${t.meetings} set status = 'Scheduled', actual_start_time = null where id = $1`, [
      meetingId,
    ]);
    expect((await readFacts(work, meetingId)).people).toEqual([]);
    expect((await readFacts(work, meetingId)).meeting).toMatchObject({
      durationSeconds: 0,
      peakConcurrentParticipants: 0,
      totalParticipants: 0,
      averageAttendanceDurationMinutes: null,
      averageAttendanceSeconds: null,
      used: { chat: false, camera: false },
    });
    await expect(readFacts(work, newId())).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});

describe('facts in SQL and the rules', () => {
  test('agree on attendance and peak of random sessions', async ({ orm }) => {
    const work = workOn(orm);
    const people = Array.from({ length: 4 }, () => newId());
    const outsider = newId();
    const session = fc
      .tuple(fc.constantFrom(...people, outsider, null), timeBetween(-200, 800), fc.option(timeBetween(0, 900)))
      .map(([userId, from, length]) => stay(userId, from, length === null ? null : from + length));
    const sessionSets = fc.array(session, { maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(sessionSets, timeBetween(0, 600), async (sessions, length) => {
        const meetingId = await insertMeeting(work, length, people);
        await insertSessions(work, meetingId, sessions);
        const expected = attendanceOf(
          sessions.map((each) => ({ ...each, lastHeartbeatAt: null })),
          { actualStartTime: start, actualEndTime: after(length) },
          { heartbeatGraceMilliseconds: 0 },
        );
        const { meeting, people: facts } = await readFacts(work, meetingId);
        expect(facts.map((row) => [row.userId, row.attendanceSeconds, row.attendanceMinutes])).toEqual(
          expected.people
            .filter(({ userId }) => userId !== outsider)
            .map(({ userId, seconds, minutes }) => [userId, seconds, minutes]),
        );
        expect(meeting.peakConcurrentParticipants).toBe(expected.peak);
      }),
      { numRuns: 30 },
    );
  });

  test('agree on media counted second by second', async ({ orm }) => {
    const work = workOn(orm);
    const people = [newId(), newId()];
    const span = fc.tuple(fc.constantFrom(...people), fc.integer({ min: -20, max: 100 }), fc.nat(60));
    const spans = fc.array(span, { maxLength: 10 });
    const clock = Array.from({ length: 80 }, (_, at) => at);
    await fc.assert(
      fc.asyncProperty(spans, spans, async (present, filmed) => {
        const meetingId = await insertMeeting(work, clock.length, people);
        const sessions = present.map(([userId, from, length]) => stay(userId, from, from + length));
        await insertSessions(work, meetingId, sessions);
        const cameras = filmed.map(([userId, from, length]) => on(userId, 'camera', from, from + length));
        await insertMedia(work, meetingId, cameras);
        const covered = (rows: typeof present, userId: string) =>
          clock.map((at) => rows.some(([id, from, length]) => id === userId && from <= at && at < from + length));
        const { people: facts } = await readFacts(work, meetingId);
        const there = [...new Set(present.map(([userId]) => userId))].toSorted();
        expect(facts.map(({ userId, cameraSeconds }) => [userId, cameraSeconds])).toEqual(
          there.map((userId) => {
            const filming = covered(filmed, userId);
            return [userId, covered(present, userId).filter((isThere, at) => isThere && filming[at]).length];
          }),
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe('analytics', () => {
  test('of random meetings uphold the invariants, computed once or again', async ({ orm }) => {
    const work = workOn(orm);
    await run(work, (t) => `delete from ${t.meetings}`);
    const people = Array.from({ length: 4 }, () => newId());
    const anybody = fc.constantFrom(...people);
    const second = timeBetween(0, 600);
    const span = fc.tuple(second, second).map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as const);
    const session = fc.tuple(fc.option(anybody), span).map(([userId, [from, to]]) => stay(userId, from, to));
    const medium = fc
      .tuple(anybody, fc.constantFrom(...mediaKinds), span)
      .map(([userId, kind, [from, to]]) => on(userId, kind, from, to));
    const cases = fc.record({
      sessions: fc.array(session, { maxLength: 12 }),
      media: fc.array(medium, { maxLength: 8 }),
      senders: fc.array(anybody, { maxLength: 5 }),
      voters: fc.uniqueArray(anybody),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ sessions, media, senders, voters }) => {
        const meetingId = await insertMeeting(work, 600, people);
        await insertSessions(work, meetingId, sessions);
        await insertMedia(work, meetingId, media);
        for (const sender of senders) await insertMessage(work, meetingId, sender);
        await insertPoll(work, meetingId, newId(), { voters });
        await computeAnalytics(work, meetingId);
        await computeAnalytics(work, meetingId);
        expect(await violated(orm, attendanceAndAnalytics)).toEqual([]);
      }),
      { numRuns: 12 },
    );
  });

  test('that are wrong would be found by those invariants', async ({ orm }) => {
    const work = workOn(orm);
    await run(work, (t) => `delete from ${t.meetings}`);
    const [host, ada] = [newId(), newId()];
    const meetingId = await insertMeeting(work, 600, [host, ada]);
    await insertSessions(work, meetingId, [stay(ada, 0, 120)]);
    await computeAnalytics(work, meetingId);
    expect(await violated(orm, attendanceAndAnalytics)).toEqual([]);
    await run(work, (t) => `update ${t.participant_engagement_metrics} set attendance_duration_minutes = 3`);
    await run(work, (t) => `update ${t.meeting_analytics} set peak_concurrent_participants = 2`);
    const found = await violated(orm, attendanceAndAnalytics);
    expect(found.map((violation) => violation.slice(0, 3))).toEqual(['S04', 'S07', 'X03']);
  });

  test('are stored with minutes, exact seconds, formula and coverage', async ({ orm }) => {
    const work = workOn(orm);
    const [host, ada] = [newId(), newId()];
    const meetingId = await insertMeeting(work, 600, [host, ada]);
    await insertSessions(work, meetingId, [stay(host, 0, 600), stay(ada, 0, 479.999)]);
    await insertMedia(work, meetingId, [on(ada, 'camera', 0, 119.999)]);
    await computeAnalytics(work, meetingId);
    const rows = await run(
      work,
      (t) => `select auth_user_id, attendance_duration_minutes, attendance_seconds::float8, camera_active_minutes,
        camera_seconds::float8, engagement_score::float8, formula_version, coverage, created_at::text
      from ${t.participant_engagement_metrics} where meeting_id = $1 order by 1`,
      [meetingId],
    );
    const common = { formula_version: 'convoke-1', created_at: '2026-03-02 09:00:09+00' };
    expect(rows).toMatchObject([
      { ...common, auth_user_id: host, attendance_duration_minutes: 10, engagement_score: null },
      {
        ...common,
        auth_user_id: ada,
        attendance_duration_minutes: 7,
        attendance_seconds: 479.999,
        camera_active_minutes: 1,
        camera_seconds: 119.999,
        coverage: { camera: true, chat: false, polls: false },
        // (30 + 5 * 119.999 / 300) / 35 * 479.999 / 600
        engagement_score: 73.14,
      },
    ]);
  });

  test('computed again keep their ids, forget who was never there, and lose no issue and no recording', async ({
    orm,
  }) => {
    const work = workOn(orm);
    const [host, ada, bob] = [newId(), newId(), newId()];
    const meetingId = await insertMeeting(work, 600, [host, ada, bob]);
    await insertSessions(work, meetingId, [stay(ada, 0, 300), stay(bob, 0, 300)]);
    const first = await computeAnalytics(work, meetingId);
    expect(first.counts).toEqual({ written: 2, removed: 0 });
    await run(
      work,
      (t) =>
        `update ${t.meeting_analytics} set technical_issues_count = 3, recording_duration_minutes = 9 where id = $1`,
      [first.id],
    );
    const before = await metricsId(work, ada);
    await run(work, (t) => `delete from ${t.meeting_participant_sessions} where auth_user_id = $1`, [bob]);
    const second = await computeAnalytics(work, meetingId);
    // What is as it was is not written again.
    expect(second.counts).toEqual({ written: 0, removed: 1 });
    expect(second.id).toBe(first.id);
    expect(await metricsId(work, ada)).toBe(before);
    const [analytics] = await run(
      work,
      (t) => `select technical_issues_count, recording_duration_minutes, peak_concurrent_participants,
        created_at::text from ${t.meeting_analytics} where meeting_id = $1`,
      [meetingId],
    );
    expect(analytics).toEqual({
      technical_issues_count: 3,
      recording_duration_minutes: 9,
      peak_concurrent_participants: 1,
      created_at: '2026-03-02 09:00:09+00',
    });
  });
});
