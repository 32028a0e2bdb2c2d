import { MikroORM as CoreOrm } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import type * as Pglite from '@mikro-orm/pglite';
import {
  AbstractSqlConnection,
  AbstractSqlDriver,
  MikroORM,
  PostgreSqlConnection,
  PostgreSqlDriver,
  type SqlEntityManager,
} from '@mikro-orm/postgresql';
import { CompiledQuery } from 'kysely';
import type { Database } from '../core/database.ts';
import { failureOf, toMeetingError } from '../core/driver-error.ts';
import { MeetingError } from '../core/errors.ts';
import { type Parameter, StatementTexts } from '../core/statement.ts';
import { meetingEntities } from '../entities.ts';
import { type LendingPool, preparingPool, type QueryPool, readCommitted, resilientPool } from './pool.ts';

/** The ORM instance a service works on: always its own, though its connections may be the host's. */
export type ServiceOrm = CoreOrm<AbstractSqlDriver, SqlEntityManager>;

/** A host's MikroORM over PostgreSQL or PGlite. Only its connections are used; its entities need not include ours. */
export interface HostOrm {
  readonly em: { getDriver(): unknown };
}

/** Where the tables are: exactly one of `url`, `pglite` and `orm`. */
export type DatabaseSource =
  | {
      readonly url: string;
      /**
       * Whether the server keeps the plans of frequent statements. False behind a connection pooler that cannot hand prepared
       * statements on, such as PgBouncer before 1.21 in transaction mode. @default true
       */
      readonly preparedStatements?: boolean;
    }
  /** `memory://`, or a directory: PostgreSQL inside this process, from the optional package `@mikro-orm/pglite`. */
  | { readonly pglite: string }
  | {
      readonly orm: HostOrm;
      /**
       * Whether the server keeps the plans of our frequent statements on the host's connections, under names that begin with
       * `convoke.`; what the host asks itself stays as it is. Only over PostgreSQL, and only where MikroORM makes the pool. @default false
       */
      readonly preparedStatements?: boolean;
    };

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
  /** Leaves what was lent as it was. */
  readonly giveBack?: () => void;
}

/** An open database, and how to let go of it. */
export class Connection implements Database {
  readonly schema: string;
  readonly texts: StatementTexts;
  readonly #orm: ServiceOrm;
  readonly #pool: QueryPool | null;
  readonly #owned: boolean;
  readonly #giveBack: () => void;
  #closed = false;

  constructor({ orm, pool, owned, giveBack = () => {} }: OpenOrm, schema: string, texts: StatementTexts) {
    this.#orm = orm;
    this.#pool = pool;
    this.schema = schema;
    this.texts = texts;
    this.#owned = owned;
    this.#giveBack = giveBack;
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
    return (await this.#pool.query<Row>(text, [...parameters])).rows;
  }

  /** Rejects with the driver's error when the database does not answer. */
  async ping(): Promise<void> {
    await this.orm.em.getConnection().execute('select 1');
  }

  /** Closes what was opened here. Closing an ORM over the host's connections would close those. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#giveBack();
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
  if ('url' in source) return openUrl(source, base, texts, limits);
  if ('pglite' in source) return { orm: await openPglite(source.pglite, base), pool: null, owned: true };
  return adopt(source, base, texts);
}

type Source<Key extends string> = Extract<DatabaseSource, Readonly<Record<Key, unknown>>>;

async function openUrl(
  { url, preparedStatements = true }: Source<'url'>,
  base: BaseOptions,
  texts: StatementTexts,
  limits: ConnectionLimits,
): Promise<OpenOrm> {
  const orm = await MikroORM.init({ ...base, clientUrl: url, driverOptions: poolOptions(limits) });
  const pool = await orm.em.getConnection().getNativeClient();
  if (preparedStatements) preparingPool(pool, texts);
  return { orm, pool, owned: true };
}

function poolOptions(limits: ConnectionLimits): Record<string, unknown> {
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
    onPoolCreated: resilientPool,
  };
}

async function openPglite(directory: string, base: BaseOptions): Promise<ServiceOrm> {
  const { MikroORM: PgliteOrm } = await pglitePackage();
  return PgliteOrm.init({ ...base, dbName: directory });
}

async function adopt(
  { orm: host, preparedStatements = false }: Source<'orm'>,
  base: BaseOptions,
  texts: StatementTexts,
): Promise<OpenOrm> {
  const driver = host.em.getDriver();
  const lent: unknown = driver instanceof AbstractSqlDriver ? driver.getConnection('write') : null;
  if (!(lent instanceof AbstractSqlConnection)) throw notPostgres();
  const orm = await ormBeside(driver, lent, base);
  const giveBack = preparedStatements ? preparingPool(await poolOf(lent), texts) : () => {};
  // What a host has settled for its connections happens in its ORM: its pool is not gone to past that.
  return { orm, pool: null, owned: false, giveBack };
}

/** An ORM of our own over the host's connections: its metadata, hooks and identity maps stay apart from the host's. */
async function ormBeside(driver: unknown, lent: AbstractSqlConnection, base: BaseOptions): Promise<ServiceOrm> {
  const options = { ...base, driverOptions: lent.getClient() };
  if (driver instanceof PostgreSqlDriver)
    return CoreOrm.init({ ...options, dbName: nameOf(driver), driver: PostgreSqlDriver });
  const { PgliteDriver } = await pglitePackage();
  if (driver instanceof PgliteDriver) return CoreOrm.init({ ...options, dbName: nameOf(driver), driver: PgliteDriver });
  throw notPostgres();
}

function nameOf({ config }: PostgreSqlDriver | Pglite.PgliteDriver): string {
  return config.get('dbName') ?? 'host';
}

/** The pool beneath a host's connection. */
async function poolOf(lent: AbstractSqlConnection): Promise<LendingPool> {
  if (!(lent instanceof PostgreSqlConnection))
    throw unprepared('must not be true for a MikroORM over PGlite, which plans without a pool; leave it out');
  await lent.ensureConnection().catch((error: unknown) => {
    throw toMeetingError(error);
  });
  return lent.getNativeClient().catch((cause: unknown) => {
    const remedy = 'leave it out, or give MikroORM a clientUrl and pool options instead';
    throw unprepared(`must not be true where driverOptions are a ready-made Kysely or dialect; ${remedy}`, cause);
  });
}

function unprepared(message: string, cause?: unknown): MeetingError {
  const path = 'database.preparedStatements';
  return new MeetingError('VALIDATION', `${path} ${message}.`, { details: { fields: [{ path, message }] }, cause });
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
