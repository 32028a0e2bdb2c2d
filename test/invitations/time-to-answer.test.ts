/** `expiresAt` bounds the first answer. Who has given one in time keeps it, and may change it. */
import { describe, expect } from 'vitest';
import type { MeetingService } from '../../src/meeting-service.ts';
import { hold } from '../races/arena.ts';
import { fails, minutes, people, type ScheduledMeeting, test, unchanged } from '../setup/service.ts';
import { accept, full, lineOf } from './line.ts';

const expire = 'invitations.expire';

async function askedInTime(service: MeetingService, { id, host }: ScheduledMeeting, now: Date): Promise<string> {
  const [guest] = people(1) as [string];
  const expiresAt = new Date(now.getTime() + minutes);
  await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [guest], expiresAt });
  return guest;
}

async function placeOf(service: MeetingService, { id, host }: ScheduledMeeting, userId: string) {
  const { items } = await service.as({ userId: host }).participants.list(id);
  const [invitation] = (await service.as({ userId }).invitations.mine()).items;
  return [invitation?.status, items.find(({ authUserId }) => authUserId === userId)?.status];
}

describe.for([
  ['no seats at stake', {}],
  ['acceptances limited', { settings: { limitAcceptances: 10 } }],
] as const)('a maybe given in time, with %s', ([, overrides]) => {
  test.for([
    ['unswept', false],
    ['swept', true],
  ] as const)('stands when the time is over, %s, and may change', async ([, swept], { service, scheduled, clock }) => {
    const meeting = await scheduled(overrides);
    for (const response of ['Tentative', 'Accepted', 'Declined'] as const) {
      const guest = await askedInTime(service, meeting, clock.now());
      const own = service.as({ userId: guest }).invitations;
      await own.respond(meeting.id, { response: 'Tentative', message: 'perhaps' });
      clock.advance(minutes);
      if (swept) await service.worker.runOnce(expire);
      expect(await placeOf(service, meeting, guest)).toEqual(['Pending', 'Tentative']);
      expect(await own.respond(meeting.id, { response })).toMatchObject({ participationStatus: response });
    }
  });

  test('is not asked again', async ({ service, scheduled, clock, url }) => {
    const meeting = await scheduled(overrides);
    const guest = await askedInTime(service, meeting, clock.now());
    await service.as({ userId: guest }).invitations.respond(meeting.id, { response: 'Tentative' });
    clock.advance(minutes);
    await unchanged(url, async () => {
      const again = await service.as({ userId: meeting.host }).invitations.invite(meeting.id, { inviteeIds: [guest] });
      expect(again).toEqual({ invited: [], alreadyInvited: [guest], failed: [] });
    });
  });

  test('may follow a yes when the time is over, and stands', async ({ service, scheduled, clock }) => {
    const meeting = await scheduled(overrides);
    const guest = await askedInTime(service, meeting, clock.now());
    await accept(service, meeting.id, guest);
    clock.advance(minutes);
    await service.as({ userId: guest }).invitations.respond(meeting.id, { response: 'Tentative' });
    expect(await service.worker.runOnce(expire)).toMatchObject({ failed: [] });
    expect(await placeOf(service, meeting, guest)).toEqual(['Pending', 'Tentative']);
  });

  test('comes in by joining when the time is over', async ({ service, running, clock }) => {
    const meeting = await running(overrides);
    const guest = await askedInTime(service, meeting, clock.now());
    await service.as({ userId: guest }).invitations.respond(meeting.id, { response: 'Tentative' });
    clock.advance(minutes);
    await service.worker.runOnce(expire);
    expect(await service.as({ userId: guest }).participants.join(meeting.id)).toMatchObject({ isPresent: true });
    expect(await placeOf(service, meeting, guest)).toEqual(['Accepted', 'Accepted']);
  });
});

describe('a place in line taken in time', () => {
  test.for([
    ['unswept', false],
    ['swept', true],
  ] as const)(
    'is kept when the time is over, %s, and leads to a seat',
    async ([, swept], { service, running, clock, url }) => {
      const meeting = await running({ participants: 1, settings: { limitAcceptances: 2 } });
      const { id, host, participants } = meeting;
      const guest = await askedInTime(service, meeting, clock.now());
      expect(await accept(service, id, guest)).toMatchObject({ waitlistPosition: 1 });
      clock.advance(minutes);
      if (swept) await service.worker.runOnce(expire);
      expect(await lineOf(url, id)).toEqual([guest]);
      await unchanged(url, async () => {
        const again = await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [guest] });
        expect(again).toMatchObject({ invited: [], alreadyInvited: [guest] });
      });
      expect(await accept(service, id, guest)).toMatchObject({ waitlistPosition: 1 });
      await service.as({ userId: participants[0]! }).invitations.respond(id, { response: 'Declined' });
      expect(await placeOf(service, meeting, guest)).toEqual(['Accepted', 'Accepted']);
      expect(await service.as({ userId: guest }).participants.join(id)).toMatchObject({ isPresent: true });
    },
  );

  test('can be given up when the time is over', async ({ service, scheduled, clock, url }) => {
    const meeting = await full(service, scheduled, 2, 0);
    const guest = await askedInTime(service, meeting, clock.now());
    await accept(service, meeting.id, guest);
    clock.advance(minutes);
    await service.worker.runOnce(expire);
    const answer = await service.as({ userId: guest }).invitations.respond(meeting.id, { response: 'Declined' });
    expect(answer).toEqual({ participationStatus: 'Declined', waitlistPosition: null });
    expect(await lineOf(url, meeting.id)).toEqual([]);
  });
});

test('the sweep leaves meetings alone in which everybody has answered', async ({ service, scheduled, clock, url }) => {
  const meeting = await scheduled();
  const guest = await askedInTime(service, meeting, clock.now());
  await service.as({ userId: guest }).invitations.respond(meeting.id, { response: 'Tentative' });
  clock.advance(minutes);
  const release = await hold(url, 'select from convoke.meetings where id = $1 for update', [meeting.id]);
  // It would wait for the lock, and however many such meetings there are they would keep it from others.
  expect(await service.worker.runOnce(expire)).toEqual({ done: { [expire]: 0 }, failed: [] });
  await release();
});

test('a new time asks anew: an answer to the old one does not outlast the bound', async ({
  service,
  scheduled,
  clock,
}) => {
  const meeting = await scheduled();
  const guest = await askedInTime(service, meeting, clock.now());
  const own = service.as({ userId: guest }).invitations;
  await own.respond(meeting.id, { response: 'Tentative' });
  const { scheduledStartTime: from, scheduledEndTime: to } = meeting.meeting;
  await service.as({ userId: meeting.host }).meetings.reschedule(meeting.id, {
    ...{ scheduledStartTime: new Date(from.getTime() + minutes), scheduledEndTime: to },
  });
  clock.advance(minutes);
  await fails(own.respond(meeting.id, { response: 'Accepted' }), 'EXPIRED');
  await service.worker.runOnce(expire);
  expect(await placeOf(service, meeting, guest)).toEqual(['Expired', 'Invited']);
});
