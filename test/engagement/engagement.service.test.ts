import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';
import { execute } from '../setup/postgres.ts';
import {
  fails,
  hours,
  minutes,
  people,
  type RunningMeeting,
  type RunningOptions,
  test,
  unchanged,
} from '../setup/service.ts';

interface Held extends RunningMeeting {
  readonly ada: string;
  readonly bob: string;
}

/** An hour: Ada is there all the time and asks to speak twice; Bob, in his role, leaves after 15 minutes and asks nothing. */
async function held(
  service: MeetingService,
  running: (options: RunningOptions) => Promise<RunningMeeting>,
  clock: FakeClock,
  { role = 'Participant', ...options }: RunningOptions & { readonly role?: 'Participant' | 'CoHost' } = {},
): Promise<Held> {
  const meeting = await running({ participants: 2, ...options });
  const [ada = '', bob = ''] = meeting.participants;
  await service.as({ userId: meeting.host }).participants.setRole(meeting.id, bob, role);
  const { participants } = service.as({ userId: ada });
  for (let hand = 0; hand < 2; hand++) {
    clock.advance(minutes);
    await participants.raiseHand(meeting.id);
    await participants.lowerHand(meeting.id);
  }
  clock.advance(13 * minutes);
  await service.as({ userId: bob }).participants.leave(meeting.id);
  clock.advance(45 * minutes);
  await service.as({ userId: meeting.host }).meetings.end(meeting.id);
  return { ...meeting, ada, bob };
}

describe('the figures of a meeting', () => {
  test('are there when it has ended', async ({ service, running, clock }) => {
    const { id, host } = await held(service, running, clock);
    expect(await service.as({ userId: host }).engagement.meeting(id)).toEqual({
      ...{ id: expect.any(String), meetingId: id, createdAt: clock.now() },
      ...{ totalParticipants: 3, peakConcurrentParticipants: 3 },
      ...{ averageAttendanceDurationMinutes: 45, averageAttendanceSeconds: 2700 },
      ...{ totalChatMessages: 0, totalScreenShares: 0, totalPollsCreated: 0, technicalIssuesCount: 0 },
      // Ada's 100 for an hour and Bob's 21.43 for a quarter of one; the Host is not scored.
      ...{ engagementScore: 84.29, recordingDurationMinutes: null, formulaVersion: 'convoke-1' },
      coverage: {
        ...{ presence: true, chat: false, polls: false, speaking: false, microphone: false, camera: false },
        ...{ hands: true, screenShare: false },
      },
    });
  });

  test('count the problems that were reported', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const ada = service.as({ userId: participants[0]! }).participants;
    for (const kind of ['audio', 'video'] as const) await ada.reportIssue(id, { kind });
    await service.as({ userId: host }).meetings.end(id);
    expect(await service.as({ userId: host }).engagement.meeting(id)).toMatchObject({ technicalIssuesCount: 2 });
  });

  test('are announced to the hosts', async ({ service, running, clock, events }) => {
    const { id } = await held(service, running, clock);
    expect(events.at(-1)).toMatchObject({
      ...{ type: 'analytics.ready', stream: { kind: 'meeting', id }, audience: 'hosts', actorId: null },
      data: { formulaVersion: 'convoke-1', engagementScore: 84.29, people: 3 },
    });
  });

  test.for(['Scheduled', 'InProgress', 'Cancelled'] as const)(
    'are not there while it is %s',
    async (status, { service, scheduled, running }) => {
      const { id, host } = status === 'InProgress' ? await running() : await scheduled();
      if (status === 'Cancelled') await service.as({ userId: host }).meetings.cancel(id);
      const { engagement } = service.as({ userId: host });
      await fails(engagement.meeting(id), 'NOT_FOUND');
      await fails(engagement.participant(id, host), 'NOT_FOUND');
      expect(await engagement.participants(id)).toEqual({ items: [], nextCursor: null });
      await fails(engagement.recompute(id), 'INVALID_TRANSITION');
    },
  );
});

describe('the figures of a person', () => {
  test('say what they did, and what it came to', async ({ service, running, clock }) => {
    const { id, host, ada, bob } = await held(service, running, clock);
    const { engagement } = service.as({ userId: host });
    const nothing = {
      ...{ chatMessagesSent: 0, pollsParticipated: 0, screenShareDurationMinutes: 0 },
      ...{ microphoneActiveMinutes: 0, cameraActiveMinutes: 0 },
      ...{ screenShareSeconds: 0, microphoneSeconds: 0, speakingSeconds: 0, cameraSeconds: 0 },
    };
    const facts = {
      id: expect.any(String),
      meetingId: id,
      createdAt: clock.now(),
      formulaVersion: 'convoke-1',
      ...nothing,
    };
    expect(await engagement.participant(id, ada)).toEqual({
      ...facts,
      ...{ authUserId: ada, attendanceDurationMinutes: 60, attendanceSeconds: 3600, engagementScore: 100 },
    });
    expect(await engagement.participant(id, bob)).toEqual({
      ...facts,
      ...{ authUserId: bob, attendanceDurationMinutes: 15, attendanceSeconds: 900, engagementScore: 21.43 },
    });
  });

  test('are not there for whoever was not, invited or not', async ({ service, running, clock }) => {
    const meeting = await running();
    const [absent = ''] = people(1);
    await service.as({ userId: meeting.host }).invitations.invite(meeting.id, { inviteeIds: [absent] });
    clock.advance(hours);
    await service.as({ userId: meeting.host }).meetings.end(meeting.id);
    for (const userId of [absent, newId()]) {
      await fails(service.as({ userId: meeting.host }).engagement.participant(meeting.id, userId), 'NOT_FOUND');
      await fails(service.as({ userId: meeting.host }).engagement.explain(meeting.id, userId), 'NOT_FOUND');
    }
  });

  test('come in pages, in the order of ids', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 4 });
    clock.advance(minutes);
    await service.as({ userId: host }).meetings.end(id);
    const { engagement } = service.as({ userId: host });
    const whole = await engagement.participants(id);
    expect(whole.items.map(({ authUserId }) => authUserId)).toEqual([host, ...participants].toSorted());
    expect(whole.nextCursor).toBeNull();
    const first = await engagement.participants(id, { limit: 3 });
    const rest = await engagement.participants(id, { limit: 3, cursor: first.nextCursor! });
    expect([...first.items, ...rest.items]).toEqual(whole.items);
    expect(rest.nextCursor).toBeNull();
    for (const input of [{ limit: 0 }, { cursor: 'x' }]) await fails(engagement.participants(id, input), 'VALIDATION');
  });
});

describe('hosts are scored on request only:', () => {
  // Presence is 30 of the 35 points that this meeting offered.
  test.for<[RunningOptions['settings'], number | null, number]>([
    [{}, null, 0],
    [{ scoreHosts: false }, null, 0],
    [{ scoreHosts: true }, 85.71, 8],
  ])('%o gives the Host %o, in %i parts', async ([settings = {}, score, parts], { service, running, clock }) => {
    const { id, host } = await held(service, running, clock, { settings });
    const { engagement } = service.as({ userId: host });
    expect((await engagement.participant(id, host)).engagementScore).toBe(score);
    const explained = await engagement.explain(id, host);
    expect(explained.score).toBe(score);
    expect(explained.parts).toHaveLength(parts);
  });
});

describe('an explanation', () => {
  test('adds up to the score, part by part, in words too', async ({ service, running, clock }) => {
    const { id, host, bob } = await held(service, running, clock);
    const explained = await service.as({ userId: host }).engagement.explain(id, bob);
    expect(explained).toMatchObject({ userId: bob, formulaVersion: 'convoke-1', score: 21.43, attendanceShare: 0.25 });
    expect(explained.parts.reduce((sum, { points }) => sum + points, 0)).toBeCloseTo(21.43, 10);
    const counting = explained.parts.filter(({ standing }) => standing === 'counts');
    expect(counting.map(({ metric, value, points }) => [metric, value, points])).toEqual([
      ['presence', 900, 21.43],
      ['hands', 0, 0],
    ]);
    expect(explained.sentence).toContain('25 %');
  });

  test('is there while the meeting runs, as things stand', async ({ service, running, clock }) => {
    const { id, participants } = await running({ participants: 1 });
    const [ada = ''] = participants;
    clock.advance(10 * minutes);
    await service.as({ userId: ada }).participants.leave(id);
    clock.advance(10 * minutes);
    const explained = await service.as({ userId: ada }).engagement.explain(id, ada);
    expect(explained).toMatchObject({ score: 50, attendanceShare: 0.5 });
  });
});

describe('who may see what', () => {
  test('hosts see everybody, others themselves', async ({ service, running, clock }) => {
    const { id, host, ada, bob } = await held(service, running, clock, { role: 'CoHost' });
    for (const rooms of [service.as({ userId: host }), service.as({ userId: bob }), service.asSystem()]) {
      expect((await rooms.engagement.participants(id)).items).toHaveLength(3);
      expect(await rooms.engagement.participant(id, ada)).toMatchObject({ engagementScore: 100 });
      expect((await rooms.engagement.meeting(id)).meetingId).toBe(id);
    }
    const { engagement } = service.as({ userId: ada });
    expect((await engagement.participants(id)).items.map(({ authUserId }) => authUserId)).toEqual([ada]);
    expect(await engagement.participant(id, ada)).toMatchObject({ authUserId: ada });
    expect(await engagement.explain(id, ada)).toMatchObject({ score: 100 });
    await fails(engagement.participant(id, bob), 'FORBIDDEN');
    await fails(engagement.explain(id, bob), 'FORBIDDEN');
    await fails(engagement.meeting(id), 'FORBIDDEN');
  });

  test('outsiders, and those who were removed, see nothing', async ({ service, running, clock }) => {
    const { id, ada } = await held(service, running, clock);
    const { engagement } = service.as({ userId: newId() });
    await fails(engagement.meeting(id), 'NOT_FOUND');
    await fails(engagement.participant(id, ada), 'NOT_FOUND');
    await fails(engagement.participants(id), 'NOT_FOUND');
    await fails(engagement.explain(id, ada), 'NOT_FOUND');
    await fails(engagement.recompute(id), 'NOT_FOUND');
  });
});

describe('computing again', () => {
  test('gives the same figures from the same facts, and keeps the rows', async ({
    service,
    running,
    clock,
    events,
    url,
  }) => {
    const { id, host } = await held(service, running, clock);
    const { engagement } = service.as({ userId: host });
    const before = { meeting: await engagement.meeting(id), people: await engagement.participants(id) };
    clock.advance(hours);
    events.length = 0;
    expect(await engagement.recompute(id)).toEqual(before.meeting);
    expect(await engagement.recompute(id)).toEqual(before.meeting);
    expect(await engagement.participants(id)).toEqual(before.people);
    expect(events.map(({ type }) => type)).toEqual(['analytics.ready', 'analytics.ready']);
    const [rows] = await execute(
      url,
      `select (select count(*)::int from convoke.meeting_analytics where meeting_id = '${id}') as meetings,
              (select count(*)::int from convoke.participant_engagement_metrics where meeting_id = '${id}') as people`,
    );
    expect(rows).toEqual({ meetings: 1, people: 3 });
  });

  test('follows what was corrected', async ({ service, running, clock, url }) => {
    const { id, host, bob } = await held(service, running, clock);
    await execute(
      url,
      `update convoke.meeting_participant_sessions set left_at = joined_at + interval '30 minutes'
         where meeting_id = '${id}' and auth_user_id = '${bob}';
       update convoke.meeting_participants
         set left_at = joined_at + interval '30 minutes', total_duration_minutes = 30
         where meeting_id = '${id}' and auth_user_id = '${bob}'`,
    );
    const { engagement } = service.as({ userId: host });
    expect(await engagement.recompute(id)).toMatchObject({ averageAttendanceDurationMinutes: 50 });
    expect(await engagement.participant(id, bob)).toMatchObject({ attendanceSeconds: 1800, engagementScore: 42.86 });
  });

  test('is the Host’s, once for one key', async ({ service, running, clock, events, url }) => {
    const { id, host, ada, bob } = await held(service, running, clock, { role: 'CoHost' });
    for (const userId of [ada, bob])
      await unchanged(url, () => fails(service.as({ userId }).engagement.recompute(id), 'FORBIDDEN'));
    const { engagement } = service.as({ userId: host }).with({ idempotencyKey: newId() });
    const first = await engagement.recompute(id);
    events.length = 0;
    expect(await engagement.recompute(id)).toEqual(first);
    expect(events).toEqual([]);
    expect(await service.asSystem().engagement.recompute(id)).toEqual(first);
  });

  test('by several at once gives one row', async ({ service, running, clock, url }) => {
    const { id, host } = await held(service, running, clock);
    const { engagement } = service.as({ userId: host });
    const answers = await Promise.all(Array.from({ length: 6 }, () => engagement.recompute(id)));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await execute(url, `select 1 from convoke.meeting_analytics where meeting_id = '${id}'`)).toHaveLength(1);
  });
});
