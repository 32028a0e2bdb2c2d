/**
 * Which processes hold people's connections, so that a process that dies takes nobody's presence with it. Everything is added: what
 * could be written before can be written now.
 *
 * A session names the node that carries it in its own column `node_id`, which has been there from the start. A table of connections
 * would have a row for each socket, of whoever only watches as well; the column costs one write for each join, and none for anybody else.
 * It is no foreign key: a session that has ended goes on naming a node that is gone.
 */
const changes = [
  {
    // `expires_at`, `suspected_at` and `lost_at` go by the clock of the database, `beat_at` by that of the service: the former say whether
    // a process lives, the latter until when its people were there. No index: it has as many rows as there are processes, and each
    // of them is written every few seconds in its place.
    up: `create table meeting_realtime_nodes (
      id uuid not null,
      beat_at timestamptz not null,
      expires_at timestamptz not null,
      suspected_at timestamptz,
      lost_at timestamptz,
      constraint meeting_realtime_nodes_pkey primary key (id))`,
    down: 'drop table meeting_realtime_nodes',
  },
  {
    up: `alter table meeting_participant_sessions
      drop constraint meeting_participant_sessions_left_reason_check,
      add constraint meeting_participant_sessions_left_reason_check
        check (left_reason in ('left', 'removed', 'ended', 'timed-out', 'replaced', 'node-lost'))`,
    down: `alter table meeting_participant_sessions
      drop constraint meeting_participant_sessions_left_reason_check,
      add constraint meeting_participant_sessions_left_reason_check
        check (left_reason in ('left', 'removed', 'ended', 'timed-out', 'replaced'))`,
  },
  {
    // The way back has to word what it has no word for.
    up: `update meeting_participant_sessions set left_reason = left_reason where false`,
    down: `update meeting_participant_sessions set left_reason = 'timed-out' where left_reason = 'node-lost'`,
  },
  {
    // What ends with a node; and what ended with it, for a node that was only paused and comes back.
    up: `create index idx_meeting_participant_sessions_node on meeting_participant_sessions (node_id)
      where node_id is not null and (left_at is null or left_reason = 'node-lost')`,
    down: 'drop index idx_meeting_participant_sessions_node',
  },
  {
    // What a connection carries, in whichever meetings: asked when it opens, when it is gone for good, and of those that join.
    up: `create index idx_meeting_participant_sessions_connection on meeting_participant_sessions (connection_id)
      where left_at is null and connection_id <> ''`,
    down: 'drop index idx_meeting_participant_sessions_connection',
  },
];

export const realtimeNodes = {
  up: changes.map((change) => change.up),
  down: changes.toReversed().map((change) => change.down),
};
