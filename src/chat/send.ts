import { standingOf } from '../core/access.ts';
import { MeetingError, notFound } from '../core/errors.ts';
import { meetingStream, type StreamEvent } from '../core/event.ts';
import { newId } from '../core/identifier.ts';
import { instantOf } from '../core/instant.ts';
import type { Kernel } from '../core/kernel.ts';
import { allowedRoles, authorise } from '../core/policy.ts';
import type { Parameter } from '../core/statement.ts';
import type { Work } from '../core/work.ts';
import { ensureHead } from '../events/index.ts';
import { type chatEvents, messageDataOf, readersOf } from './chat.events.ts';
import { isSameMessage, refuseReply } from './chat.rules.ts';
import type { MessageView, Sending } from './chat.schema.ts';
import { messageViewOf } from './message.statements.ts';
import {
  type MessageForm,
  type SendFacts,
  type SendRow,
  sendOf,
  sendSystem,
  type SentColumns,
  type StoredMessage,
} from './send.statements.ts';

/** Sends a message, or gives the one that was sent before under the same client id. */
export async function send(kernel: Kernel, work: Work, meetingId: string, message: Sending): Promise<MessageView> {
  await refuseSystem(kernel, work, meetingId);
  const eventId = newId();
  const row =
    (await attempt(kernel, work, meetingId, eventId, message)) ??
    (await again(kernel, work, meetingId, eventId, message));
  if (isStored(row)) return announced(work, viewOf(meetingId, work.actorId, message, row), eventId, row);
  const { found } = row;
  // A member's repeat is answered whatever has become of the right to write: nothing new is said.
  if (found?.existing && !found.removed) return repeated(found.existing, message);
  if (found !== null) refuse(kernel, work, found, message);
  throw new MeetingError('INTERNAL', 'A message was refused without a reason.');
}

/** A twin is found now, and a meeting that came from elsewhere has a head for its events. */
async function again(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  eventId: string,
  message: Sending,
): Promise<SendRow> {
  await work.run(ensureHead, [meetingId]);
  const row = await attempt(kernel, work, meetingId, eventId, message);
  if (row === null) throw new MeetingError('INTERNAL', 'A message was neither stored nor found.');
  return row;
}

/** @returns null when a twin was stored while this waited, or the meeting's stream has no head */
async function attempt(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  eventId: string,
  message: Sending,
): Promise<SendRow | null> {
  const { messageType, content } = message;
  const parameters: Parameter[] = [meetingId, work.actorId, work.clockParameter, eventId, messageType, content];
  if (message.recipientId !== undefined) {
    const { default: unlessSet } = allowedRoles('chat.sendPrivate', kernel.ports.switches);
    parameters.push(message.recipientId, String(unlessSet));
  }
  if (message.replyToMessageId !== undefined) parameters.push(message.replyToMessageId);
  if (message.clientMessageId !== undefined) parameters.push(message.clientMessageId);
  const [row] = await work.run(sendOf(formOf(message)), parameters);
  if (row === undefined) throw notFound();
  return row.found?.allowed === true ? null : row;
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

function refuse(kernel: Kernel, work: Work, row: SendFacts, { recipientId, replyToMessageId }: Sending): void {
  const standing = {
    ...standingOf(work, { settings: null, ...row }, kernel.ports.switches),
    flags: { canUseChat: row.can_use_chat, canShareScreen: false },
  };
  const { present } = row;
  if (recipientId === undefined) authorise('chat.send', standing, { conditions: { present } });
  else {
    const targetRole = row.recipient_role ?? null;
    const recipientReachable =
      row.recipient_reachable === true || (targetRole === null && { code: 'NOT_FOUND' as const });
    authorise('chat.sendPrivate', standing, { targetRole, conditions: { present, recipientReachable } });
  }
  if (replyToMessageId !== undefined) {
    const { visible = false, deleted = false, system = false, same_conversation = false } = row.reply ?? {};
    const refusal = refuseReply({ visible, deleted, system, sameConversation: same_conversation });
    if (refusal) throw refusal;
  }
  if (row.attached === false) throw notFound('attachment');
}

function repeated(row: NonNullable<SendFacts['existing']>, message: Sending): MessageView {
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
  return announced(work, viewOf(meetingId, work.actorId, { messageType: 'System', content }, row), eventId, row);
}

function isStored<Row extends SentColumns>(row: Row): row is Row & StoredMessage {
  return row.id !== null;
}

type Said = Omit<Sending, 'messageType'> & Pick<MessageView, 'messageType'>;

function viewOf(meetingId: string, senderId: string, said: Said, { id, sent_at }: StoredMessage): MessageView {
  return Object.freeze({
    id,
    meetingId,
    senderId,
    messageType: said.messageType,
    content: said.content,
    replyToMessageId: said.replyToMessageId ?? null,
    isPrivate: said.recipientId !== undefined,
    recipientId: said.recipientId ?? null,
    sentAt: instantOf(sent_at),
    editedAt: null,
    deletedAt: null,
    clientMessageId: said.clientMessageId ?? null,
  });
}

/** The event that the statement has stored, as it stored it. */
function announced(work: Work, view: MessageView, id: string, { seq, prev, epoch }: StoredMessage): MessageView {
  const event: StreamEvent<keyof typeof chatEvents> = {
    id,
    stream: meetingStream(view.meetingId),
    seq: Number(seq),
    epoch,
    prev: Number(prev),
    type: 'chat.message.sent',
    time: view.sentAt.toISOString(),
    audience: readersOf(view),
    actorId: work.principal.kind === 'person' ? view.senderId : null,
    data: Object.freeze(messageDataOf(view)),
  };
  work.appended.push(Object.freeze(event));
  return view;
}
