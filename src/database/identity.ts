import { statement } from '../core/statement.ts';

/**
 * Tells one database from another over any connection: its name, its server's start, and our table in it. Reads the same in every
 * session, whatever its time zone, and is null where our table is not.
 */
export const databaseIdentity = statement<{ identity: string | null }>(
  'database-identity',
  (t) => `
  select current_database() || '/' || extract(epoch from pg_postmaster_start_time())::text
         || '/' || to_regclass('${t.meeting_events}')::oid::text as identity`,
  { prepare: false },
);
