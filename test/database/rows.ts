/** Statements that put rows into each of the thirteen tables as the vendored DDL alone allows them, unqualified. */

const hour = (n: number) => `timestamptz '2026-03-02 09:00Z' + interval '${n} hours'`;

export const meetingId = '10000000-0000-4000-8000-000000000001';
export const hostId = '20000000-0000-4000-8000-000000000001';
export const guestId = '20000000-0000-4000-8000-000000000002';
export const messageId = '30000000-0000-4000-8000-000000000001';
const otherMeetingId = '10000000-0000-4000-8000-000000000002';
const agendaItemId = '40000000-0000-4000-8000-000000000001';
const pollId = '50000000-0000-4000-8000-000000000001';

export const insertRows = `
insert into meetings (id, title, meeting_type, creator_id, scheduled_start_time, scheduled_end_time, max_participants,
  current_participants_count, meeting_password, status, actual_start_time, is_recurring, recurrence_pattern)
values
  ('${meetingId}', 'Graph theory', 'StudySession', '${hostId}', ${hour(0)}, ${hour(1)}, 2, 2, '$scrypt$x', 'InProgress',
    ${hour(0)}, false, null),
  ('${otherMeetingId}', 'Office hour', 'Office Hours', '${hostId}', ${hour(24)}, ${hour(25)}, null, 0, null, 'Scheduled',
    null, true, '{"frequency":"weekly"}');
insert into meeting_participants (meeting_id, auth_user_id, role, status, joined_at) values
  ('${meetingId}', '${hostId}', 'Host', 'Accepted', ${hour(0)}),
  ('${meetingId}', '${guestId}', 'Participant', 'Accepted', ${hour(0)}),
  ('${otherMeetingId}', '${hostId}', 'Host', 'Accepted', null);
insert into meeting_invitations (meeting_id, inviter_id, invitee_id, status, message, responded_at)
  values ('${meetingId}', '${hostId}', '${guestId}', 'Accepted', 'Bring chapter 3', ${hour(-1)});
insert into meeting_agendas (id, meeting_id, item_order, title, agenda_type, resources)
  values ('${agendaItemId}', '${meetingId}', 1, 'Trees', 'Wrap-up', '[{"url":"https://example.org"}]');
insert into meeting_notes (meeting_id, agenda_item_id, author_id, note_type, content, is_action_item, due_date, priority)
  values ('${meetingId}', '${agendaItemId}', '${hostId}', 'ActionItem', 'Read on', true, '2026-03-09', 'High');
insert into meeting_attachments (meeting_id, uploader_id, file_name, file_path, file_size_bytes, mime_type)
  values ('${meetingId}', '${hostId}', 'trees.pdf', 'meetings/1/1', 5000000000, 'application/pdf');
insert into meeting_chat_messages (id, meeting_id, sender_id, content, reply_to_message_id, is_private, recipient_id) values
  ('${messageId}', '${meetingId}', '${hostId}', 'Hello', null, false, null),
  ('30000000-0000-4000-8000-000000000002', '${meetingId}', '${guestId}', 'Hello!', '${messageId}', false, null),
  ('30000000-0000-4000-8000-000000000003', '${meetingId}', '${guestId}', 'A word', null, true, '${hostId}');
insert into meeting_polls (id, meeting_id, creator_id, question, poll_type, options)
  values ('${pollId}', '${meetingId}', '${hostId}', 'Clear?', 'YesNo', '["Yes","No"]');
insert into meeting_poll_responses (poll_id, respondent_id, selected_options) values ('${pollId}', '${guestId}', '[0]');
insert into meeting_analytics (meeting_id, total_participants, average_attendance_duration_minutes, engagement_score)
  values ('${meetingId}', 2, 59.5, 73.25);
insert into participant_engagement_metrics (meeting_id, auth_user_id, attendance_duration_minutes, engagement_score)
  values ('${meetingId}', '${guestId}', 59, 71.05);
insert into meeting_templates (name, template_type, creator_id, default_agenda, default_settings)
  values ('Study group', 'StudyGroup', '${hostId}', '[]', '{}');
insert into recurring_meeting_series (series_name, creator_id, recurrence_pattern, series_start_date, template_meeting_id)
  values ('Office hours', '${hostId}', '{"frequency":"weekly"}', '2026-03-03', '${otherMeetingId}');
`;

export const specifiedTables = [
  'meetings',
  'meeting_participants',
  'meeting_invitations',
  'meeting_agendas',
  'meeting_notes',
  'meeting_attachments',
  'meeting_chat_messages',
  'meeting_polls',
  'meeting_poll_responses',
  'meeting_analytics',
  'participant_engagement_metrics',
  'meeting_templates',
  'recurring_meeting_series',
] as const;
