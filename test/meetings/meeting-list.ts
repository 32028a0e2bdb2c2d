import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import type { ListInput } from '../../src/meetings/index.ts';
import { execute } from '../setup/postgres.ts';

/**
 * Meetings as another program writes them, with times to the microsecond: `ticks` after 12:00 on a far day, each hosted by
 * this person. Gives their ids in the order of the ticks, and of ids where those are equal.
 */
export async function insertAt(url: string, host: string, ticks: readonly number[]): Promise<string[]> {
  const meetings = ticks.map((tick) => ({ tick, id: newId() }));
  const values = meetings.map(
    ({ tick, id }) => `('${id}'::uuid, timestamptz '2027-05-01 12:00:00Z' + ${tick} * interval '1 microsecond')`,
  );
  await execute(
    url,
    `with given (id, at) as (values ${values.join(', ')}),
     made as (
       insert into convoke.meetings (id, title, meeting_type, creator_id, scheduled_start_time, scheduled_end_time, created_at, updated_at)
       select id, 'Dense', 'Lecture', '${host}', at, at + interval '1 hour', '2026-03-01', '2026-03-01' from given)
     insert into convoke.meeting_participants (id, meeting_id, auth_user_id, role, status, invited_at, upcoming_at)
     select gen_random_uuid(), id, '${host}', 'Host', 'Accepted', '2026-03-01', at from given`,
  );
  return meetings.toSorted((a, b) => a.tick - b.tick || (a.id < b.id ? -1 : 1)).map(({ id }) => id);
}

/** All pages of a list, one after another: the ids on each. */
export async function pagesOf(service: MeetingService, userId: string | null, input: ListInput): Promise<string[][]> {
  const { meetings } = userId === null ? service.asSystem() : service.as({ userId });
  const pages: string[][] = [];
  for (let cursor: string | null = null; ;) {
    const page = await meetings.list({ ...input, ...(cursor === null ? {} : { cursor }) });
    pages.push(page.items.map(({ id }) => id));
    if (page.nextCursor === null) return pages;
    cursor = page.nextCursor;
  }
}

/** What a list finds, over all its pages. */
export async function listed(service: MeetingService, userId: string | null, input: ListInput): Promise<string[]> {
  return (await pagesOf(service, userId, input)).flat();
}
