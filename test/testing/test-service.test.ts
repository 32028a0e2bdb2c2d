import { expect, test as base } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import {
  createTestService,
  fakeClock,
  memoryGroups,
  memoryNotifier,
  memoryTransport,
  memoryUsers,
  type TestService,
} from '../../src/testing/index.ts';
import { createDatabase } from '../setup/db.ts';

const test = base.extend<{ kit: TestService }>({
  kit: [
    // oxlint-disable-next-line no-empty-pattern -- vitest reads the destructuring
    async ({}, use) => {
      await using kit = await createTestService();
      await use(kit);
    },
    { scope: 'file' },
  ],
});

const hour = 3_600_000;

test('time stands still until the test moves it', async ({ kit: { service, clock, events } }) => {
  expect(clock.now()).toEqual(new Date('2026-03-02T09:00:00Z'));
  const ada = service.as({ userId: newId() });
  const { id, createdAt } = await ada.meetings.schedule({
    ...{ title: 'In memory', meetingType: 'Review' },
    ...{ scheduledStartTime: '2026-03-02T10:00:00Z', scheduledEndTime: '2026-03-02T11:00:00Z' },
  });
  expect(createdAt).toEqual(clock.now());
  clock.advance(hour);
  await ada.meetings.start(id);
  await ada.participants.join(id);
  clock.advance(hour / 2);
  expect(await ada.meetings.end(id)).toMatchObject({ actualEndTime: new Date('2026-03-02T10:30:00Z') });
  expect(events.map(({ type }) => type)).toEqual([
    ...['meeting.scheduled', 'meeting.started', 'participant.joined', 'meeting.ended', 'analytics.ready'],
  ]);
  events.length = 0;
  expect((await service.checkIntegrity()).violations).toEqual([]);
});

test('a meeting with a password costs a test next to nothing', async ({ kit: { service, clock } }) => {
  const [ada, bob] = [newId(), newId()];
  clock.set('2026-03-09T09:00:00Z');
  const { id } = await service.as({ userId: ada }).meetings.schedule({
    ...{ title: 'Closed', meetingType: 'Lecture', meetingPassword: 'sesame' },
    ...{ scheduledStartTime: '2026-03-09T09:00:00Z', scheduledEndTime: '2026-03-09T10:00:00Z' },
  });
  await service.as({ userId: ada }).invitations.invite(id, { inviteeIds: [bob] });
  await service.as({ userId: ada }).meetings.start(id);
  await expect(service.as({ userId: bob }).participants.join(id, { meetingPassword: 'open up' })).rejects.toMatchObject(
    { code: 'WRONG_PASSWORD' },
  );
  await service.as({ userId: bob }).participants.join(id, { meetingPassword: 'sesame' });
});

test('every port may be the test’s own, and the database too', async () => {
  await using database = await createDatabase();
  const [ada, bob, classId] = [newId(), newId(), newId()];
  const [clock, notifier, transport] = [fakeClock('2030-01-01T00:00:00Z'), memoryNotifier(), memoryTransport()];
  const directory = {
    users: memoryUsers(new Map([[bob, { displayName: 'Bob' }]])),
    groups: memoryGroups(new Map([[`class:${classId}`, [bob]] as const])),
  };
  const heard: string[] = [];
  transport.subscribe(`user:${bob}`, ({ event }) => void heard.push(event.type));
  const kit = await createTestService({ clock, notifier, transport, directory, database, schema: 'rehearsal' });
  expect(kit.clock).toBe(clock);
  const rooms = kit.service.as({ userId: ada });
  const { id } = await rooms.meetings.schedule({
    ...{ title: 'Elsewhere', meetingType: 'Workshop' },
    ...{ scheduledStartTime: '2030-01-01T10:00:00Z', scheduledEndTime: '2030-01-01T11:00:00Z' },
  });
  const { invited } = await rooms.invitations.invite(id, { groups: [{ kind: 'class', id: classId }] });
  expect(invited).toEqual([bob]);
  await kit.close();
  await kit.close();
  expect(heard).toEqual(['invitation.sent']);
  expect(notifier.notices).toMatchObject([{ userId: bob, kind: 'invitation.sent', title: 'Elsewhere' }]);
});
