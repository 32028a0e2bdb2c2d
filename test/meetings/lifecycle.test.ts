import { describe, expect } from 'vitest';
import { type MeetingStatus, meetingStatuses } from '../../src/core/enums.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import type { MeetingsService, MeetingView } from '../../src/meetings/index.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';
import {
  fails,
  hours,
  minutes,
  openService,
  people,
  type ScheduledMeeting,
  test,
  unchanged,
} from '../setup/service.ts';

type Scheduled = (overrides?: object) => Promise<ScheduledMeeting>;

function inMs(clock: FakeClock, milliseconds: number): Date {
  return new Date(clock.now().getTime() + milliseconds);
}

/** A meeting in this state, soon enough to be started. */
async function meetingIn(status: MeetingStatus, service: MeetingService, scheduled: Scheduled, clock: FakeClock) {
  const times = { scheduledStartTime: inMs(clock, 10 * minutes), scheduledEndTime: inMs(clock, hours) };
  const { id, host } = await scheduled(times);
  const { meetings } = service.as({ userId: host });
  if (status === 'Postponed') await meetings.postpone(id);
  if (status === 'Cancelled') await meetings.cancel(id);
  if (status === 'InProgress' || status === 'Completed') await meetings.start(id);
  if (status === 'Completed') await meetings.end(id);
  return { id, host, meetings, meeting: await meetings.get(id) };
}

const actions = {
  start: (meetings: MeetingsService, id: string) => meetings.start(id),
  end: (meetings: MeetingsService, id: string) => meetings.end(id),
  cancel: (meetings: MeetingsService, id: string) => meetings.cancel(id),
  postpone: (meetings: MeetingsService, id: string) => meetings.postpone(id),
  reschedule: (meetings: MeetingsService, id: string, clock: FakeClock) =>
    meetings.reschedule(id, { scheduledStartTime: inMs(clock, hours), scheduledEndTime: inMs(clock, 2 * hours) }),
} satisfies Record<string, (meetings: MeetingsService, id: string, clock: FakeClock) => Promise<MeetingView>>;

type Action = keyof typeof actions;

/** Where each action leads from each state; what is not here is refused. */
const legal: Readonly<Record<Action, Partial<Record<MeetingStatus, MeetingStatus>>>> = {
  start: { Scheduled: 'InProgress' },
  end: { InProgress: 'Completed' },
  cancel: { Scheduled: 'Cancelled', Postponed: 'Cancelled' },
  postpone: { Scheduled: 'Postponed' },
  reschedule: { Scheduled: 'Scheduled', Postponed: 'Scheduled' },
};
const told: Readonly<Record<Action, string>> = {
  start: 'meeting.started',
  end: 'meeting.ended',
  cancel: 'meeting.cancelled',
  postpone: 'meeting.postponed',
  reschedule: 'meeting.rescheduled',
};

const cases = (Object.keys(actions) as Action[]).flatMap((action) =>
  meetingStatuses.map((from) => ({ action, from, to: legal[action][from] ?? null })),
);

describe('a transition', () => {
  test.for(cases.filter(({ to }) => to !== null))(
    '$action leads from $from to $to',
    async ({ action, from, to }, { service, scheduled, clock, events }) => {
      const before = await meetingIn(from, service, scheduled, clock);
      clock.advance(1);
      events.length = 0;
      const after = await actions[action](before.meetings, before.id, clock);
      const version = before.meeting.version + 1;
      expect(after).toMatchObject({ id: before.id, status: to, version, updatedAt: clock.now() });
      expect(await before.meetings.get(before.id)).toEqual(after);
      expect(events[0]).toMatchObject({ type: told[action], stream: { id: before.id }, actorId: before.host });
    },
  );

  test.for(cases.filter(({ to }) => to === null))(
    '$action is refused in $from, and changes nothing',
    async ({ action, from }, { service, scheduled, clock, events, url }) => {
      const { id, meetings } = await meetingIn(from, service, scheduled, clock);
      events.length = 0;
      const error = await unchanged(url, () => fails(actions[action](meetings, id, clock), 'INVALID_TRANSITION'));
      const legalStates = expect.arrayContaining(Object.keys(legal[action]));
      expect(error.details).toMatchObject({ operation: `meeting.${action}`, status: from, legalStates });
      expect(events).toEqual([]);
    },
  );

  test.for(cases)(
    '$action in $from is hidden from outsiders and forbidden to participants, before the state is told',
    async ({ action, from }, { service, scheduled, clock, url }) => {
      const [ada = '', stranger = ''] = people(2);
      const invited: Scheduled = async (overrides) => {
        const meeting = await scheduled(overrides);
        await service.as({ userId: meeting.host }).invitations.invite(meeting.id, { inviteeIds: [ada] });
        return meeting;
      };
      const { id } = await meetingIn(from, service, invited, clock);
      await unchanged(url, async () => {
        await fails(actions[action](service.as({ userId: ada }).meetings, id, clock), 'FORBIDDEN');
        await fails(actions[action](service.as({ userId: stranger }).meetings, id, clock), 'NOT_FOUND');
      });
    },
  );
});

describe('starting', () => {
  test.for([-15 * minutes, 0, 2 * hours])(
    'is possible %i ms after the scheduled start',
    async (offset, { service, scheduled, clock }) => {
      const { id, host, meeting } = await scheduled();
      clock.set(new Date(meeting.scheduledStartTime.getTime() + offset));
      const started = await service.as({ userId: host }).meetings.start(id);
      expect(started).toMatchObject({ status: 'InProgress', actualStartTime: clock.now() });
    },
  );

  test.for([-15 * minutes - 1, 2 * hours + 1])(
    'is refused %i ms after it, saying when it is not',
    async (offset, { service, scheduled, clock, url }) => {
      const { id, host, meeting } = await scheduled();
      clock.set(new Date(meeting.scheduledStartTime.getTime() + offset));
      const error = await unchanged(url, () =>
        fails(service.as({ userId: host }).meetings.start(id), 'INVALID_TRANSITION'),
      );
      expect(error.details).toMatchObject({
        condition: 'withinStartWindow',
        status: 'Scheduled',
        opensAt: new Date(meeting.scheduledStartTime.getTime() - 15 * minutes),
        closesAt: new Date(meeting.scheduledEndTime.getTime() + hours),
      });
    },
  );

  test('opens and closes as the service says', async ({ url, clock, scheduled }) => {
    await using service = await openService(url, { clock, policy: { startEarlyMinutes: 0, startLateMinutes: 0 } });
    const { id, host, meeting } = await scheduled();
    const { meetings } = service.as({ userId: host });
    clock.set(new Date(meeting.scheduledStartTime.getTime() - 1));
    await fails(meetings.start(id), 'INVALID_TRANSITION');
    clock.set(new Date(meeting.scheduledEndTime.getTime() + 1));
    await fails(meetings.start(id), 'INVALID_TRANSITION');
    clock.set(meeting.scheduledEndTime);
    expect((await meetings.start(id)).status).toBe('InProgress');
  });

  test('and ending are the CoHost’s too', async ({ service, scheduled, clock }) => {
    const { id, host } = await scheduled({ scheduledStartTime: inMs(clock, 0) });
    const [ada = ''] = people(1);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [ada], role: 'CoHost' });
    const { meetings } = service.as({ userId: ada });
    expect((await meetings.start(id)).status).toBe('InProgress');
    expect((await meetings.end(id)).status).toBe('Completed');
  });

  test('and ending are the Host’s alone where the meeting says so', async ({ service, scheduled, clock }) => {
    const settings = { coHostMayStart: false, coHostMayEnd: false };
    const { id, host } = await scheduled({ scheduledStartTime: inMs(clock, 0), settings });
    const [ada = ''] = people(1);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [ada], role: 'CoHost' });
    const { meetings } = service.as({ userId: ada });
    expect((await fails(meetings.start(id), 'FORBIDDEN')).details).toMatchObject({ switch: 'coHostMayStart' });
    await service.as({ userId: host }).meetings.start(id);
    expect((await fails(meetings.end(id), 'FORBIDDEN')).details).toMatchObject({ switch: 'coHostMayEnd' });
  });

  test('brings nobody in by itself', async ({ service, scheduled, clock }) => {
    const { id, host } = await scheduled({ scheduledStartTime: inMs(clock, 0) });
    expect((await service.as({ userId: host }).meetings.start(id)).currentParticipantsCount).toBe(0);
  });
});

describe('postponing', () => {
  test('keeps the answers, takes the meeting off everybody’s list, and says why', async ({
    service,
    scheduled,
    events,
  }) => {
    const { id, host } = await scheduled();
    const [ada = ''] = people(1);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [ada] });
    await service.as({ userId: ada }).invitations.respond(id, { response: 'Accepted' });
    events.length = 0;
    await service.as({ userId: host }).meetings.postpone(id, { reason: 'The room is flooded' });
    expect(events).toMatchObject([
      { type: 'meeting.postponed', audience: 'all', data: { reason: 'The room is flooded' } },
    ]);
    const { items } = await service.as({ userId: ada }).participants.list(id);
    expect(items.map(({ status }) => status)).toEqual(['Accepted', 'Accepted']);
    for (const userId of [host, ada])
      expect((await service.as({ userId }).meetings.list({ upcoming: true })).items).toEqual([]);
  });

  test('needs no reason, and takes one of a thousand characters', async ({ service, scheduled, events }) => {
    const { id, host } = await scheduled();
    const { meetings } = service.as({ userId: host });
    for (const reason of ['', 'x'.repeat(1_001)]) await fails(meetings.postpone(id, { reason }), 'VALIDATION');
    await meetings.postpone(id, { reason: null });
    expect(events.at(-1)).toMatchObject({ type: 'meeting.postponed', data: { reason: null } });
  });
});

describe('cancelling', () => {
  test('lets open invitations and places in line lapse, and makes nobody a no-show', async ({
    service,
    scheduled,
    events,
  }) => {
    const { id, host } = await scheduled({ settings: { limitAcceptances: 2 } });
    const [yes = '', waiting = '', maybe = '', no = '', silent = ''] = people(5);
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [yes, waiting, maybe, no, silent] });
    await service.as({ userId: yes }).invitations.respond(id, { response: 'Accepted' });
    const place = await service.as({ userId: waiting }).invitations.respond(id, { response: 'Accepted' });
    expect(place.waitlistPosition).toBe(1);
    await service.as({ userId: maybe }).invitations.respond(id, { response: 'Tentative' });
    await service.as({ userId: no }).invitations.respond(id, { response: 'Declined' });
    events.length = 0;
    await rooms.meetings.cancel(id, { reason: 'Ada is ill' });
    expect(events).toMatchObject([{ type: 'meeting.cancelled', audience: 'all', data: { reason: 'Ada is ill' } }]);
    const invitations = (await rooms.invitations.list(id)).items;
    expect(new Map(invitations.map(({ inviteeId, status }) => [inviteeId, status]))).toEqual(
      new Map([
        [yes, 'Accepted'],
        [waiting, 'Expired'],
        [maybe, 'Expired'],
        [no, 'Declined'],
        [silent, 'Expired'],
      ]),
    );
    const { items } = await rooms.participants.list(id);
    expect(new Map(items.map(({ authUserId, status }) => [authUserId, status]))).toEqual(
      new Map([
        [host, 'Accepted'],
        [yes, 'Accepted'],
        [waiting, 'Invited'],
        [maybe, 'Tentative'],
        [no, 'Declined'],
        [silent, 'Invited'],
      ]),
    );
    for (const userId of [host, yes, maybe])
      expect((await service.as({ userId }).meetings.list({ upcoming: true })).items).toEqual([]);
    await service.worker.runOnce('waitlist.repair');
    expect((await rooms.invitations.list(id, { status: 'Accepted' })).items).toHaveLength(1);
  });

  test('is the Host’s alone', async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    const [ada = ''] = people(1);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [ada], role: 'CoHost' });
    const error = await fails(service.as({ userId: ada }).meetings.cancel(id), 'FORBIDDEN');
    expect(error.details).toMatchObject({ allowedRoles: ['Host'] });
    expect((await service.asSystem().meetings.cancel(id)).status).toBe('Cancelled');
  });
});

test('an id that is none is refused before anything is looked up', async ({ service }) => {
  const { meetings } = service.as({ userId: people(1)[0]! });
  const calls = [
    meetings.start('x'),
    meetings.end('x'),
    meetings.cancel('x'),
    meetings.postpone('x'),
    meetings.get('x'),
  ];
  await Promise.all(calls.map((call) => fails(call, 'VALIDATION')));
});
