import { statement } from '../core/statement.ts';

/**
 * Tells one database from another over any connection: its name, the cluster it is in, and our table in it. It outlives restarts
 * and failovers, which give the cluster to another process. Reads the same in every session, and is null where our table is not.
 */
export const databaseIdentity = statement<{ identity: string | null }>(
  'database-identity',
  (t) => `
  select current_database() || '/' || system_identifier || '/' || to_regclass('${t.meeting_events}')::oid::text as identity
  from pg_control_system()`,
  { prepare: false },
);
