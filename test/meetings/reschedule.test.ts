import { describe, expect } from 'vitest';
import { execute } from '../setup/postgres.ts';
import { fails, hours, minutes, people, start, test, unchanged } from '../setup/service.ts';

const later = {
  scheduledStartTime: new Date(Date.parse(start) + 5 * hours),
  scheduledEndTime: new Date(Date.parse(start) + 6 * hours),
};

test('gives the meeting another time and zone, and tells both the new and the former', async ({
  service,
  scheduled,
  clock,
  events,
}) => {
  const { id, host, meeting } = await scheduled();
  clock.advance(1);
  events.length = 0;
  const moved = await service.as({ userId: host }).meetings.reschedule(id, { ...later, timezone: 'Asia/Tokyo' });
  expect(moved).toEqual({ ...meeting, ...later, timezone: 'Asia/Tokyo', version: 2, updatedAt: clock.now() });
  expect(events).toMatchObject([{ type: 'meeting.rescheduled', audience: 'all', actorId: host }]);
  expect(events[0]?.data).toEqual({
    ...{ scheduledStartTime: '2026-03-02T14:00:00.000Z', scheduledEndTime: '2026-03-02T15:00:00.000Z' },
    ...{ formerStartTime: '2026-03-02T10:00:00.000Z', formerEndTime: '2026-03-02T11:00:00.000Z' },
    ...{ timezone: 'Asia/Tokyo', formerTimezone: 'Europe/Berlin', reset: 0 },
  });
});

test('keeps the zone that is not given', async ({ service, scheduled }) => {
  const { id, host } = await scheduled();
  expect((await service.as({ userId: host }).meetings.reschedule(id, later)).timezone).toBe('Europe/Berlin');
});

test.for<[string, object, string]>([
  ['the start is missing', { scheduledStartTime: undefined }, 'scheduledStartTime'],
  ['it ends before it starts', { scheduledEndTime: new Date(start) }, 'scheduledEndTime'],
  ['it is too long', { scheduledEndTime: '2026-03-10T00:00:00Z' }, 'scheduledEndTime'],
  ['it would lie in the past', { scheduledStartTime: '2026-03-02T08:54:59.999Z' }, 'scheduledStartTime'],
  ['the zone is none', { timezone: 'Mars/Olympus' }, 'timezone'],
  ['something else is to change too', { title: 'Trees' }, 'title'],
])('is refused when %s', async ([, change, path], { service, scheduled, url }) => {
  const { id, host } = await scheduled();
  const call = () => service.as({ userId: host }).meetings.reschedule(id, { ...later, ...change });
  const error = await unchanged(url, () => fails(call(), 'VALIDATION'));
  expect(error.details['fields']).toMatchObject([{ path }]);
});

test('the system moves a meeting into the past, as imports need it', async ({ service, scheduled }) => {
  const { id } = await scheduled();
  const past = { scheduledStartTime: '2020-01-01T10:00:00Z', scheduledEndTime: '2020-01-01T11:00:00Z' };
  const moved = await service.asSystem().meetings.reschedule(id, past);
  expect(moved.scheduledStartTime).toEqual(new Date(past.scheduledStartTime));
});

describe('asks again', () => {
  test('everybody who was invited, whatever they had answered, and never the Host', async ({
    service,
    scheduled,
    events,
    clock,
  }) => {
    const { id, host } = await scheduled();
    const [yes = '', no = '', maybe = '', silent = ''] = people(4);
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [yes, no, maybe, silent] });
    const answers = [
      [yes, 'Accepted'],
      [no, 'Declined'],
      [maybe, 'Tentative'],
    ] as const;
    for (const [userId, response] of answers)
      await service.as({ userId }).invitations.respond(id, { response, message: `I say ${response}` });
    await rooms.invitations.remind(id, [silent]);
    clock.advance(minutes);
    events.length = 0;
    await rooms.meetings.reschedule(id, later);
    expect(events).toMatchObject([{ type: 'meeting.rescheduled', data: { reset: 3 } }]);
    const { items } = await rooms.participants.list(id);
    expect(items.map(({ authUserId, status }) => [authUserId, status])).toEqual([
      [host, 'Accepted'],
      ...[yes, no, maybe, silent].map((userId) => [userId, 'Invited']),
    ]);
    for (const invitation of (await rooms.invitations.list(id)).items)
      expect(invitation).toMatchObject({
        status: 'Pending',
        ...{ respondedAt: null, responseMessage: null, reminderSentAt: null },
      });
    // Everybody has it ahead of them again, the one who had declined too.
    for (const userId of [host, yes, no, maybe, silent]) {
      const { items: ahead } = await service.as({ userId }).meetings.list({ upcoming: true });
      expect(ahead.map((meeting) => meeting.scheduledStartTime)).toEqual([later.scheduledStartTime]);
    }
    // Nothing is lost: the history keeps what was answered before.
    const { items: told } = await rooms.meetings.history(id);
    expect(told.map(({ type, actorId }) => [type, actorId])).toEqual(
      expect.arrayContaining([
        ['invitation.accepted', yes],
        ['invitation.declined', no],
        ['invitation.tentative', maybe],
      ]),
    );
  });

  test('and the new answers count from then on', async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    const [ada = ''] = people(1);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [ada] });
    const { invitations } = service.as({ userId: ada });
    await invitations.respond(id, { response: 'Declined' });
    await service.as({ userId: host }).meetings.reschedule(id, later);
    expect(await invitations.respond(id, { response: 'Accepted' })).toMatchObject({ participationStatus: 'Accepted' });
  });

  test('not the new Host of a meeting that was handed over, nor who never had an invitation', async ({
    service,
    scheduled,
  }) => {
    const { id, host } = await scheduled();
    const [ada = '', bob = ''] = people(2);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [ada, bob] });
    for (const userId of [ada, bob]) await service.as({ userId }).invitations.respond(id, { response: 'Accepted' });
    await service.as({ userId: host }).participants.transferHost(id, ada);
    await service.as({ userId: ada }).meetings.reschedule(id, later);
    const { items } = await service.as({ userId: ada }).participants.list(id);
    expect(new Map(items.map(({ authUserId, role, status }) => [authUserId, [role, status]]))).toEqual(
      new Map([
        [host, ['CoHost', 'Accepted']],
        [ada, ['Host', 'Accepted']],
        [bob, ['Participant', 'Invited']],
      ]),
    );
  });

  test('nobody who was removed or whose invitation lapsed, and empties the line', async ({
    service,
    scheduled,
    clock,
    url,
  }) => {
    const { id, host } = await scheduled({ settings: { limitAcceptances: 2 } });
    const [removed = '', yes = '', waiting = '', late = ''] = people(4);
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [removed, yes, waiting] });
    await rooms.invitations.invite(id, { inviteeIds: [late], expiresAt: new Date(clock.now().getTime() + minutes) });
    await service.as({ userId: yes }).invitations.respond(id, { response: 'Accepted' });
    await service.as({ userId: waiting }).invitations.respond(id, { response: 'Accepted' });
    await rooms.participants.remove(id, removed);
    clock.advance(minutes);
    await service.worker.runOnce('invitations.expire');
    await rooms.meetings.reschedule(id, later);
    const { items } = await rooms.invitations.list(id);
    expect(new Map(items.map(({ inviteeId, status }) => [inviteeId, status]))).toEqual(
      new Map([
        [removed, 'Expired'],
        [yes, 'Pending'],
        [waiting, 'Pending'],
        [late, 'Expired'],
      ]),
    );
    expect((await service.as({ userId: removed }).meetings.list({ upcoming: true })).items).toEqual([]);
    const line = await execute(
      url,
      `select left_at, promoted_at from convoke.meeting_waitlist_entries where meeting_id = '${id}'`,
    );
    expect(line).toEqual([{ left_at: clock.now(), promoted_at: null }]);
    // Both seats but the Host's are free again, for whoever answers first.
    const answer = await service.as({ userId: waiting }).invitations.respond(id, { response: 'Accepted' });
    expect(answer).toEqual({ participationStatus: 'Accepted', waitlistPosition: null });
  });
});

describe('a postponed meeting', () => {
  test('is scheduled again, asks again, and is back on everybody’s list', async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    const [ada = ''] = people(1);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [ada] });
    await service.as({ userId: ada }).invitations.respond(id, { response: 'Accepted' });
    const { meetings } = service.as({ userId: host });
    await meetings.postpone(id);
    expect(await meetings.reschedule(id, later)).toMatchObject({ status: 'Scheduled', ...later });
    const { items } = await service.as({ userId: host }).participants.list(id);
    expect(items.map(({ status }) => status)).toEqual(['Accepted', 'Invited']);
    expect((await service.as({ userId: ada }).meetings.list({ upcoming: true })).items).toHaveLength(1);
    expect((await meetings.postpone(id)).status).toBe('Postponed');
  });

  test('can be answered meanwhile, and shows up ahead only once it has a time', async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    const [ada = ''] = people(1);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [ada] });
    await service.as({ userId: host }).meetings.postpone(id);
    await service.as({ userId: ada }).invitations.respond(id, { response: 'Accepted' });
    expect((await service.as({ userId: ada }).meetings.list({ upcoming: true })).items).toEqual([]);
  });
});
