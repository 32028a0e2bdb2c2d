import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MikroORM } from '@mikro-orm/pglite';
import { expect, test as base, vi } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { AnyEvent } from '../../src/events/catalogue.ts';
import { MeetingService } from '../../src/meeting-service.ts';
import { fails, quickHasher } from '../setup/service.ts';
import { Booking } from './host.ts';

vi.setConfig({ testTimeout: 60_000 });

const test = base.extend<{ service: MeetingService }>({
  service: [
    // oxlint-disable-next-line no-empty-pattern -- vitest reads the destructuring
    async ({}, use) => {
      await using opened = await MeetingService.open({
        database: { pglite: 'memory://' },
        passwordHasher: quickHasher,
      });
      await use(opened);
      expect((await opened.checkIntegrity()).violations).toEqual([]);
    },
    { scope: 'file' },
  ],
});

const soon = () => ({
  ...({ title: 'On one connection', meetingType: 'Office Hours', timezone: 'Asia/Kolkata' } as const),
  ...{ scheduledStartTime: new Date(Date.now() + 600_000), scheduledEndTime: new Date(Date.now() + 4_200_000) },
});

function listen(service: MeetingService): AnyEvent[] {
  const events: AnyEvent[] = [];
  service.on('*', (event) => void events.push(event));
  return events;
}

/** A host with PostgreSQL in its own process. With `parsed`, values come as a PGlite of the host's making gives them. */
async function openHost(parsed: boolean): Promise<MikroORM> {
  const parsers = { 1184: (text: string) => new Date(text), 1082: (text: string) => new Date(text) };
  const host = await MikroORM.init({
    ...{ dbName: 'memory://', entities: [Booking], schemaGenerator: { ignoreSchema: ['convoke'] } },
    driverOptions: parsed ? { parsers } : {},
  });
  await host.schema.update();
  return host;
}

test('a meeting lives its whole life in memory', async ({ service }) => {
  const events = listen(service);
  const [ada, bob, eve] = [newId(), newId(), newId()];
  const as = (userId: string) => service.as({ userId });
  const { id } = await as(ada).meetings.schedule({
    ...{ ...soon(), maxParticipants: 2, meetingPassword: 'sesame', meetingUrl: 'https://meet.example.org/9' },
    settings: { limitAcceptances: 2 },
  });
  await as(ada).invitations.invite(id, { inviteeIds: [bob, eve] });
  expect(await as(bob).invitations.respond(id, { response: 'Accepted' })).toMatchObject({ waitlistPosition: null });
  expect(await as(eve).invitations.respond(id, { response: 'Accepted' })).toMatchObject({ waitlistPosition: 1 });
  await as(ada).meetings.start(id);
  expect(await as(bob).meetings.joinInfo(id)).toMatchObject({ meetingUrl: 'https://meet.example.org/9' });
  await fails(as(bob).participants.join(id, { meetingPassword: 'wrong' }), 'WRONG_PASSWORD');
  await as(bob).participants.join(id, { meetingPassword: 'sesame' });
  await as(ada).participants.join(id);
  await fails(as(eve).participants.join(id, { meetingPassword: 'sesame' }), 'CAPACITY');
  const keyed = as(bob).with({ idempotencyKey: 'hand' });
  expect(await keyed.participants.raiseHand(id)).toEqual(await keyed.participants.raiseHand(id));
  await as(bob).participants.leave(id);
  await as(ada).meetings.end(id);
  expect(await as(ada).meetings.get(id)).toMatchObject({ status: 'Completed', currentParticipantsCount: 0 });
  expect((await as(ada).participants.attendance(id)).people.map((person) => person.authUserId).toSorted()).toEqual(
    [ada, bob].toSorted(),
  );
  expect(await as(ada).engagement.meeting(id)).toMatchObject({ meetingId: id });
  expect(events.at(-1)).toMatchObject({ type: 'analytics.ready' });
  expect((await service.worker.runOnce()).failed).toEqual([]);
  expect(await service.migrate()).toEqual([]);
  expect(await service.check()).toEqual({ pending: [], unknown: [] });
});

test('calls at the same time wait for the one connection', async ({ service }) => {
  const ada = service.as({ userId: newId() });
  const meetings = await Promise.all(Array.from({ length: 8 }, () => ada.meetings.schedule(soon())));
  await Promise.all(meetings.map(({ id }, n) => (n % 2 === 0 ? ada.meetings.cancel(id) : ada.meetings.postpone(id))));
  const { items } = await ada.meetings.list();
  expect(items.map(({ status }) => status).toSorted()).toEqual([
    ...Array.from({ length: 4 }, () => 'Cancelled'),
    ...Array.from({ length: 4 }, () => 'Postponed'),
  ]);
});

test('what is in a directory is there again after reopening it', async ({ onTestFinished }) => {
  const directory = await mkdtemp(join(tmpdir(), 'convoke-pglite-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const [ada, first] = [{ userId: newId() }, await MeetingService.open({ database: { pglite: directory } })];
  const meeting = await first.as(ada).meetings.schedule(soon());
  await first.close();
  await using second = await MeetingService.open({ database: { pglite: directory }, migrate: false });
  expect(await second.as(ada).meetings.get(meeting.id)).toEqual(meeting);
  const { seq } = (await second.as(ada).meetings.history(meeting.id)).items[0] ?? {};
  expect(seq).toBe(1);
});

test.for([false, true])(
  'a host’s transaction on PGlite carries our calls (values parsed: %s)',
  async (parsed, { service: elsewhere }) => {
    const host = await openHost(parsed);
    const service = await MeetingService.open({ database: { orm: host } });
    const events = listen(service);
    const ada = newId();

    const joined = await host.em.fork().transactional(async (em) => {
      em.create(Booking, { id: ada, room: 'A' });
      const rooms = service.as({ userId: ada }, { em });
      const meeting = await rooms.meetings.schedule(soon());
      await fails(rooms.meetings.end(meeting.id), 'INVALID_TRANSITION');
      await fails(elsewhere.as({ userId: ada }, { em }).meetings.list(), 'VALIDATION');
      expect(events).toEqual([]);
      return rooms.meetings.get(meeting.id);
    });
    expect(events.map(({ type }) => type)).toEqual(['meeting.scheduled']);
    expect(await service.as({ userId: ada }).meetings.get(joined.id)).toEqual(joined);
    expect(await host.em.fork().count(Booking)).toBe(1);

    const pglite = await host.em.getConnection().getNativeClient();
    await pglite.transaction(async (client) => {
      const rooms = service.as({ userId: ada }, { client });
      await rooms.meetings.update(joined.id, { title: 'Over a client' });
      await fails(rooms.meetings.end(joined.id), 'INVALID_TRANSITION');
      expect(await rooms.meetings.get(joined.id)).toMatchObject({
        ...{ title: 'Over a client', scheduledStartTime: joined.scheduledStartTime, createdAt: joined.createdAt },
      });
    });
    await vi.waitFor(() => expect(events).toHaveLength(2), { timeout: 10_000 });

    const failing = pglite.transaction(async (client) => {
      await service.as({ userId: ada }, { client }).meetings.cancel(joined.id);
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    await service.as({ userId: ada }).meetings.postpone(joined.id);
    await vi.waitFor(async () => expect((await service.health()).pendingEvents).toBe(0), { timeout: 10_000 });
    expect(events.map(({ type, seq }) => `${seq} ${type}`)).toEqual([
      ...['1 meeting.scheduled', '2 meeting.updated', '3 meeting.postponed'],
    ]);
    await service.close();
    expect(await host.isConnected()).toBe(true);
    await host.close(true);
  },
);
