import { standingOf } from '../core/access.ts';
import { MeetingError, notFound } from '../core/errors.ts';
import { meetingStream } from '../core/event.ts';
import { newId } from '../core/identifier.ts';
import { instantOf } from '../core/instant.ts';
import type { Kernel } from '../core/kernel.ts';
import { allowedRoles, authorise } from '../core/policy.ts';
import type { Parameter } from '../core/statement.ts';
import type { Work } from '../core/work.ts';
import { ensureHead, told } from '../events/index.ts';
import { type chatEvents, messageDataOf, readersOf } from './chat.events.ts';
import { isSameMessage, refuseReply } from './chat.rules.ts';
import type { MessageView, Sending } from './chat.schema.ts';
import { type MessageRow, messageViewOf } from './message.statements.ts';
import { type SendFacts, whyNotSent } from './refusal.statements.ts';
import { type MessageForm, sendOf, sendSystem, type StoredMessage } from './send.statements.ts';

/**
 * The rights, or the twin, that a message met may be gone by the time one asks for them; then it is sent anew. A crowd cannot keep
 * that up: each time, somebody else has got through.
 */
const mostAttempts = 5;

/** Sends a message, or gives the one that was sent before under the same client id. */
export async function send(kernel: Kernel, work: Work, meetingId: string, message: Sending): Promise<MessageView> {
  await refuseSystem(kernel, work, meetingId);
  const { messageType, content, recipientId, replyToMessageId, clientMessageId } = message;
  const eventId = newId();
  const given: Parameter[] = [meetingId, work.actorId, work.clockParameter, eventId, messageType, content];
  if (recipientId !== undefined) given.push(recipientId, privateChatUnlessSet(kernel));
  if (replyToMessageId !== undefined) given.push(replyToMessageId);
  if (clientMessageId !== undefined) given.push(clientMessageId);
  for (let attempt = 1; attempt <= mostAttempts; attempt++) {
    const [row] = await work.run(sendOf(formOf(message)), given);
    if (row !== undefined) return announced(work, meetingId, message, eventId, row.stored);
    const before = await sentBefore(kernel, work, meetingId, message);
    if (before !== null) return before;
    // Nothing stands against it any more, or the meeting came from elsewhere and has no head for its events yet.
    await work.run(ensureHead, [meetingId]);
  }
  throw new MeetingError('INTERNAL', 'A message was neither stored nor refused.');
}

/** @returns the message that was sent before under the same client id, or null when nothing stands against this one */
async function sentBefore(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  message: Sending,
): Promise<MessageView | null> {
  const { recipientId = null, replyToMessageId = null, clientMessageId = null } = message;
  const file = message.messageType === 'File' ? message.content : null;
  const given = [meetingId, work.actorId, recipientId, replyToMessageId, clientMessageId, file];
  const [found] = await work.run(whyNotSent, given);
  if (found === undefined) throw notFound();
  // A member's repeat is answered whatever has become of the right to write: nothing new is said.
  if (found.existing !== null && !found.removed) return repeated(found.existing, message);
  refuse(kernel, work, found, message);
  return null;
}

function privateChatUnlessSet(kernel: Kernel): string {
  return String(allowedRoles('chat.sendPrivate', kernel.ports.switches).default);
}

function formOf(message: Sending): MessageForm {
  return {
    isPrivate: message.recipientId !== undefined,
    isReply: message.replyToMessageId !== undefined,
    isNamed: message.clientMessageId !== undefined,
    isFile: message.messageType === 'File',
  };
}

/** The system has no row to be judged by, and a way of its own to speak. */
async function refuseSystem(kernel: Kernel, work: Work, meetingId: string): Promise<void> {
  if (work.principal.kind !== 'system') return;
  const { standing } = await kernel.look(work, meetingId);
  authorise('chat.send', standing, { conditions: { present: true } });
}

function refuse(kernel: Kernel, work: Work, row: SendFacts, message: Sending): void {
  const { recipientId, replyToMessageId, messageType } = message;
  const standing = {
    ...standingOf(work, row, kernel.ports.switches),
    flags: { canUseChat: row.can_use_chat, canShareScreen: false },
  };
  const { present } = row;
  if (recipientId === undefined) authorise('chat.send', standing, { conditions: { present } });
  else {
    const targetRole = row.recipient?.role ?? null;
    const recipientReachable =
      row.recipient?.reachable === true || (targetRole === null && { code: 'NOT_FOUND' as const });
    authorise('chat.sendPrivate', standing, { targetRole, conditions: { present, recipientReachable } });
  }
  if (replyToMessageId !== undefined) {
    const { visible = false, deleted = false, system = false, same_conversation = false } = row.reply ?? {};
    const refusal = refuseReply({ visible, deleted, system, sameConversation: same_conversation });
    if (refusal) throw refusal;
  }
  if (messageType === 'File' && !row.attached) throw notFound('attachment');
}

function repeated(row: MessageRow, message: Sending): MessageView {
  const before = messageViewOf(row);
  const rewritten = before.editedAt !== null || before.deletedAt !== null;
  const { content, messageType, replyToMessageId = null, recipientId = null } = message;
  if (isSameMessage({ ...before, rewritten }, { content, messageType, replyToMessageId, recipientId })) return before;
  throw new MeetingError(
    'IDEMPOTENCY_CONFLICT',
    'This clientMessageId was used before for another message; use a new one.',
  );
}

/** Says something in the name of the system, in whatever state the meeting is. */
export async function sendAsSystem(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  content: string,
): Promise<MessageView> {
  if (work.principal.kind !== 'system') {
    const { standing } = await kernel.look(work, meetingId);
    authorise('chat.sendSystem', standing);
  }
  const eventId = newId();
  const parameters = [meetingId, work.actorId, work.clockParameter, eventId, 'System', content];
  const [row] = await work.run(sendSystem, parameters);
  if (row === undefined) throw notFound();
  return announced(work, meetingId, { messageType: 'System', content }, eventId, row.stored);
}

type Said = Omit<Sending, 'messageType'> & Pick<MessageView, 'messageType'>;

/** What was stored, as callers see it; the event that the statement has stored with it is handed on. */
function announced(work: Work, meetingId: string, said: Said, eventId: string, stored: StoredMessage): MessageView {
  const [id, sentAt, seq, prev, epoch] = stored;
  const { actorId: senderId } = work;
  const view: MessageView = Object.freeze({
    id,
    meetingId,
    senderId,
    messageType: said.messageType,
    content: said.content,
    replyToMessageId: said.replyToMessageId ?? null,
    isPrivate: said.recipientId !== undefined,
    recipientId: said.recipientId ?? null,
    sentAt: instantOf(sentAt),
    editedAt: null,
    deletedAt: null,
    clientMessageId: said.clientMessageId ?? null,
  });
  const type: keyof typeof chatEvents = 'chat.message.sent';
  const actorId = work.principal.kind === 'person' ? senderId : null;
  const about = { stream: meetingStream(meetingId), type, audience: readersOf(view), actorId };
  told(work, { seq, prev, epoch, told_at: sentAt }, { id: eventId, ...about, data: messageDataOf(view) });
  return view;
}
