/** The same minute of a meeting in whatever transaction a host has open, and in a database inside the process. */
import type { MikroORM } from '@mikro-orm/postgresql';
import pg from 'pg';
import { expect, vi } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { AnyEvent } from '../../src/events/catalogue.ts';
import { MeetingService } from '../../src/meeting-service.ts';
import type { Rooms } from '../../src/rooms.ts';
import { openHost } from '../embedding/host.ts';
import { fails, quickHasher, test as base } from '../setup/service.ts';
import { shares } from './shares.ts';

const test = base.extend<{ host: MikroORM; client: pg.Client }>({
  host: [
    async ({ url }, use) => {
      const host = await openHost(url);
      await use(host);
      await host.close(true);
    },
    { scope: 'file' },
  ],
  client: [
    async ({ url }, use) => {
      const client = new pg.Client(url);
      await client.connect();
      await use(client);
      await client.end();
    },
    { scope: 'file' },
  ],
});

interface Scene {
  readonly id: string;
  readonly ada: string;
  readonly bob: string;
}

/** Ada hosts. Both are heard; Bob shares, Ada takes over, and Bob leaves. */
async function play(as: (userId: string) => Rooms, { id, ada, bob }: Scene): Promise<void> {
  await as(bob).participants.setMedia(id, { microphone: true, speaking: true, camera: true });
  await as(bob).participants.setMedia(id, { microphone: false });
  await fails(as(bob).participants.setMedia(id, { speaking: true }), 'CONFLICT');
  const first = await as(bob).screenShare.start(id);
  expect(await as(bob).screenShare.start(id)).toEqual(first);
  const busy = await fails(as(ada).screenShare.start(id), 'CONFLICT');
  expect(busy.details).toMatchObject({ sharerId: bob });
  const second = await as(ada).screenShare.takeOver(id);
  expect(await as(ada).screenShare.takeOver(id)).toEqual(second);
  expect(await as(bob).screenShare.current(id)).toEqual(second);
  await fails(as(bob).screenShare.stop(id), 'FORBIDDEN');
  await as(ada).screenShare.stop(id);
  await as(bob).screenShare.start(id);
  await as(bob).participants.leave(id);
  expect(await as(ada).screenShare.current(id)).toBeNull();
}

const told = [
  ...['media.changed', 'media.changed', 'screen-share.started', 'screen-share.stopped', 'screen-share.started'],
  ...['screen-share.stopped', 'screen-share.started', 'screen-share.stopped', 'participant.left'],
];

const typesOf = (events: readonly AnyEvent[]) => events.map(({ type }) => type);

test('with the host’s entity manager', async ({ service, running, host, events, url }) => {
  const { id, host: ada, participants } = await running({ participants: 1 });
  const scene = { id, ada, bob: participants[0]! };
  events.length = 0;
  const failing = host.em.fork().transactional(async (em) => {
    await play((userId) => service.as({ userId }, { em }), scene);
    throw new Error('the host changed its mind');
  });
  await expect(failing).rejects.toThrow('the host changed its mind');
  expect(await shares(url, id)).toEqual([]);
  await host.em.fork().transactional(async (em) => {
    await play((userId) => service.as({ userId }, { em }), scene);
    expect(events).toEqual([]);
    expect(await shares(url, id)).toEqual([]);
  });
  expect(typesOf(events)).toEqual(told);
  expect((await shares(url, id)).map(({ by, to }) => [by, to])).toEqual([
    [scene.bob, 0],
    [ada, 0],
    [scene.bob, 0],
  ]);
});

test('with a plain client', async ({ service, running, client, events, url }) => {
  const { id, host: ada, participants } = await running({ participants: 1 });
  const scene = { id, ada, bob: participants[0]! };
  events.length = 0;
  const rooms = (userId: string) => service.as({ userId }, { client });
  await client.query('begin');
  await play(rooms, scene);
  await client.query('rollback');
  expect(await shares(url, id)).toEqual([]);
  await client.query('begin');
  await play(rooms, scene);
  expect(events).toEqual([]);
  await client.query('commit');
  service.committed(client);
  await vi.waitFor(() => expect(typesOf(events)).toEqual(told), { timeout: 10_000, interval: 20 });
  expect(await shares(url, id)).toHaveLength(3);
});

test('with PostgreSQL inside the process', { timeout: 60_000 }, async () => {
  await using service = await MeetingService.open({
    database: { pglite: 'memory://' },
    passwordHasher: quickHasher,
  });
  const [ada, bob] = [newId(), newId()];
  const as = (userId: string) => service.as({ userId });
  const { id } = await as(ada).meetings.schedule({
    ...{ title: 'In memory', meetingType: 'Review' },
    scheduledStartTime: new Date(Date.now() + 60_000),
    scheduledEndTime: new Date(Date.now() + 3_660_000),
  });
  await as(ada).invitations.invite(id, { inviteeIds: [bob] });
  await as(ada).meetings.start(id);
  for (const userId of [ada, bob]) await as(userId).participants.join(id);
  const events: AnyEvent[] = [];
  service.on('*', (event) => void events.push(event));
  await play(as, { id, ada, bob });
  expect(typesOf(events)).toEqual(told);
  await Promise.all([
    as(ada).screenShare.start(id),
    as(ada).participants.setMedia(id, { microphone: true }),
    as(ada).participants.setMedia(id, { camera: true }),
  ]);
  await as(ada).meetings.end(id);
  expect(await as(ada).engagement.meeting(id)).toMatchObject({ totalScreenShares: 4 });
  expect((await service.checkIntegrity()).violations).toEqual([]);
});
