import { statement } from '../core/statement.ts';

/** Tells one database from another over any connection: its name, its server's start, and our table in it. */
export const databaseIdentity = statement<{ identity: string }>(
  'database-identity',
  (t) => `
  select current_database() || '/' || pg_postmaster_start_time()::text || '/' || '${t.meeting_events}'::regclass::oid as identity`,
  { prepare: false },
);
