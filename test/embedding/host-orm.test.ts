import { type EventArgs, type EventSubscriber, RequestContext } from '@mikro-orm/core';
import type { MikroORM } from '@mikro-orm/postgresql';
import { expect, vi } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { Meeting, meetingEntities } from '../../src/entities.ts';
import { MeetingService } from '../../src/meeting-service.ts';
import { test as base } from '../setup/db.ts';
import { expectIntegrity } from '../setup/integrity.ts';
import { execute } from '../setup/postgres.ts';
import { fails, quickHasher } from '../setup/service.ts';
import { Booking, openHost } from './host.ts';

interface Embedded {
  readonly host: MikroORM;
  readonly service: MeetingService;
  /** Every entity the host's own subscriber was told of. */
  readonly heard: string[];
}

const poolSize = 3;
const leavesAlone = (...schemas: string[]) => ({ schemaGenerator: { ignoreSchema: schemas } });

const test = base.extend<{ embedded: Embedded }>({
  embedded: [
    async ({ url }, use) => {
      const heard: string[] = [];
      const subscriber: EventSubscriber = {
        afterCreate: ({ meta }: EventArgs<object>) => void heard.push(meta.className),
      };
      const host = await openHost(url, {
        ...leavesAlone('convoke', 'second'),
        pool: { max: poolSize },
        subscribers: [subscriber],
      });
      const service = await MeetingService.open({ database: { orm: host }, passwordHasher: quickHasher });
      await use({ host, service, heard });
      await service.close();
      await host.close(true);
      await expectIntegrity(url);
    },
    { scope: 'file' },
  ],
});

const soon = () => ({
  ...({ title: 'Beside a host', meetingType: 'Workshop', timezone: 'Europe/Lisbon' } as const),
  ...{ scheduledStartTime: new Date(Date.now() + 600_000), scheduledEndTime: new Date(Date.now() + 4_200_000) },
});

test('a service works over the host’s connections, and opens none of its own', async ({ embedded, url }) => {
  const { service } = embedded;
  const [ada, bob] = [newId(), newId()];
  const meetings = await Promise.all(
    Array.from({ length: 10 }, () => service.as({ userId: ada }).meetings.schedule(soon())),
  );
  const [first] = meetings;
  const id = first?.id ?? '';
  const events: string[] = [];
  service.on('*', ({ type }) => void events.push(type));
  await service.as({ userId: ada }).invitations.invite(id, { inviteeIds: [bob] });
  await service.as({ userId: ada }).meetings.start(id);
  await service.as({ userId: bob }).participants.join(id);
  await service.as({ userId: ada }).meetings.end(id);
  expect(await service.as({ userId: bob }).meetings.get(id)).toMatchObject({ status: 'Completed' });
  expect(events).toContain('analytics.ready');

  const backends = await execute<{ application_name: string }>(
    url,
    `select application_name from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
  expect(backends.length).toBeLessThanOrEqual(poolSize);
  expect(backends.map((backend) => backend.application_name)).not.toContain('convoke');
});

test('two services may share a host’s connections in schemas of their own', async ({ embedded: { host } }) => {
  const second = await MeetingService.open({ database: { orm: host }, schema: 'second' });
  const ada = second.as({ userId: newId() });
  const { id } = await ada.meetings.schedule(soon());
  await second.close();
  expect(await host.em.fork().execute('select title from second.meetings where id = ?', [id])).toEqual([
    { title: 'Beside a host' },
  ]);
});

test('the host’s request context, identity map and subscribers see nothing of ours', async ({ embedded }) => {
  const { host, service, heard } = embedded;
  await RequestContext.create(host.em, async () => {
    const em = RequestContext.getEntityManager();
    const booking = host.em.create(Booking, { id: newId(), room: 'A' });
    const ada = service.as({ userId: newId() });
    const { id } = await ada.meetings.schedule(soon());
    await ada.meetings.update(id, { title: 'Once more' });
    expect(RequestContext.getEntityManager()).toBe(em);
    expect(host.em.getContext()).toBe(em);
    expect(em?.getUnitOfWork().getPersistStack().size).toBe(1); // still waiting for the host to flush it
    expect([...(em?.getUnitOfWork().getIdentityMap() ?? [])]).toEqual([booking]);
    await host.em.flush();
  });
  expect(new Set(heard)).toEqual(new Set(['Booking']));
});

test('a call outside the host’s transaction is no part of it', async ({ embedded: { host, service } }) => {
  const ada = service.as({ userId: newId() });
  let id = '';
  const failing = host.em.fork().transactional(async () => {
    ({ id } = await ada.meetings.schedule(soon()));
    throw new Error('rolled back');
  });
  await expect(failing).rejects.toThrow('rolled back');
  expect(await ada.meetings.get(id)).toMatchObject({ id });
});

test('closing the service leaves the host connected, and ends the rooms that were bound before', async ({
  embedded: { host },
}) => {
  const service = await MeetingService.open({ database: { orm: host } });
  const rooms = service.as({ userId: newId() });
  await rooms.meetings.list();
  await service.close();
  await fails(rooms.meetings.list(), 'UNAVAILABLE');
  expect(await host.isConnected()).toBe(true);
  expect(await host.em.fork().count(Booking)).toBeGreaterThanOrEqual(0);
});

test('a host that lists our entities reads them through a fork on our schema', async ({ embedded, url }) => {
  const { id } = await embedded.service.as({ userId: newId() }).meetings.schedule(soon());
  const host = await openHost(url, { entities: [Booking, ...meetingEntities], ...leavesAlone('convoke', 'second') });
  const service = await MeetingService.open({ database: { orm: host } });
  const em = host.em.fork({ schema: 'convoke' });
  const meeting = await em.findOneOrFail(Meeting, id);
  expect(meeting).toMatchObject({ title: 'Beside a host', status: 'Scheduled', timezone: 'Europe/Lisbon' });
  expect(await em.find(Meeting, { meetingType: 'Workshop', id }, { fields: ['title'] })).toHaveLength(1);
  // Without the schema the host would look for our tables among its own.
  await expect(host.em.fork().findOne(Meeting, id)).rejects.toThrow('relation "meetings" does not exist');
  await service.close();
  await host.close(true);
});

test('what was committed during a wait is seen, whatever isolation is the default of the host’s connections', async ({
  embedded,
  url,
}) => {
  const host = await openHost(url, {
    ...leavesAlone('convoke', 'second'),
    driverOptions: { options: '-c default_transaction_isolation=repeatable\\ read' },
  });
  expect(await host.em.fork().execute('show transaction_isolation')).toEqual([
    { transaction_isolation: 'repeatable read' },
  ]);
  const service = await MeetingService.open({ database: { orm: host } });
  const [ada, bob] = [newId(), newId()];
  const { id } = await service.as({ userId: ada }).meetings.schedule(soon());
  await service.as({ userId: ada }).invitations.invite(id, { inviteeIds: [bob], role: 'CoHost' });
  let late: Promise<unknown> = Promise.resolve();
  await embedded.host.em.fork().transactional(async (em) => {
    await embedded.service.as({ userId: ada }, { em }).participants.setRole(id, bob, 'Participant');
    late = fails(service.as({ userId: bob }).meetings.update(id, { title: 'As the CoHost I was' }), 'FORBIDDEN');
    await vi.waitFor(async () => {
      const waiting = await execute(
        url,
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      expect(waiting.length).toBeGreaterThan(0);
    });
  });
  await late;
  await service.close();
  await host.close(true);
});

test('what is no MikroORM over PostgreSQL is refused', async () => {
  await fails(MeetingService.open({ database: { orm: { em: { getDriver: () => ({}) } } } }), 'VALIDATION');
});
