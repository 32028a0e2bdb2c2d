/**
 * What chat and polls need beside their tables. Everything is added and nothing changed: new columns are nullable or have
 * defaults, and new constraints hold for all data that was valid before.
 */

/**
 * The meeting's id stands among the words, so that a search reads one meeting's postings and no other's. Rows that others wrote may
 * hold texts of any length, and the words of a very long one have no index: then the migration would fail, or their next insert.
 */
const searchable = `(array_to_tsvector(array[meeting_id::text]) || to_tsvector('simple'::regconfig, left(content, 10000)))`;

const changes = [
  {
    up: `alter table meeting_chat_messages
      add column client_message_id varchar(255)`,
    down: 'alter table meeting_chat_messages drop column client_message_id',
  },
  {
    up: `create unique index meeting_chat_messages_client_message_id_key
      on meeting_chat_messages (meeting_id, sender_id, client_message_id) where client_message_id is not null`,
    down: 'drop index meeting_chat_messages_client_message_id_key',
  },
  {
    // New words wait in a list, or every message would descend a tree for each of its words. Whoever fills the list sorts it in, in
    // the midst of sending, so it is an eighth as long as usual.
    up: `create index idx_meeting_chat_messages_search
      on meeting_chat_messages using gin (${searchable}) with (gin_pending_list_limit = 512) where deleted_at is null`,
    down: 'drop index idx_meeting_chat_messages_search',
  },
  {
    // Two people's conversation, whoever wrote, in its order.
    up: `create index idx_meeting_chat_messages_conversation
      on meeting_chat_messages
        (meeting_id, least(sender_id, recipient_id), greatest(sender_id, recipient_id), sent_at desc, id desc)
      where is_private`,
    down: 'drop index idx_meeting_chat_messages_conversation',
  },
  {
    up: `create table meeting_chat_read_markers (
      meeting_id uuid not null,
      auth_user_id uuid not null,
      message_id uuid not null,
      sent_at timestamptz not null,
      read_at timestamptz not null,
      constraint meeting_chat_read_markers_pkey primary key (meeting_id, auth_user_id),
      constraint meeting_chat_read_markers_meeting_id_fkey
        foreign key (meeting_id) references meetings (id) on delete cascade)`,
    down: 'drop table meeting_chat_read_markers',
  },
  {
    // A deleted or edited message takes its words out of the events that carried them.
    up: `create index idx_meeting_events_message on meeting_events ((data->>'messageId'))
      where type in ('chat.message.sent', 'chat.message.edited')`,
    down: 'drop index idx_meeting_events_message',
  },
  {
    up: `alter table meeting_polls
      add column opened_at timestamptz default now(),
      add column closes_at timestamptz,
      add column results_visibility text not null default 'afterClose',
      add column allow_abstain boolean not null default false,
      add column allow_change boolean not null default true,
      add column min_choices integer,
      add column max_choices integer,
      add column correct_options jsonb,
      add column quorum_percent integer,
      add column entitled_voters integer,
      add column totals jsonb,
      add column tallied_at timestamptz`,
    down: `alter table meeting_polls
      drop column opened_at,
      drop column closes_at,
      drop column results_visibility,
      drop column allow_abstain,
      drop column allow_change,
      drop column min_choices,
      drop column max_choices,
      drop column correct_options,
      drop column quorum_percent,
      drop column entitled_voters,
      drop column totals,
      drop column tallied_at`,
  },
  {
    // Neither open nor closed is a draft; whatever else there was has been open since it was made.
    up: `update meeting_polls set opened_at = case when is_active or closed_at is not null then created_at end`,
    down: 'update meeting_polls set opened_at = opened_at where false',
  },
  {
    up: `alter table meeting_polls
      add constraint meeting_polls_active_check check (is_active = (opened_at is not null and closed_at is null)),
      add constraint meeting_polls_results_visibility_check
        check (results_visibility in ('always', 'afterVote', 'afterClose', 'hostsOnly')),
      add constraint meeting_polls_choices_check check (min_choices >= 1 and max_choices >= min_choices),
      add constraint meeting_polls_quorum_percent_check check (quorum_percent >= 1 and quorum_percent <= 100)`,
    down: `alter table meeting_polls
      drop constraint meeting_polls_active_check,
      drop constraint meeting_polls_results_visibility_check,
      drop constraint meeting_polls_choices_check,
      drop constraint meeting_polls_quorum_percent_check`,
  },
  {
    up: `create index idx_meeting_polls_closes_at on meeting_polls (closes_at) where is_active and closes_at is not null`,
    down: 'drop index idx_meeting_polls_closes_at',
  },
  {
    // What is open now is a handful, however many polls there have been; whatever announces votes looks at those each second.
    up: `create index idx_meeting_polls_active on meeting_polls (meeting_id) where is_active`,
    down: 'drop index idx_meeting_polls_active',
  },
];

export const liveRooms = {
  up: changes.map((change) => change.up),
  down: changes.toReversed().map((change) => change.down),
};
