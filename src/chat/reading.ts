import { standingOf } from '../core/access.ts';
import { MeetingError, notFound } from '../core/errors.ts';
import { instantOf } from '../core/instant.ts';
import type { Kernel } from '../core/kernel.ts';
import { allowedRoles, authorise, legalStates } from '../core/policy.ts';
import type { Work } from '../core/work.ts';
import type { ReadMark, UnreadMessages } from './chat.schema.ts';
import { markRead, type ReadingRow, readingOf } from './reading.statements.ts';

const operation = 'chat.markRead';

/** Remembers how far the actor has read. */
export async function mark(kernel: Kernel, work: Work, meetingId: string, messageId: string): Promise<ReadMark> {
  const [row] = await work.run(markRead, [...gate(work, meetingId), messageId, work.clockParameter]);
  const known = await judged(kernel, work, meetingId, row);
  if (!known.known) throw notFound('message');
  if (known.message_id === null || known.read_at === null)
    throw new MeetingError('INTERNAL', 'A read marker was not stored.');
  return Object.freeze({
    messageId: known.message_id,
    readAt: instantOf(known.read_at),
    unreadCount: known.unread ?? 0,
  });
}

/** What the actor has left to read. */
export async function unread(kernel: Kernel, work: Work, meetingId: string): Promise<UnreadMessages> {
  const [row] = await work.run(readingOf, gate(work, meetingId));
  const known = await judged(kernel, work, meetingId, row);
  return Object.freeze({ lastReadMessageId: known.message_id, unreadCount: known.unread ?? 0 });
}

function gate(work: Work, meetingId: string) {
  return [meetingId, work.actorId, [...allowedRoles(operation).own], [...legalStates(operation)]];
}

async function judged<Row extends ReadingRow>(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  row: Row | undefined,
): Promise<Row> {
  const standing =
    row === undefined
      ? (await kernel.look(work, meetingId)).standing
      : standingOf(work, { settings: null, ...row }, kernel.ports.switches);
  const conditions = { memberNow: row?.removed === false, notDeclined: row?.participation !== 'Declined' };
  authorise(operation, standing, { own: true, conditions });
  if (row === undefined) throw notFound();
  return row;
}
