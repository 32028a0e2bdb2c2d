import { z } from 'zod';
import type { Kernel } from '../core/kernel.ts';
import { decodeCursor, encodeCursor, page } from '../core/page.ts';
import { hostRoles } from '../core/permission-terms.ts';
import { authorise, isLimited } from '../core/policy.ts';
import { id, instantText } from '../core/schema.ts';
import type { Work } from '../core/work.ts';
import type { Roster } from './participant.schema.ts';
import { rosterEntryOf, rosterPage, rosterSize } from './participant.statements.ts';

const cursorKind = 'roster';
const cursorValues = z.tuple([instantText, id]);

/** A page of the people of a meeting. Who may see only the hosts gets them, and the number of all. */
export async function roster(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Roster> {
  const { standing } = await kernel.look(work, meetingId);
  authorise('participant.list', standing);
  const limited = isLimited('participant.list', standing.role) !== null;
  const after = cursor === undefined ? [null, null] : decodeCursor(cursorKind, cursor, cursorValues);
  const roles = limited ? [...hostRoles] : null;
  const rows = await work.run(rosterPage, [meetingId, ...after, roles, work.actorId, limit + 1]);
  const { total } = await work.one(rosterSize, [meetingId]);
  const key = (row: (typeof rows)[number]) => encodeCursor(cursorKind, [row.invited_text, row.id]);
  return Object.freeze({ ...page(rows, limit, key, rosterEntryOf), total });
}
