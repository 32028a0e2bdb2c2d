import { EventEmitter } from 'node:events';
import { expect, test, vi } from 'vitest';
import { statement, StatementTexts } from '../../src/core/statement.ts';
import { type ConnectionPool, preparingPool, readCommitted, resilientPool } from '../../src/database/pool.ts';

/** As far as `pg` clients are used here: queries are answered by whatever the test says. */
class FakeClient extends EventEmitter {
  readonly asked: unknown[][] = [];
  answer: () => unknown = () => Promise.resolve({ rows: [] });
  release?: (error?: Error | boolean) => void;

  query(...call: unknown[]): unknown {
    this.asked.push(call);
    return this.answer();
  }
}

/** As far as `pg` pools are used here, with their one rule about giving back: once. */
class FakePool extends EventEmitter implements ConnectionPool {
  readonly returned: (Error | boolean | undefined)[] = [];

  connect(): FakeClient {
    const client = new FakeClient();
    this.emit('connect', client);
    this.lend(client);
    return client;
  }

  lend(client: FakeClient): void {
    let released = false;
    client.release = (error) => {
      if (released) throw new Error('Release called on client which has already been released to the pool.');
      released = true;
      this.returned.push(error);
    };
  }
}

function resilient() {
  const pool = new FakePool();
  resilientPool(pool);
  return { pool, client: pool.connect() };
}

test('a client that dies in somebody’s hands goes back at once, with what killed it', () => {
  const { pool, client } = resilient();
  const death = new Error('Connection terminated unexpectedly');
  client.emit('error', death);
  expect(pool.returned).toEqual([death]);
});

test('its slot is freed once, whatever else it says and whoever else gives it back', () => {
  const { pool, client } = resilient();
  client.emit('error', new Error('first'));
  client.emit('error', new Error('second'));
  client.emit('end');
  client.release?.();
  expect(pool.returned).toHaveLength(1);
});

test('a client that ends without a word is not lent out again', () => {
  const { pool, client } = resilient();
  client.emit('end');
  expect(pool.returned).toEqual([expect.objectContaining({ message: 'connection ended' })]);
});

test('a client that dies in the pool is the pool’s own affair', () => {
  const { pool, client } = resilient();
  client.release?.();
  expect(() => client.emit('error', new Error('idle death'))).not.toThrow();
  expect(pool.returned).toEqual([undefined]);
});

test('a client that dies before it was ever lent out harms nobody', () => {
  const pool = new FakePool();
  resilientPool(pool);
  const client = new FakeClient();
  pool.emit('connect', client);
  expect(() => client.emit('end')).not.toThrow();
});

test('a client that lives is given back by whoever holds it, as often as it is lent', () => {
  const { pool, client } = resilient();
  client.release?.();
  pool.lend(client);
  client.release?.();
  expect(pool.returned).toEqual([undefined, undefined]);
});

test('a client that no longer answers goes back when its time is up, and the caller hears why', async () => {
  const { pool, client } = resilient();
  const silence = new Error('Query read timeout');
  client.answer = () => Promise.reject(silence);
  await expect(client.query('select 1')).rejects.toBe(silence);
  expect(pool.returned).toEqual([silence]);
});

test('a client whose statement fails stays with whoever holds it', async () => {
  const { pool, client } = resilient();
  client.answer = () => Promise.reject(new Error('duplicate key'));
  await expect(client.query('insert')).rejects.toThrow('duplicate key');
  expect(pool.returned).toEqual([]);
});

test('a failure is reported to the caller alone', async () => {
  const unhandled = vi.fn<(reason: unknown) => void>();
  process.on('unhandledRejection', unhandled);
  const { client } = resilient();
  for (const message of ['Query read timeout', 'duplicate key']) {
    client.answer = () => Promise.reject(new Error(message));
    await expect(client.query('insert')).rejects.toThrow(message);
  }
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

test('queries that answer by callback pass through untouched', () => {
  const { client } = resilient();
  const [callback, cursor] = [() => {}, { submit: () => {} }];
  client.answer = () => cursor;
  expect(client.query('select', ['a'], callback)).toBe(cursor);
  expect(client.asked).toEqual([['select', ['a'], callback]]);
});

const prepared = statement('listed', (t) => `select 1 from ${t.meetings} where id = $1`);
const planned = statement('unlisted', (t) => `select count(*) from ${t.meetings}`, { prepare: false });

test('statements on the list are prepared under their names, and nothing else is', async () => {
  const texts = new StatementTexts('convoke');
  const pool = new FakePool();
  preparingPool(pool, texts);
  const client = pool.connect();
  const [text, other] = [texts.text(prepared), texts.text(planned)];
  const config = { text };
  await client.query(text, ['a']);
  await client.query(other, []);
  await client.query('begin');
  await client.query(config);
  expect(client.asked).toEqual([
    [{ name: 'convoke.listed', text, values: ['a'] }],
    [other, []],
    ['begin', undefined],
    [config, undefined],
  ]);
});

test('both may watch over the same pool', async () => {
  const texts = new StatementTexts('convoke');
  const pool = new FakePool();
  preparingPool(pool, texts);
  resilientPool(pool);
  const client = pool.connect();
  client.answer = () => Promise.reject(new Error('Query read timeout'));
  await expect(client.query(texts.text(prepared), ['a'])).rejects.toThrow('read timeout');
  expect(client.asked).toEqual([[{ name: 'convoke.listed', text: texts.text(prepared), values: ['a'] }]]);
  expect(pool.returned).toHaveLength(1);
});

test('a new connection reads what was committed while it waited', async () => {
  const client = new FakeClient();
  await readCommitted(client);
  expect(client.asked).toEqual([['set session characteristics as transaction isolation level read committed']]);
});
