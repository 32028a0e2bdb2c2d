import { expect } from 'vitest';
import { test as base } from '../setup/db.ts';
import { execute } from '../setup/postgres.ts';
import { guestId, hostId, insertRows, meetingId, messageId } from './rows.ts';

/** The url of a database that has rows in every table of the vendored DDL. */
const test = base.extend<{ filled: string }>({
  filled: [
    async ({ url }, use) => {
      await execute(url, `set search_path to convoke; ${insertRows}`);
      await use(url);
    },
    { scope: 'file' },
  ],
});

/** Runs a change against the rows, takes it back, and answers with the constraint that refused it, or null. */
async function refusedBy(url: string, change: string): Promise<string | null> {
  try {
    await execute(url, `set search_path to convoke; begin; ${change}; set constraints all immediate; rollback`);
    return null;
  } catch (error) {
    if (error instanceof Error && 'constraint' in error && typeof error.constraint === 'string')
      return error.constraint;
    throw error;
  }
}

const meeting = (change: string) => `update meetings set ${change} where id = '${meetingId}'`;
const session = (columns: string, values: string) =>
  `insert into meeting_participant_sessions (meeting_id, joined_at, ${columns}) values ('${meetingId}', now(), ${values})`;
const media = (columns: string, values: string) =>
  `insert into meeting_media_intervals (meeting_id, started_at, ${columns}) values ('${meetingId}', now(), ${values})`;
const message = (columns: string, values: string) =>
  `insert into meeting_chat_messages (content, sender_id, ${columns}) values ('x', '${hostId}', ${values})`;
const named = message('meeting_id, client_message_id', `'${meetingId}', 'mine'`);
const poll = (change: string) => `update meeting_polls set ${change}`;
const waiting = `insert into meeting_waitlist_entries (meeting_id, auth_user_id, entered_at) values ('${meetingId}', '${guestId}', now())`;
const otherMeeting = `(select id from meetings where id <> '${meetingId}')`;
const series = '(select id from recurring_meeting_series)';

test.for([
  [
    'a meeting that ends when it starts',
    meeting('scheduled_end_time = scheduled_start_time'),
    'meetings_schedule_check',
  ],
  [
    'a meeting for nobody',
    meeting('max_participants = 0, current_participants_count = 0'),
    'meetings_max_participants_check',
  ],
  [
    'fewer than nobody present',
    meeting('current_participants_count = -1'),
    'meetings_current_participants_count_check',
  ],
  ['more present than seats', meeting('current_participants_count = 3'), 'meetings_current_participants_count_check'],
  ['fewer seats than present', meeting('max_participants = 1'), 'meetings_current_participants_count_check'],
  [
    'a slot that is an instant',
    meeting(`original_start_local = '2026-03-02T09:00Z'`),
    'meetings_original_start_local_check',
  ],
  ['a wall time without seconds', meeting(`start_local = '2026-03-02T09:00'`), 'meetings_start_local_check'],
  ['a series that does not exist', meeting('series_id = gen_random_uuid()'), 'meetings_series_id_fkey'],
  ['a template that does not exist', meeting('template_id = gen_random_uuid()'), 'meetings_template_id_fkey'],
  [
    'two meetings in one slot of a series',
    `update meetings set series_id = ${series}, original_start_local = '2026-03-02T09:00:00'`,
    'meetings_series_id_original_start_local_key',
  ],
  [
    'a second Host',
    `update meeting_participants set role = 'Host' where auth_user_id = '${guestId}'`,
    'meeting_participants_host_key',
  ],
  [
    'a private message to nobody',
    message('meeting_id, is_private', `'${meetingId}', true`),
    'meeting_chat_messages_recipient_check',
  ],
  [
    'a public message to somebody',
    message('meeting_id, recipient_id', `'${meetingId}', '${guestId}'`),
    'meeting_chat_messages_recipient_check',
  ],
  [
    'a private message to oneself',
    message('meeting_id, is_private, recipient_id', `'${meetingId}', true, '${hostId}'`),
    'meeting_chat_messages_recipient_check',
  ],
  [
    'a reply to a message of another meeting',
    message('meeting_id, reply_to_message_id', `${otherMeeting}, '${messageId}'`),
    'meeting_chat_messages_meeting_id_reply_to_message_id_fkey',
  ],
  [
    'a second analysis of a meeting',
    `insert into meeting_analytics (meeting_id) values ('${meetingId}')`,
    'meeting_analytics_meeting_id_key',
  ],
  ['a session of nobody', session('source', `'host'`), 'meeting_participant_sessions_identity_check'],
  [
    'a session that ends before it began',
    session('auth_user_id, left_at', `'${hostId}', now() - interval '1 ms'`),
    'meeting_participant_sessions_span_check',
  ],
  [
    'a session that ended for no known reason',
    session('auth_user_id, left_reason', `'${hostId}', 'bored'`),
    'meeting_participant_sessions_left_reason_check',
  ],
  [
    'a second open session of a connection',
    `${session('auth_user_id', `'${hostId}'`)}; ${session('auth_user_id', `'${hostId}'`)}`,
    'meeting_participant_sessions_open_key',
  ],
  [
    "a platform's fact told twice",
    `${session('auth_user_id, external_event_key, connection_id', `'${hostId}', 'e', 'a'`)};
     ${session('auth_user_id, external_event_key, connection_id', `'${hostId}', 'e', 'b'`)}`,
    'meeting_participant_sessions_external_event_key',
  ],
  [
    'an unknown kind of media',
    media('auth_user_id, kind', `'${hostId}', 'hologram'`),
    'meeting_media_intervals_kind_check',
  ],
  [
    'media that end before they began',
    media('auth_user_id, kind, ended_at', `'${hostId}', 'camera', now() - interval '1 ms'`),
    'meeting_media_intervals_span_check',
  ],
  [
    'a camera that is on twice',
    `${media('auth_user_id, kind', `'${hostId}', 'camera'`)}; ${media('auth_user_id, kind', `'${hostId}', 'camera'`)}`,
    'meeting_media_intervals_open_key',
  ],
  [
    'two screens at once',
    `${media('auth_user_id, kind', `'${hostId}', 'screen'`)}; ${media('auth_user_id, kind', `'${guestId}', 'screen'`)}`,
    'meeting_media_intervals_screen_key',
  ],
  ['waiting twice', `${waiting}; ${waiting}`, 'meeting_waitlist_entries_open_key'],
  [
    'an event for an unknown audience',
    `insert into meeting_events (stream_kind, stream_id, seq, type, occurred_at, audience)
     values (0, '${meetingId}', 1, 't', now(), 'friends')`,
    'meeting_events_audience_check',
  ],
  ['one message under two rows', `${named}; ${named}`, 'meeting_chat_messages_client_message_id_key'],
  ['a draft that is open', poll('opened_at = null'), 'meeting_polls_active_check'],
  ['an open poll that was closed', poll('closed_at = now()'), 'meeting_polls_active_check'],
  ['an unknown visibility', poll(`results_visibility = 'sometimes'`), 'meeting_polls_results_visibility_check'],
  ['more choices at least than at most', poll('min_choices = 3, max_choices = 2'), 'meeting_polls_choices_check'],
  ['a quorum of more than everybody', poll('quorum_percent = 101'), 'meeting_polls_quorum_percent_check'],
])('the database refuses %s', async ([, change = '', constraint], { filled }) => {
  expect(await refusedBy(filled, change)).toBe(constraint);
});

test.for([
  ['a meeting without a limit', meeting('max_participants = null, current_participants_count = 1000')],
  [
    'a slot and a wall time',
    meeting(`original_start_local = '2026-03-02T09:00:00', start_local = '2026-03-02T10:30:00'`),
  ],
  [
    'several hidden templates, which have no slot',
    `update meetings set series_id = ${series}, original_start_local = null`,
  ],
  [
    'another Host, once the first has another role',
    `update meeting_participants set role = 'CoHost' where role = 'Host' and meeting_id = '${meetingId}';
     update meeting_participants set role = 'Host' where auth_user_id = '${guestId}'`,
  ],
  ['a reply within its meeting', message('meeting_id, reply_to_message_id', `'${meetingId}', '${messageId}'`)],
  [
    'somebody who comes back',
    `${session('auth_user_id, left_at', `'${hostId}', now()`)}; ${session('auth_user_id', `'${hostId}'`)}`,
  ],
  [
    'somebody with two devices',
    `${session('auth_user_id', `'${hostId}'`)}; ${session('auth_user_id, connection_id', `'${hostId}', 'phone'`)}`,
  ],
  [
    'guests whom nobody has claimed',
    `${session('external_identity', `'{"name":"A"}'`)}; ${session('external_identity', `'{"name":"A"}'`)}`,
  ],
  [
    'a screen after a screen',
    `${media('auth_user_id, kind, ended_at', `'${hostId}', 'screen', now()`)};
     ${media('auth_user_id, kind', `'${guestId}', 'screen'`)}`,
  ],
  ['waiting again after giving up', `${waiting}; update meeting_waitlist_entries set left_at = now(); ${waiting}`],
])('the database allows %s', async ([, change = ''], { filled }) => {
  expect(await refusedBy(filled, change)).toBeNull();
});

test('a meeting takes with it all that hangs on it, replies and open sessions too', async ({ filled }) => {
  const keys = await execute<{ table: string }>(
    filled,
    `select relname as table from pg_constraint join pg_class c on c.oid = conrelid
     where confrelid = 'convoke.meetings'::regclass and confdeltype = 'c'`,
  );
  expect(keys).toHaveLength(14);
  const left = keys.map(({ table }) => `(select count(*) from ${table} where meeting_id = '${meetingId}')`).join(' + ');
  const rows = await execute(
    filled,
    `set search_path to convoke; begin;
     ${session('id, auth_user_id', `'${messageId}', '${hostId}'`)};
     ${media('auth_user_id, kind, session_id', `'${hostId}', 'screen', '${messageId}'`)};
     ${waiting};
     insert into meeting_password_attempts (meeting_id, auth_user_id, window_started_at)
       values ('${meetingId}', '${guestId}', now());
     insert into meeting_chat_read_markers (meeting_id, auth_user_id, message_id, sent_at, read_at)
       values ('${meetingId}', '${guestId}', '${messageId}', now(), now());
     create temporary table counts on commit drop as select ${left} as before;
     delete from meetings where id = '${meetingId}';
     select before::int, (${left})::int as after from counts`,
  );
  expect(rows).toEqual([{ before: 17, after: 0 }]);
});

test('a meeting outlives its series and its template', async ({ filled }) => {
  const rows = await execute(
    filled,
    `set search_path to convoke; begin;
     ${meeting(`series_id = ${series}, template_id = (select id from meeting_templates), original_start_local = '2026-03-02T09:00:00'`)};
     delete from recurring_meeting_series; delete from meeting_templates;
     select series_id, template_id, original_start_local from meetings where id = '${meetingId}'`,
  );
  expect(rows).toEqual([{ series_id: null, template_id: null, original_start_local: '2026-03-02T09:00:00' }]);
});
