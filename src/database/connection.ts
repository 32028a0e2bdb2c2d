import { MikroORM as CoreOrm } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import type * as Pglite from '@mikro-orm/pglite';
import {
  AbstractSqlConnection,
  AbstractSqlDriver,
  MikroORM,
  PostgreSqlDriver,
  type SqlEntityManager,
} from '@mikro-orm/postgresql';
import { CompiledQuery } from 'kysely';
import type { Database } from '../core/database.ts';
import { failureOf, toMeetingError } from '../core/driver-error.ts';
import { MeetingError } from '../core/errors.ts';
import { type Parameter, StatementTexts } from '../core/statement.ts';
import { meetingEntities } from '../entities.ts';
import { type ConnectionPool, preparingPool, type QueryPool, readCommitted, resilientPool } from './pool.ts';

/** The ORM instance a service works on: always its own, though its connections may be the host's. */
export type ServiceOrm = CoreOrm<AbstractSqlDriver, SqlEntityManager>;

/** A host's MikroORM over PostgreSQL or PGlite. Only its connections are used; its entities need not include ours. */
export interface HostOrm {
  readonly em: { getDriver(): unknown };
}

/** Where the tables are. Exactly one key. */
export type DatabaseSource =
  | { readonly url: string }
  /** `memory://`, or a directory: PostgreSQL inside this process, from the optional package `@mikro-orm/pglite`. */
  | { readonly pglite: string }
  | { readonly orm: HostOrm };

export interface ConnectionLimits {
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  readonly queryTimeoutMs: number;
  readonly lockTimeoutMs: number;
}

interface OpenOrm {
  readonly orm: ServiceOrm;
  /** The pool beneath it, where nobody else has a say in it: a statement on its own takes the short way. */
  readonly pool: QueryPool | null;
  readonly owned: boolean;
}

/** An open database, and how to let go of it. */
export class Connection implements Database {
  readonly schema: string;
  readonly texts: StatementTexts;
  readonly #orm: ServiceOrm;
  readonly #pool: QueryPool | null;
  readonly #owned: boolean;
  #closed = false;

  constructor({ orm, pool, owned }: OpenOrm, schema: string, texts: StatementTexts) {
    this.#orm = orm;
    this.#pool = pool;
    this.schema = schema;
    this.texts = texts;
    this.#owned = owned;
  }

  /** @throws MeetingError UNAVAILABLE after closing: an ORM that was closed would quietly connect again */
  get orm(): ServiceOrm {
    if (this.#closed) throw new MeetingError('UNAVAILABLE', 'The service is closed.');
    return this.#orm;
  }

  fork(): SqlEntityManager {
    // Contexts go by name, so the current one may be that of another service in this process, on another database.
    return this.orm.em.fork({ schema: this.schema, disableContextResolution: true });
  }

  async execute<Row>(text: string, parameters: readonly Parameter[]): Promise<readonly Row[]> {
    if (this.#pool === null || this.#closed)
      return (await this.orm.em.getKysely().executeQuery<Row>(CompiledQuery.raw(text, [...parameters]))).rows;
    const name = this.texts.preparedName(text);
    const { rows } = await this.#pool.query<Row>({
      ...(name !== undefined && { name }),
      text,
      values: [...parameters],
    });
    return rows;
  }

  /** Rejects with the driver's error when the database does not answer. */
  async ping(): Promise<void> {
    await this.orm.em.getConnection().execute('select 1');
  }

  /** Closes what was opened here. Closing an ORM over the host's connections would close those. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#owned) await this.#orm.close(true);
  }
}

/** Connects or adopts, and proves that the database answers. */
export async function connect(source: DatabaseSource, schema: string, limits: ConnectionLimits): Promise<Connection> {
  const texts = new StatementTexts(schema);
  const base: BaseOptions = {
    entities: [...meetingEntities],
    schema,
    // Contexts are global to the process and go by this name: the default one is the host's.
    contextName: `convoke:${schema}`,
    extensions: [Migrator],
    debug: false,
    ensureDatabase: false,
  };
  const connection = new Connection(await initialise(source, base, texts, limits), schema, texts);
  try {
    await connection.ping();
  } catch (error) {
    await connection.close();
    throw unreachable(source, error);
  }
  return connection;
}

interface BaseOptions {
  readonly entities: (typeof meetingEntities)[number][];
  readonly schema: string;
  readonly contextName: string;
  readonly extensions: [typeof Migrator];
  readonly debug: false;
  readonly ensureDatabase: false;
}

async function initialise(
  source: DatabaseSource,
  base: BaseOptions,
  texts: StatementTexts,
  limits: ConnectionLimits,
): Promise<OpenOrm> {
  if ('url' in source) return openUrl(source.url, base, texts, limits);
  if ('pglite' in source) return { orm: await openPglite(source.pglite, base), pool: null, owned: true };
  // What a host has settled for its connections happens in its ORM: its pool is not gone to past that.
  return { orm: await adopt(source.orm, base), pool: null, owned: false };
}

async function openUrl(
  clientUrl: string,
  base: BaseOptions,
  texts: StatementTexts,
  limits: ConnectionLimits,
): Promise<OpenOrm> {
  const orm = await MikroORM.init({ ...base, clientUrl, driverOptions: poolOptions(texts, limits) });
  return { orm, pool: await orm.em.getConnection().getNativeClient(), owned: true };
}

function poolOptions(texts: StatementTexts, limits: ConnectionLimits): Record<string, unknown> {
  return {
    application_name: 'convoke',
    max: limits.poolSize,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    statement_timeout: limits.queryTimeoutMs,
    lock_timeout: limits.lockTimeoutMs,
    // The server's own limit should speak first: it leaves the connection usable.
    query_timeout: limits.queryTimeoutMs + 2_000,
    keepAlive: true,
    onConnect: readCommitted,
    onPoolCreated(pool: ConnectionPool) {
      preparingPool(pool, texts);
      resilientPool(pool);
    },
  };
}

async function openPglite(directory: string, base: BaseOptions): Promise<ServiceOrm> {
  const { MikroORM: PgliteOrm } = await pglitePackage();
  return PgliteOrm.init({ ...base, dbName: directory });
}

/** An ORM of our own over the host's connections: its metadata, hooks and identity maps stay apart from the host's. */
async function adopt(host: HostOrm, base: BaseOptions): Promise<ServiceOrm> {
  const driver = host.em.getDriver();
  if (!(driver instanceof AbstractSqlDriver)) throw notPostgres();
  const lent: unknown = driver.getConnection('write');
  if (!(lent instanceof AbstractSqlConnection)) throw notPostgres();
  const options = {
    ...base,
    driverOptions: lent.getClient(),
    dbName: driver.config.get('dbName') ?? 'host',
  };
  if (driver instanceof PostgreSqlDriver) return CoreOrm.init({ ...options, driver: PostgreSqlDriver });
  const { PgliteDriver } = await pglitePackage();
  if (driver instanceof PgliteDriver) return CoreOrm.init({ ...options, driver: PgliteDriver });
  throw notPostgres();
}

function pglitePackage(): Promise<typeof Pglite> {
  return import('@mikro-orm/pglite').catch((cause: unknown) => {
    throw new MeetingError(
      'NOT_CONFIGURED',
      'The embedded database needs the package @mikro-orm/pglite, in the version of your other @mikro-orm packages: ' +
        'npm ls @mikro-orm/core tells which, npm install @mikro-orm/pglite@<version> adds it.',
      { cause },
    );
  });
}

function notPostgres(): MeetingError {
  return new MeetingError('VALIDATION', 'database.orm: must be a MikroORM over PostgreSQL or PGlite.', {
    details: { fields: [{ path: 'database.orm', message: 'must be a MikroORM over PostgreSQL or PGlite' }] },
  });
}

function unreachable(source: DatabaseSource, cause: unknown): MeetingError {
  const typed = toMeetingError(cause);
  if (!('url' in source)) return typed;
  const { hostname, port, pathname } = new URL(source.url);
  const where = `${hostname}:${port === '' ? '5432' : port}${pathname}`;
  if (failureOf(cause) === 'final') return new MeetingError(typed.code, `${typed.message} (${where})`, { cause });
  const message = `No database answers at ${where}; check database.url and that the server is up.`;
  return new MeetingError('UNAVAILABLE', message, { cause });
}
