import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { postgresBackplane } from '../../src/backplanes/postgres.ts';
import { eventually, Station, wake } from '../../src/testing/backplane-stations.ts';
import { createDatabase, type TestDatabase } from '../setup/db.ts';
import { execute } from '../setup/postgres.ts';
import { TcpProxy } from '../setup/tcp-proxy.ts';
import { networkCases, suspicious, testSettings } from './contract.ts';

let database: TestDatabase;
let direct: string;
const channel = `It's "ours"`;
let proxy: TcpProxy;

beforeAll(async () => {
  database = await createDatabase();
  direct = database.url;
  proxy = await TcpProxy.create(Number(new URL(direct).port || 5432));
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function proxied(): string {
  const url = new URL(direct);
  url.host = `127.0.0.1:${proxy.port}`;
  return url.href;
}

const create = (settings = testSettings) => postgresBackplane({ url: proxied(), channel, ...settings });

async function notify(payload: string): Promise<void> {
  await execute(direct, `notify "${channel.replaceAll('"', '""')}", '${payload.replaceAll("'", "''")}'`);
}

test.each(networkCases({ create, proxy: () => proxy, maxBytes: 7_900, shout: notify }))(
  'postgres: $name',
  async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  },
);

/** Payloads that a test's own connection hears on the channel. */
async function eavesdrop(): Promise<{ payloads: string[]; client: pg.Client }> {
  const client = new pg.Client(direct);
  await client.connect();
  const payloads: string[] = [];
  client.on('notification', ({ payload = '' }) => payloads.push(payload));
  await client.query(`listen ${client.escapeIdentifier(channel)}`);
  return { payloads, client };
}

test('many wakes go as few notifications, each small enough for PostgreSQL', async () => {
  const { payloads, client } = await eavesdrop();
  const station = new Station(postgresBackplane({ url: direct, channel }));
  await station.backplane.start(station.listener);
  const streams = Array.from({ length: 300 }, (_, n) => wake(n).stream.id);
  for (let seq = 1; seq <= 50; seq++) station.backplane.publish(streams.map((id) => wake(seq, id)));
  for (const id of streams) await station.hears(wake(50, id));
  await eventually('the test hears it too', () => payloads.join().split('"wake"').length > 300);
  const filled = payloads.filter((payload) => payload.includes('wake'));
  expect(filled.join().split('"wake"').length - 1).toBe(300); // of 15 000: each stream once, at its highest
  expect(filled.length).toBeLessThan(8);
  expect(Math.max(...filled.map((payload) => Buffer.byteLength(payload)))).toBeLessThanOrEqual(7_900);
  await station.backplane.stop();
  await client.end();
});

test('one connection listens and notifies, and is gone after stopping', async () => {
  const connections = () =>
    execute<{ n: number }>(
      direct,
      `select count(*)::int as n from pg_stat_activity where application_name = 'convoke backplane' and datname = current_database()`,
    );
  const [before] = await connections();
  const station = new Station(postgresBackplane({ url: direct, channel }));
  await station.backplane.start(station.listener);
  const hint = wake(1);
  station.backplane.publish([hint]);
  await station.hears(hint);
  expect((await connections())[0]?.n).toBe((before?.n ?? 0) + 1);
  await station.backplane.stop();
  await expect.poll(async () => (await connections())[0]?.n, { timeout: 10_000 }).toBe(before?.n);
});

test('a connection that dies on the server is replaced, and something may have been missed', async () => {
  const station = new Station(postgresBackplane({ url: direct, channel }));
  await station.backplane.start(station.listener);
  await execute(
    direct,
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'convoke backplane' and datname = current_database()`,
  );
  await eventually('it says so', () => station.gaps > 0);
  expect(station.gaps).toBe(1);
  const hint = wake(1);
  station.backplane.publish([hint]);
  await station.hears(hint);
  await station.backplane.stop();
});

test('a network that swallows everything is noticed, though every connection looks alive', async () => {
  const station = new Station(create(suspicious));
  await station.backplane.start(station.listener);
  proxy.frozen = true;
  await eventually('it is noticed', () => !station.backplane.health().connected);
  proxy.frozen = false;
  await eventually('it is back', () => station.backplane.health().connected);
  expect(station.gaps).toBeGreaterThan(0);
  proxy.frozen = true;
  await station.backplane.stop();
  proxy.frozen = false;
});

test('where LISTEN is heard by nobody it is not connected, and says nothing into the void', async () => {
  let [made, ended] = [0, 0];
  const connect = async () => {
    const client = new pg.Client(direct);
    client.once('end', () => void ended++);
    await client.connect();
    made++;
    const query = client.query.bind(client);
    // As behind a pooler that gives each transaction another connection.
    const pooled = (text: string, values?: unknown[]) => query(text.startsWith('listen') ? 'select 1' : text, values);
    return { query: pooled, on: client.on.bind(client), end: () => client.end() };
  };
  const station = new Station(postgresBackplane({ connect, channel, ...suspicious }));
  await station.backplane.start(station.listener);
  station.backplane.publish([wake(1)]);
  expect(station.backplane.health()).toEqual({ connected: false, dropped: 0, queued: 1 });
  await station.backplane.stop();
  expect(station.hints).toEqual([]);
  await eventually('every client that was asked for is ended', () => made > 0 && ended === made);
});

test('a process that was held up does not take its own silence for that of the network', async () => {
  let [made, asked] = [0, 0];
  const connect = async () => {
    made++;
    const client = await connected();
    const query = (text: string, values?: unknown[]) => {
      const answer = client.query(text, values);
      // For longer than a heartbeat: the next one comes due while the answer lies unread.
      if (text.includes('pg_notify') && asked++ > 0) setImmediate(() => hold(150));
      return answer;
    };
    return { query, on: client.on.bind(client), end: () => client.end() };
  };
  const station = new Station(postgresBackplane({ connect, channel, heartbeatMs: 100 }));
  await station.backplane.start(station.listener);
  await eventually('it has been held up some times', () => asked > 6);
  expect([made, station.gaps]).toEqual([1, 0]);
  await station.backplane.stop();
});

function hold(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end;);
}

async function connected(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: direct });
  await client.connect();
  return client;
}

test('a host’s own clients do as well as a URL', async () => {
  const station = new Station(postgresBackplane({ connect: connected, channel }));
  await station.backplane.start(station.listener);
  const hint = wake(1);
  station.backplane.publish([hint]);
  await station.hears(hint);
  expect(station.backplane.health()).toEqual({ connected: true, dropped: 0, queued: 0 });
  await station.backplane.stop();
});

test('a server that is not there is waited for, not an error', async () => {
  const backplane = postgresBackplane({ url: 'postgres://nobody@127.0.0.1:1/none' });
  await backplane.start(new Station(backplane).listener);
  expect(backplane.health()).toEqual({ connected: false, dropped: 0, queued: 0 });
  await backplane.stop();
});

test('a login that is refused is a wrong setting', async () => {
  const wrong = new URL(direct);
  wrong.password = 'wrong';
  const backplane = postgresBackplane({ url: wrong.href });
  await expect(backplane.start(new Station(backplane).listener)).rejects.toMatchObject({ code: 'NOT_CONFIGURED' });
  expect(backplane.health().connected).toBe(false);
});

test.each([
  ['no way to connect', {}],
  ['two ways to connect', { url: 'postgres://localhost/app', connect: async () => new pg.Client() }],
  ['no PostgreSQL URL', { url: 'http://localhost' }],
  ['a channel of more than 63 bytes', { url: 'postgres://localhost/app', channel: 'ü'.repeat(32) }],
  ['an unknown option', { url: 'postgres://localhost/app', chanel: 'typo' }],
])('%s is refused', (_, options) => {
  expect(() => postgresBackplane(options)).toThrow(expect.objectContaining({ code: 'VALIDATION' }));
});
