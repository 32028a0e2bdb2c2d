import { IsolationLevel, type MikroORM, type SqlEntityManager } from '@mikro-orm/postgresql';
import pg from 'pg';
import { expect, vi } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { createDatabase } from '../setup/db.ts';
import { fails, test as base } from '../setup/service.ts';
import { Booking, openHost } from './host.ts';

const test = base.extend<{ host: MikroORM; outside: pg.Client }>({
  host: [
    async ({ url }, use) => {
      const host = await openHost(url);
      await use(host);
      await host.close(true);
    },
    { scope: 'file' },
  ],
  /** A connection that sees what is committed. */
  outside: [
    async ({ url }, use) => {
      const client = new pg.Client(url);
      await client.connect();
      await use(client);
      await client.end();
    },
    { scope: 'file' },
  ],
});

async function titleSeen(client: pg.Client, id: string): Promise<string | undefined> {
  const { rows } = await client.query<{ title: string }>('select title from convoke.meetings where id = $1', [id]);
  return rows[0]?.title;
}

/** Waits until the service's own look at the log has settled whatever was pending. */
function settled(service: { health(): Promise<{ pendingEvents: number }> }): Promise<void> {
  return vi.waitFor(async () => expect((await service.health()).pendingEvents).toBe(0), {
    timeout: 10_000,
    interval: 50,
  });
}

test('our rows and the host’s are committed together, and then the events go out', async ({
  service,
  host,
  outside,
  events,
  clock,
}) => {
  const [ada, bookingId] = [newId(), newId()];
  const at = (hours: number) => new Date(clock.now().getTime() + hours * 3_600_000);
  const meeting = await host.em.fork().transactional(async (em) => {
    const rooms = service.as({ userId: ada }, { em });
    const made = await rooms.meetings.schedule({
      ...{ title: 'Joined', meetingType: 'Review', scheduledStartTime: at(1), scheduledEndTime: at(2) },
    });
    em.create(Booking, { id: bookingId, room: 'A', meetingId: made.id });
    await em.flush();
    expect(await rooms.meetings.get(made.id)).toEqual(made);
    expect(await titleSeen(outside, made.id)).toBeUndefined();
    expect(events).toEqual([]);
    return made;
  });
  expect(events).toMatchObject([{ type: 'meeting.scheduled', stream: { id: meeting.id }, seq: 1 }]);
  expect(await titleSeen(outside, meeting.id)).toBe('Joined');
  expect(await service.as({ userId: ada }).meetings.get(meeting.id)).toEqual(meeting);
  expect((await outside.query('select room from bookings where id = $1', [bookingId])).rows).toEqual([{ room: 'A' }]);
});

test('they are rolled back together: nothing is announced and no number is burnt', async ({
  service,
  host,
  outside,
  events,
  scheduled,
}) => {
  const { id, host: ada, meeting } = await scheduled();
  const bookingId = newId();
  const failing = host.em.fork().transactional(async (em) => {
    em.create(Booking, { id: bookingId, room: 'B' });
    await service.as({ userId: ada }, { em }).meetings.update(id, { title: 'Never' });
    await em.flush();
    throw new Error('the host changed its mind');
  });
  await expect(failing).rejects.toThrow('the host changed its mind');
  expect(await titleSeen(outside, id)).toBe(meeting.title);
  expect((await outside.query('select from bookings where id = $1', [bookingId])).rowCount).toBe(0);

  await service.as({ userId: ada }).meetings.update(id, { title: 'Later' });
  expect((await service.health()).pendingEvents).toBe(0);
  expect(events.map(({ type, seq }) => [type, seq])).toEqual([
    ['meeting.scheduled', 1],
    ['meeting.updated', 2],
  ]);
});

test('a refusal of ours leaves the transaction usable, and what came before it stands', async ({
  service,
  host,
  events,
  scheduled,
  outside,
}) => {
  const { id, host: ada } = await scheduled();
  const bookingId = newId();
  await host.em.fork().transactional(async (em) => {
    const rooms = service.as({ userId: ada }, { em });
    await rooms.meetings.update(id, { title: 'Kept' });
    await fails(service.as({ userId: newId() }, { em }).meetings.cancel(id), 'NOT_FOUND');
    await fails(rooms.meetings.end(id), 'INVALID_TRANSITION');
    await fails(rooms.meetings.update(id, { title: '' }), 'VALIDATION');
    await fails(rooms.participants.join(id), 'INVALID_TRANSITION');
    em.create(Booking, { id: bookingId, room: 'C' });
    await em.flush();
  });
  expect(await titleSeen(outside, id)).toBe('Kept');
  expect((await outside.query('select from bookings where id = $1', [bookingId])).rowCount).toBe(1);
  expect(events.map(({ type }) => type)).toEqual(['meeting.scheduled', 'meeting.updated']);
});

test('what the host has changed and not flushed stays so', async ({ service, host, scheduled }) => {
  const { id, host: ada } = await scheduled();
  const em = host.em.fork();
  em.create(Booking, { id, room: 'as stored' });
  await em.flush();
  await em.transactional(async (inner) => {
    const booking = await inner.findOneOrFail(Booking, id);
    const identities = [...inner.getUnitOfWork().getIdentityMap().values()].length;
    booking.room = 'changed';
    await service.as({ userId: ada }, { em: inner }).meetings.update(id, { title: 'Other' });
    await service.as({ userId: ada }, { em: inner }).meetings.postpone(id);
    const [row] = await inner
      .getConnection()
      .execute('select room from bookings where id = ?', [id], 'all', inner.getTransactionContext());
    expect(row).toEqual({ room: 'as stored' });
    expect([...inner.getUnitOfWork().getIdentityMap().values()]).toHaveLength(identities);
    inner.clear();
  });
});

test('a savepoint of the host’s announces nothing; the commit around it does', async ({
  service,
  host,
  scheduled,
  events,
}) => {
  const { id, host: ada } = await scheduled();
  const seen = () => events.filter(({ type }) => type === 'meeting.updated').map(({ seq }) => seq);
  await host.em.fork().transactional(async (outer) => {
    await outer.transactional(async (em) => {
      await service.as({ userId: ada }, { em }).meetings.update(id, { title: 'One' });
    });
    const undone = outer.transactional(async (em) => {
      await service.as({ userId: ada }, { em }).meetings.update(id, { title: 'Undone' });
      throw new Error('only this part');
    });
    await expect(undone).rejects.toThrow('only this part');
    await service.as({ userId: ada }, { em: outer }).meetings.update(id, { title: 'Two' });
    expect(seen()).toEqual([]);
    expect((await service.health()).pendingEvents).toBe(2);
  });
  await settled(service);
  expect(seen().toSorted((a, b) => a - b)).toEqual([2, 3]);
  expect(await service.as({ userId: ada }).meetings.get(id)).toMatchObject({ title: 'Two' });
});

test('a savepoint that was released and then rolled back from outside announces nothing', async ({
  service,
  host,
  scheduled,
  events,
}) => {
  const { id, host: ada } = await scheduled();
  const failing = host.em.fork().transactional(async (outer) => {
    await outer.transactional((em) => service.as({ userId: ada }, { em }).meetings.update(id, { title: 'Never' }));
    throw new Error('all of it');
  });
  await expect(failing).rejects.toThrow('all of it');
  await settled(service);
  expect(events.map(({ type }) => type)).toEqual(['meeting.scheduled']);
});

test('calls at the same time in one transaction take turns: a refused one undoes only itself', async ({
  service,
  host,
  scheduled,
  events,
}) => {
  const meetings = [await scheduled(), await scheduled(), await scheduled()];
  const calls = (em: SqlEntityManager) =>
    meetings.flatMap(({ id, host: ada }) => [
      service.as({ userId: ada }, { em }).meetings.update(id, { title: 'No' }, { version: 99 }),
      service.as({ userId: ada }, { em }).meetings.postpone(id),
    ]);
  const outcomes = await host.em.fork().transactional((em) => Promise.allSettled(calls(em)));
  expect(outcomes.map(({ status }) => status)).toEqual(meetings.flatMap(() => ['rejected', 'fulfilled']));
  for (const { id, host: ada, meeting } of meetings)
    expect(await service.as({ userId: ada }).meetings.get(id)).toMatchObject({
      status: 'Postponed',
      title: meeting.title,
    });
  expect(events.filter(({ type }) => type === 'meeting.postponed')).toHaveLength(3);
});

test('the host’s global entity manager stands for its current transaction', async ({
  service,
  host,
  scheduled,
  events,
}) => {
  const { id, host: ada } = await scheduled();
  await host.em.transactional(async () => {
    await service.as({ userId: ada }, { em: host.em }).meetings.update(id, { title: 'Global' });
    expect(events).toHaveLength(1);
  });
  expect(events.map(({ type }) => type)).toEqual(['meeting.scheduled', 'meeting.updated']);
});

test('one entity manager may carry many transactions, and one listener hears them all', async ({
  service,
  host,
  scheduled,
  events,
}) => {
  const { id, host: ada } = await scheduled();
  const em = host.em.fork({ freshEventManager: true });
  const rooms = service.as({ userId: ada }, { em });
  for (const title of ['First', 'Second']) {
    await em.begin();
    await rooms.meetings.update(id, { title });
    await service.as({ userId: ada }, { em }).meetings.get(id);
    await em.commit();
  }
  await em.begin();
  await rooms.meetings.update(id, { title: 'Third' });
  await em.rollback();
  expect(events.map(({ type }) => type)).toEqual(['meeting.scheduled', 'meeting.updated', 'meeting.updated']);
  expect(em.getEventManager().getSubscribers().size).toBe(1);
  expect((await service.health()).pendingEvents).toBe(0);
  await fails(rooms.meetings.update(id, { title: 'Without' }), 'VALIDATION');
});

test('a keyed call is repeated inside the transaction and remembered with it', async ({ service, host, scheduled }) => {
  const { id, host: ada } = await scheduled();
  const update = (em: SqlEntityManager) =>
    service.as({ userId: ada }, { em }).with({ idempotencyKey: 'once' }).meetings.update(id, { title: 'Keyed' });
  await expect(
    host.em.fork().transactional(async (em) => {
      expect(await update(em)).toEqual(await update(em));
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  const { version } = await host.em.fork().transactional((em) => update(em));
  expect(version).toBe(2);
});

test('an entity manager without an open transaction is refused, and so is a closed one', async ({ service, host }) => {
  const ada = { userId: newId() };
  const { details } = await fails(service.as(ada, { em: host.em.fork() }).meetings.list(), 'VALIDATION');
  expect(details).toMatchObject({ fields: [{ path: 'em', message: expect.stringContaining('em.transactional') }] });
  let kept: SqlEntityManager | undefined;
  await host.em.fork().transactional(async (em) => {
    kept = em;
  });
  await fails(service.as(ada, kept === undefined ? {} : { em: kept }).meetings.list(), 'VALIDATION');
});

test('a transaction in which a statement has failed is refused', async ({ service, host }) => {
  const ada = { userId: newId() };
  const failing = host.em.fork().transactional(async (em) => {
    const rooms = service.as(ada, { em });
    await rooms.meetings.list();
    await expect(em.execute('select no_such_column')).rejects.toThrow('no_such_column');
    await fails(service.as(ada, { em }).meetings.list(), 'CONFLICT');
    await fails(rooms.meetings.list(), 'CONFLICT');
    throw new Error('as it must');
  });
  await expect(failing).rejects.toThrow('as it must');
});

test('the session’s own time zone and style of dates change nothing', async ({ service, host, scheduled }) => {
  const { id, host: ada, meeting } = await scheduled();
  await host.em.fork().transactional(async (em) => {
    await em.execute(`set local timezone to 'Pacific/Chatham'`);
    await em.execute(`set local datestyle to 'ISO, DMY'`);
    await em.execute(`set local intervalstyle to 'sql_standard'`);
    await em.execute(`set local search_path to pg_catalog`);
    expect(await service.as({ userId: ada }, { em }).meetings.get(id)).toEqual(meeting);
  });
});

test('a stricter isolation of the host’s is kept: what changed meanwhile is a conflict, not a guess', async ({
  service,
  host,
  scheduled,
}) => {
  const { id, host: ada } = await scheduled();
  const update = async (em: SqlEntityManager) => {
    const rooms = service.as({ userId: ada }, { em });
    const { version } = await rooms.meetings.get(id);
    await service.as({ userId: ada }).meetings.update(id, { title: `Changed after ${version}` });
    await fails(rooms.meetings.update(id, { title: 'On old ground' }), 'CONFLICT');
    return em.execute('select 1 as usable');
  };
  const options = { isolationLevel: IsolationLevel.REPEATABLE_READ };
  expect(await host.em.fork().transactional(update, options)).toEqual([{ usable: 1 }]);
});

test('cancelling a call inside the transaction leaves that usable', async ({ service, host, scheduled }) => {
  const { id, host: ada } = await scheduled();
  await host.em.fork().transactional(async (em) => {
    const signal = AbortSignal.abort();
    await fails(service.as({ userId: ada }, { em, signal }).meetings.update(id, { title: 'No' }), 'ABORTED');
    await service.as({ userId: ada }, { em }).meetings.update(id, { title: 'Yes' });
  });
});

test('an entity manager of another database is refused, and its transaction goes on', async ({ service }) => {
  for (const content of ['empty', 'migrated'] as const) {
    await using other = await createDatabase(content);
    const host = await openHost(other.url);
    await host.em.fork().transactional(async (em) => {
      const { details } = await fails(service.as({ userId: newId() }, { em }).meetings.list(), 'VALIDATION');
      expect(details).toMatchObject({ fields: [{ path: 'em', message: expect.stringContaining('own database') }] });
      em.create(Booking, { id: newId(), room: 'D' });
    });
    expect(await host.em.fork().count(Booking)).toBe(1);
    await host.close(true);
  }
});
