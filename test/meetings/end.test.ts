import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { createDatabase } from '../setup/db.ts';
import { expectIntegrity } from '../setup/integrity.ts';
import { execute } from '../setup/postgres.ts';
import { fails, hours, minutes, openService, people, test } from '../setup/service.ts';

async function statuses(service: MeetingService, id: string): Promise<Map<string, string>> {
  const { items } = await service.asSystem().participants.list(id, { limit: 200 });
  return new Map(items.map(({ authUserId, status }) => [authUserId, status]));
}

test('everybody leaves, and the meeting is over at this very instant', async ({ service, running, clock, events }) => {
  const { id, host, participants } = await running({ participants: 2 });
  const rooms = service.as({ userId: host });
  await rooms.participants.join(id, { connectionId: 'phone' });
  clock.advance(40 * minutes + 59_999);
  events.length = 0;
  const over = await rooms.meetings.end(id);
  expect(over).toMatchObject({ status: 'Completed', actualEndTime: clock.now(), currentParticipantsCount: 0 });
  expect(events.map(({ type }) => type)).toEqual(['meeting.ended', 'analytics.ready']);
  expect(events[0]).toMatchObject({
    ...{ audience: 'all', actorId: host },
    data: { actualEndTime: clock.now().toISOString(), automatic: false },
  });
  const { people: present, peak, meetingSeconds } = await rooms.participants.attendance(id);
  expect({ peak, meetingSeconds }).toEqual({ peak: 3, meetingSeconds: 2459.999 });
  for (const { sessions } of present) for (const { leftAt } of sessions) expect(leftAt).toEqual(clock.now());
  expect(present.find(({ authUserId }) => authUserId === host)?.sessions).toHaveLength(2);
  const { items } = await rooms.participants.list(id);
  expect(items.map(({ authUserId }) => authUserId).toSorted()).toEqual([host, ...participants].toSorted());
  for (const person of items)
    expect(person).toMatchObject({ isPresent: false, leftAt: clock.now(), totalDurationMinutes: 40 });
});

describe('what people were becomes what they did', () => {
  test('who came attended, who said they would and did not is a no-show, nobody else changes', async ({
    service,
    running,
    clock,
  }) => {
    const { id, host } = await running({ settings: { limitAcceptances: 7 } });
    const [came = '', cameUnasked = '', cameAfterNo = '', cameForAMoment = ''] = people(4);
    const [yes = '', maybe = '', no = '', silent = '', late = ''] = people(5);
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, {
      inviteeIds: [came, cameUnasked, cameAfterNo, cameForAMoment, yes, maybe, no, silent, late],
    });
    const answers = [
      ...[[came, 'Accepted'] as const, [cameAfterNo, 'Declined'] as const, [cameForAMoment, 'Accepted'] as const],
      ...[[yes, 'Accepted'] as const, [maybe, 'Tentative'] as const, [no, 'Declined'] as const],
    ];
    for (const [userId, response] of answers) await service.as({ userId }).invitations.respond(id, { response });
    for (const userId of [came, cameUnasked, cameAfterNo, cameForAMoment])
      await service.as({ userId }).participants.join(id);
    await service.as({ userId: cameForAMoment }).participants.leave(id);
    await rooms.meetings.update(id, { settings: { limitAcceptances: 1 } });
    const place = await service.as({ userId: late }).invitations.respond(id, { response: 'Accepted' });
    expect(place).toEqual({ participationStatus: 'Invited', waitlistPosition: 1 });
    clock.advance(hours);
    await rooms.meetings.end(id);
    expect(await statuses(service, id)).toEqual(
      new Map([
        [host, 'Attended'],
        [came, 'Attended'],
        [cameUnasked, 'Attended'],
        [cameAfterNo, 'Attended'],
        [cameForAMoment, 'Attended'],
        [yes, 'NoShow'],
        [maybe, 'NoShow'],
        [no, 'Declined'],
        [silent, 'Invited'],
        [late, 'Invited'],
      ]),
    );
    const invitations = new Map(
      (await rooms.invitations.list(id)).items.map(({ inviteeId, status }) => [inviteeId, status]),
    );
    for (const userId of [came, cameUnasked, cameAfterNo, yes]) expect(invitations.get(userId)).toBe('Accepted');
    for (const userId of [maybe, silent, late]) expect(invitations.get(userId)).toBe('Expired');
    expect(invitations.get(no)).toBe('Declined');
    for (const userId of [host, came, yes, maybe, silent])
      expect((await service.as({ userId }).meetings.list({ upcoming: true })).items).toEqual([]);
    await fails(service.as({ userId: silent }).invitations.respond(id, { response: 'Accepted' }), 'INVALID_TRANSITION');
  });

  test('who was removed before coming is no no-show, and who came and was removed attended', async ({
    service,
    running,
    clock,
    url,
  }) => {
    const { id, host } = await running();
    const [away = '', present = ''] = people(2);
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [away, present] });
    for (const userId of [away, present])
      await service.as({ userId }).invitations.respond(id, { response: 'Accepted' });
    await service.as({ userId: present }).participants.join(id);
    clock.advance(10 * minutes);
    for (const userId of [away, present]) await rooms.participants.remove(id, userId);
    clock.advance(10 * minutes);
    await rooms.meetings.end(id);
    const rows = await execute(
      url,
      `select auth_user_id, status, total_duration_minutes from convoke.meeting_participants
       where meeting_id = '${id}' and removed_at is not null order by invited_at, auth_user_id`,
    );
    expect(rows).toEqual(
      [
        { auth_user_id: away, status: 'Invited', total_duration_minutes: 0 },
        { auth_user_id: present, status: 'Attended', total_duration_minutes: 10 },
      ].toSorted((a, b) => (a.auth_user_id < b.auth_user_id ? -1 : 1)),
    );
  });

  test('nobody came: everybody who had promised is a no-show, the Host too', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 2, present: false });
    await service.as({ userId: host }).meetings.end(id);
    expect([...(await statuses(service, id)).values()]).toEqual(['NoShow', 'NoShow', 'NoShow']);
    const analytics = await service.as({ userId: host }).engagement.meeting(id);
    expect(analytics).toMatchObject({
      ...{ totalParticipants: 0, peakConcurrentParticipants: 0, engagementScore: null },
      ...{ averageAttendanceDurationMinutes: null, averageAttendanceSeconds: null },
    });
    expect(participants).toHaveLength(2);
  });
});

describe('a threshold', () => {
  test.for([
    [{ minutes: 10 }, 10 * minutes, 'Attended'],
    [{ minutes: 10 }, 10 * minutes - 1, 'NoShow'],
    [{ share: 0.5 }, 30 * minutes, 'Attended'],
    [{ share: 0.5 }, 30 * minutes - 1, 'NoShow'],
    [{ share: 1 }, hours, 'Attended'],
    [{ minutes: 61 }, hours, 'NoShow'],
  ] as const)(
    'of %o makes %i ms of one hour %s',
    async ([attendanceThreshold, stay, status], { service, running, clock }) => {
      const { id, host, participants } = await running({ participants: 1, settings: { attendanceThreshold } });
      const [ada = ''] = participants;
      // In two pieces: what counts is what they add up to.
      clock.advance(stay / 2);
      await service.as({ userId: ada }).participants.leave(id);
      await service.as({ userId: ada }).participants.join(id);
      clock.advance(stay - Math.floor(stay / 2));
      await service.as({ userId: ada }).participants.leave(id);
      clock.set(new Date((await service.as({ userId: host }).meetings.get(id)).scheduledEndTime));
      await service.as({ userId: host }).meetings.end(id);
      expect((await statuses(service, id)).get(ada)).toBe(status);
    },
  );

  test('that is set while the meeting runs counts at its end', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 1 });
    await service.as({ userId: participants[0]! }).participants.leave(id);
    clock.advance(hours);
    const { meetings } = service.as({ userId: host });
    await meetings.update(id, { settings: { attendanceThreshold: { minutes: 1 } } });
    await meetings.end(id);
    expect([...(await statuses(service, id)).values()]).toEqual(['Attended', 'NoShow']);
  });
});

describe('times', () => {
  test('never run backwards, though the clock was set back', async ({ service, running, clock }) => {
    const { id, host, meeting } = await running();
    clock.advance(-minutes);
    const { meetings } = service.as({ userId: host });
    expect(await meetings.update(id, { title: 'Trees' })).toMatchObject({ updatedAt: meeting.updatedAt });
    const over = await meetings.end(id);
    expect(over).toMatchObject({ actualEndTime: meeting.actualStartTime, updatedAt: meeting.updatedAt });
  });

  test('of a device that fell silent end with its last sign of life and the grace', async ({
    service,
    running,
    clock,
  }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [ada = ''] = participants;
    clock.advance(5 * minutes);
    await service.as({ userId: ada }).participants.heartbeat(id);
    const silentFrom = new Date(clock.now().getTime() + 90_000);
    clock.advance(30 * minutes);
    await service.as({ userId: host }).meetings.end(id);
    const { people: attended } = await service.as({ userId: ada }).participants.attendance(id);
    expect(attended).toMatchObject([{ seconds: 390, minutes: 6, sessions: [{ leftAt: silentFrom }] }]);
  });
});

test('the end counts once, however many end it at the same time', async ({ service, running, events }) => {
  const { id, host } = await running({ participants: 3 });
  events.length = 0;
  const outcomes = await Promise.allSettled(
    Array.from({ length: 6 }, () => service.as({ userId: host }).meetings.end(id)),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') await fails(Promise.reject(outcome.reason as Error), 'INVALID_TRANSITION');
  expect(events.map(({ type }) => type)).toEqual(['meeting.ended', 'analytics.ready']);
});

test('without a clock of its own the database tells the time', async () => {
  await using database = await createDatabase('migrated');
  await using service = await openService(database.url);
  const { meetings } = service.as({ userId: newId() });
  const begins = new Date();
  const times = { scheduledStartTime: begins, scheduledEndTime: new Date(begins.getTime() + hours) };
  const { id } = await meetings.schedule({ title: 'Now', meetingType: 'Social', ...times });
  const started = await meetings.start(id);
  const over = await meetings.end(id);
  expect(over.actualStartTime).toEqual(started.actualStartTime);
  expect(over.actualEndTime!.getTime()).toBeGreaterThanOrEqual(started.actualStartTime!.getTime());
  expect(Math.abs(over.actualEndTime!.getTime() - Date.now())).toBeLessThan(60_000);
  await expectIntegrity(database.url);
});
