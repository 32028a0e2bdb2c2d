import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { Cluster } from './cluster.ts';

/** Writes numbered rows until the connection dies; resolves to how many were acknowledged. */
async function writeUntilKilled(url: string, kill: () => Promise<unknown>): Promise<number> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  await client.query('create table if not exists written (n integer primary key)');
  let acknowledged = 0;
  const killed = pause(200).then(kill);
  try {
    for (;;) {
      await client.query(`insert into written values (${acknowledged + 1})`);
      acknowledged++;
    }
  } catch {
    await killed;
    return acknowledged;
  }
}

async function rows(cluster: Cluster): Promise<number> {
  const [row] = await cluster.query<{ n: number }>('select count(*)::int as n from written');
  return row?.n ?? -1;
}

test('a killed server starts again on the same data and keeps every row it acknowledged', async () => {
  await using cluster = await Cluster.create();
  const acknowledged = await writeUntilKilled(cluster.url, () => cluster.kill9());
  expect(acknowledged).toBeGreaterThan(0);
  await expect(cluster.query('select 1')).rejects.toThrow(/ECONNREFUSED/);
  await cluster.start();
  expect(cluster.log()).toContain('was not properly shut down');
  // One more may have been committed whose acknowledgement never came.
  expect([acknowledged, acknowledged + 1]).toContain(await rows(cluster));
});

test('without durability rows that were acknowledged are lost, so a loss would be seen', async () => {
  const settings = { fsync: 'off', synchronous_commit: 'off', wal_writer_delay: '10s' };
  await using cluster = await Cluster.create({ settings });
  await cluster.query('create table written (n integer primary key)');
  await cluster.query('checkpoint');
  const acknowledged = await writeUntilKilled(cluster.url, () => cluster.kill9());
  await cluster.start();
  expect(await rows(cluster)).toBeLessThan(acknowledged);
});

test('a killed backend takes every connection with it, and the same server goes on', async () => {
  await using cluster = await Cluster.create();
  const acknowledged = await writeUntilKilled(cluster.url, () => cluster.killBackend('any'));
  await expect.poll(() => rows(cluster), { timeout: 10_000 }).toBeGreaterThanOrEqual(acknowledged);
  expect(cluster.log()).toContain('terminated by signal 9');
});

test('a stopped cluster keeps its data', async () => {
  await using cluster = await Cluster.create();
  await cluster.query('create table written (n integer primary key); insert into written values (1)');
  await cluster.stop();
  await cluster.start();
  expect(await rows(cluster)).toBe(1);
  expect(cluster.log()).not.toContain('was not properly shut down');
});
