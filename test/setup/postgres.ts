/**
 * Vitest global setup: one PostgreSQL server for the whole run, one migrated template database.
 * `DATABASE_URL=postgres://user:pass@host/db` uses that server (the role needs CREATEDB); without it an
 * embedded PostgreSQL 18 is started on a free port and removed afterwards.
 */
import { MikroORM } from '@mikro-orm/postgresql';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/database/migrate.ts';
import { startServer } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    pg: { adminUrl: string; template: string };
  }
}

/** The schema that the template database holds migrated. */
export const templateSchema = 'convoke';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = process.env.DATABASE_URL
    ? { url: process.env.DATABASE_URL, stop: async () => {} }
    : await startServer();
  const template = `convoke_tmpl_${process.pid}`;
  await execute(server.url, `create database "${template}"`);
  const orm = await MikroORM.init({
    clientUrl: databaseUrl(server.url, template),
    entities: [],
    discovery: { warnWhenNoEntities: false },
  });
  await migrate(orm, templateSchema);
  await orm.close(true);
  project.provide('pg', { adminUrl: server.url, template });
  return async () => {
    await execute(server.url, `drop database if exists "${template}" with (force)`);
    await server.stop();
  };
}

export function databaseUrl(url: string, database: string): string {
  const result = new URL(url);
  result.pathname = `/${database}`;
  return result.href;
}

/** Runs a text of one or more statements and returns the rows of the last one. */
export async function execute<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const result: pg.QueryResult<Row> | pg.QueryResult<Row>[] = await client.query<Row>(sql);
    return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
  } finally {
    await client.end();
  }
}
