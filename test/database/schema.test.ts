import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { migrationSql } from '../../src/database/migrate.ts';
import { migrations } from '../../src/database/migrations/index.ts';
import { createDatabase } from '../setup/db.ts';
import { execute } from '../setup/postgres.ts';
import { additions } from './additions.ts';
import { type Catalogue, readCatalogue } from './catalogue.ts';

const ddl = readFileSync(new URL('../fixtures/schema.sql', import.meta.url), 'utf8');

/** The catalogue after the vendored DDL alone, and after all migrations. */
let before: Catalogue;
let after: Catalogue;

beforeAll(async () => {
  await using specified = await createDatabase();
  await execute(specified.url, ddl);
  before = await readCatalogue(specified.url, 'public');
  await using migrated = await createDatabase('migrated');
  after = await readCatalogue(migrated.url, 'convoke');
});

test('the vendored DDL holds what is compared below', () => {
  const { columns, constraints, indexes, enums } = before;
  expect(new Set(columns.map((line) => line.split('.')[0])).size).toBe(13);
  expect(enums).toHaveLength(12);
  expect(indexes.filter((line) => line.startsWith('CREATE INDEX idx_'))).toHaveLength(28);
  expect(constraints.filter((line) => line.includes(' PRIMARY KEY '))).toHaveLength(13);
  expect(constraints.filter((line) => line.includes(' UNIQUE '))).toHaveLength(5);
  expect(constraints.filter((line) => line.includes(' FOREIGN KEY '))).toHaveLength(13);
});

test('the first migration makes exactly the vendored DDL', async () => {
  await using database = await createDatabase();
  const later = migrations.slice(1).map((migration) => migration.name);
  await execute(database.url, migrationSql('convoke', later));
  expect(await readCatalogue(database.url, 'convoke')).toEqual(before);
});

test('after all migrations everything of the vendored DDL stands as written', () => {
  expect(missing(before.columns, after.columns)).toEqual([]);
  expect(missing(before.constraints, after.constraints)).toEqual([]);
  expect(missing(before.notNulls, after.notNulls)).toEqual([]);
  expect(missing(before.indexes, after.indexes)).toEqual([]);
  expect(after.enums).toEqual(before.enums);
});

test('added columns come after the ones of the vendored DDL', () => {
  const tables = new Set(before.columns.map((line) => line.split('.')[0]));
  for (const table of tables) {
    const columnsOf = (catalogue: Catalogue) => catalogue.columns.filter((line) => line.startsWith(`${table}.`));
    expect(columnsOf(after).slice(0, columnsOf(before).length)).toEqual(columnsOf(before));
  }
});

test('what is added to the vendored DDL is listed', () => {
  expect({
    columns: missing(after.columns, before.columns),
    constraints: missing(after.constraints, before.constraints),
    indexes: missing(after.indexes, before.indexes),
    enums: missing(after.enums, before.enums),
    storage: missing(after.storage, before.storage),
  }).toEqual(additions);
});

test('added columns leave rows valid that know only the vendored DDL', () => {
  const tables = new Set(before.columns.map((line) => line.split('.')[0]));
  const required = additions.columns.filter(
    (line) => tables.has(line.split('.')[0]) && line.includes(' not null') && !line.includes(' default '),
  );
  expect(required).toEqual([]);
});

test('every foreign key has an index that leads with it, so deleting what it points to reads no whole table', async () => {
  await using database = await createDatabase('migrated');
  // A composite key is found by its last column: the meeting's id alone would still read the whole meeting.
  const bare = await execute<{ line: string }>(
    database.url,
    `select k.conrelid::regclass || '.' || k.conname as line from pg_constraint k
     where k.contype = 'f' and k.connamespace = 'convoke'::regnamespace and not exists (
       select from pg_index i where i.indrelid = k.conrelid and i.indkey[0] = k.conkey[cardinality(k.conkey)]
         and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) ~ '^\\(\\w+ IS NOT NULL\\)$'))`,
  );
  expect(bare).toEqual([]);
});

function missing(from: string[], others: string[]): string[] {
  return from.filter((line) => !others.includes(line));
}
