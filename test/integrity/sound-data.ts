/**
 * A small world in which every invariant holds: a meeting that is over, one that is running, one that is coming, one that was
 * cancelled, a series, a template. Unqualified SQL; whoever runs it has set `search_path`.
 */
import { unconstrained } from './unconstrained.ts';

/** Ids that can be told apart at sight: `id('c0')` ends in c0. */
export const id = (tail: string) => `00000000-0000-4000-8000-${tail.padStart(12, '0')}`;

/** People. */
export const ada = id('a1');
export const bob = id('b1');
export const cem = id('c1');
export const dan = id('d1');
export const eve = id('e1');
export const fay = id('f1');
const gus = id('aa1');
/** Signs system messages. */
const system = id('5');
/** Meetings. */
export const over = id('1000');
export const running = id('2000');
export const coming = id('3000');
const cancelled = id('4000');
export const hidden = id('5000');
export const occurrence = id('6000');
export const series = id('7000');
export const template = id('8000');
/** Things of the meeting that is over. */
export const agendaItem = id('1a01');
export const note = id('1b01');
export const actionItem = id('1b02');
const attachment = id('1c01');
export const openMessage = id('1d01');
export const reply = id('1d02');
export const privateMessage = id('1d03');
export const privateReply = id('1d04');
export const deletedMessage = id('1d05');
export const systemMessage = id('1d06');
export const choicePoll = id('1e01');
export const secretPoll = id('1e02');
export const yesNoPoll = id('1e03');
export const ratingPoll = id('1e04');
export const textPoll = id('1e05');

const day = `interval '1 day'`;

const meetings = `
insert into meetings (id, title, meeting_type, creator_id, timezone, max_participants, meeting_url, meeting_password,
  recording_url, status, scheduled_start_time, scheduled_end_time, actual_start_time, actual_end_time, created_at, updated_at)
values ('${over}', 'Over', 'Lecture', '${ada}', 'Europe/Berlin', 10, 'https://meet.example/over', '$scrypt$1$x',
  'https://recordings.example/over', 'Completed', now() - interval '3 h', now() - interval '2 h',
  now() - interval '3 h', now() - interval '2 h', now() - ${day}, now() - interval '2 h');
insert into meetings (id, title, meeting_type, creator_id, max_participants, current_participants_count, status,
  scheduled_start_time, scheduled_end_time, actual_start_time, created_at, updated_at)
values ('${running}', 'Running', 'Workshop', '${ada}', 5, 2, 'InProgress', now() - interval '1 h', now() + interval '1 h',
  now() - interval '1 h', now() - ${day}, now() - interval '1 h');
insert into meetings (id, title, meeting_type, creator_id, status, scheduled_start_time, scheduled_end_time, created_at, updated_at)
values ('${coming}', 'Coming', 'Social', '${ada}', 'Scheduled', now() + ${day}, now() + ${day} + interval '1 h', now(), now()),
  ('${cancelled}', 'Cancelled', 'Review', '${ada}', 'Cancelled', now() + ${day}, now() + ${day} + interval '1 h', now(), now());
insert into recurring_meeting_series (id, series_name, creator_id, recurrence_pattern, series_start_date, series_end_date, max_occurrences)
values ('${series}', 'Weekly', '${ada}', '{"freq":"WEEKLY"}', current_date, current_date + 70, 10);
insert into meetings (id, title, meeting_type, creator_id, status, is_recurring, recurrence_pattern, series_id,
  original_start_local, scheduled_start_time, scheduled_end_time, created_at, updated_at)
values ('${hidden}', 'Weekly', 'Review', '${ada}', 'Scheduled', true, '{"freq":"WEEKLY"}', '${series}', null,
    now() + ${day}, now() + ${day} + interval '1 h', now(), now()),
  ('${occurrence}', 'Weekly', 'Review', '${ada}', 'Scheduled', false, null, '${series}', '2030-01-07T10:00:00',
    now() + ${day}, now() + ${day} + interval '1 h', now(), now());
update recurring_meeting_series set template_meeting_id = '${hidden}';
insert into meeting_templates (id, name, template_type, creator_id, default_agenda, default_settings)
values ('${template}', 'Stand-up', 'Custom', '${ada}', '[]', '{"openJoin":true}');`;

const people = `
insert into meeting_participants (meeting_id, auth_user_id, role, status, invited_at)
select id, creator_id, 'Host', 'Accepted', created_at from meetings;
insert into meeting_participants (meeting_id, auth_user_id, role, status, is_presenter, can_share_screen, can_use_chat, invited_at)
values ('${over}', '${bob}', 'Participant', 'Attended', false, true, true, now() - ${day}),
  ('${over}', '${cem}', 'Presenter', 'NoShow', true, true, true, now() - ${day}),
  ('${over}', '${dan}', 'Participant', 'Declined', false, true, true, now() - ${day}),
  ('${over}', '${eve}', 'Observer', 'NoShow', false, false, false, now() - ${day}),
  ('${over}', '${fay}', 'Participant', 'Invited', false, true, true, now() - ${day}),
  ('${running}', '${bob}', 'CoHost', 'Accepted', false, true, true, now() - ${day}),
  ('${running}', '${fay}', 'Participant', 'Tentative', false, true, true, now() - ${day}),
  ('${running}', '${gus}', 'Participant', 'Invited', false, true, true, now() - ${day});
insert into meeting_invitations (meeting_id, inviter_id, invitee_id, status, invited_at, responded_at)
values ('${over}', '${ada}', '${bob}', 'Accepted', now() - ${day}, now() - interval '5 h'),
  ('${over}', '${ada}', '${cem}', 'Accepted', now() - ${day}, now() - interval '5 h'),
  ('${over}', '${ada}', '${dan}', 'Declined', now() - ${day}, now() - interval '5 h'),
  ('${over}', '${bob}', '${eve}', 'Accepted', now() - ${day}, now() - interval '5 h'),
  ('${over}', '${ada}', '${fay}', 'Expired', now() - ${day}, null),
  ('${running}', '${ada}', '${bob}', 'Accepted', now() - ${day}, now() - interval '5 h'),
  ('${running}', '${ada}', '${fay}', 'Pending', now() - ${day}, now() - interval '5 h'),
  ('${running}', '${ada}', '${gus}', 'Pending', now() - ${day}, now() - interval '5 h');
insert into meeting_waitlist_entries (meeting_id, auth_user_id, entered_at) values ('${running}', '${gus}', now() - interval '5 h');
insert into meeting_participant_sessions (meeting_id, auth_user_id, connection_id, joined_at, left_at)
values ('${over}', '${ada}', 'a', now() - interval '180 min', now() - interval '120 min'),
  ('${over}', '${bob}', 'phone', now() - interval '170 min', now() - interval '160 min'),
  ('${over}', '${bob}', 'laptop', now() - interval '165 min', now() - interval '150 min'),
  ('${over}', '${bob}', 'phone', now() - interval '140 min', now() - interval '130 min'),
  ('${running}', '${ada}', 'a', now() - interval '60 min', null),
  ('${running}', '${bob}', 'phone', now() - interval '50 min', null),
  ('${running}', '${bob}', 'laptop', now() - interval '40 min', null);
insert into meeting_participant_sessions (meeting_id, external_identity, joined_at)
values ('${running}', '{"name":"a guest"}', now() - interval '30 min');
update meeting_participants set status = 'Attended', joined_at = now() - interval '180 min', left_at = now() - interval '120 min',
  total_duration_minutes = 60 where meeting_id = '${over}' and auth_user_id = '${ada}';
update meeting_participants set joined_at = now() - interval '170 min', left_at = now() - interval '130 min',
  total_duration_minutes = 30 where meeting_id = '${over}' and auth_user_id = '${bob}';
update meeting_participants set joined_at = now() - interval '60 min' where meeting_id = '${running}' and auth_user_id = '${ada}';
update meeting_participants set joined_at = now() - interval '50 min' where meeting_id = '${running}' and auth_user_id = '${bob}';`;

const content = `
insert into meeting_agendas (id, meeting_id, item_order, title, allocated_minutes, presenter_id, agenda_type, resources)
values ('${agendaItem}', '${over}', 1, 'First', 10, '${cem}', 'Discussion', '["https://slides.example/1"]'),
  ('${id('1a02')}', '${over}', 2, 'Second', 20, null, 'Wrap-up', null);
insert into meeting_notes (id, meeting_id, agenda_item_id, author_id, note_type, content, is_action_item, assigned_to, due_date,
  priority, status)
values ('${note}', '${over}', '${agendaItem}', '${ada}', 'General', 'Noted', false, null, null, null, 'Active'),
  ('${actionItem}', '${over}', null, '${ada}', 'ActionItem', 'Do it', true, '${bob}', current_date, 'High', 'Completed');
insert into meeting_attachments (id, meeting_id, uploader_id, file_name, file_path, file_size_bytes, mime_type)
values ('${attachment}', '${over}', '${bob}', 'plan.txt', 'meetings/${over}/1', 10, 'text/plain');
insert into meeting_chat_messages (id, meeting_id, sender_id, message_type, content, reply_to_message_id, is_private, recipient_id,
  sent_at, edited_at, deleted_at)
values ('${openMessage}', '${over}', '${ada}', 'Text', 'hello', null, false, null, now() - interval '170 min', now() - interval '169 min', null),
  ('${reply}', '${over}', '${bob}', 'Text', 'hi', '${openMessage}', false, null, now() - interval '168 min', null, null),
  ('${privateMessage}', '${over}', '${bob}', 'Text', 'psst', '${openMessage}', true, '${ada}', now() - interval '167 min', null, null),
  ('${privateReply}', '${over}', '${ada}', 'Text', 'what', '${privateMessage}', true, '${bob}', now() - interval '166 min', null, null),
  ('${deletedMessage}', '${over}', '${ada}', 'Text', '', null, false, null, now() - interval '165 min', null, now() - interval '164 min'),
  ('${systemMessage}', '${over}', '${system}', 'System', 'recording started', null, false, null, now() - interval '163 min', null, null);
insert into meeting_polls (id, meeting_id, creator_id, question, poll_type, options, allow_multiple_choices, is_anonymous,
  is_active, created_at, opened_at, closed_at, allow_abstain)
select p.id, '${over}', '${ada}', 'Which?', p.type::poll_type, p.options::jsonb, p.type = 'MultipleChoice', p.id = '${secretPoll}',
  false, now() - interval '170 min', now() - interval '170 min', now() - interval '140 min', p.type = 'YesNo'
from (values ('${choicePoll}'::uuid, 'MultipleChoice', '["a","b","c"]'), ('${secretPoll}'::uuid, 'SingleChoice', '["a","b"]'),
  ('${yesNoPoll}'::uuid, 'YesNo', '["Yes","No"]'), ('${ratingPoll}'::uuid, 'Rating', '["1","2","3","4","5"]'),
  ('${textPoll}'::uuid, 'OpenEnded', '[]')) as p (id, type, options);
insert into meeting_poll_responses (poll_id, respondent_id, selected_options, response_text, responded_at)
values ('${choicePoll}', '${bob}', '[0,2]', null, now() - interval '160 min'),
  ('${secretPoll}', '${id('eee')}', '[1]', null, now() - interval '160 min'),
  ('${yesNoPoll}', '${bob}', '[]', null, now() - interval '160 min'),
  ('${ratingPoll}', '${bob}', '[4]', null, now() - interval '160 min'),
  ('${textPoll}', '${bob}', '[]', 'because', now() - interval '160 min');
insert into meeting_analytics (meeting_id, total_participants, average_attendance_duration_minutes, peak_concurrent_participants,
  total_chat_messages, total_polls_created, engagement_score)
values ('${over}', 2, 45, 2, 5, 5, 50);
insert into participant_engagement_metrics (meeting_id, auth_user_id, attendance_duration_minutes, chat_messages_sent,
  polls_participated, microphone_active_minutes, engagement_score)
values ('${over}', '${ada}', 60, 3, 0, 10, 40), ('${over}', '${bob}', 30, 2, 4, 5, 60);`;

const log = `
insert into meeting_events (stream_kind, stream_id, seq, type, occurred_at, audience, audience_users, actor_id, data)
select 0, '${over}', row_number() over (order by sent_at), 'chat.message.sent', sent_at,
  case when is_private then 'users' else 'all' end, case when is_private then array[sender_id, recipient_id] end, sender_id,
  case when deleted_at is null then jsonb_build_object('messageId', id, 'isPrivate', is_private) else '{}' end
from meeting_chat_messages;
insert into meeting_events (stream_kind, stream_id, seq, type, occurred_at, audience, audience_users, actor_id, data)
values (1, '${bob}', 1, 'poll.vote-received', now() - interval '160 min', 'users', array['${bob}']::uuid[], '${bob}',
  '{"pollId":"${choicePoll}"}');
insert into meeting_event_heads (stream_kind, stream_id, seq)
select stream_kind, stream_id, max(seq) from meeting_events group by stream_kind, stream_id;
insert into meeting_idempotency_keys (actor_id, operation, key, request_hash, expires_at)
values ('${ada}', 'chat.send', 'k1', 'hash', now() + ${day});`;

/** Brings a migrated, empty schema to the sound state, with every constraint gone so that a test can break what it likes. */
export const soundData = `${unconstrained};${meetings}${people}${content}${log}`;
