import { isMeeting, type StoredSettings } from '../core/access.ts';
import type { MeetingStatus, ParticipantRole } from '../core/enums.ts';
import { allowedRoles, isRole } from '../core/policy.ts';
import { statement } from '../core/statement.ts';
import { isReadable, messageColumns, type MessageRow } from './message.statements.ts';

/** What may stand against a message. */
export interface SendFacts {
  readonly meeting_status: MeetingStatus;
  readonly settings: StoredSettings;
  readonly actor_role: ParticipantRole;
  readonly removed: boolean;
  readonly present: boolean;
  readonly can_use_chat: boolean;
  /** Of a private message; null when the recipient does not belong to the meeting. */
  readonly recipient: { readonly role: ParticipantRole; readonly reachable: boolean } | null;
  /** Null when the answered message is not of this meeting. */
  readonly reply: {
    readonly visible: boolean;
    readonly deleted: boolean;
    readonly system: boolean;
    readonly same_conversation: boolean;
  } | null;
  /** The message that was sent before under the same client id. */
  readonly existing: MessageRow | null;
  /** Whether the file is an attachment of the meeting. */
  readonly attached: boolean;
}

const { always, byFlag } = allowedRoles('chat.sendPrivate');

/**
 * Asks why a message was not stored: for whoever is refused, a second question; for everybody else, a statement that carries nothing
 * they do not need. No row: the sender has no place in the meeting, or there is none. Parameters: 1 meeting, 2 sender; as far
 * as the message has them, else null: 3 recipient, 4 answered message, 5 client id, 6 file.
 */
export const whyNotSent = statement<SendFacts>(
  'chat-why-not-sent',
  (t) => `
  select m.status as meeting_status, m.settings, p.role as actor_role, p.removed_at is not null as removed, p.can_use_chat,
         p.joined_at is not null and p.left_at is null as present,
         (select to_json(r) from (
            select r.role, r.auth_user_id <> $2::uuid and ${isRole([...always, ...byFlag], 'r.role')}
                   and r.joined_at is not null and r.left_at is null as reachable
            from ${t.meeting_participants} r
            where r.meeting_id = m.id and r.auth_user_id = $3::uuid and r.removed_at is null) r) as recipient,
         (select to_json(c) from (
            select ${isReadable('c', '$2')} as visible, c.deleted_at is not null as deleted, c.message_type = 'System' as system,
                   not c.is_private or coalesce($3::uuid in (c.sender_id, c.recipient_id), false) as same_conversation
            from ${t.meeting_chat_messages} c where c.id = $4::uuid and c.meeting_id = m.id) c) as reply,
         (select to_json(c) from (
            select ${messageColumns('c')} from ${t.meeting_chat_messages} c
            where c.meeting_id = m.id and c.sender_id = $2::uuid and c.client_message_id = $5::text) c) as existing,
         exists (select from ${t.meeting_attachments} f where f.id = $6::uuid and f.meeting_id = m.id) as attached
  from ${t.meeting_participants} p join ${t.meetings} m on m.id = p.meeting_id and ${isMeeting}
  where p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid`,
);
