import { standingOf } from '../core/access.ts';
import { MeetingError, notFound } from '../core/errors.ts';
import { meetingStream } from '../core/event.ts';
import { instantOf } from '../core/instant.ts';
import type { Kernel } from '../core/kernel.ts';
import { authorise, seesAll } from '../core/policy.ts';
import type { Standing } from '../core/standing.ts';
import { invalid } from '../core/validate.ts';
import type { Work } from '../core/work.ts';
import { chatEvents, messageDataOf, readersOf } from './chat.events.ts';
import { isOver, unfit } from './chat.rules.ts';
import type { MessageView } from './chat.schema.ts';
import { messageViewOf } from './message.statements.ts';
import { attachmentInMeeting, lockMessage, type RewritableRow, rewriteMessage } from './rewrite.statements.ts';

/** What a call that names a message says when there is none that the actor may read. */
const noun = 'message';

/** An author's change of words. The former ones are gone for good: from the message and from the events that told them. */
export async function edit(kernel: Kernel, work: Work, messageId: string, given: string): Promise<MessageView> {
  const { row, standing, now } = await locked(kernel, work, messageId);
  const before = messageViewOf(row);
  const own = row.sender_id === work.actorId;
  const present = row.present === true;
  const withinEditWindow = !isOver(before.sentAt, kernel.ports.rules.messageEditMinutes, now);
  authorise('chat.edit', standing, { own, noun, conditions: { present, withinEditWindow } });
  // An edit is speech: where a private message could not be sent any more, it is not reworded either.
  if (before.isPrivate)
    authorise('chat.sendPrivate', standing, {
      targetRole: row.recipient_role,
      conditions: { present, recipientReachable: true },
    });
  if (before.deletedAt !== null) throw new MeetingError('CONFLICT', 'This message was deleted; send a new one.');
  const content = await suitable(work, before, given);
  if (content === before.content) return before;
  return rewritten(work, 'chat.message.edited', before, content, now);
}

/** Takes a message's words away and leaves its place. */
export async function remove(kernel: Kernel, work: Work, messageId: string): Promise<MessageView> {
  const { row, standing, now } = await locked(kernel, work, messageId);
  const before = messageViewOf(row);
  const own = row.sender_id === work.actorId;
  authorise('chat.delete', standing, { own, noun, conditions: { publicOrOwnMessage: own || !row.is_private } });
  if (before.deletedAt !== null) return before;
  const { messageDeleteMinutes } = kernel.ports.rules;
  if (!seesAll('chat.delete', standing.role) && isOver(before.sentAt, messageDeleteMinutes, now))
    throw new MeetingError('EXPIRED', 'The time to delete this message is over; ask a Host or a CoHost to delete it.');
  return rewritten(work, 'chat.message.deleted', before, '', now);
}

async function locked(
  kernel: Kernel,
  work: Work,
  messageId: string,
): Promise<{ row: RewritableRow; standing: Standing; now: Date }> {
  const [row] = await work.run(lockMessage, [messageId, work.actorId, work.clockParameter]);
  const isReader = row !== undefined && (!row.is_private || [row.sender_id, row.recipient_id].includes(work.actorId));
  if (!isReader) throw notFound(noun);
  const standing = {
    ...standingOf(work, row, kernel.ports.switches),
    flags: { canUseChat: row.can_use_chat === true, canShareScreen: false },
  };
  return { row, standing, now: instantOf(row.now) };
}

/** The content as it is stored, if it suits the type that the message has. */
async function suitable(work: Work, { messageType, meetingId }: MessageView, given: string): Promise<string> {
  const message = unfit(messageType, given);
  if (message !== null) throw invalid([{ path: 'content', message }]);
  if (messageType !== 'File') return given;
  const attachmentId = given.toLowerCase();
  const [attachment] = await work.run(attachmentInMeeting, [attachmentId, meetingId]);
  if (attachment === undefined) throw notFound('attachment');
  return attachment.id;
}

async function rewritten(
  work: Work,
  type: 'chat.message.edited' | 'chat.message.deleted',
  { id, meetingId }: MessageView,
  content: string,
  now: Date,
): Promise<MessageView> {
  const parameters = [id, meetingId, content, now, type === 'chat.message.deleted'];
  const after = messageViewOf(await work.one(rewriteMessage, parameters));
  work.emit(chatEvents, type, meetingStream(meetingId), messageDataOf(after), { audience: readersOf(after) });
  return after;
}
