import { MikroORM as PgliteOrm } from '@mikro-orm/pglite';
import type { MikroORM } from '@mikro-orm/postgresql';
import pg from 'pg';
import { expect, test } from 'vitest';
import { migrate, migrationSql, pendingMigrations, revert } from '../../src/database/migrate.ts';
import { migrations } from '../../src/database/migrations/index.ts';
import { createDatabase, createOrm } from '../setup/db.ts';
import { execute } from '../setup/postgres.ts';
import { readCatalogue } from './catalogue.ts';
import { insertRows, specifiedTables } from './rows.ts';

const all = ['0001-initial', '0002-foundation', '0003-live-rooms', '0004-feed', '0005-realtime-nodes'];
const afterFirst = all.slice(1);

async function withOrm<Result>(url: string, schema: string, work: (orm: MikroORM) => Promise<Result>): Promise<Result> {
  const orm = await createOrm(url, schema);
  try {
    return await work(orm);
  } finally {
    await orm.close(true);
  }
}

test('the migrations have the names that released databases remember', () => {
  expect(migrations.map((migration) => migration.name)).toEqual(all);
});

test.for(['public', 'convoke', 'Odd Name'])('migrates the schema %s, and only once', async (schema) => {
  await using database = await createDatabase();
  await withOrm(database.url, schema, async (orm) => {
    expect(await pendingMigrations(orm, schema)).toEqual({ pending: all, unknown: [] });
    expect(await migrate(orm, schema)).toEqual(all);
    expect(await pendingMigrations(orm, schema)).toEqual({ pending: [], unknown: [] });
    expect(await migrate(orm, schema)).toEqual([]);
  });
  await using migrated = await createDatabase('migrated');
  expect(await readCatalogue(database.url, schema)).toEqual(await readCatalogue(migrated.url, 'convoke'));
});

test('everything lands in the schema asked for, the types too', async () => {
  await using database = await createDatabase('migrated');
  const elsewhere = await execute(
    database.url,
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace
     union all select typname from pg_type where typnamespace = 'public'::regnamespace`,
  );
  expect(elsewhere).toEqual([]);
});

test('two schemas of one database do not touch one another', async () => {
  await using database = await createDatabase('migrated');
  expect(await withOrm(database.url, 'second', (orm) => migrate(orm, 'second'))).toEqual(all);
  await withOrm(database.url, 'second', (orm) => revert(orm, 'second'));
  expect((await readCatalogue(database.url, 'convoke')).enums).toHaveLength(12);
});

test('asking what is pending writes nothing', async () => {
  await using database = await createDatabase();
  await withOrm(database.url, 'convoke', (orm) => pendingMigrations(orm, 'convoke'));
  expect(await execute(database.url, `select from pg_namespace where nspname = 'convoke'`)).toEqual([]);
});

test('a newer database is told from an older one', async () => {
  await using database = await createDatabase('migrated');
  await execute(database.url, `insert into convoke.convoke_migrations (name) values ('0099-of-tomorrow')`);
  await withOrm(database.url, 'convoke', async (orm) => {
    expect(await pendingMigrations(orm, 'convoke')).toEqual({ pending: [], unknown: ['0099-of-tomorrow'] });
    expect(await migrate(orm, 'convoke')).toEqual([]);
  });
});

test('with nothing to do, migrating needs no right to write', async () => {
  await using database = await createDatabase('migrated');
  await configure(database.url, { default_transaction_read_only: 'on' });
  await withOrm(database.url, 'convoke', async (orm) => {
    expect(await migrate(orm, 'convoke')).toEqual([]);
    await expect(migrate(orm, 'elsewhere')).rejects.toThrow('read-only transaction');
  });
});

test.for(['read committed', 'repeatable read', 'serializable'])(
  'of five services that start at once under %s, one migrates and none fails',
  async (isolation) => {
    await using database = await createDatabase();
    await configure(database.url, { default_transaction_isolation: isolation, lock_timeout: '20ms' });
    const orms = await Promise.all(Array.from({ length: 5 }, () => createOrm(database.url)));
    const applied = await Promise.all(orms.map((orm) => migrate(orm, 'convoke')));
    expect(applied.toSorted((a, b) => b.length - a.length)).toEqual([all, [], [], [], []]);
    await Promise.all(orms.map((orm) => orm.close(true)));
  },
);

test('gives up on another process that never finishes, and says so', async () => {
  await using database = await createDatabase();
  const other = new pg.Client(database.url);
  await other.connect();
  await other.query(`select pg_advisory_lock(hashtextextended('convoke:convoke:migrate', 0))`);
  await withOrm(database.url, 'convoke', async (orm) => {
    await expect(migrate(orm, 'convoke', 150)).rejects.toMatchObject({ code: 'TIMEOUT' });
    await other.end();
    expect(await migrate(orm, 'convoke', 5_000)).toEqual(all);
  });
});

test('a failure leaves everything as it was', async () => {
  await using database = await createDatabase();
  await execute(database.url, 'create schema convoke; create table convoke.meeting_events (mine text)');
  const before = await readCatalogue(database.url, 'convoke');
  await withOrm(database.url, 'convoke', async (orm) => {
    await expect(migrate(orm, 'convoke')).rejects.toThrow('relation "meeting_events" already exists');
    expect(await pendingMigrations(orm, 'convoke')).toEqual({ pending: all, unknown: [] });
  });
  expect(await readCatalogue(database.url, 'convoke')).toEqual(before);
});

test('the connection keeps the search_path that its owner gave it', async () => {
  await using database = await createDatabase();
  const orm = await createOrm(database.url);
  const connection = orm.em.getConnection();
  const backend = () =>
    connection.execute<{ pid: number; path: string }[]>(
      `select pg_backend_pid() as pid, current_setting('search_path') as path`,
    );
  await connection.execute('set search_path to pg_catalog');
  const before = await backend();
  await migrate(orm, 'convoke');
  expect(await backend()).toEqual(before);
  await orm.close(true);
});

test('the text for psql gives the same schema, and the service takes it as migrated', async () => {
  await using byHand = await createDatabase();
  await execute(byHand.url, migrationSql('convoke'));
  await using migrated = await createDatabase('migrated');
  expect(await readCatalogue(byHand.url, 'convoke')).toEqual(await readCatalogue(migrated.url, 'convoke'));
  expect(await trackingColumns(byHand.url)).toEqual(await trackingColumns(migrated.url));
  await withOrm(byHand.url, 'convoke', async (orm) => {
    expect(await pendingMigrations(orm, 'convoke')).toEqual({ pending: [], unknown: [] });
  });
});

test('the text for psql runs whole or not at all', async () => {
  await using database = await createDatabase('migrated');
  await expect(execute(database.url, migrationSql('convoke'))).rejects.toThrow('already exists');
  expect(await execute(database.url, 'select name from convoke.convoke_migrations order by id')).toEqual(
    all.map((name) => ({ name })),
  );
});

test('later migrations keep the rows of a database that has only the first', async () => {
  await using database = await createDatabase();
  await execute(database.url, migrationSql('convoke', afterFirst));
  await execute(database.url, `set search_path to convoke; ${insertRows}`);
  const read = () => Promise.all(specifiedTables.map((table) => rowsOf(database.url, table)));
  const before = await read();
  expect(before.every((rows) => rows.length > 0)).toBe(true);

  await withOrm(database.url, 'convoke', async (orm) => {
    expect(await pendingMigrations(orm, 'convoke')).toEqual({ pending: afterFirst, unknown: [] });
    expect(await migrate(orm, 'convoke')).toEqual(afterFirst);
    const after = await read();
    expect(after).toMatchObject(before);
    expect(after[0]?.[0]).toMatchObject({
      settings: {},
      version: 1,
      ical_sequence: 0,
      series_id: null,
      template_id: null,
    });
    expect(after[2]?.[0]).toMatchObject({ role: 'Participant', expires_at: null, revoked_at: null });

    expect(await revert(orm, 'convoke', '0001-initial')).toEqual(afterFirst.toReversed());
    expect(await read()).toEqual(before);
  });
});

test('a poll of the schema before is open, closed or a draft as it was', async () => {
  await using database = await createDatabase();
  await execute(database.url, migrationSql('convoke', all.slice(2)));
  await execute(
    database.url,
    `set search_path to convoke; ${insertRows};
     insert into meeting_polls (meeting_id, creator_id, question, poll_type, options, is_active, closed_at)
     select meeting_id, creator_id, 'Over?', poll_type, options, false, now() from meeting_polls
     union all select meeting_id, creator_id, 'Soon?', poll_type, options, false, null from meeting_polls`,
  );
  await withOrm(database.url, 'convoke', (orm) => migrate(orm, 'convoke'));
  expect(
    await execute(
      database.url,
      `select question, opened_at = created_at as opened, results_visibility, allow_change, allow_abstain
       from convoke.meeting_polls order by question`,
    ),
  ).toEqual(
    [
      ['Clear?', true],
      ['Over?', true],
      ['Soon?', null],
    ].map(([question, opened]) => ({
      ...{ question, opened, results_visibility: 'afterClose', allow_change: true, allow_abstain: false },
    })),
  );
});

test('going back leaves nothing of what a migration made', async () => {
  await using database = await createDatabase();
  await execute(database.url, migrationSql('convoke', afterFirst));
  const first = await readCatalogue(database.url, 'convoke');
  await withOrm(database.url, 'convoke', async (orm) => {
    await migrate(orm, 'convoke');
    await revert(orm, 'convoke', '0001-initial');
    expect(await readCatalogue(database.url, 'convoke')).toEqual(first);
    expect(await revert(orm, 'convoke')).toEqual(['0001-initial']);
    expect(Object.values(await readCatalogue(database.url, 'convoke')).flat()).toEqual([]);
    expect(await migrate(orm, 'convoke')).toEqual(all);
  });
});

test('on the way back, sessions that were lost with a process are sessions that timed out', async () => {
  await using database = await createDatabase('migrated');
  await execute(database.url, `set search_path = convoke; ${insertRows}`);
  await execute(
    database.url,
    `insert into convoke.meeting_participant_sessions (meeting_id, auth_user_id, joined_at, left_at, left_reason)
     select id, creator_id, now(), now(), 'node-lost' from convoke.meetings limit 1`,
  );
  await withOrm(database.url, 'convoke', async (orm) => {
    expect(await revert(orm, 'convoke', '0004-feed')).toEqual(['0005-realtime-nodes']);
    const reasons = await execute(database.url, 'select left_reason from convoke.meeting_participant_sessions');
    expect(reasons).toEqual([{ left_reason: 'timed-out' }]);
  });
});

test('works on PGlite, in its public schema and in another one', { timeout: 60_000 }, async () => {
  const orm = await PgliteOrm.init({ dbName: 'memory://', entities: [], discovery: { warnWhenNoEntities: false } });
  for (const schema of ['public', 'convoke']) {
    expect(await pendingMigrations(orm, schema)).toEqual({ pending: all, unknown: [] });
    expect(await migrate(orm, schema)).toEqual(all);
    expect(await migrate(orm, schema)).toEqual([]);
    expect(await pendingMigrations(orm, schema)).toEqual({ pending: [], unknown: [] });
  }
  await orm.close(true);
});

async function rowsOf(url: string, table: string): Promise<Record<string, unknown>[]> {
  const rows = await execute<{ row: Record<string, unknown> }>(
    url,
    `select to_jsonb(t) as row from convoke.${table} t order by id`,
  );
  return rows.map(({ row }) => row);
}

function trackingColumns(url: string): Promise<object[]> {
  return execute(
    url,
    `select column_name, data_type, column_default, is_nullable, character_maximum_length
     from information_schema.columns where table_name = 'convoke_migrations' order by ordinal_position`,
  );
}

/** Settings that every later connection to a database starts with. */
async function configure(url: string, settings: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    await execute(url, `alter database "${new URL(url).pathname.slice(1)}" set ${name} = '${value}'`);
  }
}
