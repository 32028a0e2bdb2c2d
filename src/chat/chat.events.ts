import { z } from 'zod';
import { chatMessageTypes } from '../core/enums.ts';
import { type Audience, defineEvents, type EventData, type StreamEvent } from '../core/event.ts';
import type { MessageView } from './chat.schema.ts';

const instant = z.iso.datetime();
const readers = 'all; of a private message its two people';

/** The message as it is from here on: who has not heard of it before misses nothing. */
const message = z.strictObject({
  messageId: z.string(),
  senderId: z.string(),
  messageType: z.enum(chatMessageTypes),
  content: z.string().nullable(),
  replyToMessageId: z.string().nullable(),
  isPrivate: z.boolean(),
  recipientId: z.string().nullable(),
  sentAt: instant,
  editedAt: instant.nullable(),
  deletedAt: instant.nullable(),
  clientMessageId: z.string().nullable(),
});

/** What is said in a meeting. Once a message is edited or deleted, its former words are taken out of the events that told them. */
export const chatEvents = defineEvents({
  'chat.message.sent': { about: 'Somebody wrote something.', audience: readers, data: message },
  'chat.message.edited': {
    about: 'An author changed the words. The message as it is now; earlier events about it are blanked.',
    audience: readers,
    data: message,
  },
  'chat.message.deleted': {
    about: 'A message lost its words and kept its place. Earlier events about it are blanked.',
    audience: readers,
    data: message,
  },
});

/** Events that carry words which a later change of the message takes back. */
export const tellingWords = ['chat.message.sent', 'chat.message.edited'] as const satisfies readonly ChatEvent[];
const takingWords: readonly string[] = ['chat.message.edited', 'chat.message.deleted'] satisfies readonly ChatEvent[];
type ChatEvent = keyof typeof chatEvents;

/** Of an event that took words back: tells the earlier ones that carried them, which are blank in the log now. */
export function blanking(event: StreamEvent): ((earlier: StreamEvent) => boolean) | null {
  if (!takingWords.includes(event.type)) return null;
  const { stream, seq, data } = event;
  return (earlier) =>
    tellingWords.some((type) => type === earlier.type) &&
    earlier.data['messageId'] === data['messageId'] &&
    earlier.stream.id === stream.id &&
    earlier.seq < seq;
}

/** A message as its events carry it. */
export function messageDataOf(view: MessageView): EventData<typeof chatEvents, 'chat.message.sent'> {
  return {
    messageId: view.id,
    senderId: view.senderId,
    messageType: view.messageType,
    content: view.content,
    replyToMessageId: view.replyToMessageId,
    isPrivate: view.isPrivate,
    recipientId: view.recipientId,
    sentAt: view.sentAt.toISOString(),
    editedAt: view.editedAt?.toISOString() ?? null,
    deletedAt: view.deletedAt?.toISOString() ?? null,
    clientMessageId: view.clientMessageId,
  };
}

/** Who may hear of a message. */
export function readersOf({ senderId, recipientId }: MessageView): Audience {
  return recipientId === null ? 'all' : { users: [senderId, recipientId] };
}
