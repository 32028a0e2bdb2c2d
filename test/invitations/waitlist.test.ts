import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { execute } from '../setup/postgres.ts';
import { fails, hours, minutes, people, type ScheduledMeeting, test, unchanged } from '../setup/service.ts';
import { accept, full, type Line, lineOf, type Scheduled, statusOf } from './line.ts';

/** Whatever `act` does, it seats the first in line and leaves the others where they are. */
async function promoted(service: MeetingService, line: Line, url: string, act: () => Promise<unknown>) {
  const [first, ...others] = line.waiting as [string, ...string[]];
  await act();
  expect(await statusOf(service, first)).toBe('Accepted');
  expect(await lineOf(url, line.id)).toEqual(others);
  const { items } = await service.as({ userId: line.host }).participants.list(line.id);
  expect(items.find(({ authUserId }) => authUserId === first)).toMatchObject({ status: 'Accepted' });
  expect((await service.as({ userId: first }).meetings.list({ upcoming: true })).items).toHaveLength(1);
}

/** A meeting that runs, with so many seats. */
async function open(service: MeetingService, scheduled: Scheduled, seats: number, settings: object = {}) {
  const now = {
    scheduledStartTime: new Date('2026-03-02T09:00:00Z'),
    scheduledEndTime: new Date('2026-03-02T10:00:00Z'),
  };
  const meeting = await scheduled({ settings: { limitAcceptances: seats, ...settings }, ...now });
  await service.as({ userId: meeting.host }).meetings.start(meeting.id);
  return meeting;
}

async function invite(service: MeetingService, { id, host }: ScheduledMeeting, count: number) {
  const guests = people(count);
  await service.as({ userId: host }).invitations.invite(id, { inviteeIds: guests });
  return guests;
}

describe('when every seat is taken', () => {
  test('accepting takes a place in line, in the order of asking for it', async ({
    service,
    scheduled,
    events,
    clock,
  }) => {
    const { id, host } = await scheduled({ settings: { limitAcceptances: 2 } });
    const [first, second, third] = people(3) as [string, string, string];
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [first, second, third] });
    expect(await accept(service, id, first)).toEqual({ participationStatus: 'Accepted', waitlistPosition: null });
    events.length = 0;
    clock.advance(minutes);
    const waits = await service
      .as({ userId: second })
      .invitations.respond(id, { response: 'Accepted', message: 'please' });
    expect(waits).toEqual({ participationStatus: 'Invited', waitlistPosition: 1 });
    expect(await accept(service, id, third)).toEqual({ participationStatus: 'Invited', waitlistPosition: 2 });
    expect((await service.as({ userId: second }).invitations.mine()).items).toMatchObject([
      { status: 'Pending', respondedAt: clock.now(), responseMessage: 'please' },
    ]);
    expect(events.map(({ type, stream, audience, data }) => ({ type, stream, audience, data }))).toEqual([
      ...[
        { stream: { kind: 'meeting', id }, audience: 'hosts', data: { inviteeId: second, position: 1 } },
        {
          stream: { kind: 'user', id: second },
          audience: { users: [second] },
          data: { meetingId: id, inviteeId: second, position: 1 },
        },
        { stream: { kind: 'meeting', id }, audience: 'hosts', data: { inviteeId: third, position: 2 } },
        {
          stream: { kind: 'user', id: third },
          audience: { users: [third] },
          data: { meetingId: id, inviteeId: third, position: 2 },
        },
      ].map((event) => ({ type: 'invitation.waitlisted', ...event })),
    ]);
  });

  test('accepting again keeps the place and tells nobody', async ({ service, scheduled, events, clock, url }) => {
    const { id, waiting } = await full(service, scheduled, 2, 2);
    clock.advance(minutes);
    events.length = 0;
    expect(await accept(service, id, waiting[0]!)).toEqual({ participationStatus: 'Invited', waitlistPosition: 1 });
    expect(events).toEqual([]);
    expect(await lineOf(url, id)).toEqual(waiting);
  });

  test('leaving the line and coming back is a place at its end', async ({ service, scheduled, clock, url }) => {
    for (const response of ['Declined', 'Tentative'] as const) {
      const { id, waiting } = await full(service, scheduled, 2, 2);
      const [first, second] = waiting as [string, string];
      clock.advance(minutes);
      expect(await service.as({ userId: first }).invitations.respond(id, { response })).toEqual({
        ...{ participationStatus: response, waitlistPosition: null },
      });
      expect(await lineOf(url, id)).toEqual([second]);
      clock.advance(minutes);
      expect(await accept(service, id, first)).toEqual({ participationStatus: 'Invited', waitlistPosition: 2 });
    }
  });

  test('the Host holds one of the seats, and declining costs nobody theirs', async ({ service, scheduled }) => {
    const { id, host } = await scheduled({ settings: { limitAcceptances: 1 } });
    const [guest] = people(1) as [string];
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [guest] });
    expect(await accept(service, id, guest)).toMatchObject({ waitlistPosition: 1 });
    expect(await service.as({ userId: guest }).invitations.respond(id, { response: 'Declined' })).toMatchObject({
      participationStatus: 'Declined',
    });
  });
});

describe('a seat that comes free goes to the first in line', () => {
  test.for(['Declined', 'Tentative'] as const)(
    'by an answer: %s',
    async (response, { service, scheduled, url, events, clock }) => {
      const line = await full(service, scheduled, 2, 2);
      const [seated] = line.seated as [string];
      clock.advance(minutes);
      events.length = 0;
      await promoted(service, line, url, () =>
        service.as({ userId: seated }).invitations.respond(line.id, { response }),
      );
      const told = events.filter(({ type }) => type === 'invitation.promoted');
      expect(told).toMatchObject([
        {
          stream: { kind: 'meeting', id: line.id },
          audience: 'hosts',
          actorId: null,
          data: { inviteeId: line.waiting[0] },
        },
        {
          stream: { kind: 'user', id: line.waiting[0] },
          actorId: null,
          data: { meetingId: line.id, inviteeId: line.waiting[0] },
        },
      ]);
      expect((await service.as({ userId: line.waiting[0]! }).invitations.mine()).items).toMatchObject([
        { respondedAt: clock.now() },
      ]);
    },
  );

  test('by removal', async ({ service, scheduled, url }) => {
    const line = await full(service, scheduled, 3, 2);
    await promoted(service, line, url, () =>
      service.as({ userId: line.host }).participants.remove(line.id, line.seated[0]!),
    );
  });

  test('by taking an invitation back', async ({ service, scheduled, url }) => {
    const line = await full(service, scheduled, 3, 2);
    await promoted(service, line, url, () =>
      service.as({ userId: line.host }).invitations.revoke(line.id, line.seated[0]!),
    );
  });

  test('by a higher limit', async ({ service, scheduled, url }) => {
    const line = await full(service, scheduled, 2, 2);
    await promoted(service, line, url, () =>
      service.as({ userId: line.host }).meetings.update(line.id, { settings: { limitAcceptances: 3 } }),
    );
  });

  test('by the limit going: then nobody waits any longer', async ({ service, scheduled, url }) => {
    const line = await full(service, scheduled, 2, 3);
    await service.as({ userId: line.host }).meetings.update(line.id, { settings: { limitAcceptances: null } });
    expect(await lineOf(url, line.id)).toEqual([]);
    for (const userId of line.waiting) expect(await statusOf(service, userId)).toBe('Accepted');
  });

  test('by several seats at once, as many as there are', async ({ service, scheduled, url }) => {
    const line = await full(service, scheduled, 2, 4);
    await service.as({ userId: line.host }).meetings.update(line.id, { settings: { limitAcceptances: 4 } });
    expect(await lineOf(url, line.id)).toEqual(line.waiting.slice(2));
  });

  test('past those who are gone: removed, taken back, declined', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled({ settings: { limitAcceptances: 2 } });
    const [seated, removed, revoked, declined, next] = people(5) as [string, string, string, string, string];
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [seated, removed, revoked, declined, next] });
    for (const userId of [seated, removed, revoked, declined, next]) await accept(service, id, userId);
    await rooms.participants.remove(id, removed);
    await rooms.invitations.revoke(id, revoked);
    await service.as({ userId: declined }).invitations.respond(id, { response: 'Declined' });
    expect(await lineOf(url, id)).toEqual([next]);
    await service.as({ userId: seated }).invitations.respond(id, { response: 'Declined' });
    expect(await statusOf(service, next)).toBe('Accepted');
    expect(await lineOf(url, id)).toEqual([]);
  });

  test('by hand in the database: the sweep finds it, once', async ({ service, scheduled, url, events }) => {
    const line = await full(service, scheduled, 3, 2);
    await execute(
      url,
      `update convoke.meetings set settings = settings || '{"limitAcceptances": 4}' where id = '${line.id}'`,
    );
    events.length = 0;
    await service.worker.runOnce('waitlist.repair');
    await service.worker.runOnce('waitlist.repair');
    expect(await lineOf(url, line.id)).toEqual(line.waiting.slice(1));
    expect(events.filter(({ type, stream }) => type === 'invitation.promoted' && stream.id === line.id)).toHaveLength(
      1,
    );
  });
});

describe('no seat comes free', () => {
  test('by a lower limit, which throws nobody out either', async ({ service, scheduled, url }) => {
    const line = await full(service, scheduled, 4, 1);
    const rooms = service.as({ userId: line.host });
    await rooms.meetings.update(line.id, { settings: { limitAcceptances: 2 } });
    for (const userId of line.seated) expect(await statusOf(service, userId)).toBe('Accepted');
    for (const userId of line.seated.slice(0, 2))
      await service.as({ userId }).invitations.respond(line.id, { response: 'Declined' });
    expect(await lineOf(url, line.id)).toEqual(line.waiting);
    await service.as({ userId: line.seated[2]! }).invitations.respond(line.id, { response: 'Declined' });
    expect(await lineOf(url, line.id)).toEqual([]);
  });

  test('by the end, by cancelling, by a new time: the line is dissolved', async ({
    service,
    scheduled,
    clock,
    url,
  }) => {
    const cancelled = await full(service, scheduled, 2, 1);
    await service.as({ userId: cancelled.host }).meetings.cancel(cancelled.id);
    expect(await lineOf(url, cancelled.id)).toEqual([]);
    expect(await statusOf(service, cancelled.waiting[0]!)).toBe('Expired');

    const moved = await full(service, scheduled, 2, 1);
    const from = clock.now().getTime() + 24 * hours;
    await service.as({ userId: moved.host }).meetings.reschedule(moved.id, {
      ...{ scheduledStartTime: new Date(from), scheduledEndTime: new Date(from + hours) },
    });
    expect(await lineOf(url, moved.id)).toEqual([]);
    expect(await accept(service, moved.id, moved.waiting[0]!)).toEqual({
      ...{ participationStatus: 'Accepted', waitlistPosition: null },
    });

    const ended = await full(service, scheduled, 2, 1);
    clock.advance(hours);
    const rooms = service.as({ userId: ended.host }).meetings;
    await rooms.start(ended.id);
    await rooms.end(ended.id);
    expect(await lineOf(url, ended.id)).toEqual([]);
    expect(await statusOf(service, ended.waiting[0]!)).toBe('Expired');
  });
});

describe('joining where acceptances are limited', () => {
  test('takes a free seat, and accepts', async ({ service, scheduled, events }) => {
    const meeting = await open(service, scheduled, 2);
    const [guest] = (await invite(service, meeting, 1)) as [string];
    events.length = 0;
    expect(await service.as({ userId: guest }).participants.join(meeting.id)).toMatchObject({
      ...{ status: 'Accepted', isPresent: true },
    });
    expect(await statusOf(service, guest)).toBe('Accepted');
    expect(events.map(({ type, stream }) => `${type} ${stream.kind}`).toSorted()).toEqual([
      ...['invitation.accepted meeting', 'invitation.accepted user', 'participant.joined meeting'],
    ]);
  });

  test('without one is refused, and takes no place in line', async ({ service, scheduled, url }) => {
    const meeting = await open(service, scheduled, 2);
    const [seated, late] = (await invite(service, meeting, 2)) as [string, string];
    await accept(service, meeting.id, seated);
    await unchanged(url, () => fails(service.as({ userId: late }).participants.join(meeting.id), 'CAPACITY'));
    expect(await service.as({ userId: seated }).participants.join(meeting.id)).toMatchObject({ isPresent: true });
    expect(await service.as({ userId: meeting.host }).participants.join(meeting.id)).toMatchObject({ isPresent: true });
  });

  test('from the line is refused until one is promoted', async ({ service, scheduled }) => {
    const meeting = await open(service, scheduled, 2);
    const [seated, waiting] = (await invite(service, meeting, 2)) as [string, string];
    for (const userId of [seated, waiting]) await accept(service, meeting.id, userId);
    await fails(service.as({ userId: waiting }).participants.join(meeting.id), 'CAPACITY');
    await service.as({ userId: seated }).invitations.respond(meeting.id, { response: 'Declined' });
    expect(await service.as({ userId: waiting }).participants.join(meeting.id)).toMatchObject({ isPresent: true });
  });

  test('keeps the note of an earlier answer', async ({ service, scheduled }) => {
    const meeting = await open(service, scheduled, 2);
    const [guest] = (await invite(service, meeting, 1)) as [string];
    await service.as({ userId: guest }).invitations.respond(meeting.id, { response: 'Tentative', message: 'perhaps' });
    await service.as({ userId: guest }).participants.join(meeting.id);
    expect((await service.as({ userId: guest }).invitations.mine()).items).toMatchObject([
      { status: 'Accepted', responseMessage: 'perhaps' },
    ]);
  });

  test('through an open door takes a seat too', async ({ service, scheduled }) => {
    const meeting = await open(service, scheduled, 2, { openJoin: true });
    const [first, second] = people(2) as [string, string];
    expect(await service.as({ userId: first }).participants.join(meeting.id)).toMatchObject({ status: 'Accepted' });
    await fails(service.as({ userId: second }).participants.join(meeting.id), 'CAPACITY');
    expect((await service.as({ userId: first }).meetings.list({ upcoming: true })).items).toHaveLength(1);
  });

  test('asks for the password before it speaks of seats', async ({ service, scheduled, url }) => {
    const meeting = await open(service, scheduled, 2);
    await service.as({ userId: meeting.host }).meetings.update(meeting.id, { meetingPassword: 'sesame' });
    const [seated, late] = (await invite(service, meeting, 2)) as [string, string];
    await accept(service, meeting.id, seated);
    await unchanged(url, () => fails(service.as({ userId: late }).participants.join(meeting.id), 'WRONG_PASSWORD'));
    await fails(service.as({ userId: late }).participants.join(meeting.id, { meetingPassword: 'sesame' }), 'CAPACITY');
    await service.as({ userId: seated }).invitations.respond(meeting.id, { response: 'Declined' });
    const joined = await service.as({ userId: late }).participants.join(meeting.id, { meetingPassword: 'sesame' });
    expect(joined).toMatchObject({ isPresent: true });
  });

  test('with a key stores the answer, never that it had to try again', async ({ service, scheduled, url }) => {
    const meeting = await open(service, scheduled, 2);
    const [guest, late] = (await invite(service, meeting, 2)) as [string, string];
    const keyed = service.as({ userId: guest }).with({ idempotencyKey: newId() }).participants;
    const first = await keyed.join(meeting.id);
    await service.as({ userId: guest }).participants.leave(meeting.id);
    await unchanged(url, async () => expect(await keyed.join(meeting.id)).toEqual(first));
    const key = newId();
    const refused = service.as({ userId: late }).with({ idempotencyKey: key }).participants;
    await fails(refused.join(meeting.id), 'CAPACITY');
    await service.as({ userId: guest }).invitations.respond(meeting.id, { response: 'Declined' });
    const second = await refused.join(meeting.id);
    expect(second).toMatchObject({ authUserId: late, isPresent: true });
    expect(await refused.join(meeting.id)).toEqual(second);
    const nulls = await execute(
      url,
      `select 1 from convoke.meeting_idempotency_keys where response = 'null'::jsonb and operation = 'participants.join'`,
    );
    expect(nulls).toEqual([]);
  });

  test('accepting with a key stores the place in line', async ({ service, scheduled, url }) => {
    const line = await full(service, scheduled, 2, 1);
    const [late] = people(1) as [string];
    await service.as({ userId: line.host }).invitations.invite(line.id, { inviteeIds: [late] });
    const keyed = service.as({ userId: late }).with({ idempotencyKey: newId() }).invitations;
    const first = await keyed.respond(line.id, { response: 'Accepted' });
    expect(first).toEqual({ participationStatus: 'Invited', waitlistPosition: 2 });
    await service.as({ userId: line.host }).meetings.update(line.id, { settings: { limitAcceptances: null } });
    await unchanged(url, async () => expect(await keyed.respond(line.id, { response: 'Accepted' })).toEqual(first));
    const nulls = await execute(
      url,
      `select 1 from convoke.meeting_idempotency_keys where response = 'null'::jsonb and operation = 'invitations.respond'`,
    );
    expect(nulls).toEqual([]);
  });
});
