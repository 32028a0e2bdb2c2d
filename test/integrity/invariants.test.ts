import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tablesOf } from '../../src/core/statement.ts';
import { checkIntegrity } from '../../src/integrity/integrity.ts';
import { invariants } from '../../src/integrity/invariants/index.ts';
import { createDatabase, type TestDatabase } from '../setup/db.ts';
import { expectIntegrity, statementRunner } from '../setup/integrity.ts';
import { brokenRows, brokenSecrets, secret } from './broken-rows.ts';
import { soundData } from './sound-data.ts';

const schema = 'convoke';

interface Block {
  level: string;
  needs: string[];
  about: string;
  sql: string;
}

/** The vendored texts, block by block. */
function fixture(): Map<string, Block> {
  const text = readFileSync(new URL('../fixtures/invariants.sql', import.meta.url), 'utf8');
  const blocks = new Map<string, Block>();
  const heading = /^-- @id (\S+) @level (\S+)(?: @ext (\S+))? {2}(.*)$/;
  let current: Block | null = null;
  for (const line of text.split('\n')) {
    const [, id, level = '', needs, about = ''] = heading.exec(line) ?? [];
    if (id !== undefined) blocks.set(id, (current = { level, needs: needs?.split(',') ?? [], about, sql: '' }));
    else if (current !== null && !line.startsWith('--')) current.sql += ` ${line}`;
  }
  return blocks;
}

/** One line, with the bare table names that the vendored texts have. */
const normal = (sql: string) =>
  sql
    .replaceAll(/"convoke"\."(\w+)"/g, '$1')
    .replaceAll(/\s+/g, ' ')
    .replace(/ ?; ?$/, '')
    .trim();

describe('the shipped invariants are the vendored ones', () => {
  const blocks = fixture();

  test('one for one', () => {
    expect(invariants.map(({ id }) => id).toSorted()).toEqual([...blocks.keys()].toSorted());
    expect(new Set(invariants.map(({ id }) => id)).size).toBe(invariants.length);
  });

  test.each(invariants)('$id: $about', ({ id, level, needs = [], about, sql }) => {
    const block = blocks.get(id);
    expect({ level, needs, about, sql: normal(sql(tablesOf(schema))) }).toEqual({
      ...block,
      sql: normal(block?.sql ?? ''),
    });
  });
});

describe('on a schema without rows', () => {
  test('every invariant is asked', async () => {
    await using database = await createDatabase('migrated');
    await using client = await connected(database.url);
    const report = await checkIntegrity(statementRunner(client, schema), schema);
    expect(report.violations).toEqual([]);
    expect(report.skipped).toEqual([]);
    expect(new Set(report.checked)).toEqual(new Set(invariants.map(({ id }) => id)));
  });

  test('a missing table skips what reads it and nothing else', async () => {
    await using database = await createDatabase('migrated');
    await using client = await connected(database.url);
    await client.query(
      `drop table ${schema}.meeting_waitlist_entries; alter table ${schema}.meetings drop column settings`,
    );
    const { skipped } = await checkIntegrity(statementRunner(client, schema), schema);
    expect(skipped).toEqual(
      expect.arrayContaining([
        { id: 'V01', missing: ['meeting_waitlist_entries'] },
        { id: 'P03', missing: ['meetings.settings'] },
      ]),
    );
    expect(skipped).toHaveLength(2);
  });

  test('a schema that is not there at all is an error, not a clean report', async () => {
    await using database = await createDatabase('migrated');
    await using client = await connected(database.url);
    await expect(checkIntegrity(statementRunner(client, 'elsewhere'), 'elsewhere')).rejects.toThrow(/does not exist/);
  });
});

test('a test file that leaves a broken row behind is told so', async () => {
  await using database = await createDatabase('migrated');
  await expectIntegrity(database.url);
  await using client = await connected(database.url);
  await client.query(`insert into ${schema}.meetings (title, meeting_type, creator_id, scheduled_start_time, scheduled_end_time)
    values ('Nobody is its Host', 'Social', gen_random_uuid(), now(), now() + interval '1 h')`);
  await expect(expectIntegrity(database.url)).rejects.toThrow(/left behind:\nM16 \S+ hosts=0/);
});

describe('on a small world', () => {
  let database: TestDatabase;
  let client: Client & AsyncDisposable;

  beforeAll(async () => {
    database = await createDatabase('migrated');
    client = await connected(database.url);
    await client.query(`set search_path = ${schema}`);
    await client.query(soundData);
  });

  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  async function broken<T>(change: string, look: () => Promise<T>): Promise<T> {
    await client.query('begin');
    try {
      const { rowCount } = await client.query(change);
      if (rowCount === 0) throw new Error(`changes no row: ${change}`);
      // Statements must not lean on search_path: the host's may be anything.
      await client.query('set local search_path = pg_catalog');
      return await look();
    } finally {
      await client.query('rollback');
    }
  }

  test('all of them hold', async () => {
    const { violations, skipped } = await checkIntegrity(statementRunner(client, schema), schema);
    expect(violations).toEqual([]);
    expect(skipped).toEqual([]);
  });

  test.each(invariants)('$id fires: $about', async ({ id, sql }) => {
    const changes = brokenRows[id] ?? [];
    expect(changes.length).toBeGreaterThan(0);
    for (const change of changes) {
      const { rows } = await broken(change, () => client.query<{ id: string; detail: string }>(sql(tablesOf(schema))));
      const row = { id: expect.any(String), detail: expect.any(String) };
      expect({ change, rows }).toEqual({ change, rows: expect.arrayContaining([row]) });
    }
  });

  test('a violation says which row of which invariant, and what disagrees', async () => {
    const [change = ''] = brokenRows.M07 ?? [];
    const { violations } = await broken(change, () => checkIntegrity(statementRunner(client, schema), schema));
    expect(violations).toEqual([
      {
        invariant: 'M07',
        about: 'counter = distinct participants present, never connections (THE drift check)',
        level: 'error',
        id: '00000000-0000-4000-8000-000000002000',
        detail: 'counter=3 present=2',
      },
    ]);
  });

  test.each(Object.entries(brokenSecrets))('%s does not quote what people wrote', async (id, change) => {
    const report = await broken(change, () => checkIntegrity(statementRunner(client, schema), schema));
    expect(report.violations).toEqual(
      expect.arrayContaining([expect.objectContaining({ invariant: id, detail: null })]),
    );
    expect(JSON.stringify(report)).not.toContain(secret);
  });

  test('an invariant broken everywhere is reported a thousand times, not a million', async () => {
    const change = `insert into meeting_events (stream_kind, stream_id, seq, type, occurred_at)
      select 1, gen_random_uuid(), 1, 'meeting.started', now() from generate_series(1, 1500)`;
    const { violations } = await broken(change, () => checkIntegrity(statementRunner(client, schema), schema));
    expect(violations.filter(({ invariant }) => invariant === 'X06')).toHaveLength(1000);
  });
});

async function connected(url: string): Promise<Client & AsyncDisposable> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}
