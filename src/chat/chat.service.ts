import { z } from 'zod';
import type { Call } from '../core/call.ts';
import { notFound } from '../core/errors.ts';
import type { Kernel } from '../core/kernel.ts';
import { type Page, parsePage } from '../core/page.ts';
import { id } from '../core/schema.ts';
import type { WorkOptions } from '../core/unit-of-work.ts';
import { validate, validId } from '../core/validate.ts';
import type { Work } from '../core/work.ts';
import {
  type ChatHistory,
  type EditInput,
  editInput,
  type FoundMessage,
  type ChatHistoryInput,
  historyInput,
  type MessageView,
  readMark,
  type ReadMark,
  type ChatSearchInput,
  searchInput,
  type SendInput,
  sendInput,
  type SendSystemInput,
  sendSystemInput,
  type UnreadMessages,
} from './chat.schema.ts';
import { history } from './history.ts';
import { messageViewOf, readableMessage } from './message.statements.ts';
import { mark, unread } from './reading.ts';
import { edit, remove } from './rewrite.ts';
import { search, searchList } from './search.ts';
import { send, sendAsSystem } from './send.ts';

const singleStatement = { singleStatement: true };
/** Of a message, an idempotency key remembers the id alone: words that were taken back must not live on in it. */
const remembered = z.strictObject({ id });

/** What people write to each other in a meeting: to everybody, or to one person that nobody else reads. */
export class ChatService {
  readonly #kernel: Kernel;
  readonly #call: Call;

  constructor(kernel: Kernel, call: Call) {
    this.#kernel = kernel;
    this.#call = call;
  }

  /**
   * Writes to everybody in the meeting, or to one person (`recipientId`). With a `clientMessageId`, sending again what was sent
   * gives the same message.
   * @throws MeetingError FORBIDDEN for who is not present or may not write; NOT_FOUND for an unknown recipient, answered message
   * or attachment; CONFLICT for a recipient who is not present, or a message that cannot be answered; IDEMPOTENCY_CONFLICT for a
   * `clientMessageId` that names another message
   */
  async send(meetingId: string, input: SendInput): Promise<MessageView> {
    const target = validId(meetingId);
    const message = validate(sendInput, input);
    const body = (work: Work) => send(this.#kernel, work, target, message);
    return this.#write('chat.send', { meetingId: target, ...message }, body, singleStatement);
  }

  /** For the system: says something in its name, signed `SYSTEM_USER_ID`, in whatever state the meeting is. */
  async sendSystem(meetingId: string, input: SendSystemInput): Promise<MessageView> {
    const target = validId(meetingId);
    const { content } = validate(sendSystemInput, input);
    const body = (work: Work) => sendAsSystem(this.#kernel, work, target, content);
    return this.#write('chat.sendSystem', { meetingId: target, content }, body, singleStatement);
  }

  /**
   * Changes the words of the actor's own message, for some minutes and only while they may write. The former words are gone: also
   * from the events that told them. The same words again change nothing.
   * @throws MeetingError EXPIRED when the time is over; CONFLICT for a deleted message; VALIDATION for content that does not suit
   * the message's type
   */
  async edit(messageId: string, input: EditInput): Promise<MessageView> {
    const target = validId(messageId);
    const { content } = validate(editInput, input);
    const body = (work: Work) => edit(this.#kernel, work, target, content);
    return this.#write('chat.edit', { messageId: target, content }, body);
  }

  /**
   * Takes a message's words away for good; its place stays. Authors delete their own, Host and CoHost every public one. Deleting
   * twice is deleting once.
   * @throws MeetingError EXPIRED when the service limits the time for authors and it is over
   */
  async delete(messageId: string): Promise<MessageView> {
    const target = validId(messageId);
    const body = (work: Work) => remove(this.#kernel, work, target);
    return this.#write('chat.delete', { messageId: target }, body);
  }

  /**
   * A part of the chat: the latest messages, or those before, after or around one. Public messages and the actor's own private
   * ones; `with` gives the private conversation with one person alone.
   * @throws MeetingError NOT_FOUND for a message to begin at that is not of this meeting, or not the actor's to read
   */
  async history(meetingId: string, input: ChatHistoryInput = {}): Promise<ChatHistory> {
    const target = validId(meetingId);
    const wish = validate(historyInput, input);
    return this.#kernel.read(this.#call, (work) => history(this.#kernel, work, target, wish));
  }

  /** Messages that hold certain words, newest first. Whole words are found, whatever their case; deleted messages never are. */
  async search(meetingId: string, input: ChatSearchInput): Promise<Page<FoundMessage>> {
    const target = validId(meetingId);
    const wish = parsePage(searchInput, input, searchList);
    return this.#kernel.read(this.#call, (work) => search(this.#kernel, work, target, wish));
  }

  /**
   * Remembers that the actor has read up to a message. The marker moves forward only; the answer is where it stands.
   * @throws MeetingError NOT_FOUND for a message that is not of this meeting, or not the actor's to read
   */
  async markRead(meetingId: string, messageId: string): Promise<ReadMark> {
    const [target, message] = [validId(meetingId), validId(messageId)];
    const command = { operation: 'chat.markRead', input: { target, message }, output: readMark };
    const body = (work: Work) => mark(this.#kernel, work, target, message);
    return this.#kernel.write(this.#call, command, body, singleStatement);
  }

  /** How far the actor has read, and how much there is behind it, up to 1000 messages. */
  async unread(meetingId: string): Promise<UnreadMessages> {
    const target = validId(meetingId);
    return this.#kernel.read(this.#call, (work) => unread(this.#kernel, work, target));
  }

  /** A repeat under the same key gives the message as it is by then. */
  async #write(
    operation: string,
    input: unknown,
    body: (work: Work) => Promise<MessageView>,
    options: WorkOptions = {},
  ): Promise<MessageView> {
    let written: MessageView | null = null;
    const once = async (work: Work) => {
      written = await body(work);
      return { id: written.id };
    };
    const answer = await this.#kernel.write(this.#call, { operation, input, output: remembered }, once, options);
    return this.#asWritten(written, answer.id);
  }

  async #asWritten(written: MessageView | null, messageId: string): Promise<MessageView> {
    if (written?.id === messageId) return written;
    return this.#kernel.read(this.#call, async (work) => {
      const [row] = await work.run(readableMessage, [messageId, work.actorId]);
      if (row === undefined) throw notFound('message');
      return messageViewOf(row);
    });
  }
}
