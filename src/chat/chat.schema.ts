import { z } from 'zod';
import { chatMessageTypes } from '../core/enums.ts';
import { id, instant, int32, label, pageInput, text } from '../core/schema.ts';
import { type CallerMessageType, callerMessageTypes, unfit } from './chat.rules.ts';

/** Longest message, in code points. */
const content = text(4_000);

/** Input of `chat.send`. */
export const sendInput = z
  .strictObject({
    /**
     * What is said. `Text` is anything visible; `Emoji` one to eight emoji and nothing else; `Link` one http or https address;
     * `File` the id of an attachment of this meeting.
     */
    content,
    /** @default 'Text' */
    messageType: z.enum(callerMessageTypes).default('Text'),
    /** The message this one answers: neither deleted nor a system message, and of the same conversation if it is private. */
    replyToMessageId: id.optional(),
    /** Makes the message private: this person, who has to be present, and the sender read it, and nobody else. */
    recipientId: id.optional(),
    /** The sender's own name for the message: sent twice, it is one message. */
    clientMessageId: label(255).optional(),
  })
  .check((context) => refuseUnfit(context, context.value.messageType, context.value.content))
  .transform(({ content: given, ...message }) => ({
    ...message,
    content: canonical(message.messageType, given),
  }));
export type SendInput = z.input<typeof sendInput>;
export type Sending = z.output<typeof sendInput>;

/** Input of `chat.sendSystem`. */
export const sendSystemInput = z.strictObject({ content });
export type SendSystemInput = z.input<typeof sendSystemInput>;

/** Input of `chat.edit`. The content has to suit the type that the message has. */
export const editInput = z.strictObject({ content });
export type EditInput = z.input<typeof editInput>;

const one = { error: 'must not be given together with another one of before, after and around' };

/** Input of `chat.history`. */
export const historyInput = z
  .strictObject({
    /** Messages before this one, newest first. */
    before: id.optional(),
    /** Messages after this one, oldest first. */
    after: id.optional(),
    /** This message in the midst of its neighbours, oldest first. */
    around: id.optional(),
    /** How many messages at most, 1 to 200. @default 50 */
    limit: int32(1, 200).default(50),
    /** Only the private conversation with this person. */
    with: id.optional(),
  })
  .refine(({ after, before }) => after === undefined || before === undefined, { ...one, path: ['after'] })
  .refine(({ around, after, before }) => around === undefined || (after ?? before) === undefined, {
    ...one,
    path: ['around'],
  });
export type ChatHistoryInput = z.input<typeof historyInput>;
export type HistoryWish = z.output<typeof historyInput>;

/** Input of `chat.search`. */
export const searchInput = z.strictObject({
  /** Words, all of which must occur; "a phrase" in quotes, `or` between words, `-` before a word that must not occur. */
  text: text(500),
  ...pageInput.shape,
});
export type ChatSearchInput = z.input<typeof searchInput>;
export type SearchWish = z.output<typeof searchInput>;

/** A message as its readers see it. */
export const messageView = z.strictObject({
  id,
  meetingId: id,
  /** `SYSTEM_USER_ID` for system messages. */
  senderId: id,
  messageType: z.enum(chatMessageTypes),
  /** Null once the message is deleted: it keeps its place and nothing else. */
  content: z.string().nullable(),
  replyToMessageId: id.nullable(),
  isPrivate: z.boolean(),
  /** Who reads a private message beside its sender; null for public ones. */
  recipientId: id.nullable(),
  sentAt: instant,
  editedAt: instant.nullable(),
  deletedAt: instant.nullable(),
  clientMessageId: z.string().nullable(),
});
export type MessageView = Readonly<z.output<typeof messageView>>;

/** A part of a chat. */
export interface ChatHistory {
  /** Newest first; oldest first with `after` and `around`. */
  readonly items: readonly MessageView[];
  /** Where the same direction goes on: give it as `before`, or as `after` where the items are oldest first. Null at the end. */
  readonly nextCursor: string | null;
  /** With `around`, where the other direction goes on: give it as `before`. Null at the beginning, and always without `around`. */
  readonly previousCursor: string | null;
}

/** A message that a search found. */
export interface FoundMessage extends MessageView {
  /** Where the searched words stand in `content`, in UTF-16 code units: `content.slice(start, end)`. In order, without overlap. */
  readonly matches: readonly TextRange[];
}

export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** How far the actor has read. */
export const readMark = z.strictObject({
  /** The last message read. */
  messageId: id,
  readAt: instant,
  /** Messages behind it that others wrote and the actor may read, without deleted ones. Counted up to 1000. */
  unreadCount: int32(0, 1_000),
});
export type ReadMark = Readonly<z.output<typeof readMark>>;

/** What is left to read. */
export interface UnreadMessages {
  /** Null before the first `markRead`: then everything is unread. */
  readonly lastReadMessageId: string | null;
  /** As in {@link ReadMark}. */
  readonly unreadCount: number;
}

function refuseUnfit(context: z.core.ParsePayload<{ content: string }>, type: CallerMessageType, given: string): void {
  const message = unfit(type, given);
  if (message !== null) context.issues.push({ code: 'custom', message, input: given, path: ['content'] });
}

function canonical(type: CallerMessageType, given: string): string {
  return type === 'File' ? given.toLowerCase() : given;
}
