/** What people do through the service, and what it comes to at the end: no row here is written by hand. */
import { describe, expect } from 'vitest';
import type { EngagementExplanation } from '../../src/engagement/index.ts';
import { hours, minutes, openService, test, unchanged } from '../setup/service.ts';

const seconds = 1_000;

const valuesOf = ({ parts }: EngagementExplanation) =>
  Object.fromEntries(parts.filter(({ standing }) => standing === 'counts').map(({ metric, value }) => [metric, value]));

describe('minutes with something on', () => {
  test('are those between on and off, for each person and kind', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [ada = ''] = participants;
    const rooms = service.as({ userId: ada });
    await rooms.participants.setMedia(id, { camera: true });
    clock.advance(5 * minutes);
    await rooms.participants.setMedia(id, { microphone: true, speaking: true });
    clock.advance(90 * seconds);
    await rooms.participants.setMedia(id, { speaking: false });
    await rooms.screenShare.start(id);
    clock.advance(10 * minutes);
    await rooms.screenShare.stop(id);
    await rooms.participants.setMedia(id, { microphone: false, camera: false });
    clock.advance(43.5 * minutes);
    await service.as({ userId: host }).meetings.end(id);

    const { engagement } = service.as({ userId: host });
    expect(await engagement.participant(id, ada)).toMatchObject({
      ...{ attendanceDurationMinutes: 60, screenShareDurationMinutes: 10 },
      ...{ microphoneActiveMinutes: 11, cameraActiveMinutes: 16 },
    });
    expect(valuesOf(await engagement.explain(id, ada))).toEqual({
      ...{ presence: 3600, speaking: 90, camera: 990, screenShare: 600 },
    });
    expect(await engagement.participant(id, host)).toMatchObject({
      ...{ microphoneActiveMinutes: 0, cameraActiveMinutes: 0, screenShareDurationMinutes: 0 },
    });
    expect(await engagement.meeting(id)).toMatchObject({
      totalScreenShares: 1,
      coverage: { speaking: true, microphone: false, camera: true, screenShare: true, hands: false },
    });
  });

  test('end with the mute, with leaving and with the meeting, though nobody says that they stopped', async ({
    service,
    running,
    clock,
  }) => {
    const { id, host, participants } = await running({ participants: 4 });
    const [muted = '', left = '', removed = '', stayed = ''] = participants;
    for (const userId of participants) {
      await service.as({ userId }).participants.setMedia(id, { microphone: true, speaking: true, camera: true });
    }
    clock.advance(2 * minutes);
    await service.as({ userId: muted }).participants.setMedia(id, { microphone: false });
    clock.advance(3 * minutes);
    await service.as({ userId: left }).participants.leave(id);
    await service.as({ userId: host }).participants.remove(id, removed);
    clock.advance(15 * minutes);
    // Whoever comes back has nothing on.
    await service.as({ userId: left }).participants.join(id);
    clock.advance(10 * minutes);
    await service.as({ userId: host }).meetings.end(id);

    const { engagement } = service.as({ userId: host });
    const values = async (userId: string) => valuesOf(await engagement.explain(id, userId));
    expect(await values(muted)).toEqual({ presence: 1800, speaking: 120, camera: 1800 });
    expect(await values(left)).toEqual({ presence: 900, speaking: 300, camera: 300 });
    expect(await values(removed)).toEqual({ presence: 300, speaking: 300, camera: 300 });
    expect(await values(stayed)).toEqual({ presence: 1800, speaking: 1800, camera: 1800 });
    expect(await engagement.participant(id, left)).toMatchObject({
      ...{ attendanceDurationMinutes: 15, microphoneActiveMinutes: 5, cameraActiveMinutes: 5 },
    });
  });

  test('of somebody who fell silent end with the last sign of life and the grace', async ({
    service,
    running,
    clock,
  }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [first = '', second = ''] = participants;
    for (const userId of [first, second]) {
      const rooms = service.as({ userId });
      await rooms.participants.setMedia(id, { microphone: true, speaking: true });
      clock.advance(minutes);
      await rooms.participants.heartbeat(id);
    }
    clock.advance(20 * minutes);
    await service.as({ userId: host }).meetings.end(id);
    const { engagement } = service.as({ userId: host });
    const grace = 90;
    // Both were there from the beginning; the second spoke a minute later, and was seen alive a minute later.
    expect(valuesOf(await engagement.explain(id, first))).toEqual({ presence: 60 + grace, speaking: 60 + grace });
    expect(valuesOf(await engagement.explain(id, second))).toEqual({ presence: 120 + grace, speaking: 60 + grace });
  });
});

describe('technical problems', () => {
  test('are those reported, and each connection that was lost, swept in time or not', async ({
    service,
    running,
    clock,
    url,
  }) => {
    const { id, host, participants } = await running({ participants: 3 });
    const [early = '', late = '', fine = ''] = participants;
    const as = (userId: string) => service.as({ userId }).participants;
    await as(early).join(id, { connectionId: 'phone' });
    await as(early).heartbeat(id);
    clock.advance(10 * minutes);
    await service.worker.runOnce('sessions.reap');
    await as(early).join(id);
    await as(late).heartbeat(id);
    await as(fine).reportIssue(id, { kind: 'audio' });
    await as(fine).leave(id);
    clock.advance(10 * minutes);
    // Nobody swept: what has fallen silent by the end was lost all the same.
    await service.as({ userId: host }).meetings.end(id);
    const { engagement } = service.as({ userId: host });
    const counted = await engagement.meeting(id);
    expect(counted).toMatchObject({ technicalIssuesCount: 4 });
    clock.advance(hours);
    expect(await engagement.recompute(id)).toEqual(counted);
    await service.as({ userId: host }).participants.markAttendance(id, late, 'NoShow');
    expect(await engagement.meeting(id)).toMatchObject({ technicalIssuesCount: 4 });
    await unchanged(url, () => engagement.explain(id, early));
  });

  test('are none where everybody left or stayed until the end', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [stays = '', leaves = ''] = participants;
    await service.as({ userId: stays }).participants.heartbeat(id);
    clock.advance(10 * seconds);
    await service.as({ userId: leaves }).participants.leave(id);
    await service.as({ userId: host }).meetings.end(id);
    expect(await service.as({ userId: host }).engagement.meeting(id)).toMatchObject({ technicalIssuesCount: 0 });
  });
});

test('every part of the formula arrives through the calls that people make', async ({
  url,
  fileClock: clock,
  running,
}) => {
  await using service = await openService(url, {
    clock,
    secrets: { anonymousPolls: 'a secret of at least 32 characters' },
  });
  const { id, host, participants } = await running({ participants: 2 });
  const [ada = '', bob = ''] = participants;
  const as = (userId: string) => service.as({ userId });
  const [adas, bobs, hosts] = [as(ada), as(bob), as(host)];

  const yesNo = { pollType: 'YesNo' } as const;
  const first = await hosts.polls.create(id, { ...yesNo, question: 'Clear so far?' });
  const second = await hosts.polls.create(id, { ...yesNo, question: 'Shall we go on?' });
  const secret = await hosts.polls.create(id, { ...yesNo, question: 'Do you like it?', isAnonymous: true });
  await hosts.polls.create(id, { ...yesNo, question: 'Never asked', draft: true });
  for (const poll of [first, second, secret]) {
    await adas.polls.vote(poll.id, { selectedOptions: [0] });
    await bobs.polls.vote(poll.id, { selectedOptions: [1] });
  }
  await bobs.polls.retract(second.id);

  await adas.chat.send(id, { content: 'Hello' });
  await adas.chat.send(id, { content: 'Only for you', recipientId: bob });
  await adas.chat.send(id, { content: 'A question' });
  const slip = await adas.chat.send(id, { content: 'Wrong window' });
  await adas.chat.delete(slip.id);
  await bobs.chat.send(id, { content: 'Hello, Ada' });
  await service.asSystem().chat.sendSystem(id, { content: 'The recording has begun.' });

  await adas.participants.setMedia(id, { microphone: true, speaking: true, camera: true });
  await bobs.participants.setMedia(id, { microphone: true });
  for (const rooms of [adas, adas, bobs]) {
    await rooms.participants.raiseHand(id);
    await rooms.participants.lowerHand(id);
  }
  clock.advance(54 * seconds);
  await bobs.participants.setMedia(id, { speaking: true });
  clock.advance(54 * seconds);
  for (const rooms of [adas, bobs]) await rooms.participants.setMedia(id, { speaking: false });
  await adas.screenShare.start(id);
  clock.advance(3 * minutes);
  await hosts.screenShare.takeOver(id);
  await bobs.participants.reportIssue(id, { kind: 'video' });
  clock.advance(hours - 3 * minutes - 108 * seconds);
  await hosts.meetings.end(id);

  expect(valuesOf(await hosts.engagement.explain(id, ada))).toEqual({
    ...{ presence: 3600, chat: 4, polls: 2, speaking: 108, camera: 3600, hands: 2, screenShare: 180 },
  });
  expect(valuesOf(await hosts.engagement.explain(id, bob))).toEqual({
    ...{ presence: 3600, chat: 1, polls: 1, speaking: 54, camera: 0, hands: 1, screenShare: 0 },
  });
  const explained = await hosts.engagement.explain(id, ada);
  expect(explained.parts.map(({ metric, standing }) => [metric, standing])).toEqual([
    ...['presence', 'chat', 'polls', 'speaking'].map((metric) => [metric, 'counts']),
    ['microphone', 'replaced'],
    ...['camera', 'hands', 'screenShare'].map((metric) => [metric, 'counts']),
  ]);
  expect(await hosts.engagement.participant(id, ada)).toMatchObject({
    ...{ engagementScore: 100, attendanceDurationMinutes: 60, chatMessagesSent: 4, pollsParticipated: 2 },
    ...{ screenShareDurationMinutes: 3, microphoneActiveMinutes: 60, cameraActiveMinutes: 60 },
  });
  // 30 for being there, and of chat, polls, speaking and hands a quarter, a half, a half and a half.
  expect(await hosts.engagement.participant(id, bob)).toMatchObject({ engagementScore: 30 + 5 + 10 + 7.5 + 2.5 });
  expect(await hosts.engagement.meeting(id)).toMatchObject({
    ...{ totalChatMessages: 5, totalPollsCreated: 4, totalScreenShares: 2, technicalIssuesCount: 1 },
    ...{ engagementScore: 77.5, peakConcurrentParticipants: 3 },
    coverage: Object.fromEntries(explained.parts.map(({ metric, standing }) => [metric, standing === 'counts'])),
  });
});
