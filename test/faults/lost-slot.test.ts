/**
 * The query builder beneath the ORM gives a client back only after a COMMIT or ROLLBACK that worked, so each connection that dies
 * in a transaction costs a pool a slot. Should the first test ever fail, the library has mended it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ConnectionPool, resilientPool } from '../../src/database/pool.ts';
import { Cluster } from './cluster.ts';

const slots = 2;
let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.create();
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

function open(driverOptions: object): Promise<MikroORM> {
  return MikroORM.init({
    clientUrl: cluster.url,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    driverOptions: { max: slots, connectionTimeoutMillis: 500, ...driverOptions },
  });
}

/** A transaction whose connection is taken from under it. */
async function die(orm: MikroORM): Promise<unknown> {
  const em = orm.em.fork();
  return em
    .transactional(async (inner) => {
      const [row] = await inner.execute<{ pid: number }[]>('select pg_backend_pid() as pid');
      await cluster.query(`select pg_terminate_backend(${row?.pid})`);
      await inner.execute('select 1');
    })
    .catch((error: unknown) => error);
}

test('a plain pool loses a slot with each connection that dies in a transaction, until none is left', async () => {
  const orm = await open({});
  for (let n = 0; n < slots; n++) expect(await die(orm)).toBeInstanceOf(Error);
  expect(
    await cluster.query(
      `select 1 from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
    ),
  ).toEqual([]);
  await expect(orm.em.fork().execute('select 1')).rejects.toThrow('timeout exceeded when trying to connect');
  const closing = orm.close(true).then(() => 'closed');
  expect(await Promise.race([closing, pause(200, 'still waiting for clients that are gone')])).not.toBe('closed');
});

test.for([
  ['handed its pool', { onPoolCreated: resilientPool }],
  ['wrapped by the host', { onPoolCreated: (pool: ConnectionPool) => resilientPool(pool) }],
] as const)('a resilient pool, %s, outlives them all', async ([, options]) => {
  const orm = await open(options);
  for (let n = 0; n < 5 * slots; n++) expect(await die(orm)).toBeInstanceOf(Error);
  const sleeps = Array.from({ length: slots }, () => orm.em.fork().execute('select pg_sleep(0.05)'));
  await Promise.all(sleeps);
  expect(await orm.em.fork().execute('select 1 as one')).toEqual([{ one: 1 }]);
  await orm.close(true);
});
