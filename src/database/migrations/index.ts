import { initial } from './0001-initial.ts';
import { foundation } from './0002-foundation.ts';
import { liveRooms } from './0003-live-rooms.ts';
import { feed } from './0004-feed.ts';
import { realtimeNodes } from './0005-realtime-nodes.ts';
import { type SqlMigration, sqlMigration } from './sql-migration.ts';

/** Every migration, oldest first. Append only: a migration that was released is never edited, renamed or removed. */
export const migrations: readonly SqlMigration[] = [
  sqlMigration('0001-initial', initial),
  sqlMigration('0002-foundation', foundation),
  sqlMigration('0003-live-rooms', liveRooms),
  sqlMigration('0004-feed', feed),
  sqlMigration('0005-realtime-nodes', realtimeNodes),
];
