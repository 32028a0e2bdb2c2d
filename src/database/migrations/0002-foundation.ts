/**
 * What meetings need beside the thirteen tables. Everything is added and nothing changed: new columns are nullable or
 * have defaults, and new constraints hold for all data that was valid before.
 */

const wallClock = `'^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$'`;

const changes = [
  {
    up: `alter table meetings
      add column settings jsonb not null default '{}',
      add column version integer not null default 1,
      add column series_id uuid,
      add column original_start_local varchar(19),
      add column start_local varchar(19),
      add column overridden jsonb,
      add column ical_uid varchar(255),
      add column ical_sequence integer not null default 0,
      add column template_id uuid,
      add column template_version integer,
      add constraint meetings_series_id_fkey foreign key (series_id) references recurring_meeting_series (id) on delete set null,
      add constraint meetings_template_id_fkey foreign key (template_id) references meeting_templates (id) on delete set null,
      add constraint meetings_series_id_original_start_local_key unique (series_id, original_start_local),
      add constraint meetings_schedule_check check (scheduled_end_time > scheduled_start_time),
      add constraint meetings_max_participants_check check (max_participants >= 1),
      add constraint meetings_current_participants_count_check check (
        current_participants_count >= 0
        and (max_participants is null or current_participants_count <= max_participants)),
      add constraint meetings_original_start_local_check check (original_start_local ~ ${wallClock}),
      add constraint meetings_start_local_check check (start_local ~ ${wallClock})`,
    down: `alter table meetings
      drop constraint meetings_schedule_check,
      drop constraint meetings_max_participants_check,
      drop constraint meetings_current_participants_count_check,
      drop column settings,
      drop column version,
      drop column series_id,
      drop column original_start_local,
      drop column start_local,
      drop column overridden,
      drop column ical_uid,
      drop column ical_sequence,
      drop column template_id,
      drop column template_version`,
  },
  {
    up: 'create index idx_meetings_series_start on meetings (series_id, scheduled_start_time)',
    down: 'drop index idx_meetings_series_start',
  },
  {
    up: 'create index idx_meetings_template_id on meetings (template_id) where template_id is not null',
    down: 'drop index idx_meetings_template_id',
  },
  {
    up: `alter table meeting_participants
      add column removed_at timestamptz,
      add column removed_by uuid,
      add column upcoming_at timestamptz`,
    down: 'alter table meeting_participants drop column removed_at, drop column removed_by, drop column upcoming_at',
  },
  {
    up: `create index idx_meeting_participants_upcoming
      on meeting_participants (auth_user_id, upcoming_at, meeting_id) where upcoming_at is not null`,
    down: 'drop index idx_meeting_participants_upcoming',
  },
  {
    up: `create unique index meeting_participants_host_key on meeting_participants (meeting_id) where role = 'Host'`,
    down: 'drop index meeting_participants_host_key',
  },
  {
    up: `alter table meeting_invitations
      add column expires_at timestamptz,
      add column revoked_at timestamptz,
      add column role participant_role not null default 'Participant'`,
    down: 'alter table meeting_invitations drop column expires_at, drop column revoked_at, drop column role',
  },
  {
    up: 'create index idx_meeting_notes_agenda_item_id on meeting_notes (agenda_item_id) where agenda_item_id is not null',
    down: 'drop index idx_meeting_notes_agenda_item_id',
  },
  {
    up: 'create index idx_meeting_attachments_meeting_id on meeting_attachments (meeting_id)',
    down: 'drop index idx_meeting_attachments_meeting_id',
  },
  {
    up: `create index idx_recurring_meeting_series_template_meeting_id
      on recurring_meeting_series (template_meeting_id) where template_meeting_id is not null`,
    down: 'drop index idx_recurring_meeting_series_template_meeting_id',
  },
  {
    up: `alter table meeting_chat_messages
      add constraint meeting_chat_messages_recipient_check check (
        is_private = (recipient_id is not null) and (recipient_id is null or recipient_id <> sender_id)),
      add constraint meeting_chat_messages_meeting_id_id_key unique (meeting_id, id),
      add constraint meeting_chat_messages_meeting_id_reply_to_message_id_fkey
        foreign key (meeting_id, reply_to_message_id) references meeting_chat_messages (meeting_id, id)`,
    down: `alter table meeting_chat_messages
      drop constraint meeting_chat_messages_meeting_id_reply_to_message_id_fkey,
      drop constraint meeting_chat_messages_meeting_id_id_key,
      drop constraint meeting_chat_messages_recipient_check`,
  },
  {
    up: 'create index idx_meeting_chat_messages_history on meeting_chat_messages (meeting_id, sent_at desc, id desc)',
    down: 'drop index idx_meeting_chat_messages_history',
  },
  {
    up: `create index idx_meeting_chat_messages_reply_to_message_id
      on meeting_chat_messages (reply_to_message_id) where reply_to_message_id is not null`,
    down: 'drop index idx_meeting_chat_messages_reply_to_message_id',
  },
  {
    up: `alter table meeting_analytics
      add column formula_version varchar(50),
      add column coverage jsonb,
      add column average_attendance_seconds numeric(12,3),
      add constraint meeting_analytics_meeting_id_key unique (meeting_id)`,
    down: `alter table meeting_analytics
      drop constraint meeting_analytics_meeting_id_key,
      drop column formula_version,
      drop column coverage,
      drop column average_attendance_seconds`,
  },
  {
    up: `alter table participant_engagement_metrics
      add column formula_version varchar(50),
      add column coverage jsonb,
      add column attendance_seconds numeric(12,3),
      add column screen_share_seconds numeric(12,3),
      add column microphone_seconds numeric(12,3),
      add column camera_seconds numeric(12,3),
      add column speaking_seconds numeric(12,3)`,
    down: `alter table participant_engagement_metrics
      drop column formula_version,
      drop column coverage,
      drop column attendance_seconds,
      drop column screen_share_seconds,
      drop column microphone_seconds,
      drop column camera_seconds,
      drop column speaking_seconds`,
  },
  {
    up: `create table meeting_participant_sessions (
      id uuid not null default gen_random_uuid(),
      meeting_id uuid not null,
      auth_user_id uuid,
      external_identity jsonb,
      source varchar(50) not null default 'host',
      connection_id varchar(255) not null default '',
      external_event_key varchar(255),
      joined_at timestamptz not null,
      left_at timestamptz,
      left_reason text,
      last_heartbeat_at timestamptz,
      node_id uuid,
      created_at timestamptz not null default now(),
      constraint meeting_participant_sessions_pkey primary key (id),
      constraint meeting_participant_sessions_meeting_id_fkey
        foreign key (meeting_id) references meetings (id) on delete cascade,
      constraint meeting_participant_sessions_external_event_key unique (meeting_id, source, external_event_key),
      constraint meeting_participant_sessions_identity_check
        check (auth_user_id is not null or external_identity is not null),
      constraint meeting_participant_sessions_span_check check (left_at >= joined_at),
      constraint meeting_participant_sessions_left_reason_check
        check (left_reason in ('left', 'removed', 'ended', 'timed-out', 'replaced')))`,
    down: 'drop table meeting_participant_sessions',
  },
  {
    up: `create unique index meeting_participant_sessions_open_key
      on meeting_participant_sessions (meeting_id, auth_user_id, source, connection_id) where left_at is null`,
    down: 'drop index meeting_participant_sessions_open_key',
  },
  {
    up: 'create index idx_meeting_participant_sessions_user on meeting_participant_sessions (meeting_id, auth_user_id)',
    down: 'drop index idx_meeting_participant_sessions_user',
  },
  {
    up: `create table meeting_media_intervals (
      id uuid not null default gen_random_uuid(),
      meeting_id uuid not null,
      auth_user_id uuid not null,
      kind text not null,
      started_at timestamptz not null,
      ended_at timestamptz,
      session_id uuid,
      constraint meeting_media_intervals_pkey primary key (id),
      constraint meeting_media_intervals_meeting_id_fkey
        foreign key (meeting_id) references meetings (id) on delete cascade,
      constraint meeting_media_intervals_session_id_fkey
        foreign key (session_id) references meeting_participant_sessions (id) on delete set null,
      constraint meeting_media_intervals_kind_check
        check (kind in ('microphone', 'speaking', 'camera', 'screen', 'hand')),
      constraint meeting_media_intervals_span_check check (ended_at >= started_at))`,
    down: 'drop table meeting_media_intervals',
  },
  {
    up: `create unique index meeting_media_intervals_open_key
      on meeting_media_intervals (meeting_id, auth_user_id, kind) where ended_at is null`,
    down: 'drop index meeting_media_intervals_open_key',
  },
  {
    up: `create unique index meeting_media_intervals_screen_key
      on meeting_media_intervals (meeting_id) where kind = 'screen' and ended_at is null`,
    down: 'drop index meeting_media_intervals_screen_key',
  },
  {
    up: 'create index idx_meeting_media_intervals_user on meeting_media_intervals (meeting_id, auth_user_id, kind)',
    down: 'drop index idx_meeting_media_intervals_user',
  },
  {
    up: `create index idx_meeting_media_intervals_session_id
      on meeting_media_intervals (session_id) where session_id is not null`,
    down: 'drop index idx_meeting_media_intervals_session_id',
  },
  {
    up: `create table meeting_waitlist_entries (
      id uuid not null default gen_random_uuid(),
      meeting_id uuid not null,
      auth_user_id uuid not null,
      entered_at timestamptz not null,
      promoted_at timestamptz,
      left_at timestamptz,
      constraint meeting_waitlist_entries_pkey primary key (id),
      constraint meeting_waitlist_entries_meeting_id_fkey
        foreign key (meeting_id) references meetings (id) on delete cascade)`,
    down: 'drop table meeting_waitlist_entries',
  },
  {
    up: `create unique index meeting_waitlist_entries_open_key
      on meeting_waitlist_entries (meeting_id, auth_user_id) where promoted_at is null and left_at is null`,
    down: 'drop index meeting_waitlist_entries_open_key',
  },
  {
    up: `create index idx_meeting_waitlist_entries_queue
      on meeting_waitlist_entries (meeting_id, entered_at, id) where promoted_at is null and left_at is null`,
    down: 'drop index idx_meeting_waitlist_entries_queue',
  },
  {
    up: 'create index idx_meeting_waitlist_entries_user on meeting_waitlist_entries (meeting_id, auth_user_id)',
    down: 'drop index idx_meeting_waitlist_entries_user',
  },
  {
    up: `create table meeting_password_attempts (
      meeting_id uuid not null,
      auth_user_id uuid not null,
      attempts integer not null default 0,
      window_started_at timestamptz not null,
      constraint meeting_password_attempts_pkey primary key (meeting_id, auth_user_id),
      constraint meeting_password_attempts_meeting_id_fkey
        foreign key (meeting_id) references meetings (id) on delete cascade)`,
    down: 'drop table meeting_password_attempts',
  },
  {
    // Every event updates its head: room on the page keeps those updates from touching the index.
    up: `create table meeting_event_heads (
      stream_kind smallint not null,
      stream_id uuid not null,
      epoch uuid not null default gen_random_uuid(),
      seq bigint not null default 0,
      public_seq bigint not null default 0,
      public_prev bigint not null default 0,
      hosts_seq bigint not null default 0,
      hosts_prev bigint not null default 0,
      min_seq bigint not null default 0,
      constraint meeting_event_heads_pkey primary key (stream_kind, stream_id)) with (fillfactor = 50)`,
    down: 'drop table meeting_event_heads',
  },
  {
    up: `create table meeting_events (
      stream_kind smallint not null,
      stream_id uuid not null,
      seq bigint not null,
      id uuid not null default gen_random_uuid(),
      prev bigint not null default 0,
      type varchar(100) not null,
      occurred_at timestamptz not null,
      audience text not null default 'all',
      audience_users uuid[],
      actor_id uuid,
      data jsonb not null default '{}',
      redacted boolean not null default false,
      tx xid8 not null default pg_current_xact_id(),
      constraint meeting_events_pkey primary key (stream_kind, stream_id, seq),
      constraint meeting_events_audience_check check (audience in ('all', 'hosts', 'users')))`,
    down: 'drop table meeting_events',
  },
  {
    up: 'create index idx_meeting_events_feed on meeting_events (tx, stream_kind, stream_id, seq)',
    down: 'drop index idx_meeting_events_feed',
  },
  {
    up: `create table meeting_event_consumers (
      name varchar(100) not null,
      position_tx xid8,
      position_stream_kind smallint,
      position_stream_id uuid,
      position_seq bigint,
      lease_owner uuid,
      lease_until timestamptz,
      attempts integer not null default 0,
      parked_at timestamptz,
      last_error text,
      updated_at timestamptz not null default now(),
      constraint meeting_event_consumers_pkey primary key (name))`,
    down: 'drop table meeting_event_consumers',
  },
  {
    up: `create table meeting_idempotency_keys (
      actor_id uuid not null,
      operation varchar(100) not null,
      key varchar(255) not null,
      request_hash text not null,
      response jsonb,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      constraint meeting_idempotency_keys_pkey primary key (actor_id, operation, key))`,
    down: 'drop table meeting_idempotency_keys',
  },
  {
    up: 'create index idx_meeting_idempotency_keys_expires_at on meeting_idempotency_keys (expires_at)',
    down: 'drop index idx_meeting_idempotency_keys_expires_at',
  },
];

export const foundation = {
  up: changes.map((change) => change.up),
  down: changes.toReversed().map((change) => change.down),
};
