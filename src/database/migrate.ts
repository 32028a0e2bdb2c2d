import { setTimeout as sleep } from 'node:timers/promises';
import { IsolationLevel, type Transaction } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { MeetingError } from '../core/errors.ts';
import { migrations } from './migrations/index.ts';

/** What migrating needs of an ORM instance, over PostgreSQL or PGlite. */
export interface MigrationOrm {
  readonly em: SqlEntityManager;
}

/** How a schema stands to this version of the package. */
export interface MigrationState {
  /** Migrations still to be applied, oldest first. */
  readonly pending: readonly string[];
  /** Applied migrations that this version does not know: the database belongs to a newer one. */
  readonly unknown: readonly string[];
}

const trackingTable = 'convoke_migrations';
const createTrackingTable = `create table if not exists ${trackingTable} (
  id serial primary key,
  name varchar(255) not null,
  executed_at timestamptz not null default current_timestamp
)`;

/**
 * Brings a schema up to date and returns the names of the migrations applied, oldest first. Creates the schema if there
 * is none. All happens in one transaction under a lock, so of processes that start together one does the work and the
 * others wait for it; a failure leaves everything as it was.
 *
 * @param waitMs how long to wait for another process that is migrating the same schema, in milliseconds
 * @throws MeetingError `TIMEOUT` when the other process takes longer than that
 */
export async function migrate(orm: MigrationOrm, schema: string, waitMs = 600_000): Promise<string[]> {
  // A service that may only read and write rows starts all the same, once somebody else has migrated.
  const { pending } = await pendingMigrations(orm, schema);
  if (pending.length === 0) return [];
  return locked(orm, schema, waitMs, async (transaction, migrator) => {
    const applied = await migrator.up({ transaction });
    return applied.map((migration) => migration.name);
  });
}

/**
 * Takes migrations back, newest first, with all the data that only they have a place for, and returns their names.
 * For development: a service never calls it.
 *
 * @param to the last migration to keep; without it, nothing is kept
 */
export async function revert(orm: MigrationOrm, schema: string, to?: string): Promise<string[]> {
  return locked(orm, schema, 0, async (transaction, migrator) => {
    const reverted = await migrator.down({ transaction, to: to ?? 0 });
    return reverted.map((migration) => migration.name);
  });
}

/** Compares a schema with this version of the package. Writes nothing and waits for nobody. */
export async function pendingMigrations(orm: MigrationOrm, schema: string): Promise<MigrationState> {
  const connection = orm.em.getConnection();
  const table = `${quote(schema)}.${trackingTable}`;
  const [found] = await connection.execute<{ found: boolean }[]>('select to_regclass(?) is not null as found', [table]);
  const applied = new Set<string>();
  if (found?.found === true) {
    const rows = await connection.execute<{ name: string }[]>(`select name from ${table} order by id`);
    for (const { name } of rows) applied.add(name);
  }
  const known = new Set(migrations.map((migration) => migration.name));
  return {
    pending: [...known].filter((name) => !applied.has(name)),
    unknown: [...applied].filter((name) => !known.has(name)),
  };
}

/**
 * The same as {@link migrate}, as a text to be run by hand, for example with psql, by somebody who may create tables
 * where the service may not. It begins and commits a transaction of its own.
 *
 * @param applied names of migrations to leave out, because the schema has them already
 */
export function migrationSql(schema: string, applied: readonly string[] = []): string {
  const pending = migrations.filter((migration) => !applied.includes(migration.name));
  const statements = [
    'begin',
    `select pg_advisory_xact_lock(${lockKey(schema)})`,
    `create schema if not exists ${quote(schema)}`,
    `set local search_path to ${quote(schema)}`,
    createTrackingTable,
    ...pending.flatMap(({ name, up }) => [...up, `insert into ${trackingTable} (name) values (${literal(name)})`]),
    'commit',
  ];
  return statements.map((statement) => `${statement};\n`).join('\n');
}

/**
 * Runs our own migrations over any ORM instance, whatever that instance is configured to migrate. It is not told of the
 * schema but by the tracking table's name: it would set the session's `search_path` and reset it afterwards, and the
 * session may be the host's.
 */
class SchemaMigrator extends Migrator {
  constructor(em: SqlEntityManager, schema: string) {
    super(em);
    Object.assign(this.options, { tableName: `${schema}.${trackingTable}` });
  }

  protected override initServices(): void {
    const options = {
      ...this.options,
      migrationsList: [...migrations],
      snapshot: false,
      transactional: true,
      allOrNothing: true,
      disableForeignKeys: false,
      silent: true,
    };
    delete options.schema;
    Object.assign(this, { options });
    super.initServices();
  }

  // The inherited one looks for the database, and makes one that is missing, on a second connection: it would wait for
  // ever where there is only one, and a database is not ours to make.
  protected override async init(): Promise<void> {}
}

async function locked<Result>(
  orm: MigrationOrm,
  schema: string,
  waitMs: number,
  work: (transaction: Transaction<object>, migrator: Migrator) => Promise<Result>,
): Promise<Result> {
  const em = orm.em.fork();
  const connection = em.getConnection();
  return connection.transactional(
    async (transaction: Transaction<object>) => {
      const execute = <Row>(sql: string) => connection.execute<Row[]>(sql, [], 'all', transaction);
      const deadline = performance.now() + waitMs;
      // Asking again and again, because a connection's own lock and query timeouts would end one long wait.
      while (!(await tryLock(execute, schema))) {
        if (performance.now() >= deadline) throw stillLocked(schema, waitMs);
        await sleep(100);
      }
      const [namespace] = await execute<{ found: boolean }>(
        `select exists (select from pg_namespace where nspname = ${literal(schema)}) as found`,
      );
      // Even `if not exists` needs the right to create schemas, which a service in a prepared schema lacks.
      if (namespace?.found !== true) await execute(`create schema ${quote(schema)}`);
      await execute(`set local search_path to ${quote(schema)}`);
      await execute(createTrackingTable);
      return work(transaction, new SchemaMigrator(em, schema));
    },
    // What another process committed while we waited must be seen, whatever the connection's default is.
    { isolationLevel: IsolationLevel.READ_COMMITTED },
  );
}

async function tryLock(execute: <Row>(sql: string) => Promise<Row[]>, schema: string): Promise<boolean> {
  const [lock] = await execute<{ held: boolean }>(`select pg_try_advisory_xact_lock(${lockKey(schema)}) as held`);
  return lock?.held === true;
}

function lockKey(schema: string): string {
  return `hashtextextended(${literal(`convoke:${schema}:migrate`)}, 0)`;
}

function stillLocked(schema: string, waitMs: number): MeetingError {
  const message = `Another process has been migrating the schema ${schema} for ${waitMs} ms; see whether it is stuck.`;
  return new MeetingError('TIMEOUT', message, { details: { schema } });
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
