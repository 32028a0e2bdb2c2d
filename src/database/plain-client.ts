import {
  CompiledQuery,
  type ControlledTransaction,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import { invalid } from '../core/validate.ts';
import { textOf } from './lent-values.ts';

/** What a host without MikroORM lends: the client that holds its open transaction. `pg` and PGlite both fit. */
export interface PlainClient {
  query(
    text: string,
    values: unknown[],
  ): Promise<{
    rows: unknown[];
    /** The columns with the object ids of their types, where the client tells. */
    fields?: readonly { readonly name: string; readonly dataTypeID: number }[];
  }>;
}

/**
 * A query builder's view of a lent client. BEGIN, COMMIT and ROLLBACK are the host's own; only savepoints are ours,
 * so that a refused call leaves the host's transaction usable.
 */
class LentDriver implements Driver {
  readonly #connection: DatabaseConnection;

  constructor(client: PlainClient) {
    this.#connection = {
      async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
        const { rows, fields } = await client.query(query.sql, [...query.parameters]);
        // The row type is the statement's promise, exactly as on a connection of our own.
        return { rows: textOf(rows, fields ?? []) as Row[] };
      },
      streamQuery() {
        throw new Error('a lent client cannot stream');
      },
    };
  }

  init = async (): Promise<void> => {};
  destroy = async (): Promise<void> => {};
  acquireConnection = async (): Promise<DatabaseConnection> => this.#connection;
  releaseConnection = async (): Promise<void> => {};
  beginTransaction = async (): Promise<void> => {};
  commitTransaction = async (): Promise<void> => {};
  rollbackTransaction = async (): Promise<void> => {};
  savepoint = async (connection: DatabaseConnection, name: string): Promise<void> => {
    await this.#execute(connection, `savepoint "${name}"`).catch((error: unknown) => {
      if (codeOf(error) !== noTransaction) throw error;
      const message = 'must be the connection whose transaction is open; begin one first, and do not pass a pool';
      throw invalid([{ path: 'client', message }]);
    });
  };
  rollbackToSavepoint = (connection: DatabaseConnection, name: string) =>
    this.#execute(connection, `rollback to savepoint "${name}"`);
  releaseSavepoint = (connection: DatabaseConnection, name: string) =>
    this.#execute(connection, `release savepoint "${name}"`);

  async #execute(connection: DatabaseConnection, sql: string): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(sql));
  }
}

const noTransaction = '25P01';

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** The host's open transaction, in the form the ORM takes. */
export function transactionOver(client: PlainClient): Promise<ControlledTransaction<unknown>> {
  const kysely = new Kysely<unknown>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new LentDriver(client),
      createIntrospector: (database) => new PostgresIntrospector(database),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
  return kysely.startTransaction().execute();
}
