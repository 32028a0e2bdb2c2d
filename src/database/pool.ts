import type { StatementTexts } from '../core/statement.ts';

/** What is used of a `pg` client; typed by shape, so this package needs no `pg` of its own. */
interface PooledClient {
  query(text: unknown, values?: unknown, ...rest: unknown[]): unknown;
  release?: (error?: Error | boolean) => void;
  on(event: 'error' | 'end', listener: (error?: Error) => void): unknown;
}

/** What is used of a `pg` pool. */
export interface ConnectionPool {
  on(event: 'connect', listener: (client: PooledClient) => void): unknown;
}

/** One that tells of each time that it lends a connection, of a new one for the first time. */
export interface LendingPool {
  on(event: 'acquire', listener: (client: PooledClient) => void): unknown;
}

interface Answer<Row> {
  readonly rows: readonly Row[];
}

/** A pool that takes a query by itself and gives it to whichever connection is free. */
export interface QueryPool {
  query<Row>(text: string, values: unknown[]): Promise<Answer<Row>>;
}

/**
 * Gives a pool its slots back when a connection dies or hangs inside a transaction. Without it each such loss costs a slot
 * for ever: the query builder beneath the ORM hands a client back only after a COMMIT or ROLLBACK that succeeded, and
 * a dead connection can do neither. For a pool of your own, pass it as `driverOptions: { onPoolCreated: resilientPool }`.
 */
export function resilientPool(pool: ConnectionPool): void {
  pool.on('connect', (client) => {
    const drop = (error: Error = new Error('connection ended')) => {
      const { release } = client;
      client.release = () => {}; // whoever still holds the client may try later; a slot is freed only once
      try {
        release?.call(client, error);
      } catch {
        // It was idle: the pool has removed it by itself and refuses a second release.
      }
    };
    client.on('error', drop);
    client.on('end', () => drop());
    const query = client.query.bind(client);
    client.query = (...call: Parameters<PooledClient['query']>) => {
      const answer = query(...call);
      // A network that swallows packets ends in a read timeout, never in an 'end' event.
      if (answer instanceof Promise) answer.catch((error: unknown) => isReadTimeout(error) && drop(error));
      return answer;
    };
  });
}

/**
 * Gives a new connection the isolation our statements are written for, whatever the server's default is: they lock, and then
 * have to see what was committed while they waited.
 */
export async function readCommitted(client: Pick<PooledClient, 'query'>): Promise<void> {
  await client.query('set session characteristics as transaction isolation level read committed');
}

/** What services have put on each pool that they share with others, or with a host. */
const allowLists = new WeakMap<LendingPool, Set<StatementTexts>>();

/**
 * Lets the server prepare the statements on the allow-list: `query(text, values)` becomes a named query, on connections that were
 * there before too. Anything else passes as it is: what an ORM writes carries literals instead of parameters, so preparing that
 * would only fill the server's memory.
 * @returns what takes the list off again
 */
export function preparingPool(pool: LendingPool, texts: StatementTexts): () => void {
  const lists = allowLists.get(pool) ?? watched(pool);
  lists.add(texts);
  return () => void lists.delete(texts);
}

/** Once for each pool, however many services come and go on it. */
function watched(pool: LendingPool): Set<StatementTexts> {
  const lists = new Set<StatementTexts>();
  allowLists.set(pool, lists);
  const wrapped = new WeakSet<PooledClient>();
  pool.on('acquire', (client) => {
    if (wrapped.has(client)) return;
    wrapped.add(client);
    const query = client.query.bind(client);
    client.query = (text, values, ...rest) => {
      const name = typeof text === 'string' && Array.isArray(values) ? nameIn(lists, text) : undefined;
      return name === undefined ? query(text, values, ...rest) : query({ name, text, values }, ...rest);
    };
  });
  return lists;
}

function nameIn(lists: Iterable<StatementTexts>, text: string): string | undefined {
  for (const texts of lists) {
    const name = texts.preparedName(text);
    if (name !== undefined) return name;
  }
  return undefined;
}

function isReadTimeout(error: unknown): error is Error {
  return error instanceof Error && /read timeout/i.test(error.message);
}
