import { z } from 'zod';
import type { Kernel } from '../core/kernel.ts';
import { encodeCursor, page, type Page, type PagedList } from '../core/page.ts';
import { authorise } from '../core/policy.ts';
import { id, instantText } from '../core/schema.ts';
import type { Work } from '../core/work.ts';
import { placesOf } from './chat.rules.ts';
import type { FoundMessage, TextRange, SearchWish } from './chat.schema.ts';
import { type MessageRow, messageViewOf } from './message.statements.ts';
import { searchPage } from './search.statements.ts';

const cursorValues = z.tuple([instantText, id]);
export const searchList: PagedList<typeof cursorValues> = { kind: 'chat-search', values: cursorValues };

type Wish = Omit<SearchWish, 'cursor'> & { readonly after: readonly [string, string] | null };

/** Messages that hold the words of a text, newest first. */
export async function search(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  { text, limit, after }: Wish,
): Promise<Page<FoundMessage>> {
  const { standing, actor } = await kernel.look(work, meetingId);
  authorise('chat.search', standing, {
    conditions: { memberNow: actor !== null && !actor.removed, notDeclined: actor?.status !== 'Declined' },
  });
  const from = after ?? [null, null];
  const rows = await work.run(searchPage, [meetingId, work.actorId, withoutDashes(text), ...from, limit + 1]);
  const found = (row: MessageRow) => Object.freeze({ ...messageViewOf(row), matches: matchesOf(text, row.content) });
  return page(rows, limit, (row) => encodeCursor(searchList.kind, [row.sent_text, row.id]), found);
}

/** PostgreSQL reads each dash of a row as one more "not", and gives up at 32 of them. More than a few mean nothing. */
function withoutDashes(text: string): string {
  return text.replaceAll(/(?:-[\s!&|()]*){9,}/gu, ' ');
}

function matchesOf(text: string, content: string): readonly TextRange[] {
  return Object.freeze(placesOf(text, content).map((match) => Object.freeze(match)));
}
