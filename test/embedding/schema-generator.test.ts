import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Migrator } from '@mikro-orm/migrations';
import { defineEntity, MikroORM, type Options, p } from '@mikro-orm/postgresql';
import { expect, test } from 'vitest';
import { tableNames } from '../../src/core/statement.ts';
import { migrationSql } from '../../src/database/migrate.ts';
import { meetingEntities } from '../../src/entities.ts';
import { readCatalogue } from '../database/catalogue.ts';
import { createDatabase, type TestDatabase } from '../setup/db.ts';
import { execute } from '../setup/postgres.ts';
import { Booking, openHost } from './host.ts';

/** The host’s entity in its next version: there is always something to change. */
const Renovated = defineEntity({
  name: 'Renovated',
  tableName: 'bookings',
  properties: {
    id: p.uuid().primary(),
    room: p.string(),
    meetingId: p.uuid().nullable(),
    seats: p.integer().default(1),
  },
});

/** A database with our schema in it and the host's first version, and the host's second version connected to it. */
async function renovating(database: TestDatabase, options: Partial<Options>): Promise<MikroORM> {
  const first = await openHost(database.url, options);
  await first.close(true);
  return MikroORM.init({ clientUrl: database.url, entities: [Renovated], ensureDatabase: false, ...options });
}

const told = { schemaGenerator: { ignoreSchema: ['convoke'] } };

test('a host that ignores our schema changes its own tables and leaves ours alone', async () => {
  await using database = await createDatabase('migrated');
  const before = await readCatalogue(database.url, 'convoke');
  const host = await renovating(database, told);
  const sql = await host.schema.getUpdateSchemaSQL();
  expect(sql.match(/^(?!set ).+$/gm)).toEqual(['alter table "bookings" add "seats" int not null default 1;']);
  await host.schema.update();
  expect(await readCatalogue(database.url, 'convoke')).toEqual(before);
  expect(await host.schema.getUpdateSchemaSQL()).toBe('');
  await host.close(true);
});

test('a host that does not would drop our tables, our types and the schema', async () => {
  await using database = await createDatabase('migrated');
  const host = await renovating(database, told);
  await host.close(true);
  const careless = await MikroORM.init({ clientUrl: database.url, entities: [Booking], ensureDatabase: false });
  const sql = await careless.schema.getUpdateSchemaSQL();
  expect(tableNames.filter((name) => !sql.includes(`drop table if exists "convoke"."${name}" cascade`))).toEqual([]);
  expect(sql).toContain('drop schema if exists "convoke"');
  await careless.close(true);
});

test('the same goes for migrations that the host generates', async ({ onTestFinished }) => {
  await using database = await createDatabase('migrated');
  const path = await mkdtemp(join(tmpdir(), 'convoke-host-'));
  onTestFinished(() => rm(path, { recursive: true }));
  const migrations = { path, snapshot: false, emit: 'js' as const };
  const careful = await renovating(database, { ...told, migrations, extensions: [Migrator] });
  const { diff } = await careful.migrator.create();
  expect(diff.up.filter((line) => line.includes('convoke'))).toEqual([]);
  expect(diff.up.filter((line) => line.includes('seats'))).toHaveLength(1);
  await careful.close(true);

  const careless = await MikroORM.init({
    ...{ clientUrl: database.url, entities: [Renovated], ensureDatabase: false, migrations, extensions: [Migrator] },
  });
  expect((await careless.migrator.create()).diff.up.join('\n')).toContain('drop table if exists "convoke"."meetings"');
  await careless.close(true);
});

test('a host that lists our entities and ignores our schema has nothing to change', async () => {
  await using database = await createDatabase('migrated');
  const options = { ...told, entities: [Booking, ...meetingEntities] };
  const host = await openHost(database.url, options);
  expect(await host.schema.getUpdateSchemaSQL()).toBe('');
  await host.close(true);
});

test('in the schema public, skipping our tables keeps those, but not our types', async () => {
  await using database = await createDatabase();
  await execute(database.url, migrationSql('public'));
  const skipTables = [...tableNames, 'convoke_migrations'];
  const host = await MikroORM.init({
    ...{ clientUrl: database.url, entities: [Booking], ensureDatabase: false },
    schemaGenerator: { skipTables },
  });
  const sql = await host.schema.getUpdateSchemaSQL();
  expect(sql).not.toContain('drop table');
  expect(sql).toContain('drop type "meeting_status"');
  expect(await host.schema.getUpdateSchemaSQL({ safe: true })).not.toContain('drop');
  await host.close(true);
});
