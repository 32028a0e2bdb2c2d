import type { ChatMessageType } from '../core/enums.ts';
import { MeetingError, notFound } from '../core/errors.ts';
import { httpUrl, id } from '../core/schema.ts';

/** What callers may send. `System` is for the system alone. */
export const callerMessageTypes = ['Text', 'Emoji', 'File', 'Link'] as const satisfies readonly ChatMessageType[];
export type CallerMessageType = (typeof callerMessageTypes)[number];

const mostEmoji = 8;
/** Longer than any eight emoji: families of four with skin tones are eleven code points each. */
const longestEmoji = 200;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
// As text, because the flag `v` is newer than the language level this is compiled for.
const standardEmoji = new RegExp('^\\p{RGI_Emoji}$', 'v');
/** Also emoji newer than the platform's tables, and those that a keyboard sends without their variation selector. */
const pictographs =
  /^\p{Extended_Pictographic}[\uFE0F\p{Emoji_Modifier}]?(?:\u200D\p{Extended_Pictographic}[\uFE0F\p{Emoji_Modifier}]?)*$/u;

/** Why a content does not suit a type, as a predicate ("must be …"); null when it does. Whether a file exists is not its concern. */
export function unfit(type: ChatMessageType, content: string): string | null {
  switch (type) {
    case 'Emoji':
      return isEmoji(content) ? null : `must be one to ${mostEmoji} emoji and nothing else`;
    case 'Link':
      return httpUrl.safeParse(content).success
        ? null
        : 'must be one http or https address without user name, password or white space';
    case 'File':
      return id.safeParse(content).success ? null : 'must be the id of an attachment of this meeting';
    case 'Text':
    case 'System':
      break;
  }
  return null;
}

function isEmoji(content: string): boolean {
  if (content.length > longestEmoji) return false;
  const signs = [...graphemes.segment(content)].map(({ segment }) => segment);
  return signs.length <= mostEmoji && signs.every((sign) => standardEmoji.test(sign) || pictographs.test(sign));
}

/** What the answered message has to do with the answer. */
export interface ReplyFacts {
  /** The message is of this meeting, and the actor may read it. */
  readonly visible: boolean;
  readonly deleted: boolean;
  readonly system: boolean;
  /** False when it is private and the answer would reach anybody but its two people. */
  readonly sameConversation: boolean;
}

/** Whether a message may be answered as it is to be. @returns what to throw, or null */
export function refuseReply({ visible, deleted, system, sameConversation }: ReplyFacts): MeetingError | null {
  if (!visible) return notFound('message');
  if (deleted) return new MeetingError('CONFLICT', 'The message you answer was deleted; write without answering it.');
  if (system) return new MeetingError('CONFLICT', 'System messages cannot be answered; write without answering one.');
  if (sameConversation) return null;
  return new MeetingError(
    'CONFLICT',
    'The message you answer is private; answer it privately to the same person, or write without answering it.',
  );
}

/** What a message that was sent before under the same `clientMessageId` has in common with this one. */
export interface Repeated {
  readonly content: string | null;
  readonly messageType: ChatMessageType;
  readonly replyToMessageId: string | null;
  readonly recipientId: string | null;
  /** Then the content is not what was sent, and says nothing. */
  readonly rewritten: boolean;
}

/** Is this the same message once more? What was edited or deleted since is taken for the same. */
export function isSameMessage(before: Repeated, now: Omit<Repeated, 'rewritten'>): boolean {
  return (
    (before.rewritten || before.content === now.content) &&
    before.messageType === now.messageType &&
    before.replyToMessageId === now.replyToMessageId &&
    before.recipientId === now.recipientId
  );
}

/** Whether an author's time for something is over. Minutes null: it never is. */
export function isOver(sentAt: Date, minutes: number | null, now: Date): boolean {
  return minutes !== null && now.getTime() > sentAt.getTime() + minutes * 60_000;
}

const wordOf = /[\p{L}\p{N}\p{M}_]+/gu;

/**
 * Where the words of a search stand in a text: whole words, whatever their case. Words that must not occur are not looked for. The
 * places are an aid for the eye: what was found is decided by the database.
 */
export function placesOf(searched: string, content: string): { start: number; end: number }[] {
  const wanted = new Set(
    [...searched.replaceAll(/(?<=^|\s)-(?:"[^"]*"?|\S+)/gu, ' ').matchAll(wordOf)].map(([word]) => word.toLowerCase()),
  );
  return [...content.matchAll(wordOf)]
    .filter(([word]) => wanted.has(word.toLowerCase()))
    .map(({ 0: word, index }) => ({ start: index, end: index + word.length }));
}
