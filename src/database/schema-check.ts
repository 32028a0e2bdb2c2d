import { failureOf, toMeetingError } from '../core/driver-error.ts';
import { isMeetingError, MeetingError } from '../core/errors.ts';
import type { Connection } from './connection.ts';
import { migrate, type MigrationState, pendingMigrations } from './migrate.ts';

/**
 * Brings the schema up to date and names what that took, or refuses one that is not. A newer database is never touched by an older
 * package.
 */
export async function prepareSchema(connection: Connection, mayMigrate: boolean): Promise<string[]> {
  const state = await schemaState(connection);
  refuseNewer(connection.schema, state);
  if (state.pending.length === 0) return [];
  if (!mayMigrate)
    throw new MeetingError(
      'SCHEMA_MISMATCH',
      `The schema "${connection.schema}" lacks ${state.pending.length} migrations; run "npx convoke migrate", or open with migrate: true.`,
      { details: { pending: state.pending } },
    );
  return migrateSchema(connection);
}

/** Compares the schema with this version of the package; writes nothing. */
export async function schemaState({ orm, schema }: Connection): Promise<MigrationState> {
  return pendingMigrations(orm, schema).catch((error: unknown) => {
    throw toMeetingError(error);
  });
}

/**
 * Applies what is missing, and names it.
 * @throws MeetingError SCHEMA_MISMATCH when a migration could not be applied; nothing was changed
 */
export async function migrateSchema({ orm, schema }: Connection): Promise<string[]> {
  try {
    return await migrate(orm, schema);
  } catch (error) {
    const typed = toMeetingError(error);
    if (isMeetingError(error) || failureOf(error) !== 'final' || typed.code === 'UNAVAILABLE') throw typed;
    const message = `The schema "${schema}" could not be migrated; see the cause, or let somebody who may create tables do it with the SQL of "npx convoke sql".`;
    throw new MeetingError('SCHEMA_MISMATCH', message, { cause: error });
  }
}

function refuseNewer(schema: string, { unknown }: MigrationState): void {
  if (unknown.length === 0) return;
  throw new MeetingError(
    'SCHEMA_MISMATCH',
    `The schema "${schema}" was migrated by a newer version of convoke (${unknown.join(', ')}); upgrade the package.`,
    { details: { unknown } },
  );
}
