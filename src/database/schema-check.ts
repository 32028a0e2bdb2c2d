import { MeetingError } from '../core/errors.ts';
import type { Connection } from './connection.ts';
import { migrate, type MigrationState, pendingMigrations } from './migrate.ts';

/** Brings the schema up to date, or refuses one that is not. A newer database is never touched by an older package. */
export async function prepareSchema(connection: Connection, mayMigrate: boolean): Promise<void> {
  const state = await pendingMigrations(connection.orm, connection.schema);
  refuseNewer(connection.schema, state);
  if (state.pending.length === 0) return;
  if (!mayMigrate)
    throw new MeetingError(
      'SCHEMA_MISMATCH',
      `The schema "${connection.schema}" lacks ${state.pending.length} migrations; run "npx convoke migrate", or open with migrate: true.`,
      { details: { pending: state.pending } },
    );
  await migrate(connection.orm, connection.schema);
}

function refuseNewer(schema: string, { unknown }: MigrationState): void {
  if (unknown.length === 0) return;
  throw new MeetingError(
    'SCHEMA_MISMATCH',
    `The schema "${schema}" was migrated by a newer version of convoke; upgrade the package.`,
    { details: { unknown } },
  );
}
