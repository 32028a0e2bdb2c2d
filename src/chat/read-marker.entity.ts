import { defineEntity, type EntityCtor, p, type PrimaryKeyProp, type Ref } from '@mikro-orm/core';
import { Meeting } from '../meetings/index.ts';

const schema = defineEntity({
  name: 'ReadMarker',
  tableName: 'meeting_chat_read_markers',
  schema: '*',
  primaryKeys: ['meeting', 'authUserId'],
  properties: {
    meeting: () =>
      p
        .manyToOne(Meeting)
        .ref()
        .primary()
        .deleteRule('cascade')
        .foreignKeyName('meeting_chat_read_markers_meeting_id_fkey'),
    authUserId: p.uuid().primary(),
    messageId: p.uuid(),
    sentAt: p.datetime(),
    readAt: p.datetime(),
  },
});

/** Columns of `meeting_chat_read_markers`: how far each person has read. */
export interface ReadMarkerProps {
  [PrimaryKeyProp]?: ['meeting', 'authUserId'];
  meeting: Ref<Meeting>;
  authUserId: string;
  /** The last message read. */
  messageId: string;
  /** When that message was sent: the place in the chat, which stays even if the message goes. */
  sentAt: Date;
  readAt: Date;
}

const ReadMarkerBase: EntityCtor<ReadMarkerProps> = schema.class;
/** How far a person has read a meeting's chat: one row of `meeting_chat_read_markers`. */
export class ReadMarker extends ReadMarkerBase {}
schema.setClass(ReadMarker);
