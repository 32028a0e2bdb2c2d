import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { execute } from '../setup/postgres.ts';
import { fails, hours, minutes, people, type ScheduledMeeting, test, unchanged } from '../setup/service.ts';

interface Line extends ScheduledMeeting {
  /** Who has a seat. */
  readonly seated: readonly string[];
  /** Who waits, in the order of the line. */
  readonly waiting: readonly string[];
}

type Scheduled = (options: object) => Promise<ScheduledMeeting>;

/** A meeting whose seats are taken: one by the Host, the rest by guests, and a line behind them. */
async function full(service: MeetingService, scheduled: Scheduled, seats: number, line: number): Promise<Line> {
  const meeting = await scheduled({ settings: { limitAcceptances: seats } });
  const guests = people(seats - 1 + line);
  await service.as({ userId: meeting.host }).invitations.invite(meeting.id, { inviteeIds: guests });
  for (const userId of guests) await accept(service, meeting.id, userId);
  return { ...meeting, seated: guests.slice(0, seats - 1), waiting: guests.slice(seats - 1) };
}

function accept(service: MeetingService, id: string, userId: string) {
  return service.as({ userId }).invitations.respond(id, { response: 'Accepted' });
}

async function statusOf(service: MeetingService, userId: string): Promise<string | undefined> {
  return (await service.as({ userId }).invitations.mine()).items[0]?.status;
}

const lineOf = (url: string, meetingId: string) =>
  execute<{ auth_user_id: string }>(
    url,
    `select auth_user_id from convoke.meeting_waitlist_entries
     where meeting_id = '${meetingId}' and promoted_at is null and left_at is null order by entered_at, id`,
  ).then((rows) => rows.map((row) => row.auth_user_id));

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

  test('past those who are gone: removed, taken back, declined, out of time', async ({
    service,
    scheduled,
    clock,
    url,
  }) => {
    const { id, host } = await scheduled({ settings: { limitAcceptances: 2 } });
    const [seated, removed, revoked, declined, late, next] = people(6) as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const rooms = service.as({ userId: host });
    const expiresAt = new Date(clock.now().getTime() + 30 * minutes);
    await rooms.invitations.invite(id, { inviteeIds: [seated, removed, revoked, declined, next] });
    await rooms.invitations.invite(id, { inviteeIds: [late], expiresAt });
    for (const userId of [seated, removed, revoked, declined, late, next]) await accept(service, id, userId);
    await rooms.participants.remove(id, removed);
    await rooms.invitations.revoke(id, revoked);
    await service.as({ userId: declined }).invitations.respond(id, { response: 'Declined' });
    clock.advance(30 * minutes);
    await service.worker.runOnce('invitations.expire');
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

describe('at once', () => {
  test.for([
    ['without keys', false],
    ['with keys', true],
  ] as const)(
    'twenty acceptances for five seats, %s: five are seated, the others stand in one line',
    async ([, withKeys], { service, scheduled, url }) => {
      const { id, host } = await scheduled({ settings: { limitAcceptances: 6 } });
      const crowd = people(20);
      await service.as({ userId: host }).invitations.invite(id, { inviteeIds: crowd });
      const answers = await Promise.all(
        crowd.map((userId) => {
          const rooms = service.as({ userId });
          return (withKeys ? rooms.with({ idempotencyKey: newId() }) : rooms).invitations.respond(id, {
            response: 'Accepted',
          });
        }),
      );
      expect(answers.filter(({ waitlistPosition }) => waitlistPosition === null)).toHaveLength(5);
      const positions = answers.flatMap(({ waitlistPosition }) => waitlistPosition ?? []).toSorted((a, b) => a - b);
      expect(positions).toEqual(Array.from({ length: 15 }, (_, n) => n + 1));
      expect(await lineOf(url, id)).toHaveLength(15);
    },
  );

  test('ten decline while ten accept: every seat is given once', async ({ service, scheduled, url, events }) => {
    const line = await full(service, scheduled, 11, 10);
    const late = people(10);
    await service.as({ userId: line.host }).invitations.invite(line.id, { inviteeIds: late });
    events.length = 0;
    await Promise.all([
      ...line.seated.map((userId) => service.as({ userId }).invitations.respond(line.id, { response: 'Declined' })),
      ...late.map((userId) => accept(service, line.id, userId)),
    ]);
    const { items } = await service.as({ userId: line.host }).participants.list(line.id);
    const accepted = items.filter(({ status }) => status === 'Accepted').map(({ authUserId }) => authUserId);
    expect(accepted).toHaveLength(11);
    // First come, first served: those who stood in line before are all seated, and nobody who came later.
    expect(accepted.toSorted()).toEqual([line.host, ...line.waiting].toSorted());
    expect((await lineOf(url, line.id)).toSorted()).toEqual(late.toSorted());
    const promotions = events.filter(({ type, stream }) => type === 'invitation.promoted' && stream.kind === 'meeting');
    expect(promotions).toHaveLength(10);
    expect(new Set(promotions.map(({ data }) => JSON.stringify(data))).size).toBe(10);
  });

  test('everything that frees a seat, with sweeps in between: never more seated than there are seats', async ({
    service,
    scheduled,
    url,
    events,
  }) => {
    const line = await full(service, scheduled, 9, 12);
    const rooms = service.as({ userId: line.host });
    const [a, b, c, d, e, f, g, h] = line.seated as [string, string, string, string, string, string, string, string];
    events.length = 0;
    await Promise.all([
      ...[a, b].map((userId) => service.as({ userId }).invitations.respond(line.id, { response: 'Declined' })),
      ...[c, d].map((userId) => rooms.participants.remove(line.id, userId)),
      ...[e, f].map((userId) => rooms.invitations.revoke(line.id, userId)),
      ...[g, h].map((userId) => service.as({ userId }).invitations.respond(line.id, { response: 'Tentative' })),
      rooms.meetings.update(line.id, { settings: { limitAcceptances: 10 } }),
      service.worker.runOnce('waitlist.repair'),
      service.worker.runOnce('invitations.expire'),
    ]);
    const { items } = await rooms.participants.list(line.id);
    expect(items.filter(({ status }) => status === 'Accepted')).toHaveLength(10);
    expect(await lineOf(url, line.id)).toEqual(line.waiting.slice(9));
    expect(events.filter(({ type, stream }) => type === 'invitation.promoted' && stream.id === line.id)).toHaveLength(
      9,
    );
  });

  test('joins for the last seats: as many enter as there are', async ({ service, running }) => {
    const { id, host } = await running({ settings: { limitAcceptances: 4 } });
    const crowd = people(12);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: crowd });
    const outcomes = await Promise.allSettled(crowd.map((userId) => service.as({ userId }).participants.join(id)));
    const codes = outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? 'in' : (outcome.reason as { code: string }).code,
    );
    expect(codes.filter((code) => code === 'in')).toHaveLength(3);
    expect(codes.filter((code) => code === 'CAPACITY')).toHaveLength(9);
  });
});
