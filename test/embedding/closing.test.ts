import { expect, vi } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { MeetingService } from '../../src/meeting-service.ts';
import type { Notifier } from '../../src/notifiers/index.ts';
import { memoryTransport, type PushTransport } from '../../src/transports/index.ts';
import { test as base } from '../setup/db.ts';
import { expectIntegrity } from '../setup/integrity.ts';
import { execute } from '../setup/postgres.ts';
import { fails } from '../setup/service.ts';

const test = base.extend<{ sound: undefined }>({
  sound: [
    async ({ url }, use) => {
      await use(undefined);
      await expectIntegrity(url);
    },
    { scope: 'file', auto: true },
  ],
});

const soon = () => ({
  ...({ title: 'Last one', meetingType: 'Social' } as const),
  ...{ scheduledStartTime: new Date(Date.now() + 600_000), scheduledEndTime: new Date(Date.now() + 4_200_000) },
});

const ignore = () => {};

async function connections(url: string): Promise<number> {
  const rows = await execute(
    url,
    `select from pg_stat_activity where application_name = 'convoke' and datname = current_database()`,
  );
  return rows.length;
}

test('a service disposes of itself, and of its connections', async ({ url }) => {
  {
    await using service = await MeetingService.open({ database: { url } });
    await service.as({ userId: newId() }).meetings.schedule(soon());
    expect(await connections(url)).toBeGreaterThan(0);
  }
  await vi.waitFor(async () => expect(await connections(url)).toBe(0));
});

test('closing twice is closing once, also at the same time', async ({ url }) => {
  const service = await MeetingService.open({ database: { url } });
  service.worker.start();
  const first = service.close();
  expect(service.close()).toBe(first);
  await first;
  await service.close();
});

test('what is called after closing is refused as such', async ({ url }) => {
  const service = await MeetingService.open({ database: { url } });
  const rooms = service.as({ userId: newId() });
  const { id } = await rooms.meetings.schedule(soon());
  await service.close();
  expect(() => service.as({ userId: newId() })).toThrow('The service is closed.');
  expect(() => service.asSystem()).toThrow('The service is closed.');
  await fails(rooms.meetings.get(id), 'UNAVAILABLE');
  await fails(rooms.meetings.update(id, { title: 'Too late' }), 'UNAVAILABLE');
  await fails(rooms.participants.join(id), 'UNAVAILABLE');
  await fails(service.migrate(), 'UNAVAILABLE');
  await fails(service.check(), 'UNAVAILABLE');
  await fails(service.checkIntegrity(), 'UNAVAILABLE');
  expect(await service.health()).toMatchObject({ database: 'down' });
  expect(service.migrationSql()).toContain('create schema');
});

test('nothing can be begun after closing, and whatever only ends something does no harm', async ({ url }) => {
  const service = await MeetingService.open({ database: { url } });
  const off = service.on('*', ignore);
  const closing = service.close();
  for (const closed of [Promise.resolve(), closing]) {
    await closed;
    expect(() => service.worker.start()).toThrow('The service is closed.');
    await fails(service.worker.runOnce(), 'UNAVAILABLE');
    await fails(service.worker.runOnce('sessions.reap'), 'UNAVAILABLE');
    expect(() => service.on('meeting.ended', ignore)).toThrow('The service is closed.');
    expect(() => service.once('*', ignore)).toThrow('The service is closed.');
  }
  off();
  service.off('meeting.ended', ignore);
  service.committed({ query: () => Promise.resolve({ rows: [] }) });
  await service.worker.stop();
  await service.close();
});

test('calls under way are finished first', async ({ url }) => {
  const service = await MeetingService.open({ database: { url } });
  const rooms = service.as({ userId: newId() });
  const calls = Array.from({ length: 20 }, () => rooms.meetings.schedule(soon()));
  await service.close();
  expect((await Promise.all(calls)).map(({ title }) => title)).toEqual(calls.map(() => 'Last one'));
});

test('what is committed reaches the transport before it closes', async ({ url }) => {
  const published: string[] = [];
  const transport: PushTransport = {
    ...{ kind: 'push', specVersion: 1 },
    async publish(deliveries) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      published.push(...deliveries.map(({ event }) => event.type));
    },
  };
  const service = await MeetingService.open({ database: { url }, transport });
  const rooms = service.as({ userId: newId() });
  const { id } = await rooms.meetings.schedule(soon());
  await rooms.meetings.cancel(id);
  await service.close();
  expect(published).toEqual(['meeting.scheduled', 'meeting.cancelled']);
});

test('a worker that runs does not outlive the service', async ({ url }) => {
  const service = await MeetingService.open({ database: { url }, transport: memoryTransport() });
  service.worker.start();
  const running = service.worker.runOnce();
  await service.close();
  expect((await running).failed).toEqual([]);
});

test('notices under way are delivered first, and one that never ends does not keep a service open', async ({ url }) => {
  const delivered: string[] = [];
  const aborted: string[] = [];
  const notifier: Notifier = {
    specVersion: 1,
    async notify({ userId }, signal) {
      if (userId === stubborn) {
        signal.addEventListener('abort', () => aborted.push(userId));
        await new Promise(() => {});
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
      signal.throwIfAborted();
      delivered.push(userId);
    },
  };
  const [bob, stubborn] = [newId(), newId()];
  const service = await MeetingService.open({ database: { url }, notifier });
  const rooms = service.as({ userId: newId() });
  const { id } = await rooms.meetings.schedule(soon());
  await rooms.invitations.invite(id, { inviteeIds: [bob, stubborn] });
  await service.close();
  expect({ delivered, aborted }).toEqual({ delivered: [bob], aborted: [stubborn] });
});
