import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { execute } from '../setup/postgres.ts';
import { fails, hours, minutes, people, start, test, unchanged } from '../setup/service.ts';

const answers = ['Accepted', 'Declined', 'Tentative'] as const;
/** What an answer makes of the invitation. */
const statusOf = { Accepted: 'Accepted', Declined: 'Declined', Tentative: 'Pending' } as const;
const eventOf = {
  Accepted: 'invitation.accepted',
  Declined: 'invitation.declined',
  Tentative: 'invitation.tentative',
} as const;

async function asked(service: MeetingService, id: string, host: string): Promise<string> {
  const [guest] = people(1) as [string];
  await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [guest] });
  return guest;
}

const upcoming = async (service: MeetingService, userId: string) =>
  (await service.as({ userId }).meetings.list({ upcoming: true })).items.map(({ id }) => id);

describe.for([
  ['no seats at stake', {}],
  ['acceptances limited', { settings: { limitAcceptances: 10 } }],
] as const)('with %s', ([, overrides]) => {
  test.for(answers.flatMap((from) => answers.map((to) => [from, to] as const)))(
    '%s may become %s: invitation and participation follow together',
    async ([from, to], { service, scheduled, events, clock }) => {
      const { id, host } = await scheduled(overrides);
      const guest = await asked(service, id, host);
      const rooms = service.as({ userId: guest });
      clock.advance(minutes);
      expect(await rooms.invitations.respond(id, { response: from, message: 'first' })).toEqual({
        ...{ participationStatus: from, waitlistPosition: null },
      });
      clock.advance(minutes);
      events.length = 0;
      expect(await rooms.invitations.respond(id, { response: to, message: 'then' })).toEqual({
        ...{ participationStatus: to, waitlistPosition: null },
      });
      const { items: invitations } = await rooms.invitations.mine();
      expect(invitations).toMatchObject([
        { status: statusOf[to], respondedAt: clock.now(), responseMessage: 'then', invitedAt: new Date(start) },
      ]);
      const { items: roster } = await rooms.participants.list(id);
      expect(roster.find(({ authUserId }) => authUserId === guest)).toMatchObject({ status: to });
      expect(events).toMatchObject([
        { type: eventOf[to], stream: { kind: 'meeting', id }, audience: 'hosts', actorId: guest },
        { type: eventOf[to], stream: { kind: 'user', id: guest }, audience: { users: [guest] }, actorId: guest },
      ]);
      expect(events.map(({ data }) => data)).toEqual([{ inviteeId: guest }, { meetingId: id, inviteeId: guest }]);
      expect(await upcoming(service, guest)).toEqual(to === 'Declined' ? [] : [id]);
    },
  );

  test('an answer without a note leaves none behind', async ({ service, scheduled }) => {
    const { id, host } = await scheduled(overrides);
    const guest = await asked(service, id, host);
    const rooms = service.as({ userId: guest }).invitations;
    await rooms.respond(id, { response: 'Tentative', message: 'maybe' });
    await rooms.respond(id, { response: 'Accepted' });
    expect((await rooms.mine()).items).toMatchObject([{ responseMessage: null }]);
  });

  test('the hosts read the note, another guest does not', async ({ service, scheduled }) => {
    const { id, host } = await scheduled(overrides);
    const guest = await asked(service, id, host);
    const other = await asked(service, id, host);
    await service.as({ userId: guest }).invitations.respond(id, { response: 'Declined', message: 'private matters' });
    const read = async (userId: string) => JSON.stringify(await service.as({ userId }).invitations.list(id));
    expect(await read(host)).toContain('private matters');
    expect(await read(other)).not.toContain('private matters');
  });

  test('the time to answer is over when it is over, swept or not', async ({ service, scheduled, clock, url }) => {
    const { id, host } = await scheduled(overrides);
    const [guest] = people(1) as [string];
    const expiresAt = new Date(clock.now().getTime() + minutes);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [guest], expiresAt });
    const rooms = service.as({ userId: guest }).invitations;
    clock.advance(minutes);
    await unchanged(url, async () => {
      for (const response of answers) {
        const late = await fails(rooms.respond(id, { response }), 'EXPIRED');
        expect(late.details).toMatchObject({ condition: 'invitationOpen' });
      }
    });
    await service.worker.runOnce('invitations.expire');
    await unchanged(url, () => fails(rooms.respond(id, { response: 'Accepted' }), 'EXPIRED'));
  });

  test('an answer given in time may still change when the time to answer is over', async ({
    service,
    scheduled,
    clock,
  }) => {
    const { id, host } = await scheduled(overrides);
    const guests = people(2) as [string, string];
    const expiresAt = new Date(clock.now().getTime() + minutes);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: guests, expiresAt });
    const [yes, no] = guests.map((userId) => service.as({ userId }).invitations) as [
      ReturnType<MeetingService['as']>['invitations'],
      ReturnType<MeetingService['as']>['invitations'],
    ];
    await yes.respond(id, { response: 'Accepted' });
    await no.respond(id, { response: 'Declined' });
    clock.advance(minutes);
    expect(await yes.respond(id, { response: 'Declined' })).toMatchObject({ participationStatus: 'Declined' });
    expect(await no.respond(id, { response: 'Accepted' })).toMatchObject({ participationStatus: 'Accepted' });
  });

  test('an invitation that was taken back cannot be answered', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled(overrides);
    const guest = await asked(service, id, host);
    await service.as({ userId: host }).invitations.revoke(id, guest);
    await unchanged(url, () =>
      fails(service.as({ userId: guest }).invitations.respond(id, { response: 'Accepted' }), 'EXPIRED'),
    );
  });

  test('who was not invited learns nothing', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled(overrides);
    await unchanged(url, async () => {
      const unknown = await fails(
        service.as({ userId: newId() }).invitations.respond(newId(), { response: 'Accepted' }),
        'NOT_FOUND',
      );
      for (const userId of [newId(), host]) {
        const hidden = await fails(
          service.as({ userId }).invitations.respond(id, { response: 'Accepted' }),
          'NOT_FOUND',
        );
        expect(hidden.toJSON()).toEqual(unknown.toJSON());
      }
      await fails(service.asSystem().invitations.respond(id, { response: 'Accepted' }), 'FORBIDDEN');
    });
  });

  test('answers may change until the meeting ends, and not after', async ({ service, running, url }) => {
    const { id, host } = await running(overrides);
    const guest = await asked(service, id, host);
    const rooms = service.as({ userId: guest }).invitations;
    for (const response of answers) await rooms.respond(id, { response });
    await service.as({ userId: host }).meetings.end(id);
    await unchanged(url, async () => {
      const late = await fails(rooms.respond(id, { response: 'Accepted' }), 'INVALID_TRANSITION');
      expect(late.details).toMatchObject({ status: 'Completed' });
    });
  });

  test("a postponed meeting takes answers, and is on nobody's calendar", async ({ service, scheduled }) => {
    const { id, host } = await scheduled(overrides);
    const guest = await asked(service, id, host);
    await service.as({ userId: host }).meetings.postpone(id);
    expect(await service.as({ userId: guest }).invitations.respond(id, { response: 'Accepted' })).toMatchObject({
      participationStatus: 'Accepted',
    });
    expect(await upcoming(service, guest)).toEqual([]);
  });

  test('a present person who declines stays where they are, and is back by joining', async ({ service, running }) => {
    const { id, host, participants } = await running({ ...overrides, participants: 1 });
    const [guest] = participants as [string];
    const rooms = service.as({ userId: guest });
    await rooms.invitations.respond(id, { response: 'Declined' });
    const { items } = await service.as({ userId: host }).participants.list(id);
    expect(items[1]).toMatchObject({ status: 'Declined', isPresent: true });
    expect(await service.as({ userId: host }).meetings.get(id)).toMatchObject({ currentParticipantsCount: 2 });
    await fails(rooms.meetings.joinInfo(id), 'FORBIDDEN');
    expect(await rooms.participants.join(id)).toMatchObject({ status: 'Accepted', isPresent: true });
    expect((await rooms.invitations.mine()).items).toMatchObject([{ status: 'Accepted' }]);
  });

  test('what is no answer is refused', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled(overrides);
    const guest = await asked(service, id, host);
    const rooms = service.as({ userId: guest }).invitations;
    const untyped = rooms.respond.bind(rooms) as (...given: unknown[]) => Promise<unknown>;
    await unchanged(url, async () => {
      await fails(untyped(id, { response: 'Attended' }), 'VALIDATION');
      await fails(untyped(id, {}), 'VALIDATION');
      await fails(untyped(id, { response: 'Accepted', message: 'x'.repeat(4001) }), 'VALIDATION');
      await fails(untyped('nonsense', { response: 'Accepted' }), 'VALIDATION');
    });
  });

  test('an invitation without a place on the roster gets one by its answer', async ({ service, scheduled, url }) => {
    for (const response of answers) {
      const { id, host } = await scheduled(overrides);
      const [guest] = people(1) as [string];
      await execute(
        url,
        `insert into convoke.meeting_invitations (meeting_id, inviter_id, invitee_id, invited_at, role)
         values ('${id}', '${host}', '${guest}', '${start}', 'Observer')`,
      );
      expect(await service.as({ userId: guest }).invitations.respond(id, { response })).toEqual({
        ...{ participationStatus: response, waitlistPosition: null },
      });
      const { items } = await service.as({ userId: host }).participants.list(id);
      expect(items.find(({ authUserId }) => authUserId === guest)).toMatchObject({
        ...{ status: response, role: 'Observer', canUseChat: false, canShareScreen: false },
      });
    }
  });

  test('many answer at once, each keeps their own', async ({ service, scheduled }) => {
    const { id, host } = await scheduled({
      ...overrides,
      ...('settings' in overrides && { settings: { limitAcceptances: 100 } }),
    });
    const crowd = people(20);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: crowd });
    await Promise.all(
      crowd.map((userId, n) => service.as({ userId }).invitations.respond(id, { response: answers[n % 3]! })),
    );
    const { items } = await service.as({ userId: host }).participants.list(id);
    const status = Object.fromEntries(items.map((item) => [item.authUserId, item.status]));
    expect(crowd.map((userId) => status[userId])).toEqual(crowd.map((_, n) => answers[n % 3]));
  });

  test('repeated with its key gives the first answer', async ({ service, scheduled, events, url }) => {
    const { id, host } = await scheduled(overrides);
    const guest = await asked(service, id, host);
    const key = newId();
    const keyed = service.as({ userId: guest }).with({ idempotencyKey: key }).invitations;
    const first = await keyed.respond(id, { response: 'Accepted' });
    await service.as({ userId: guest }).invitations.respond(id, { response: 'Declined' });
    events.length = 0;
    await unchanged(url, async () => expect(await keyed.respond(id, { response: 'Accepted' })).toEqual(first));
    await fails(keyed.respond(id, { response: 'Declined' }), 'IDEMPOTENCY_CONFLICT');
    expect(events).toEqual([]);
    const stored = await execute<{ response: unknown }>(
      url,
      `select response from convoke.meeting_idempotency_keys where key = '${key}'`,
    );
    expect(stored).toEqual([{ response: first }]);
  });
});

test('a new time asks everybody anew but the Host', async ({ service, scheduled, clock }) => {
  const { id, host } = await scheduled();
  const guest = await asked(service, id, host);
  const rooms = service.as({ userId: guest });
  await rooms.invitations.respond(id, { response: 'Accepted', message: 'gladly' });
  const from = clock.now().getTime() + 24 * hours;
  await service.as({ userId: host }).meetings.reschedule(id, {
    ...{ scheduledStartTime: new Date(from), scheduledEndTime: new Date(from + hours) },
  });
  expect((await rooms.invitations.mine()).items).toMatchObject([
    { status: 'Pending', respondedAt: null, responseMessage: null },
  ]);
  const { items } = await rooms.participants.list(id);
  expect(items.map(({ status }) => status)).toEqual(['Accepted', 'Invited']);
});
