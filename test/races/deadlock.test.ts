import { setTimeout as wait } from 'node:timers/promises';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { CompiledQuery } from 'kysely';
import { expect } from 'vitest';
import type { MeetingService } from '../../src/meeting-service.ts';
import { createDatabase, createOrm, test as base } from '../setup/db.ts';
import { expectIntegrity } from '../setup/integrity.ts';
import { execute } from '../setup/postgres.ts';
import { fails, openService, people } from '../setup/service.ts';
import { type Arena, arena, endings, observer, tally, waiting } from './arena.ts';

/** Not the arena of the other races: here deadlocks are what is asked for. */
const test = base.extend<{ ring: Arena }>({
  ring: [
    async ({ url }, use) => {
      await using aside = observer(url);
      const service = await openService(url, { limits: { poolSize: 10 } });
      await use(arena(service, aside));
      await service.close();
      await expectIntegrity(url);
    },
    { scope: 'file' },
  ],
});

/** PostgreSQL looks for a deadlock after this long, in the session that has waited so long. */
async function patience(em: SqlEntityManager, milliseconds: number): Promise<void> {
  await em.getKysely().executeQuery(CompiledQuery.raw(`set local deadlock_timeout = ${milliseconds}`));
}

function invite(service: MeetingService, room: { id: string; host: string }, guest: string, em?: SqlEntityManager) {
  const rooms = service.as({ userId: room.host }, em === undefined ? {} : { em });
  return rooms.invitations.invite(room.id, { inviteeIds: [guest] });
}

test('a command that deadlocks with a transaction of the host is done again, and tells of itself once', async ({
  ring,
  orm,
}) => {
  const { service, room, facts } = ring;
  const [first, second] = [await room(), await room()];
  const [shared = '', other = ''] = people(2);
  const heard: string[] = [];
  const off = service.on('invitation.sent', (event) => void heard.push(`${event.stream.kind} ${event.data.inviteeId}`));

  let command: Promise<unknown> = Promise.resolve();
  await orm.em.fork().transactional(async (em) => {
    await patience(em, 30_000);
    await invite(service, first, shared, em); // holds the person's own stream
    command = invite(service, second, shared); // holds the second meeting, and waits for that stream
    await waiting(ring, 1);
    await invite(service, second, other, em); // waits for the second meeting: the command has to give way
  });
  await command;
  off();

  for (const { id } of [first, second]) expect((await facts(id)).hosts).toBe(1);
  expect((await facts(second.id)).events['invitation.sent']).toBe(2);
  expect(heard.toSorted()).toEqual(
    [
      `meeting ${shared}`,
      `meeting ${shared}`,
      `meeting ${other}`,
      `user ${shared}`,
      `user ${shared}`,
      `user ${other}`,
    ].toSorted(),
  );
});

test('a transaction of the host that has to give way learns so by CONFLICT, remains usable, and nothing was half done', async ({
  ring,
  orm,
}) => {
  const { service, room, facts } = ring;
  const [first, second] = [await room(), await room()];
  const [shared = '', other = ''] = people(2);

  let command: Promise<unknown> = Promise.resolve();
  await orm.em.fork().transactional(async (em) => {
    await patience(em, 50);
    await invite(service, first, shared, em);
    command = invite(service, second, shared);
    await waiting(ring, 1);
    const error = await fails(invite(service, second, other, em), 'CONFLICT');
    expect(error.retryable).toBe(false);
    // The savepoint gave the second meeting back; what was done before it stands.
    expect((await service.as({ userId: first.host }, { em }).invitations.list(first.id)).items).toHaveLength(1);
  });
  await command;
  expect((await facts(first.id)).events['invitation.sent']).toBe(1);
  expect((await facts(second.id)).events['invitation.sent']).toBe(1);
});

test('two transactions of the host that take two meetings in opposite order: one commits, the other is told', async ({
  ring,
  orm,
}) => {
  const { service, room, facts } = ring;
  const rooms = [await room(), await room()];
  const bothHold = Promise.withResolvers<void>();
  let holding = 0;
  const both = () => {
    if (++holding === 2) bothHold.resolve();
    return bothHold.promise;
  };
  const take = (order: readonly { id: string; host: string }[]) =>
    orm.em.fork().transactional(async (em) => {
      await patience(em, 100);
      for (const { id, host } of order) {
        await service.as({ userId: host }, { em }).meetings.cancel(id);
        await both();
      }
    });
  const ends = await endings([take(rooms), take(rooms.toReversed())]);
  expect(ends.toSorted()).toEqual(['CONFLICT', 'ok']);
  for (const { id } of rooms)
    expect(await facts(id)).toMatchObject({ status: 'Cancelled', events: { 'meeting.cancelled': 1 } });
});

test('a lock that is not given back is waited for, then BUSY says to try again, and nothing was changed', async ({
  ring,
  url,
  orm,
}) => {
  await using impatient = await openService(url, { limits: { lockTimeoutMs: 50 } });
  const { id, host } = await ring.room();
  await orm.em.fork().transactional(async (em) => {
    await ring.service.as({ userId: host }, { em }).meetings.update(id, { title: 'Held' });
    const error = await fails(impatient.as({ userId: host }).meetings.start(id), 'BUSY');
    expect(error.retryable).toBe(true);
  });
  expect(await ring.facts(id)).toMatchObject({ status: 'Scheduled' });
  await impatient.as({ userId: host }).meetings.start(id);
  expect(await ring.facts(id)).toMatchObject({ status: 'InProgress', events: { 'meeting.started': 1 } });
});

test('a lock that is given back in time costs the caller nothing but the time', async ({ ring, url, orm }) => {
  await using impatient = await openService(url, { limits: { lockTimeoutMs: 100 } });
  const { id, host } = await ring.room();
  let started: Promise<unknown> = Promise.resolve();
  await orm.em.fork().transactional(async (em) => {
    await ring.service.as({ userId: host }, { em }).meetings.update(id, { title: 'Held' });
    started = impatient.as({ userId: host }).meetings.start(id);
    await wait(150);
  });
  await started;
  expect(await ring.facts(id)).toMatchObject({ status: 'InProgress', events: { 'meeting.started': 1 } });
});

test('where the server gives transactions a stricter isolation, a service of its own still sees what it locks', async () => {
  await using database = await createDatabase('migrated');
  await execute(
    database.url,
    `do $$ begin
       execute format('alter database %I set default_transaction_isolation = ''serializable''', current_database());
     end $$`,
  );
  await using aside = observer(database.url);
  await using service = await openService(database.url, { limits: { poolSize: 20 } });
  const { room, facts } = arena(service, aside);
  const { id } = await room({ started: true, settings: { openJoin: true } });
  expect(await tally(people(200).map((userId) => service.as({ userId }).participants.join(id)))).toEqual({ ok: 200 });
  expect(await facts(id)).toMatchObject({ counter: 201, present: 201, openSessions: 201 });
  await expectIntegrity(database.url);
});

test('over connections of a host that isolates them strictly, losers give up with CONFLICT and leave nothing behind', async () => {
  await using database = await createDatabase('migrated');
  await execute(
    database.url,
    `do $$ begin
       execute format('alter database %I set default_transaction_isolation = ''repeatable read''', current_database());
     end $$`,
  );
  await using aside = observer(database.url);
  const orm = await createOrm(database.url);
  const service = await openService(database.url, { database: { orm } });
  const { room, facts } = arena(service, aside);
  const { id } = await room({ started: true, settings: { openJoin: true } });
  const ends = await tally(people(60).map((userId) => service.as({ userId }).participants.join(id)));
  const { ok = 0, CONFLICT: gaveUp = 0 } = ends;
  expect(ok + gaveUp).toBe(60);
  expect(await facts(id)).toMatchObject({
    ...{ counter: 1 + ok, present: 1 + ok, openSessions: 1 + ok },
    events: { 'participant.joined': 1 + ok },
  });
  await service.close();
  await orm.close(true);
  await expectIntegrity(database.url);
});
