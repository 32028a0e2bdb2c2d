/** Makes the data, set by set, with the indexes as they are migrated. */
import pg from 'pg';
import { idFunctions } from './ids.ts';
import type { Layout } from './layout.ts';
import { insertsOf, type MeetingBatch } from './meetings.ts';

export type Progress = (line: string) => void;

/** Meetings made by one statement. */
const chunk = 100_000;

/**
 * Fills a migrated schema. Keys are not checked row by row and indexes are made at the end, as a restore does it: the rows
 * follow from numbers, and {@link insertsOf} is held to the schema's rules by the checks, which use it too.
 */
export async function fill(url: string, layout: Layout, progress: Progress): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(`set search_path = convoke; set session_replication_role = replica; set synchronous_commit = off;
      set maintenance_work_mem = '1GB'; set max_parallel_maintenance_workers = 2; set work_mem = '256MB'`);
    await client.query(idFunctions);
    const indexes = await dropIndexes(client);
    const { background, ...pools } = layout;
    for (let done = 0; done < background.count; done += chunk) {
      const count = Math.min(chunk, background.count - done);
      await make(client, { ...background, first: background.first + done, count });
      progress(`${(done + count).toLocaleString('en')} of ${background.count.toLocaleString('en')} meetings`);
    }
    for (const batch of Object.values(pools)) await make(client, batch);
    progress('the meetings that are acted on');
    for (const [index, definition] of indexes.entries()) {
      await client.query(definition);
      if (index % 8 === 7) progress(`${index + 1} of ${indexes.length} indexes`);
    }
    await client.query('drop schema bench cascade');
    progress('vacuum and analyse');
    await client.query('vacuum (analyze)');
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
}

/** Without the detour over indexes, for a few meetings in a database that is in use. */
export async function make(client: pg.Client | pg.Pool, batch: MeetingBatch): Promise<void> {
  for (const { text } of insertsOf(batch)) await client.query(text);
}

/** Drops every index that is no constraint's, and gives back how to make it again. */
async function dropIndexes(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; definition: string }>(`
    select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
    from pg_index i join pg_class c on c.oid = i.indexrelid
    where c.relnamespace = 'convoke'::regnamespace
      and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
    order by i.indrelid::regclass::text, name`);
  for (const { name } of rows) await client.query(`drop index ${name}`);
  return rows.map(({ definition }) => definition);
}
