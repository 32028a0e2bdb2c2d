import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Cluster } from './cluster.ts';
import { isCommit, Proxy } from './proxy.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.create();
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await cluster.query('drop table if exists written; create table written (n integer)');
});

async function connected(url: string, options: { query_timeout?: number } = {}): Promise<Client> {
  const client = new Client({ connectionString: url, ...options });
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function written(): Promise<number[]> {
  const found = await cluster.query<{ n: number }>('select n from written order by n');
  return found.map((row) => row.n);
}

test('passes everything on when nothing is wrong', async () => {
  await using proxy = await Proxy.create(cluster.port);
  const client = await connected(proxy.url(cluster.url));
  await client.query('insert into written values ($1)', [1]);
  const large = 'x'.repeat(3_000_000);
  const { rows } = await client.query<{ length: number }>('select length($1) as length', [large]);
  expect(rows).toEqual([{ length: large.length }]);
  await client.end();
  expect(await written()).toEqual([1]);
  expect(proxy.cuts).toBe(0);
  await expect.poll(() => proxy.connections).toBe(0);
});

test('a commit whose answer is cut has happened, and the client hears only that the connection is gone', async () => {
  await using proxy = await Proxy.create(cluster.port);
  const client = await connected(proxy.url(cluster.url));
  proxy.cutAnswer = isCommit;
  await client.query('begin');
  await client.query('insert into written values (1)');
  await expect(client.query('commit')).rejects.toThrow(/ECONNRESET|terminated/);
  expect(proxy.cuts).toBe(1);
  expect(await written()).toEqual([1]);
});

test('a commit that is cut before has not happened', async () => {
  await using proxy = await Proxy.create(cluster.port);
  const client = await connected(proxy.url(cluster.url));
  proxy.cutBefore = isCommit;
  await client.query('begin');
  await client.query('insert into written values (1)');
  await expect(client.query('commit')).rejects.toThrow(/ECONNRESET|terminated/);
  expect(proxy.cuts).toBe(1);
  expect(await written()).toEqual([]);
});

test('any statement can be chosen, also one with parameters', async () => {
  await using proxy = await Proxy.create(cluster.port);
  const client = await connected(proxy.url(cluster.url));
  proxy.cutAnswer = (sql) => sql.startsWith('insert');
  await client.query('select $1::int', [1]);
  await expect(client.query('insert into written values ($1)', [7])).rejects.toThrow(/ECONNRESET|terminated/);
  expect(await written()).toEqual([7]);
});

test('a reset breaks every connection at once', async () => {
  await using proxy = await Proxy.create(cluster.port);
  const clients = await Promise.all([1, 2, 3].map(() => connected(proxy.url(cluster.url))));
  const waiting = clients.map((client) => client.query('select pg_sleep(30)'));
  expect(proxy.resetAll()).toBe(3);
  const outcomes = await Promise.allSettled(waiting);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected', 'rejected']);
});

test('in a black hole only the client itself can end its waiting; what was sent arrives when the network is back', async () => {
  await using proxy = await Proxy.create(cluster.port);
  const client = await connected(proxy.url(cluster.url), { query_timeout: 200 });
  proxy.blackhole = true;
  await expect(client.query('insert into written values (1)')).rejects.toThrow(/timeout/);
  expect(await written()).toEqual([]);
  proxy.blackhole = false;
  await expect.poll(written).toEqual([1]);
});

test('latency delays each way and keeps the order of packets', async () => {
  await using proxy = await Proxy.create(cluster.port);
  const client = await connected(proxy.url(cluster.url));
  proxy.latencyMs = 50;
  const large = Array.from({ length: 200_000 }, (_, n) => String(n)).join();
  const started = performance.now();
  const { rows } = await client.query<{ same: boolean }>(
    'select $1 = string_agg(n::text, $2 order by n) as same from generate_series(0, 199999) n',
    [large, ','],
  );
  expect(performance.now() - started).toBeGreaterThanOrEqual(2 * 50 - 2);
  expect(rows).toEqual([{ same: true }]);
  await client.end();
});

test('a server that goes away is heard out', async () => {
  await using proxy = await Proxy.create(cluster.port);
  const client = await connected(proxy.url(cluster.url));
  const waiting = client.query('select pg_sleep(30)').catch((error: unknown) => error);
  const sleeping = `from pg_stat_activity where query = 'select pg_sleep(30)'`;
  await expect.poll(() => cluster.query(`select 1 ${sleeping}`)).not.toEqual([]);
  await cluster.query(`select pg_terminate_backend(pid) ${sleeping}`);
  expect(await waiting).toMatchObject({ message: 'terminating connection due to administrator command' });
});
