import { z } from 'zod';
import type { StreamEvent } from '../core/event.ts';
import type { Kernel } from '../core/kernel.ts';
import { encodeCursor, type PagedList } from '../core/page.ts';
import { hostRoles } from '../core/permission-terms.ts';
import { authorise, isLimited } from '../core/policy.ts';
import { statement } from '../core/statement.ts';
import type { Work } from '../core/work.ts';
import { type EventRow, eventOf } from '../events/index.ts';

/** A page of what happened to a meeting. */
export interface History {
  readonly items: readonly StreamEvent[];
  readonly nextCursor: string | null;
  /** Entries about other people that an Observer may count but not see, on this page. */
  readonly hidden: number;
}

interface HistoryRow extends EventRow {
  /** The entry is about somebody else who is neither Host nor CoHost. */
  readonly about_another: boolean;
}

/**
 * Entries about the meeting's state, time and people that the actor may see. Parameters: 1 meeting, 2 person, 3 sees what is for
 * hosts, 4 sees everything, 5 after this number, 6 limit, 7 roles that Observers see by name.
 */
const historyPage = statement<HistoryRow>(
  'meeting-history',
  (t) => `
  select e.stream_kind, e.stream_id, e.seq, h.epoch, e.id, e.prev, e.type, e.occurred_at, e.audience, e.audience_users,
         e.actor_id, e.data, e.redacted,
         coalesce(e.data->>'userId' <> $2::text, false) and not exists (
           select 1 from ${t.meeting_participants} p
           where p.meeting_id = e.stream_id and p.auth_user_id::text = e.data->>'userId'
             and p.role::text = any($7::text[])) as about_another
  from ${t.meeting_events} e
  join ${t.meeting_event_heads} h on h.stream_kind = e.stream_kind and h.stream_id = e.stream_id
  where e.stream_kind = 0 and e.stream_id = $1::uuid and e.seq > $5::bigint
    and (e.type like 'meeting.%' or e.type like 'participant.%' or e.type like 'invitation.%')
    and ($4::boolean or e.audience = 'all' or (e.audience = 'hosts' and $3::boolean)
         or $2::uuid = any(e.audience_users))
  order by e.seq limit $6::int`,
  { prepare: false },
);

const cursorValues = z.tuple([z.int().nonnegative()]);
export const historyList: PagedList<typeof cursorValues> = { kind: 'history', values: cursorValues };

export async function history(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  { limit, after }: { limit: number; after: readonly [number] | null },
): Promise<History> {
  const { standing } = await kernel.look(work, meetingId);
  authorise('meeting.history', standing);
  const system = standing.role === 'System';
  const hosts = hostRoles.some((role) => role === standing.role);
  const parameters = [meetingId, work.actorId, hosts, system, after?.[0] ?? 0, limit + 1, [...hostRoles]];
  const rows = await work.run(historyPage, parameters);
  const shown = rows.slice(0, limit);
  const limited = isLimited('meeting.history', standing.role) !== null;
  const items = shown.filter((row) => !limited || !row.about_another).map(eventOf);
  const last = shown.at(-1);
  return Object.freeze({
    items: Object.freeze(items),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(historyList.kind, [Number(last.seq)]) : null,
    hidden: shown.length - items.length,
  });
}
