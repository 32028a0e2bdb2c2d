import { z } from 'zod';
import type { Kernel } from '../core/kernel.ts';
import { encodeCursor, page, type PagedList } from '../core/page.ts';
import { hostRoles } from '../core/permission-terms.ts';
import { authorise, isLimited } from '../core/policy.ts';
import { id, instantText } from '../core/schema.ts';
import type { Work } from '../core/work.ts';
import type { Roster } from './participant.schema.ts';
import { rosterEntryOf, rosterPage, rosterSize } from './participant.statements.ts';

const cursorValues = z.tuple([instantText, id]);
export const rosterList: PagedList<typeof cursorValues> = { kind: 'roster', values: cursorValues };

/** A page of the people of a meeting. Who may see only the hosts gets them, and the number of all. */
export async function roster(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  { limit, after }: { limit: number; after: readonly [string, string] | null },
): Promise<Roster> {
  const { standing } = await kernel.look(work, meetingId);
  authorise('participant.list', standing);
  const limited = isLimited('participant.list', standing.role) !== null;
  const roles = limited ? [...hostRoles] : null;
  const rows = await work.run(rosterPage, [meetingId, ...(after ?? [null, null]), roles, work.actorId, limit + 1]);
  const { total } = await work.one(rosterSize, [meetingId]);
  const key = (row: (typeof rows)[number]) => encodeCursor(rosterList.kind, [row.invited_text, row.id]);
  return Object.freeze({ ...page(rows, limit, key, rosterEntryOf), total });
}
