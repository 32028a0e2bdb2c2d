/** A clock that is set back, as time servers do it: whatever has begun can be ended, and ends no sooner than it began. */
import { expect } from 'vitest';
import { minutes, people, test } from '../setup/service.ts';

test.for([20, 0, -60])(
  'a meeting ends after everybody’s coming and going, with the clock set back to %s minutes after its start',
  async (back, { service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 3, present: false });
    const [left = '', stayed = '', raised = ''] = participants;
    const begun = clock.now().getTime();
    const at = (count: number) => clock.set(new Date(begun + count * minutes));
    const as = (userId: string) => service.as({ userId }).participants;
    await as(host).join(id);
    at(10);
    await as(left).join(id);
    at(30);
    for (const person of [stayed, raised]) await as(person).join(id);
    await as(stayed).heartbeat(id);
    await as(raised).raiseHand(id);
    at(40);
    await as(left).leave(id);
    at(back);
    const meeting = await service.as({ userId: host }).meetings.end(id);

    expect(meeting).toMatchObject({
      ...{ status: 'Completed', currentParticipantsCount: 0 },
      actualEndTime: new Date(begun + 40 * minutes),
    });
    const { items } = await as(host).list(id);
    const stays = items.map(({ authUserId, joinedAt, leftAt }) => [
      authUserId,
      ...[joinedAt, leftAt].map((time) => ((time?.getTime() ?? Number.NaN) - begun) / minutes),
    ]);
    expect(stays).toEqual([
      [host, 0, 40],
      [left, 10, 40],
      [stayed, 30, 31.5], // silent since their only heartbeat
      [raised, 30, 40],
    ]);
    expect(items.map(({ status }) => status)).toEqual(items.map(() => 'Attended'));
    const ended = (await service.as({ userId: host }).meetings.history(id, { limit: 200 })).items.find(
      ({ type }) => type === 'meeting.ended',
    );
    expect(ended?.data).toMatchObject({ actualEndTime: meeting.actualEndTime?.toISOString() });
    expect((await service.checkIntegrity()).violations).toEqual([]);
  },
);

test('leaving, being removed and falling silent end no stay before it began', async ({ service, running, clock }) => {
  const { id, host, participants } = await running({ participants: 3 });
  const [leaving = '', removed = '', silent = ''] = participants;
  const as = (userId: string) => service.as({ userId }).participants;
  const joined = clock.now();
  await as(silent).heartbeat(id);
  clock.set(new Date(joined.getTime() - 30 * minutes));
  await as(silent).heartbeat(id);
  expect((await as(leaving).leave(id)).leftAt).toEqual(joined);
  await as(host).remove(id, removed);
  clock.set(new Date(joined.getTime() + 5 * minutes));
  expect((await service.worker.runOnce('sessions.reap')).done).toEqual({ 'sessions.reap': 1 });
  clock.set(new Date(joined.getTime() - 30 * minutes));
  await service.as({ userId: host }).meetings.end(id);
  const { items } = await as(host).list(id);
  for (const { joinedAt, leftAt } of items) expect(leftAt?.getTime()).toBeGreaterThanOrEqual(joinedAt?.getTime() ?? 0);
  expect((await service.checkIntegrity()).violations).toEqual([]);
});

test('what was observed elsewhere counts towards the end as well, and can be corrected after it', async ({
  service,
  running,
  clock,
}) => {
  const { id, host, participants } = await running({ participants: 1 });
  const begun = clock.now().getTime();
  const [absent = ''] = people(1);
  const at = (count: number) => new Date(begun + count * minutes);
  clock.set(at(30));
  await service.asSystem().participants.recordSession(id, {
    ...{ userId: participants[0] ?? '', source: 'zoom', joinedAt: at(5), leftAt: at(25) },
  });
  await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [absent] });
  clock.set(at(3));
  const { actualEndTime } = await service.as({ userId: host }).meetings.end(id);
  expect(actualEndTime).toEqual(at(25));
  await service.as({ userId: host }).participants.markAttendance(id, absent, 'Attended');
  expect((await service.checkIntegrity()).violations).toEqual([]);
});

test('nobody comes in before the start, or before they were asked', async ({ service, running, clock }) => {
  const { id, host, participants } = await running({ participants: 1, present: false });
  const [early = ''] = participants;
  const [late = ''] = people(1);
  const begun = clock.now().getTime();
  const at = (count: number) => new Date(begun + count * minutes);
  clock.set(at(-10));
  expect((await service.as({ userId: early }).participants.join(id)).joinedAt).toEqual(at(0));
  clock.set(at(20));
  await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [late] });
  clock.set(at(10));
  expect((await service.as({ userId: late }).participants.join(id)).joinedAt).toEqual(at(20));
  await service.as({ userId: late }).participants.leave(id);
  expect((await service.as({ userId: host }).meetings.end(id)).actualEndTime).toEqual(at(20));
  expect((await service.checkIntegrity()).violations).toEqual([]);
});
