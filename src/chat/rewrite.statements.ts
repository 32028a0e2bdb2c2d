import { isMeeting, type StoredSettings } from '../core/access.ts';
import type { MeetingStatus, ParticipantRole } from '../core/enums.ts';
import { statement } from '../core/statement.ts';
import { tellingWords } from './chat.events.ts';
import { messageColumns, type MessageRow } from './message.statements.ts';

/** A message that is about to change, and where whoever wants to change it stands. */
export interface RewritableRow extends MessageRow {
  readonly meeting_status: MeetingStatus;
  readonly settings: StoredSettings;
  readonly actor_role: ParticipantRole | null;
  readonly removed: boolean | null;
  readonly present: boolean | null;
  readonly can_use_chat: boolean | null;
  /** Of a private message, as long as the recipient belongs to the meeting. */
  readonly recipient_role: ParticipantRole | null;
  readonly now: string;
}

/**
 * Locks a message for a change, after the row of whoever wants to make it. What follows is a statement of its own, so that it sees
 * the events of a change that this one waited for. Parameters: 1 message, 2 person, 3 now.
 */
export const lockMessage = statement<RewritableRow>(
  'chat-message-lock',
  (t) => `
  with target as (select c.meeting_id from ${t.meeting_chat_messages} c where c.id = $1::uuid),
  me as (
    select p.role, p.removed_at is not null as removed, p.can_use_chat,
           p.joined_at is not null and p.left_at is null as present
    from target join ${t.meeting_participants} p on p.meeting_id = target.meeting_id and p.auth_user_id = $2::uuid
    for share of p),
  message as (
    select ${messageColumns('c')}, me.role as actor_role, me.removed, me.can_use_chat, me.present
    from target left join me on true join ${t.meeting_chat_messages} c on c.id = $1::uuid
    for no key update of c)
  select message.*, m.status as meeting_status, m.settings, r.role as recipient_role,
         coalesce($3::timestamptz, date_trunc('milliseconds', clock_timestamp())) as now
  from message
  join ${t.meetings} m on m.id = message.meeting_id and ${isMeeting}
  left join ${t.meeting_participants} r
    on r.meeting_id = m.id and r.auth_user_id = message.recipient_id and r.removed_at is null`,
);

/**
 * Gives a locked message other words, or takes them away, and blanks the events that carried the former ones.
 * Nothing changes before it was written, though clocks step back. Parameters: 1 message, 2 meeting, 3 content, 4 now, 5 whether
 * that deletes it.
 */
export const rewriteMessage = statement<MessageRow>(
  'chat-message-rewrite',
  (t) => `
  with blanked as (
    update ${t.meeting_events} e set data = '{}', redacted = true
    where e.data->>'messageId' = $1::text and e.type in (${tellingWords.map((type) => `'${type}'`).join(', ')})
      and e.stream_kind = 0 and e.stream_id = $2::uuid)
  update ${t.meeting_chat_messages} c
  set content = $3::text,
      edited_at = case when $5::boolean then c.edited_at else greatest($4::timestamptz, c.sent_at, c.edited_at) end,
      deleted_at = case when $5::boolean then greatest($4::timestamptz, c.sent_at, c.edited_at) end
  where c.id = $1::uuid
  returning ${messageColumns('c')}`,
);

/** Whether a file is an attachment of a meeting: 1 attachment, 2 meeting. */
export const attachmentInMeeting = statement<{ id: string }>(
  'chat-attachment',
  (t) => `select a.id from ${t.meeting_attachments} a where a.id = $1::uuid and a.meeting_id = $2::uuid`,
);
