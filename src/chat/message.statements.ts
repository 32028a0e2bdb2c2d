import type { ChatMessageType } from '../core/enums.ts';
import { instantOf } from '../core/instant.ts';
import { statement } from '../core/statement.ts';
import type { MessageView } from './chat.schema.ts';

/** Columns of a message as statements give them back. */
export interface MessageRow {
  readonly id: string;
  readonly meeting_id: string;
  readonly sender_id: string;
  readonly message_type: ChatMessageType;
  readonly content: string;
  readonly reply_to_message_id: string | null;
  readonly is_private: boolean;
  readonly recipient_id: string | null;
  readonly sent_at: string;
  readonly edited_at: string | null;
  readonly deleted_at: string | null;
  readonly client_message_id: string | null;
}

/** The column list for an alias. */
export function messageColumns(alias: string): string {
  return [
    ...[
      'id',
      'meeting_id',
      'sender_id',
      'message_type',
      'content',
      'reply_to_message_id',
      'is_private',
      'recipient_id',
    ],
    ...['sent_at', 'edited_at', 'deleted_at', 'client_message_id'],
  ]
    .map((column) => `${alias}.${column}`)
    .join(', ');
}

/** Public, or written by or to the person of this parameter: nobody else reads a private message, whatever their role. */
export function isReadable(alias: string, person: string): string {
  return `(not ${alias}.is_private or ${alias}.sender_id = ${person}::uuid or ${alias}.recipient_id = ${person}::uuid)`;
}

export function messageViewOf(row: MessageRow): MessageView {
  return Object.freeze({
    id: row.id,
    meetingId: row.meeting_id,
    senderId: row.sender_id,
    messageType: row.message_type,
    content: row.deleted_at === null ? row.content : null,
    replyToMessageId: row.reply_to_message_id,
    isPrivate: row.is_private,
    recipientId: row.recipient_id,
    sentAt: instantOf(row.sent_at),
    editedAt: instantOf(row.edited_at),
    deletedAt: instantOf(row.deleted_at),
    clientMessageId: row.client_message_id,
  });
}

/** One message, as far as this person may read it: 1 message, 2 person. */
export const readableMessage = statement<MessageRow>(
  'chat-message',
  (t) => `
  select ${messageColumns('c')} from ${t.meeting_chat_messages} c
  where c.id = $1::uuid and ${isReadable('c', '$2')}`,
);
