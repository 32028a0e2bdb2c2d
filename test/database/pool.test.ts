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
    this.emit('acquire', client);
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

function preparing(schema = 'convoke') {
  const texts = new StatementTexts(schema);
  const pool = new FakePool();
  const stop = preparingPool(pool, texts);
  return { texts, pool, stop, text: texts.text(prepared), name: texts.preparedName(texts.text(prepared)) };
}

test('statements on the list are prepared under their names, and nothing else is', async () => {
  const { texts, pool, text, name } = preparing();
  const client = pool.connect();
  const other = texts.text(planned);
  const [config, callback] = [{ text }, () => {}];
  await client.query(text, ['a']);
  await client.query(text, ['a'], callback);
  await client.query(other, []);
  await client.query('begin');
  await client.query(config);
  await client.query(text, callback);
  expect(name).toMatch(/^convoke\.listed\.[0-9a-f]{12}$/);
  expect(client.asked).toEqual([
    [{ name, text, values: ['a'] }],
    [{ name, text, values: ['a'] }, callback],
    [other, []],
    ['begin', undefined],
    [config, undefined],
    [text, callback],
  ]);
});

test('a name belongs to one text: the same statement in another schema has another', () => {
  const [one, same, other] = [preparing(), preparing(), preparing('elsewhere')];
  expect(same.name).toBe(one.name);
  expect(other.name).not.toBe(one.name);
  expect(other.name).toMatch(/^convoke\.listed\./);
});

test('a client that was there before is prepared from its next use on, and wrapped once', async () => {
  const pool = new FakePool();
  const client = pool.connect();
  const texts = new StatementTexts('convoke');
  preparingPool(pool, texts);
  pool.lend(client);
  const once = Reflect.get(client, 'query');
  pool.lend(client);
  expect(Reflect.get(client, 'query')).toBe(once);
  const text = texts.text(prepared);
  await client.query(text, ['a']);
  expect(client.asked).toEqual([[{ name: texts.preparedName(text), text, values: ['a'] }]]);
});

test('several lists share a pool; one that was taken off prepares no more, and leaves nothing behind', async () => {
  const { pool, stop, text, name } = preparing();
  const other = new StatementTexts('elsewhere');
  const elsewhere = other.text(prepared);
  const stops = Array.from({ length: 20 }, () => preparingPool(pool, other));
  expect(pool.listenerCount('acquire')).toBe(1);
  const client = pool.connect();
  const asked = async () => {
    client.asked.length = 0;
    await client.query(text, []);
    await client.query(elsewhere, []);
    return client.asked;
  };
  const named = [{ name: other.preparedName(elsewhere), text: elsewhere, values: [] }];
  expect(await asked()).toEqual([[{ name, text, values: [] }], named]);
  stop();
  expect(await asked()).toEqual([[text, []], named]);
  for (const one of stops) one();
  expect(await asked()).toEqual([
    [text, []],
    [elsewhere, []],
  ]);
});

test('both may watch over the same pool', async () => {
  const { pool, text, name } = preparing();
  resilientPool(pool);
  const client = pool.connect();
  client.answer = () => Promise.reject(new Error('Query read timeout'));
  await expect(client.query(text, ['a'])).rejects.toThrow('read timeout');
  expect(client.asked).toEqual([[{ name, text, values: ['a'] }]]);
  expect(pool.returned).toHaveLength(1);
});

test('a new connection reads what was committed while it waited', async () => {
  const client = new FakeClient();
  await readCommitted(client);
  expect(client.asked).toEqual([['set session characteristics as transaction isolation level read committed']]);
});
