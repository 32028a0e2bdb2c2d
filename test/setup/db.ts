import { randomBytes } from 'node:crypto';
import { MikroORM } from '@mikro-orm/postgresql';
import { test as base, inject } from 'vitest';
import { meetingEntities } from '../../src/entities.ts';
import { databaseUrl, execute, templateSchema } from './postgres.ts';

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
}

/**
 * A database of one's own, dropped on disposal whoever is still connected: `await using database = …`.
 * Empty, or with the migrated schema `convoke` in it.
 */
export async function createDatabase(content: 'empty' | 'migrated' = 'empty'): Promise<TestDatabase> {
  const { adminUrl, template } = inject('pg');
  const name = `convoke_test_${randomBytes(6).toString('hex')}`;
  await execute(adminUrl, `create database "${name}" template "${content === 'migrated' ? template : 'template1'}"`);
  return {
    url: databaseUrl(adminUrl, name),
    async [Symbol.asyncDispose]() {
      await execute(adminUrl, `drop database "${name}" with (force)`);
    },
  };
}

/** An ORM instance that knows all entities, as a service has one. */
export function createOrm(url: string, schema = templateSchema): Promise<MikroORM> {
  return MikroORM.init({
    clientUrl: url,
    entities: [...meetingEntities],
    schema,
    contextName: `test:${schema}`,
    ensureDatabase: false,
  });
}

/** `test` with a migrated database of its own for each test file: its `url`, and an `orm` on it. */
export const test = base.extend<{ database: TestDatabase; url: string; orm: MikroORM }>({
  database: [
    // oxlint-disable-next-line no-empty-pattern -- vitest reads the destructuring
    async ({}, use) => {
      await using database = await createDatabase('migrated');
      await use(database);
    },
    { scope: 'file' },
  ],
  url: [({ database }, use) => use(database.url), { scope: 'file' }],
  orm: [
    async ({ url }, use) => {
      const orm = await createOrm(url);
      await use(orm);
      await orm.close(true);
    },
    { scope: 'file' },
  ],
});
