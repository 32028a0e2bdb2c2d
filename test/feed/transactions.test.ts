/** What other transactions do to the order in which events may be read. */
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { openLog } from '../events/log.ts';
import { createDatabase } from '../setup/db.ts';
import { execute } from '../setup/postgres.ts';
import { fails, openService } from '../setup/service.ts';
import { append, becomes, idsInLog, quick, recording, soon, test } from './feeding.ts';

async function openClient(url: string) {
  const client = new pg.Client(url);
  await client.connect();
  await client.query('begin');
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

const times = () => ({
  ...({ title: 'Review', meetingType: 'Review' } as const),
  ...{ scheduledStartTime: new Date(Date.now() + 60_000), scheduledEndTime: new Date(Date.now() + 120_000) },
});

test('a transaction that stays open holds back what comes after it, and loses nothing', async ({
  log,
  service,
  reader,
  url,
}) => {
  await using client = await openClient(url);
  const { done, handler } = recording();
  const consumer = await service.consume(reader, handler, quick);
  const { id } = await service.as({ userId: newId() }, { client }).meetings.schedule(times());
  const later = await append(log, 3);
  await expect.poll(() => consumer.lag(), soon).toMatchObject({ events: 3 });
  // A dozen looks at the log.
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(done).toEqual([]);
  await client.query('commit');
  const mine = await idsInLog(url, `stream_id = '${id}'`);
  expect(mine).toHaveLength(1);
  await becomes(done, [...mine, ...later]);
  await expect.poll(() => consumer.lag(), soon).toEqual({ events: 0, oldest: null });
});

test('a consumer that begins while a transaction is open gets what that one commits', async ({
  log,
  service,
  reader,
  url,
}) => {
  await using client = await openClient(url);
  const { id } = await service.as({ userId: newId() }, { client }).meetings.schedule(times());
  const before = await append(log, 1);
  const { done, handler } = recording();
  await service.consume(reader, handler, quick);
  const after = await append(log, 1);
  await client.query('commit');
  const mine = await idsInLog(url, `stream_id = '${id}'`);
  // What was committed before, but after the open one began, comes besides: rather once too often than not at all.
  await becomes(done, [...mine, ...before, ...after]);
});

/** As the guide has it. */
async function putInOrder(url: string): Promise<void> {
  const guide = await readFile(new URL('../../docs/feed.md', import.meta.url), 'utf8');
  await execute(url, /```sql\n(begin;\n[^`]*)```/.exec(guide)?.[1] ?? 'the guide says nothing');
}

test('a log that was restored from another cluster is refused until it is put in order, and then nothing is lost', async ({
  reader,
}) => {
  await using database = await createDatabase('migrated');
  await using log = await openLog(database.url, {});
  await using service = await openService(database.url);
  const { done, handler } = recording(() => undefined);
  const consumer = await service.consume(reader, handler, { ...quick, from: 'beginning' });
  const old = await append(log, 3);
  await becomes(done, old);
  await expect.poll(() => consumer.lag(), soon).toMatchObject({ events: 0 });
  await consumer.stop();
  await execute(database.url, `update convoke.meeting_events set tx = '9000000000000000000'`);
  await fails(service.consume(reader, handler, quick), 'CONFLICT');
  await putInOrder(database.url);
  const again = await service.consume(reader, handler, quick);
  const more = await append(log, 2);
  await becomes(done, [...old, ...more]);
  expect(await again.replay({ from: new Date(0) })).toBe(1);
  await becomes(done, [...old, ...more, ...old, ...more]);
});

test('what a host rolls back never comes, and what it commits does', async ({ log, service, reader, url }) => {
  await using client = await openClient(url);
  const { done, handler } = recording();
  await service.consume(reader, handler, quick);
  const host = service.as({ userId: newId() }, { client });
  const lost = await host.meetings.schedule(times());
  await client.query('rollback');
  await client.query('begin');
  const kept = await host.meetings.schedule(times());
  await client.query('savepoint undone');
  await host.meetings.cancel(kept.id);
  await client.query('rollback to savepoint undone');
  await client.query('commit');
  const last = await append(log, 1);
  const mine = await idsInLog(url, `stream_id = '${kept.id}'`);
  await becomes(done, [...mine, ...last]);
  expect(await idsInLog(url, `stream_id = '${lost.id}'`)).toEqual([]);
});
