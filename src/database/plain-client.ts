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

/** What a host without MikroORM lends: the client that holds its open transaction. `pg` and PGlite both fit. */
export interface PlainClient {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[] }>;
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
        const { rows } = await client.query(query.sql, [...query.parameters]);
        // The row type is the statement's promise, exactly as on a connection of our own.
        return { rows: rows as Row[] };
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
  savepoint = (connection: DatabaseConnection, name: string) => this.#execute(connection, `savepoint "${name}"`);
  rollbackToSavepoint = (connection: DatabaseConnection, name: string) =>
    this.#execute(connection, `rollback to savepoint "${name}"`);
  releaseSavepoint = (connection: DatabaseConnection, name: string) =>
    this.#execute(connection, `release savepoint "${name}"`);

  async #execute(connection: DatabaseConnection, sql: string): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(sql));
  }
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
