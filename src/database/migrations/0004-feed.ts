/** What consumers of the whole log need beside their positions: the events that they could not handle. Everything is added and nothing changed. */
const changes = [
  {
    // The key is the event's place in the log, which is the order in which they are listed and read again.
    up: `create table meeting_event_parked (
      consumer varchar(100) not null,
      tx xid8 not null,
      stream_kind smallint not null,
      stream_id uuid not null,
      seq bigint not null,
      event_id uuid not null,
      attempts integer not null,
      error text not null,
      parked_at timestamptz not null,
      replay_at timestamptz,
      constraint meeting_event_parked_pkey primary key (consumer, tx, stream_kind, stream_id, seq),
      constraint meeting_event_parked_consumer_fkey
        foreign key (consumer) references meeting_event_consumers (name) on delete cascade)`,
    down: 'drop table meeting_event_parked',
  },
  {
    // Looked at with every batch, and nearly always empty.
    up: `create index idx_meeting_event_parked_replay
      on meeting_event_parked (consumer, replay_at) where replay_at is not null`,
    down: 'drop index idx_meeting_event_parked_replay',
  },
];

export const feed = {
  up: changes.map((change) => change.up),
  down: changes.toReversed().map((change) => change.down),
};
