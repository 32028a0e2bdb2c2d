import { notFound } from '../core/errors.ts';
import type { Kernel } from '../core/kernel.ts';
import { allowedRoles, authorise, legalStates } from '../core/policy.ts';
import type { Parameter } from '../core/statement.ts';
import type { Work } from '../core/work.ts';
import type { ChatHistory, HistoryWish, MessageView } from './chat.schema.ts';
import { conversationOf, historyOf, type HistoryRow, type Place } from './history.statements.ts';
import { messageViewOf, readableMessage } from './message.statements.ts';

/** A part of a meeting's chat, as far as the actor may read it. */
export async function history(kernel: Kernel, work: Work, meetingId: string, wish: HistoryWish): Promise<ChatHistory> {
  const { limit, with: person } = wish;
  const place: Place = wish.around ? 'around' : wish.before ? 'before' : wish.after ? 'after' : 'latest';
  const mark = wish.around ?? wish.before ?? wish.after;
  const older = place === 'around' ? Math.ceil(limit / 2) : limit;
  const operation = person === undefined ? 'chat.read' : 'chat.readPrivate';
  const { always, own } = allowedRoles(operation);
  const parameters: Parameter[] = [meetingId, work.actorId, older + 1];
  parameters.push([...always, ...own], [...legalStates(operation)]);
  if (mark !== undefined) parameters.push(mark);
  if (person !== undefined) parameters.push(person);
  if (place === 'around') parameters.push(limit - older + 1);
  const rows = await work.run((person === undefined ? historyOf : conversationOf)[place], parameters);
  if (rows.length === 0) await explainNothing(kernel, work, meetingId, operation, mark);
  if (place === 'around') return midst(rows, older, limit - older);
  const items = rows.slice(0, limit).map(messageViewOf);
  return frozen(items, rows.length > limit ? idOf(items.at(-1)) : null, null);
}

/** No rows: the actor may not read, or named a message that is not there for them, or there is nothing. */
async function explainNothing(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  operation: 'chat.read' | 'chat.readPrivate',
  mark: string | undefined,
): Promise<void> {
  const { standing, actor } = await kernel.look(work, meetingId);
  const conditions = {
    memberNow: actor !== null && !actor.removed,
    notDeclined: actor?.status !== 'Declined',
  };
  authorise(operation, standing, { own: true, conditions });
  if (mark === undefined) return;
  const [message] = await work.run(readableMessage, [mark, work.actorId]);
  if (message?.meeting_id !== meetingId) throw notFound('message');
}

/** Both sides of a message, each with one row more than is shown where it goes on. */
function midst(rows: readonly HistoryRow[], olderCount: number, newerCount: number): ChatHistory {
  const older = rows.filter((row) => row.newer !== true);
  const newer = rows.filter((row) => row.newer === true);
  const items = [...older.slice(-olderCount), ...newer.slice(0, newerCount)].map(messageViewOf);
  return frozen(
    items,
    newer.length > newerCount ? idOf(items.at(-1)) : null,
    older.length > olderCount ? idOf(items[0]) : null,
  );
}

function idOf(message: MessageView | undefined): string | null {
  return message?.id ?? null;
}

function frozen(items: readonly MessageView[], nextCursor: string | null, previousCursor: string | null): ChatHistory {
  return Object.freeze({ items: Object.freeze(items), nextCursor, previousCursor });
}
