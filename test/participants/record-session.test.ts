import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { RecordSessionInput } from '../../src/participants/index.ts';
import { execute } from '../setup/postgres.ts';
import { fails, minutes, start, test, unchanged } from '../setup/service.ts';

const after = (milliseconds: number) => new Date(new Date(start).getTime() + milliseconds);
const zoom = { source: 'zoom', connectionId: 'seat-1' } as const;

const stays = (url: string, meetingId: string, userId: string) =>
  execute<{ joined_at: Date; left_at: Date | null }>(
    url,
    `select joined_at, left_at from convoke.meeting_participant_sessions
     where meeting_id = '${meetingId}' and auth_user_id = '${userId}' order by joined_at, left_at`,
  );

describe('a stay that somebody else observed', () => {
  test('counts as one had joined', async ({ service, running, events, clock }) => {
    const { id, host, participants } = await running({ participants: 1, present: false });
    const [guest] = participants as [string];
    clock.advance(5 * minutes);
    events.length = 0;
    const system = service.asSystem().participants;
    const view = await system.recordSession(id, { ...zoom, userId: guest, joinedAt: after(minutes) });
    expect(view).toMatchObject({ authUserId: guest, status: 'Accepted', isPresent: true, joinedAt: after(minutes) });
    expect(events).toMatchObject([{ type: 'participant.joined', actorId: null, data: { userId: guest } }]);
    expect(await service.as({ userId: host }).meetings.get(id)).toMatchObject({ currentParticipantsCount: 1 });
  });

  test('open, then finished, is one stay', async ({ service, running, events, clock, url }) => {
    const { id, host, participants } = await running({ participants: 1, present: false });
    const [guest] = participants as [string];
    const system = service.asSystem().participants;
    await system.recordSession(id, { ...zoom, userId: guest, joinedAt: after(0) });
    await service.as({ userId: guest }).participants.raiseHand(id);
    clock.advance(10 * minutes);
    events.length = 0;
    const report = { ...zoom, userId: guest, joinedAt: after(0), leftAt: after(9 * minutes) };
    expect(await system.recordSession(id, report)).toMatchObject({
      ...{ isPresent: false, leftAt: after(9 * minutes), totalDurationMinutes: 9, handRaisedAt: null },
    });
    expect(events).toMatchObject([{ type: 'participant.left', data: { userId: guest, reason: 'left' } }]);
    expect(await stays(url, id, guest)).toEqual([{ joined_at: after(0), left_at: after(9 * minutes) }]);
    expect(await service.as({ userId: host }).meetings.get(id)).toMatchObject({ currentParticipantsCount: 0 });
  });

  test('finished first, its beginning told afterwards, is the same stay', async ({
    service,
    running,
    events,
    clock,
    url,
  }) => {
    const { id, participants } = await running({ participants: 1, present: false });
    const [guest] = participants as [string];
    const system = service.asSystem().participants;
    clock.advance(10 * minutes);
    await system.recordSession(id, { ...zoom, userId: guest, joinedAt: after(0), leftAt: after(9 * minutes) });
    events.length = 0;
    await unchanged(url, async () => {
      const view = await system.recordSession(id, { ...zoom, userId: guest, joinedAt: after(0) });
      expect(view).toMatchObject({ isPresent: false, totalDurationMinutes: 9 });
    });
    expect(events).toEqual([]);
  });

  test('a finished report ends the open stay of its connection, also when their beginnings differ a little', async ({
    service,
    running,
    clock,
    url,
  }) => {
    const { id, participants } = await running({ participants: 1, present: false });
    const [guest] = participants as [string];
    const system = service.asSystem().participants;
    await system.recordSession(id, { ...zoom, userId: guest, joinedAt: after(1000) });
    clock.advance(10 * minutes);
    const report = { ...zoom, userId: guest, joinedAt: after(0), leftAt: after(9 * minutes) };
    expect(await system.recordSession(id, report)).toMatchObject({ isPresent: false, totalDurationMinutes: 9 });
    expect((await stays(url, id, guest)).filter(({ left_at: leftAt }) => leftAt === null)).toEqual([]);
  });

  test('a late report of an earlier stay does not end the one that goes on', async ({ service, running, clock }) => {
    const { id, participants } = await running({ participants: 1, present: false });
    const [guest] = participants as [string];
    const system = service.asSystem().participants;
    clock.advance(20 * minutes);
    await system.recordSession(id, { ...zoom, userId: guest, joinedAt: after(15 * minutes) });
    const report = { ...zoom, userId: guest, joinedAt: after(0), leftAt: after(5 * minutes) };
    expect(await system.recordSession(id, report)).toMatchObject({ isPresent: true, joinedAt: after(0) });
    clock.advance(5 * minutes);
    expect(await service.as({ userId: guest }).participants.leave(id)).toMatchObject({ totalDurationMinutes: 15 });
  });

  test('told twice changes nothing', async ({ service, running, events, clock, url }) => {
    const { id, participants } = await running({ participants: 1, present: false });
    const [guest] = participants as [string];
    clock.advance(10 * minutes);
    const system = service.asSystem().participants;
    const reports: RecordSessionInput[] = [
      { ...zoom, userId: guest, joinedAt: after(0), leftAt: after(4 * minutes) },
      { ...zoom, userId: guest, connectionId: 'seat-2', externalEventKey: 'event-7', joinedAt: after(5 * minutes) },
    ];
    for (const report of reports) await system.recordSession(id, report);
    events.length = 0;
    await unchanged(url, async () => {
      for (const report of reports) await system.recordSession(id, report);
      await system.recordSession(id, { ...reports[1]!, connectionId: 'seat-3', joinedAt: after(6 * minutes) });
    });
    expect(events).toEqual([]);
  });

  test('gives the same answer in whatever order, with repeats', async ({ service, running, clock }) => {
    const reports = [
      { connectionId: 'a', joinedAt: after(0), leftAt: after(4 * minutes) },
      { connectionId: 'b', joinedAt: after(2 * minutes), leftAt: after(6 * minutes) },
      { connectionId: 'a', joinedAt: after(8 * minutes) },
      { connectionId: 'a', joinedAt: after(8 * minutes), leftAt: after(9 * minutes) },
    ];
    const orders = [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [2, 3, 3, 0, 1, 1],
      [1, 3, 0, 2, 0],
    ];
    for (const order of orders) {
      clock.set(start);
      const { id, host, participants } = await running({ participants: 1, present: false });
      const [guest] = participants as [string];
      clock.advance(10 * minutes);
      for (const index of order)
        await service.asSystem().participants.recordSession(id, { source: 'zoom', userId: guest, ...reports[index]! });
      const { items } = await service.as({ userId: host }).participants.list(id);
      expect(items.find(({ authUserId }) => authUserId === guest)).toMatchObject({
        ...{ isPresent: false, joinedAt: after(0), leftAt: after(9 * minutes), totalDurationMinutes: 7 },
      });
    }
  });

  test("and one's own devices count once", async ({ service, running, clock }) => {
    const { id, participants } = await running({ participants: 1 });
    const [guest] = participants as [string];
    clock.advance(10 * minutes);
    const report = { ...zoom, userId: guest, joinedAt: after(2 * minutes), leftAt: after(8 * minutes) };
    expect(await service.asSystem().participants.recordSession(id, report)).toMatchObject({ isPresent: true });
    expect(await service.as({ userId: guest }).participants.leave(id)).toMatchObject({ totalDurationMinutes: 10 });
  });

  test('of somebody unknown puts them on the roster, from when they were seen first', async ({
    service,
    running,
    clock,
  }) => {
    const { id, host } = await running();
    const walkIn = newId();
    clock.advance(10 * minutes);
    const system = service.asSystem().participants;
    const late = { ...zoom, userId: walkIn, joinedAt: after(5 * minutes), leftAt: after(6 * minutes) };
    expect(await system.recordSession(id, late)).toMatchObject({ role: 'Participant', status: 'Accepted' });
    const early = { ...zoom, userId: walkIn, joinedAt: after(minutes), leftAt: after(2 * minutes) };
    expect(await system.recordSession(id, early)).toMatchObject({
      ...{ invitedAt: after(minutes), joinedAt: after(minutes), leftAt: after(6 * minutes), totalDurationMinutes: 2 },
    });
    expect((await service.as({ userId: host }).participants.list(id)).total).toBe(2);
    expect((await service.as({ userId: walkIn }).meetings.list({ upcoming: true })).items).toHaveLength(1);
  });

  test('answers the invitation, whatever was answered before', async ({ service, running, events, clock }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host });
    const [silent, declined, maybe] = [newId(), newId(), newId()];
    await rooms.invitations.invite(id, { inviteeIds: [silent, declined, maybe] });
    await service.as({ userId: declined }).invitations.respond(id, { response: 'Declined' });
    await service.as({ userId: maybe }).invitations.respond(id, { response: 'Tentative' });
    clock.advance(5 * minutes);
    events.length = 0;
    for (const userId of [silent, declined, maybe])
      await service.asSystem().participants.recordSession(id, { ...zoom, userId, joinedAt: after(minutes) });
    const { items } = await rooms.participants.list(id);
    expect(items.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => 'Accepted'));
    const invitations = await rooms.invitations.list(id);
    expect(invitations.items.map(({ status }) => status)).toEqual(Array.from({ length: 3 }, () => 'Accepted'));
    const accepted = events.filter(({ type, stream }) => type === 'invitation.accepted' && stream.kind === 'user');
    expect(accepted.map(({ data }) => data)).toEqual(
      [silent, declined, maybe].map((inviteeId) => ({ meetingId: id, inviteeId, byJoining: true })),
    );
  });

  test('takes a person who waits for a seat out of the line', async ({ service, running, clock, url }) => {
    const { id, host } = await running({ settings: { limitAcceptances: 1 } });
    const waiting = newId();
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [waiting] });
    await service.as({ userId: waiting }).invitations.respond(id, { response: 'Accepted' });
    clock.advance(5 * minutes);
    await service.asSystem().participants.recordSession(id, { ...zoom, userId: waiting, joinedAt: after(minutes) });
    const line = await execute(
      url,
      `select 1 from convoke.meeting_waitlist_entries where meeting_id = '${id}' and promoted_at is null and left_at is null`,
    );
    expect(line).toEqual([]);
  });

  test("that goes on needs a seat, and leaves the Host's alone", async ({ service, running, clock, url }) => {
    const { id, host, participants } = await running({ participants: 2, present: false, maxParticipants: 2 });
    const [first, second] = participants as [string, string];
    clock.advance(5 * minutes);
    const system = service.asSystem().participants;
    await system.recordSession(id, { ...zoom, userId: first, joinedAt: after(0) });
    await unchanged(url, () =>
      fails(system.recordSession(id, { ...zoom, userId: second, joinedAt: after(0) }), 'CAPACITY'),
    );
    // What is over takes no seat; a further device of somebody inside neither.
    await system.recordSession(id, { ...zoom, userId: second, joinedAt: after(0), leftAt: after(minutes) });
    await system.recordSession(id, { ...zoom, userId: first, connectionId: 'seat-2', joinedAt: after(minutes) });
    expect(await system.recordSession(id, { ...zoom, userId: host, joinedAt: after(minutes) })).toMatchObject({
      isPresent: true,
    });
  });

  test('that began before the meeting counts from its start; one the clock of which is ahead, up to now', async ({
    service,
    running,
    clock,
  }) => {
    const { id, host, participants } = await running({ participants: 2, present: false });
    const [early, ahead] = participants as [string, string];
    clock.advance(10 * minutes);
    const system = service.asSystem().participants;
    expect(
      await system.recordSession(id, {
        ...zoom,
        userId: early,
        joinedAt: after(-20 * minutes),
        leftAt: after(2 * minutes),
      }),
    ).toMatchObject({ joinedAt: after(0), leftAt: after(2 * minutes), totalDurationMinutes: 2 });
    expect(
      await system.recordSession(id, {
        ...zoom,
        userId: ahead,
        joinedAt: after(5 * minutes),
        leftAt: after(12 * minutes),
      }),
    ).toMatchObject({ leftAt: after(10 * minutes), totalDurationMinutes: 5 });
    await service.as({ userId: host }).meetings.end(id);
    expect((await service.as({ userId: host }).participants.attendance(id)).peak).toBe(1);
  });
});

describe('a stay that is reported after the end', () => {
  test('makes an absentee attend, and analytics follow', async ({ service, running, events, clock }) => {
    const { id, host, participants } = await running({ participants: 1, present: false });
    const [guest] = participants as [string];
    const rooms = service.as({ userId: host });
    await rooms.participants.join(id);
    clock.advance(20 * minutes);
    await rooms.meetings.end(id);
    events.length = 0;
    clock.advance(60 * minutes);
    const report = { ...zoom, userId: guest, joinedAt: after(5 * minutes), leftAt: after(15 * minutes) };
    expect(await service.asSystem().participants.recordSession(id, report)).toMatchObject({
      ...{ status: 'Attended', isPresent: false, totalDurationMinutes: 10 },
    });
    expect(events.map(({ type }) => type)).toEqual(['analytics.ready']);
    expect(await rooms.engagement.meeting(id)).toMatchObject({
      ...{ totalParticipants: 2, peakConcurrentParticipants: 2, averageAttendanceDurationMinutes: 15 },
    });
    expect(await rooms.engagement.participant(id, guest)).toMatchObject({ attendanceDurationMinutes: 10 });
  });

  test('of somebody who declined says that they came', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 1, present: false });
    const [guest] = participants as [string];
    await service.as({ userId: guest }).invitations.respond(id, { response: 'Declined' });
    clock.advance(20 * minutes);
    await service.as({ userId: host }).meetings.end(id);
    const report = { ...zoom, userId: guest, joinedAt: after(minutes), leftAt: after(2 * minutes) };
    expect(await service.asSystem().participants.recordSession(id, report)).toMatchObject({ status: 'Attended' });
    expect((await service.as({ userId: guest }).invitations.mine()).items).toMatchObject([{ status: 'Accepted' }]);
  });

  test('of somebody unknown, and one too short for the threshold', async ({ service, running, clock }) => {
    const { id, host } = await running({ settings: { attendanceThreshold: { minutes: 5 } } });
    clock.advance(20 * minutes);
    await service.as({ userId: host }).meetings.end(id);
    const system = service.asSystem().participants;
    const walkIn = newId();
    const report = { ...zoom, userId: walkIn, joinedAt: after(minutes), leftAt: after(3 * minutes) };
    expect(await system.recordSession(id, report)).toMatchObject({ status: 'NoShow', totalDurationMinutes: 2 });
    const more = { ...zoom, userId: walkIn, joinedAt: after(10 * minutes), leftAt: after(13 * minutes) };
    expect(await system.recordSession(id, more)).toMatchObject({ status: 'Attended', totalDurationMinutes: 5 });
  });

  test('counts to the end of the meeting and no further', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 1, present: false });
    clock.advance(20 * minutes);
    await service.as({ userId: host }).meetings.end(id);
    clock.advance(20 * minutes);
    const report = { ...zoom, userId: participants[0]!, joinedAt: after(15 * minutes), leftAt: after(30 * minutes) };
    expect(await service.asSystem().participants.recordSession(id, report)).toMatchObject({
      ...{ leftAt: after(20 * minutes), totalDurationMinutes: 5 },
    });
  });

  test('has ended, and began before the meeting did', async ({ service, running, clock, url }) => {
    const { id, host, participants } = await running({ participants: 1, present: false });
    clock.advance(20 * minutes);
    await service.as({ userId: host }).meetings.end(id);
    clock.advance(20 * minutes);
    const system = service.asSystem().participants;
    const userId = participants[0]!;
    await unchanged(url, async () => {
      const open = await fails(system.recordSession(id, { ...zoom, userId, joinedAt: after(0) }), 'VALIDATION');
      expect(open.details['fields']).toMatchObject([{ path: 'leftAt' }]);
      const beyond = { ...zoom, userId, joinedAt: after(20 * minutes), leftAt: after(21 * minutes) };
      const late = await fails(system.recordSession(id, beyond), 'VALIDATION');
      expect(late.details['fields']).toMatchObject([{ path: 'joinedAt' }]);
    });
  });
});

describe('a stay of somebody who was removed', () => {
  test('counts up to the removal, and brings nobody back', async ({ service, running, clock, url }) => {
    const { id, host, participants } = await running({ participants: 1, present: false });
    const [guest] = participants as [string];
    clock.advance(10 * minutes);
    const rooms = service.as({ userId: host });
    await rooms.participants.remove(id, guest);
    clock.advance(10 * minutes);
    const system = service.asSystem().participants;
    await unchanged(url, () =>
      fails(system.recordSession(id, { ...zoom, userId: guest, joinedAt: after(15 * minutes) }), 'CONFLICT'),
    );
    expect(await system.recordSession(id, { ...zoom, userId: guest, joinedAt: after(5 * minutes) })).toMatchObject({
      ...{ isPresent: false, leftAt: after(10 * minutes), totalDurationMinutes: 5 },
    });
    await fails(service.as({ userId: guest }).participants.join(id), 'NOT_FOUND');
    expect(await rooms.meetings.get(id)).toMatchObject({ currentParticipantsCount: 0 });
    expect((await service.as({ userId: guest }).invitations.mine()).items).toMatchObject([{ status: 'Expired' }]);
  });
});

describe('recordSession', () => {
  test("is the system's alone", async ({ service, running, url }) => {
    const { id, host } = await running();
    await unchanged(url, async () => {
      const report = { ...zoom, userId: newId(), joinedAt: after(0) };
      await fails(service.as({ userId: host }).participants.recordSession(id, report), 'FORBIDDEN');
      await fails(service.as({ userId: newId() }).participants.recordSession(id, report), 'NOT_FOUND');
      await fails(service.asSystem().participants.recordSession(newId(), report), 'NOT_FOUND');
    });
  });

  test('needs a meeting that has begun, and a sound stay', async ({ service, scheduled, running, url }) => {
    const ahead = await scheduled();
    const { id, host } = await running();
    const system = service.asSystem().participants;
    await unchanged(url, async () => {
      const stay = { ...zoom, userId: host, joinedAt: after(0) };
      await fails(system.recordSession(ahead.id, stay), 'INVALID_TRANSITION');
      await fails(system.recordSession(id, { ...stay, leftAt: after(-1) }), 'VALIDATION');
      await fails(system.recordSession(id, { ...stay, source: 'Not a name' }), 'VALIDATION');
      await fails(system.recordSession(id, { ...stay, userId: 'nobody' }), 'VALIDATION');
      await fails(system.recordSession(id, { ...stay, joinedAt: '2026-03-02 09:00' }), 'VALIDATION');
    });
  });

  test('of many stays at once keeps count', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 8, present: false });
    clock.advance(10 * minutes);
    const system = service.asSystem().participants;
    await Promise.all(
      participants.flatMap((userId) => [
        system.recordSession(id, { ...zoom, userId, joinedAt: after(0), leftAt: after(5 * minutes) }),
        system.recordSession(id, { ...zoom, userId, connectionId: 'seat-2', joinedAt: after(4 * minutes) }),
      ]),
    );
    expect(await service.as({ userId: host }).meetings.get(id)).toMatchObject({ currentParticipantsCount: 8 });
    await service.as({ userId: host }).meetings.end(id);
    const { items } = await service.as({ userId: host }).participants.list(id);
    expect(items.filter(({ totalDurationMinutes }) => totalDurationMinutes === 10)).toHaveLength(8);
  });
});
