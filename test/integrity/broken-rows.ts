/** For each invariant the change that breaks it, made to the sound data. Each is undone before the next. */
import {
  actionItem,
  ada,
  agendaItem,
  bob,
  cem,
  choicePoll,
  coming,
  dan,
  deletedMessage,
  eve,
  fay,
  hidden,
  id,
  note,
  occurrence,
  openMessage,
  over,
  privateMessage,
  privateReply,
  ratingPoll,
  reply,
  running,
  secretPoll,
  series,
  systemMessage,
  template,
  textPoll,
  yesNoPoll,
} from './sound-data.ts';

const meeting = (which: string, change: string) => `update meetings set ${change} where id = '${which}'`;
const participant = (who: string, change: string, which = over) =>
  `update meeting_participants set ${change} where meeting_id = '${which}' and auth_user_id = '${who}'`;
const invitation = (who: string, change: string, which = over) =>
  `update meeting_invitations set ${change} where meeting_id = '${which}' and invitee_id = '${who}'`;
const message = (which: string, change: string) => `update meeting_chat_messages set ${change} where id = '${which}'`;
const poll = (which: string, change: string) => `update meeting_polls set ${change} where id = '${which}'`;
const vote = (which: string, change: string) =>
  `update meeting_poll_responses set ${change} where poll_id = '${which}'`;
const event = (which: string, change: string) =>
  `update meeting_events set ${change} where stream_kind = 0 and data->>'messageId' = '${which}'`;
const stranger = id('bad');

export const brokenRows: Readonly<Record<string, readonly string[]>> = {
  M01: [
    meeting(coming, 'scheduled_end_time = scheduled_start_time'),
    meeting(coming, `scheduled_end_time = scheduled_start_time + interval '8 days'`),
  ],
  M02: [
    meeting(over, 'actual_start_time = null'),
    meeting(over, `actual_end_time = actual_start_time - interval '1 s'`),
  ],
  M03: [
    meeting(running, 'actual_end_time = now()'),
    meeting(over, 'actual_end_time = null'),
    meeting(coming, 'actual_start_time = now()'),
  ],
  M04: [meeting(coming, 'max_participants = 0')],
  M05: [meeting(coming, 'current_participants_count = -1')],
  M06: [meeting(running, 'max_participants = 1')],
  M07: [meeting(running, 'current_participants_count = 3'), meeting(coming, 'current_participants_count = 1')],
  M08: [participant(bob, 'left_at = null')],
  M09: [meeting(coming, `timezone = 'Mars/Olympus'`)],
  M10: [meeting(coming, `title = '  '`), meeting(coming, `title = 'a' || chr(7)`)],
  M11: [meeting(coming, 'is_recurring = true'), meeting(hidden, `recurrence_pattern = '[]'`)],
  M12: [meeting(coming, `meeting_password = 'hunter2'`)],
  M13: [
    meeting(coming, `meeting_url = 'javascript:alert(1)'`),
    meeting(coming, `meeting_url = 'https://user:secret@meet.example/'`),
    meeting(over, `recording_url = 'file:///etc/passwd'`),
  ],
  M14: [meeting(coming, `recording_url = 'https://recordings.example/none'`)],
  M15: [
    meeting(coming, `updated_at = created_at - interval '1 s'`),
    meeting(coming, `updated_at = now() + interval '1 hour'`),
  ],
  M16: [
    participant(ada, `role = 'CoHost'`, coming),
    `insert into meeting_participants (meeting_id, auth_user_id, role) values ('${coming}', '${bob}', 'Host')`,
  ],
  M17: [meeting(coming, `creator_id = '${bob}'`)],
  M18: [
    meeting(running, `scheduled_start_time = now() - interval '26 h', scheduled_end_time = now() - interval '25 h'`),
  ],

  P01: [participant(bob, 'joined_at = null'), participant(bob, `left_at = joined_at - interval '1 s'`)],
  P02: [
    participant(bob, 'total_duration_minutes = -1'),
    participant(fay, 'total_duration_minutes = 1'),
    participant(bob, 'total_duration_minutes = 42'),
  ],
  P03: [participant(bob, 'joined_at = null'), participant(bob, `status = 'NoShow'`)],
  P04: [participant(bob, `status = 'Attended'`, running)],
  P05: [participant(fay, `status = 'Accepted'`), participant(fay, `status = 'Tentative'`)],
  P06: [participant(cem, 'is_presenter = false'), participant(eve, 'can_use_chat = true')],
  P07: [participant(bob, 'invited_at = now()')],
  P08: [
    participant(bob, `joined_at = now() - interval '181 min'`),
    participant(bob, `left_at = now() - interval '119 min'`),
    participant(ada, 'joined_at = now()', coming),
  ],

  V01: [
    invitation(bob, 'responded_at = null'),
    invitation(fay, `status = 'Pending', responded_at = now()`),
    `update meeting_waitlist_entries set left_at = now()`,
  ],
  V02: [participant(bob, `status = 'Invited'`), `delete from meeting_participants where auth_user_id = '${cem}'`],
  V03: [participant(dan, `status = 'Accepted'`)],
  V04: [invitation(fay, `status = 'Pending'`)],
  V05: [invitation(bob, `inviter_id = '${bob}'`)],
  V06: [
    invitation(bob, `responded_at = invited_at - interval '1 s'`),
    invitation(fay, `reminder_sent_at = invited_at - interval '1 s'`),
  ],
  V07: [invitation(fay, `inviter_id = '${stranger}'`)],

  A01: [
    `update meeting_agendas set item_order = 3 where id = '${agendaItem}'`,
    `delete from meeting_agendas where id = '${agendaItem}'`,
  ],
  A02: ['update meeting_agendas set allocated_minutes = 0'],
  A03: [`update meeting_agendas set presenter_id = '${stranger}'`],
  A04: [
    `update meeting_agendas set resources = '{}'`,
    `update meeting_agendas set resources = '[{"url":" javascript:alert(1)"}]'`,
  ],
  A05: [`update meeting_agendas set allocated_minutes = 41 where id = '${agendaItem}'`],
  N01: [`update meeting_notes set meeting_id = '${running}' where id = '${note}'`],
  N02: [
    `update meeting_notes set is_action_item = true where id = '${note}'`,
    `update meeting_notes set is_action_item = false where id = '${actionItem}'`,
  ],
  N03: [
    `update meeting_notes set assigned_to = '${bob}' where id = '${note}'`,
    `update meeting_notes set status = 'Completed' where id = '${note}'`,
  ],
  N04: [
    `update meeting_notes set author_id = '${stranger}' where id = '${note}'`,
    `update meeting_notes set assigned_to = '${stranger}' where id = '${actionItem}'`,
  ],
  F01: [
    `update meeting_attachments set file_name = '../../etc/passwd'`,
    `update meeting_attachments set file_name = '..'`,
  ],
  F02: [
    `update meeting_attachments set file_path = 'meetings/${running}/1'`,
    `update meeting_attachments set file_path = 'meetings/${over}/../1'`,
    `update meeting_attachments set file_path = '/meetings/${over}/1'`,
  ],
  F03: [
    `insert into meeting_attachments select (jsonb_populate_record(a, '{"id":"${id('1c02')}"}')).* from meeting_attachments a`,
  ],
  F04: ['update meeting_attachments set file_size_bytes = 0', `update meeting_attachments set mime_type = 'text'`],
  F05: [`update meeting_attachments set uploader_id = '${stranger}'`],

  C01: [message(openMessage, 'is_private = true'), message(privateMessage, 'is_private = false')],
  C02: [message(privateMessage, 'recipient_id = sender_id')],
  C03: [message(reply, `meeting_id = '${running}'`), message(reply, `sent_at = now() - interval '171 min'`)],
  C04: [
    message(privateReply, 'is_private = false, recipient_id = null'),
    message(privateReply, `recipient_id = '${cem}'`),
  ],
  C05: [message(openMessage, `edited_at = sent_at - interval '1 s'`), message(deletedMessage, 'edited_at = now()')],
  C06: [message(deletedMessage, `content = 'a secret'`)],
  C07: [message(openMessage, `sender_id = '${stranger}'`), message(privateMessage, `recipient_id = '${stranger}'`)],
  C08: [message(openMessage, `content = ' '`), message(systemMessage, 'is_private = true')],

  L01: [poll(choicePoll, 'is_active = true'), poll(choicePoll, `closed_at = created_at - interval '1 s'`)],
  L02: [
    poll(choicePoll, `options = '["only one"]'`),
    poll(yesNoPoll, `options = '["Yes","No","Maybe"]'`),
    poll(ratingPoll, `options = '["1","3"]'`),
    poll(textPoll, `options = '["a"]'`),
    poll(choicePoll, `options = '{}'`),
  ],
  L03: [poll(choicePoll, `options = '["a","a","b"]'`)],
  L04: [poll(yesNoPoll, 'allow_multiple_choices = true')],
  L05: [vote(choicePoll, 'responded_at = now()'), vote(choicePoll, `responded_at = now() - interval '171 min'`)],
  L06: [
    vote(choicePoll, `selected_options = '[3]'`),
    vote(choicePoll, `selected_options = '[0,0]'`),
    vote(choicePoll, `selected_options = '["0"]'`),
    vote(choicePoll, `selected_options = '[-1]'`),
    vote(choicePoll, `selected_options = '0'`),
  ],
  L07: [
    vote(yesNoPoll, `selected_options = '[0,1]'`),
    vote(choicePoll, `selected_options = '[]'`),
    vote(textPoll, `response_text = ' '`),
    vote(textPoll, `selected_options = '[0]'`),
  ],
  L08: [
    `insert into meeting_poll_responses (poll_id, respondent_id, selected_options) values ('${choicePoll}', '${bob}', '[1]')`,
  ],
  L09: [vote(choicePoll, `respondent_id = '${stranger}'`)],
  L10: [
    vote(secretPoll, `respondent_id = '${fay}'`),
    `insert into meeting_invitations (meeting_id, inviter_id, invitee_id) values ('${coming}', '${ada}', '${id('eee')}')`,
    meeting(coming, `creator_id = '${id('eee')}'`),
  ],
  L11: [poll(choicePoll, 'is_active = true, closed_at = null')],
  L12: [
    `insert into meeting_poll_responses (poll_id, respondent_id, selected_options)
     select '${choicePoll}', gen_random_uuid(), '[1]' from generate_series(1, 7)`,
  ],

  S01: [
    `insert into meeting_analytics (meeting_id) values ('${over}')`,
    `update meeting_analytics set meeting_id = '${running}'`,
  ],
  S02: ['delete from meeting_analytics'],
  S03: [
    'update meeting_analytics set total_participants = 3',
    'update meeting_analytics set total_chat_messages = 6',
    'update meeting_analytics set total_polls_created = 4',
  ],
  S04: [
    'update meeting_analytics set peak_concurrent_participants = 3',
    'update meeting_analytics set peak_concurrent_participants = 0',
  ],
  S05: [
    'update meeting_analytics set engagement_score = 101',
    'update meeting_analytics set technical_issues_count = -1',
    'update participant_engagement_metrics set engagement_score = -1',
    'update participant_engagement_metrics set camera_active_minutes = -1',
  ],
  S06: [
    'update meeting_analytics set average_attendance_duration_minutes = 45.02',
    'update meeting_analytics set average_attendance_duration_minutes = null',
  ],
  S07: [
    `update participant_engagement_metrics set attendance_duration_minutes = 31 where auth_user_id = '${bob}'`,
    `update participant_engagement_metrics set chat_messages_sent = 1 where auth_user_id = '${bob}'`,
    `update participant_engagement_metrics set polls_participated = 5 where auth_user_id = '${bob}'`,
  ],
  S08: [
    `update participant_engagement_metrics set screen_share_duration_minutes = 32 where auth_user_id = '${bob}'`,
    `update participant_engagement_metrics set auth_user_id = '${fay}' where auth_user_id = '${bob}'`,
  ],

  T01: [
    `update meeting_templates set default_duration_minutes = 0`,
    `update meeting_templates set usage_count = -1 where id = '${template}'`,
    `update meeting_templates set default_agenda = '{}'`,
    `update meeting_templates set default_settings = '[]'`,
  ],
  T02: [`update meeting_templates set default_settings = '{"meetingPassword":"hunter2"}'`],
  R01: [
    'update recurring_meeting_series set series_end_date = series_start_date - 1',
    'update recurring_meeting_series set max_occurrences = 1001',
    `update recurring_meeting_series set recurrence_pattern = '[]'`,
  ],
  R02: [
    `update recurring_meeting_series set template_meeting_id = '${coming}'`,
    `update recurring_meeting_series set creator_id = '${bob}'`,
  ],
  X09: [
    meeting(coming, `series_id = '${series}', original_start_local = '2030-01-07T10:00:00'`),
    meeting(occurrence, 'original_start_local = null'),
    meeting(hidden, `status = 'InProgress'`),
    participant(ada, 'joined_at = now()', hidden),
  ],
  X10: ['update recurring_meeting_series set is_active = false'],

  X01: [
    participant(bob, 'total_duration_minutes = 35'),
    `delete from meeting_participant_sessions where auth_user_id = '${bob}' and connection_id = 'laptop' and left_at is not null`,
  ],
  X02: [
    `update meeting_participant_sessions set left_at = now() where meeting_id = '${running}' and auth_user_id = '${ada}'`,
    participant(bob, `joined_at = now() - interval '49 min'`, running),
    `update meeting_participant_sessions set left_at = joined_at - interval '1 s' where meeting_id = '${over}' and auth_user_id = '${ada}'`,
  ],
  X03: ['update meeting_analytics set peak_concurrent_participants = 1'],
  X11: [
    `update meeting_participant_sessions set left_at = now() where meeting_id = '${running}' and auth_user_id = '${bob}'`,
    `insert into meeting_participant_sessions (meeting_id, auth_user_id, joined_at) values ('${running}', '${stranger}', now())`,
  ],

  X04: [event(reply, 'seq = 9'), event(reply, 'seq = 1'), event(openMessage, 'seq = 0')],
  X05: [
    `delete from meeting_events where data->>'messageId' = '${reply}'`,
    `insert into meeting_events select (jsonb_populate_record(e, '{"seq":7}')).* from meeting_events e where data->>'messageId' = '${reply}'`,
    `delete from meeting_chat_messages where id = '${reply}'`,
  ],
  X06: [
    `update meeting_event_heads set seq = seq - 1 where stream_kind = 0`,
    `update meeting_event_heads set seq = seq + 1 where stream_kind = 1`,
    'delete from meeting_event_heads where stream_kind = 0',
  ],
  X07: [
    event(privateMessage, `audience = 'all', audience_users = null`),
    event(privateMessage, `audience_users = audience_users || '${cem}'::uuid`),
    event(openMessage, `data = data || '{"meetingPassword":"hunter2"}'`),
    event(openMessage, `type = 'poll.vote-received'`),
    `update meeting_events set data = '{"pollId":"${secretPoll}"}' where stream_kind = 1`,
    event(openMessage, `data = '{"pollId":"${secretPoll}","userId":"${bob}"}'`),
  ],
  X08: [
    'insert into meeting_idempotency_keys select * from meeting_idempotency_keys',
    `update meeting_idempotency_keys set expires_at = now() - interval '2 days'`,
  ],
};

/** Text that only its writers should read, put where the invariants that must not quote it would find it. */
export const secret = 'the-secret-of-ada';
export const brokenSecrets: Readonly<Record<string, string>> = {
  M13: meeting(coming, `meeting_url = 'https://${secret}@meet.example/'`),
  A04: `update meeting_agendas set resources = '{"${secret}":1}'`,
  C06: message(deletedMessage, `content = '${secret}'`),
  F01: `update meeting_attachments set file_name = '/${secret}'`,
  F02: `update meeting_attachments set file_path = '/${secret}'`,
  F03: `insert into meeting_attachments
    select (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'file_path', '${secret}'))).*
    from meeting_attachments a, generate_series(1, 2)`,
  L02: poll(choicePoll, `options = '["${secret}"]'`),
  L06: vote(choicePoll, `selected_options = '["${secret}"]'`),
  T02: `update meeting_templates set default_settings = '{"password":"${secret}"}'`,
};
