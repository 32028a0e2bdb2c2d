import { type Connection, connect } from '../database/connection.ts';
import { migrationSql } from '../database/migrate.ts';
import { prepareSchema, schemaState } from '../database/schema-check.ts';
import { resolveOptions } from '../options.ts';

/** A schema in a database, and where to write. */
export interface SchemaTask {
  readonly url: string;
  readonly schema: string;
  readonly write: (text: string) => void;
}

/** Applies what is missing. Of processes that migrate together one does the work; the others wait and apply nothing. */
export async function migrateSchema({ url, schema, write }: SchemaTask): Promise<void> {
  await using connection = await opened(url, schema);
  const applied = await prepareSchema(connection, true);
  for (const name of applied) write(`applied ${name}\n`);
  write(`The schema "${schema}" is up to date${applied.length === 0 ? '; nothing was left to apply' : ''}.\n`);
}

/** Says how the schema stands. @returns whether this version can work with it */
export async function checkSchema({ url, schema, write }: SchemaTask): Promise<boolean> {
  await using connection = await opened(url, schema);
  const { pending, unknown } = await schemaState(connection);
  for (const name of pending) write(`pending ${name}\n`);
  for (const name of unknown) write(`unknown ${name}\n`);
  if (pending.length > 0) write(`The schema "${schema}" is older than this version: run convoke migrate.\n`);
  if (unknown.length > 0) write(`The schema "${schema}" is newer than this version: upgrade the package.\n`);
  const fits = pending.length === 0 && unknown.length === 0;
  if (fits) write(`The schema "${schema}" is up to date.\n`);
  return fits;
}

/** The migrations as a text to be run by hand. */
export function sqlOf(schema: string): string {
  return migrationSql(schema);
}

async function opened(url: string, schema: string): Promise<Connection & AsyncDisposable> {
  const { database, limits } = resolveOptions({ database: { url }, schema });
  const connection = await connect(database, schema, limits);
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() });
}
