import { defineEntity, type EntityCtor, type Opt, p, type Ref } from '@mikro-orm/core';
import { type ChatMessageType, chatMessageTypes } from '../core/enums.ts';
import { Meeting } from '../meetings/index.ts';

const schema = defineEntity({
  name: 'ChatMessage',
  tableName: 'meeting_chat_messages',
  schema: '*',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    meeting: () =>
      p
        .manyToOne(Meeting)
        .ref()
        .deleteRule('cascade')
        .foreignKeyName('meeting_chat_messages_meeting_id_fkey')
        .index('idx_meeting_chat_messages_meeting_id'),
    senderId: p.uuid().index('idx_meeting_chat_messages_sender_id'),
    messageType: p.enum(chatMessageTypes).nativeEnumName('chat_message_type').default('Text'),
    content: p.text(),
    // A second key in the database, over meeting_id and this column, keeps a reply in its meeting.
    replyToMessage: () =>
      p
        .manyToOne(ChatMessage)
        .ref()
        .nullable()
        .deleteRule('no action')
        .foreignKeyName('meeting_chat_messages_reply_to_message_id_fkey'),
    isPrivate: p.boolean().default(false),
    recipientId: p.uuid().nullable(),
    sentAt: p.datetime().defaultRaw('now()').index('idx_meeting_chat_messages_sent_at'),
    editedAt: p.datetime().nullable(),
    deletedAt: p.datetime().nullable(),
    clientMessageId: p.string().length(255).nullable(),
  },
  indexes: [
    {
      // As a text, because the ORM misreads the order of a column `id` behind a column `meeting_id` in the catalogue.
      name: 'idx_meeting_chat_messages_history',
      expression: (columns, table, name) =>
        `create index ${name} on ${table.qualifiedName} (${columns.meeting}, ${columns.sentAt} desc, ${columns.id} desc)`,
    },
    {
      name: 'idx_meeting_chat_messages_reply_to_message_id',
      properties: ['replyToMessage'],
      where: 'reply_to_message_id is not null',
    },
    {
      // The meeting's id stands among the words, so that a search reads one meeting's postings and no other's.
      name: 'idx_meeting_chat_messages_search',
      expression: (columns, table, name) =>
        `create index ${name} on ${table.qualifiedName} using gin ((array_to_tsvector(array[${columns.meeting}::text]) || to_tsvector('simple'::regconfig, left(${columns.content}, 10000)))) with (gin_pending_list_limit = 512) where ${columns.deletedAt} is null`,
    },
    {
      name: 'idx_meeting_chat_messages_conversation',
      expression: (columns, table, name) =>
        `create index ${name} on ${table.qualifiedName} (${columns.meeting}, least(${columns.senderId}, ${columns.recipientId}), greatest(${columns.senderId}, ${columns.recipientId}), ${columns.sentAt} desc, ${columns.id} desc) where ${columns.isPrivate}`,
    },
  ],
  uniques: [
    { name: 'meeting_chat_messages_meeting_id_id_key', properties: ['meeting', 'id'] },
    {
      name: 'meeting_chat_messages_client_message_id_key',
      properties: ['meeting', 'senderId', 'clientMessageId'],
      where: 'client_message_id is not null',
    },
  ],
  checks: [
    {
      name: 'meeting_chat_messages_recipient_check',
      expression: 'is_private = (recipient_id is not null) and (recipient_id is null or recipient_id <> sender_id)',
    },
  ],
});

/** Columns of `meeting_chat_messages`. */
export interface ChatMessageProps {
  id: Opt<string>;
  meeting: Ref<Meeting>;
  senderId: string;
  messageType: Opt<ChatMessageType>;
  content: string;
  /** A message of the same meeting. */
  replyToMessage: Ref<ChatMessage> | null | undefined;
  /** True exactly when there is a recipient. */
  isPrivate: Opt<boolean>;
  recipientId: string | null | undefined;
  sentAt: Opt<Date>;
  editedAt: Date | null | undefined;
  /** A deleted message keeps its place, blanked. */
  deletedAt: Date | null | undefined;
  /** The sender's own name for the message: sent twice, it is one message. */
  clientMessageId: string | null | undefined;
}

const ChatMessageBase: EntityCtor<ChatMessageProps> = schema.class;
/** A chat message: one row of `meeting_chat_messages`. */
export class ChatMessage extends ChatMessageBase {}
schema.setClass(ChatMessage);
