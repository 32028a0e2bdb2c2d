/** Whoever is the Host has accepted: from the first moment to the end. */
import { describe, expect } from 'vitest';
import type { MeetingService } from '../../src/meeting-service.ts';
import { fails, hours, minutes, people, type ScheduledMeeting, start, test, unchanged } from '../setup/service.ts';

type Before = 'nothing' | 'Tentative' | 'Accepted' | 'a place in line';
const before: readonly Before[] = ['nothing', 'Tentative', 'Accepted', 'a place in line'];
const now = { scheduledStartTime: new Date(start), scheduledEndTime: new Date(new Date(start).getTime() + hours) };

/** Hands the meeting to somebody who was asked and has answered so. */
async function handOver(service: MeetingService, { id, host }: ScheduledMeeting, answered: Before): Promise<string> {
  const [next] = people(1) as [string];
  const rooms = service.as({ userId: host });
  await rooms.invitations.invite(id, { inviteeIds: [next] });
  const response = answered === 'Tentative' ? answered : 'Accepted';
  if (answered !== 'nothing') await service.as({ userId: next }).invitations.respond(id, { response });
  await rooms.participants.transferHost(id, next);
  return next;
}

const settingsFor = (answered: Before) =>
  answered === 'a place in line' ? { settings: { limitAcceptances: 1 } } : { settings: {} };

async function statusOf(service: MeetingService, id: string, userId: string) {
  const { items } = await service.as({ userId }).participants.list(id);
  return items.find(({ authUserId }) => authUserId === userId)?.status;
}

describe('handing the meeting to somebody who had answered', () => {
  test.for(before)('%s accepts for them', async (answered, { service, scheduled, events }) => {
    const meeting = await scheduled(settingsFor(answered));
    events.length = 0;
    const next = await handOver(service, meeting, answered);
    expect(await statusOf(service, meeting.id, next)).toBe('Accepted');
    const rooms = service.as({ userId: next });
    expect((await rooms.invitations.mine()).items).toMatchObject([{ status: 'Accepted' }]);
    const told = events.filter(({ type }) => type === 'invitation.accepted');
    // Once, by whichever came first: their own answer or the meeting itself.
    expect(told.map(({ stream }) => stream.kind)).toEqual(['meeting', 'user']);
    expect((await rooms.meetings.list({ upcoming: true })).items).toMatchObject([{ id: meeting.id }]);
  });

  test.for(before)('%s makes them present or missing in the end', async (answered, { service, scheduled, clock }) => {
    for (const comes of [true, false]) {
      const meeting = await scheduled({ ...now, ...settingsFor(answered) });
      const next = await handOver(service, meeting, answered);
      const rooms = service.as({ userId: next });
      await rooms.meetings.start(meeting.id);
      if (comes) await rooms.participants.join(meeting.id);
      clock.advance(minutes);
      await rooms.meetings.end(meeting.id);
      expect(await statusOf(service, meeting.id, next)).toBe(comes ? 'Attended' : 'NoShow');
      expect((await rooms.invitations.mine()).items).toMatchObject([{ status: 'Accepted' }]);
      clock.set(start);
    }
  });
});

test('a Host whom the system has named has accepted, and is missed if they do not come', async ({ service, clock }) => {
  for (const comes of [true, false]) {
    const [creatorId] = people(1) as [string];
    const { id } = await service.asSystem().meetings.schedule({
      ...{ creatorId, title: 'Graph theory', meetingType: 'StudySession', timezone: 'UTC', ...now },
    });
    expect(await statusOf(service, id, creatorId)).toBe('Accepted');
    const rooms = service.as({ userId: creatorId });
    await rooms.meetings.start(id);
    if (comes) await rooms.participants.join(id);
    clock.advance(minutes);
    await service.asSystem().meetings.end(id);
    expect(await statusOf(service, id, creatorId)).toBe(comes ? 'Attended' : 'NoShow');
    clock.set(start);
  }
});

describe.for([
  ['no seats at stake', {}],
  ['acceptances limited', { limitAcceptances: 1 }],
] as const)('the answer of a Host who was once invited, with %s', ([, settings]) => {
  test.for(['Declined', 'Tentative'] as const)(
    'cannot be %s: they are told what to do',
    async (response, { service, scheduled, url }) => {
      const meeting = await scheduled({ settings });
      const next = await handOver(service, meeting, 'nothing');
      const rooms = service.as({ userId: next });
      await unchanged(url, async () => {
        const refused = await fails(rooms.invitations.respond(meeting.id, { response }), 'CONFLICT');
        expect(refused.message).toContain('hand it over first');
      });
      await rooms.participants.transferHost(meeting.id, meeting.host);
      expect(await rooms.invitations.respond(meeting.id, { response })).toMatchObject({
        participationStatus: response,
      });
    },
  );

  test('can be Accepted, with a note', async ({ service, scheduled }) => {
    const meeting = await scheduled({ settings });
    const next = await handOver(service, meeting, 'nothing');
    const own = service.as({ userId: next }).invitations;
    expect(await own.respond(meeting.id, { response: 'Accepted', message: 'gladly' })).toEqual({
      ...{ participationStatus: 'Accepted', waitlistPosition: null },
    });
    expect((await own.mine()).items).toMatchObject([{ status: 'Accepted', responseMessage: 'gladly' }]);
  });

  test.for(['Declined', 'Tentative'] as const)(
    '%s while the meeting is handed to them leaves a Host who has accepted',
    async (response, { service, scheduled }) => {
      for (let round = 0; round < 10; round++) {
        const { id, host } = await scheduled({ settings });
        const [next] = people(1) as [string];
        await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [next] });
        const codes = await Promise.all(
          [
            service.as({ userId: next }).invitations.respond(id, { response }),
            service.as({ userId: host }).participants.transferHost(id, next),
          ].map((call) =>
            call.then(
              () => 'ok',
              (error: unknown) => error instanceof Error && 'code' in error && error.code,
            ),
          ),
        );
        expect(codes.filter((code) => code !== 'ok' && code !== 'CONFLICT')).toEqual([]);
        const { items } = await service.as({ userId: host }).participants.list(id);
        expect(items.filter(({ role }) => role === 'Host').map(({ status }) => status)).toEqual(['Accepted']);
      }
    },
  );
});
