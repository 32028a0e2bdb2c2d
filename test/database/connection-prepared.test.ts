/** Which statements the server prepares, on connections of our own and on those that a host lends. */
import { readdirSync } from 'node:fs';
import { MikroORM as PgliteOrm } from '@mikro-orm/pglite';
import { MikroORM, PostgreSqlConnection } from '@mikro-orm/postgresql';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { expect, vi } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { type Statement, StatementTexts, tableNames } from '../../src/core/statement.ts';
import type { DatabaseSource } from '../../src/database/connection.ts';
import { MeetingService } from '../../src/meeting-service.ts';
import type { Rooms } from '../../src/rooms.ts';
import { openHost } from '../embedding/host.ts';
import { test } from '../setup/db.ts';
import { fails, quickHasher } from '../setup/service.ts';

const soon = () => ({
  ...({ title: 'Prepared', meetingType: 'Workshop' } as const),
  ...{ scheduledStartTime: new Date(Date.now() + 600_000), scheduledEndTime: new Date(Date.now() + 4_200_000) },
});

/** What happens often in a meeting, by two people. */
async function live(as: (userId: string) => Rooms): Promise<void> {
  const [ada, bob] = [newId(), newId()];
  const { id } = await as(ada).meetings.schedule(soon());
  await as(ada).invitations.invite(id, { inviteeIds: [bob] });
  await as(bob).invitations.respond(id, { response: 'Accepted' });
  await as(ada).meetings.start(id);
  for (const userId of [ada, bob]) await as(userId).participants.join(id);
  await as(bob).participants.heartbeat(id);
  const { id: message } = await as(bob).chat.send(id, { content: 'Hello' });
  await as(ada).chat.markRead(id, message);
  await as(bob).chat.delete(message);
  await as(bob).participants.leave(id);
  await as(ada).meetings.end(id);
}

/** A host with a single connection, so that whatever is prepared is found on it. It is there before any service is. */
function hostOf(url: string): Promise<MikroORM> {
  return openHost(url, { pool: { max: 1 }, schemaGenerator: { ignoreSchema: ['convoke', 'second', 'third'] } });
}

function opened(database: DatabaseSource, schema = 'convoke'): Promise<MeetingService> {
  return MeetingService.open({ database, schema, limits: { poolSize: 1 }, passwordHasher: quickHasher });
}

interface Prepared {
  readonly name: string;
  readonly statement: string;
}

function preparedOn(host: MikroORM): Promise<readonly Prepared[]> {
  return host.em.fork().execute('select name, statement from pg_prepared_statements order by name');
}

const names = (prepared: readonly Prepared[]) => prepared.map(({ name }) => name);

test('a host’s connections are left as they are, unless it says otherwise', async ({ url }) => {
  const host = await hostOf(url);
  for (const choice of [{}, { preparedStatements: false }]) {
    const service = await opened({ orm: host, ...choice });
    await live((userId) => service.as({ userId }));
    expect(await preparedOn(host)).toEqual([]);
    await service.close();
  }
  await host.close(true);
});

test('where it does, our frequent statements are prepared on them, and nothing that the host asks', async ({ url }) => {
  const host = await hostOf(url);
  const service = await opened({ orm: host, preparedStatements: true });
  await live((userId) => service.as({ userId }));
  const outside = names(await preparedOn(host));
  await host.em.fork().transactional(async (em) => {
    await live((userId) => service.as({ userId }, { em }));
    await em.execute('select room from bookings where id = ?', [newId()]);
  });
  const prepared = await preparedOn(host);
  expect(names(prepared)).toEqual(expect.arrayContaining(outside));
  for (const name of ['chat-send', 'participant-join', 'chat-message-lock', 'event-append'])
    expect(names(prepared)).toContainEqual(expect.stringMatching(`^convoke\\.${name}\\.`));
  expect(prepared.filter(({ name }) => !name.startsWith('convoke.'))).toEqual([]);
  await service.close();
  await host.close(true);
});

test('once it is closed, a service prepares nothing more there', async ({ url }) => {
  const host = await hostOf(url);
  const [first, second] = [
    await opened({ orm: host, preparedStatements: true }),
    await opened({ orm: host, preparedStatements: false }),
  ];
  await first.close();
  const before = await preparedOn(host);
  await live((userId) => second.as({ userId }));
  expect(await preparedOn(host)).toEqual(before);
  await second.close();
  await host.close(true);
});

test('two services on one pool, each in a schema of its own, prepare under names of their own', async ({ url }) => {
  const host = await hostOf(url);
  const services = [
    await opened({ orm: host, preparedStatements: true }, 'second'),
    await opened({ orm: host, preparedStatements: true }, 'third'),
  ];
  for (const service of services) await live((userId) => service.as({ userId }));
  const prepared = await preparedOn(host);
  const of = (schema: string) => prepared.filter(({ statement }) => statement.includes(`"${schema}".`)).length;
  expect(of('second')).toBeGreaterThan(10);
  expect(of('third')).toBe(of('second'));
  for (const service of services) await service.close();
  await host.close(true);
});

/** Opens a service on one connection of its own, and tells what became prepared on it while people met. */
async function preparedByUrl(url: string, choice: { readonly preparedStatements?: boolean }): Promise<string[]> {
  const native = vi.spyOn(PostgreSqlConnection.prototype, 'getNativeClient');
  const service = await opened({ url, ...choice });
  await live((userId) => service.as({ userId }));
  const pool = await native.mock.results[0]?.value;
  native.mockRestore();
  if (!(pool instanceof pg.Pool)) throw new Error('There was no pool.');
  const { rows } = await pool.query<Prepared>('select name from pg_prepared_statements');
  await service.close();
  return names(rows);
}

test('a service by url prepares, and does not behind a pooler that could not follow', async ({ url }) => {
  expect((await preparedByUrl(url, {})).length).toBeGreaterThan(10);
  expect((await preparedByUrl(url, { preparedStatements: true })).length).toBeGreaterThan(10);
  expect(await preparedByUrl(url, { preparedStatements: false })).toEqual([]);
});

test('a pool that MikroORM did not make is refused, with what to do', async ({ url }) => {
  const pool = new pg.Pool({ connectionString: url });
  const dialect = new PostgresDialect({ pool });
  for (const driverOptions of [dialect, new Kysely({ dialect })]) {
    const host = await MikroORM.init({
      ...{ dbName: 'lent', entities: [], discovery: { warnWhenNoEntities: false }, driverOptions },
      ensureDatabase: false,
    });
    const { details } = await fails(opened({ orm: host, preparedStatements: true }), 'VALIDATION');
    expect(details).toMatchObject({
      fields: [{ path: 'database.preparedStatements', message: expect.stringContaining('leave it out, or') }],
    });
    await (await opened({ orm: host })).close();
  }
  await pool.end();
});

test('PGlite is refused', { timeout: 60_000 }, async () => {
  const host = await PgliteOrm.init({ dbName: 'memory://', entities: [], discovery: { warnWhenNoEntities: false } });
  const { message } = await fails(opened({ orm: host, preparedStatements: true }), 'VALIDATION');
  expect(message).toMatch(/^database\.preparedStatements must not be true for a MikroORM over PGlite/);
  await host.close(true);
});

const source = new URL('../../src/', import.meta.url);

/** Every statement that a module of the source exports to be prepared. */
async function exportedStatements(): Promise<Statement<unknown>[]> {
  const paths = readdirSync(source, { recursive: true, encoding: 'utf8' });
  const rooms = paths.filter((path) => /^(?!cli|demo).+[/\\].+\.ts$/.test(path));
  const modules = await Promise.all(rooms.map((path): Promise<object> => import(new URL(path, source).href)));
  return modules.flatMap((one) => Object.values(one)).filter((value) => isStatement(value) && value.prepare);
}

function isStatement(value: unknown): value is Statement<unknown> {
  return typeof value === 'object' && value !== null && 'render' in value && 'prepare' in value;
}

test('a plan survives columns that a later version adds, and its name fits the server’s', async ({
  database: { url },
}) => {
  const client = new pg.Client(url);
  await client.connect();
  await client.query('begin');
  const texts = new StatementTexts('convoke');
  const statements = new Set((await exportedStatements()).map((one) => texts.text(one)));
  expect(statements.size).toBeGreaterThan(50);
  const careless = 'select * from convoke.meetings where id = $1';
  const parameters = new Map<string, number>();
  for (const text of [...statements, careless]) {
    const name = texts.preparedName(text) ?? 'careless';
    expect(name.length).toBeLessThan(64);
    await client.query(`prepare "${name}" as ${text}`);
    parameters.set(name, Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, place]) => Number(place))));
  }
  for (const table of tableNames) await client.query(`alter table convoke.${table} add column later text default 'x'`);
  await client.query('savepoint altered');
  const lost: unknown[] = [];
  for (const [name, count] of parameters) {
    const given = count === 0 ? '' : `(${Array.from({ length: count }, () => 'null').join(', ')})`;
    const refusal = await client.query(`explain execute "${name}"${given}`).then(
      () => null,
      (error: unknown) => error,
    );
    if (refusal === null) continue;
    lost.push([name, refusal]);
    await client.query('rollback to altered');
  }
  expect(lost).toMatchObject([['careless', { message: 'cached plan must not change result type' }]]);
  await client.query('rollback');
  await client.end();
});
