import { z } from 'zod';
import { ownershipOf } from '../core/access.ts';
import type { Kernel } from '../core/kernel.ts';
import { encodeCursor, type Page, type PagedList } from '../core/page.ts';
import { id, instantText } from '../core/schema.ts';
import type { Work } from '../core/work.ts';
import type { listInput, MeetingView } from './meeting.schema.ts';
import {
  listAscending,
  listDescending,
  type ListedRow,
  listUpcoming,
  listUpcomingAfter,
  meetingViewOf,
} from './meeting.statements.ts';

type Filter = Omit<z.output<typeof listInput>, 'cursor'> & { readonly after: readonly [string, string] | null };
type After = readonly [string, string] | readonly [null, null];

const cursorValues = z.tuple([instantText, id]);
export const meetingList: PagedList<typeof cursorValues> = { kind: 'meetings', values: cursorValues };
/** How often a page is filled up again after a host's policy has hidden rows from it. */
const refills = 10;

/** A page of the meetings that the actor may see. */
export async function listMeetings(kernel: Kernel, work: Work, filter: Filter): Promise<Page<MeetingView>> {
  const shown: MeetingView[] = [];
  let after: After = filter.after ?? [null, null];
  for (let fetched = 0; fetched < refills; fetched++) {
    const rows = await fetch(work, filter, after);
    for (const row of rows.slice(0, filter.limit)) {
      after = [row.start_text, row.id];
      if (row.member !== false || (await isVisible(kernel, work, row))) shown.push(meetingViewOf(row));
      if (shown.length === filter.limit) break;
    }
    const more = rows.length > filter.limit || rows.at(-1)?.id !== after[1];
    if (rows.length === 0 || !more) return last(shown);
    if (shown.length === filter.limit) break;
  }
  return Object.freeze({ items: Object.freeze(shown), nextCursor: encodeCursor(meetingList.kind, [...after]) });
}

function fetch(work: Work, filter: Filter, after: After): Promise<readonly ListedRow[]> {
  const person = work.principal.kind === 'person' ? work.principal.userId : null;
  const limit = filter.limit + 1;
  if (onlyUpcoming(filter) && person !== null)
    return after[0] === null
      ? work.run(listUpcoming, [person, limit])
      : work.run(listUpcomingAfter, [person, limit, ...after]);
  return work.run(filter.order === 'asc' ? listAscending : listDescending, [
    ...[person, filter.mine && person !== null, filter.statuses ?? null, filter.meetingTypes ?? null],
    ...[filter.from ?? null, filter.to ?? null, filter.creatorId ?? null, filter.partyId ?? null],
    ...[filter.guildId ?? null, filter.classId ?? null, filter.subjectId ?? null, filter.seriesId ?? null],
    ...after,
    ...[limit, filter.upcoming],
  ]);
}

/** Filters that the index of what lies ahead knows nothing of. */
const furtherFilters = [
  ...(['statuses', 'meetingTypes', 'from', 'to', 'creatorId', 'partyId', 'guildId', 'classId', 'subjectId'] as const),
  'seriesId' as const,
];

/** The list that applications show first has an index of its own. */
function onlyUpcoming(filter: Filter): boolean {
  const plain = furtherFilters.every((name) => filter[name] === undefined);
  return filter.upcoming && filter.mine && filter.order === 'asc' && plain;
}

async function isVisible(kernel: Kernel, work: Work, row: ListedRow): Promise<boolean> {
  if (work.principal.kind === 'system') return true;
  return kernel.ports.visibility.isVisibleToOutsider(work.actorId, ownershipOf(meetingViewOf(row)));
}

function last(items: readonly MeetingView[]): Page<MeetingView> {
  return Object.freeze({ items: Object.freeze(items), nextCursor: null });
}
