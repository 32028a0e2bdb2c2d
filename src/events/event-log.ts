import { type Audience, type EventDraft, type StreamEvent, type StreamRef, streamKinds } from '../core/event.ts';
import { type Parameter, type Statement, statement, type Tables } from '../core/statement.ts';
import type { Work } from '../core/work.ts';

/**
 * The CTEs `ranked`, `laned`, `streams`, `heads` and `appended`, which number and store the rows of a CTE
 * `drafts (position, stream_kind, stream_id, id, type, audience, audience_users, actor_id, data, occurred_at)`.
 * A hot statement ends with them; everything else goes through {@link append}. Locking a head is what makes numbers
 * gap-free and commit-ordered, so they come last and in one order, and hold the lock for the shortest time.
 */
export function appendCtes(t: Tables): string {
  return `
  ranked as (
    select d.*, row_number() over (partition by d.stream_kind, d.stream_id order by d.position) as rank
    from drafts d),
  laned as (
    select r.*, lag(r.rank) over (partition by r.stream_kind, r.stream_id, r.audience order by r.rank) as lane_before
    from ranked r),
  streams as (
    select stream_kind, stream_id, count(*) as n,
           coalesce(max(rank) filter (where audience = 'all'), 0) as last_public,
           coalesce(max(rank) filter (where audience = 'hosts'), 0) as last_hosts
    from laned group by stream_kind, stream_id),
  heads as (
    insert into ${t.meeting_event_heads} as h (stream_kind, stream_id, seq, public_seq, hosts_seq)
    select stream_kind, stream_id, n, last_public, last_hosts from streams order by stream_kind, stream_id
    on conflict (stream_kind, stream_id) do update set
      public_prev = h.public_seq,
      hosts_prev = h.hosts_seq,
      public_seq = case when excluded.public_seq = 0 then h.public_seq else h.seq + excluded.public_seq end,
      hosts_seq = case when excluded.hosts_seq = 0 then h.hosts_seq else h.seq + excluded.hosts_seq end,
      seq = h.seq + excluded.seq
    returning h.stream_kind, h.stream_id, h.seq, h.epoch, h.public_prev, h.hosts_prev),
  appended as (
    insert into ${t.meeting_events}
      (stream_kind, stream_id, seq, id, prev, type, occurred_at, audience, audience_users, actor_id, data)
    select l.stream_kind, l.stream_id, h.seq - s.n + l.rank, l.id,
           case
             -- Everything in a person's own stream is theirs to see, so its one lane is the stream itself.
             when l.stream_kind = ${streamKinds.user} then h.seq - s.n + l.rank - 1
             when l.audience = 'users' then 0
             else coalesce(h.seq - s.n + l.lane_before, case l.audience when 'all' then h.public_prev else h.hosts_prev end)
           end,
           l.type, l.occurred_at, l.audience, l.audience_users, l.actor_id, l.data
    from laned l join streams s on ${isSameStream('s', 'l')} join heads h on ${isSameStream('h', 'l')}
    order by l.stream_kind, l.stream_id, l.rank
    returning stream_kind, stream_id, seq, id, prev, type, occurred_at, audience, audience_users, actor_id, data)`;
}

const isUser = (alias: string) => `(${alias}.stream_kind = ${streamKinds.user})`;

/**
 * Of two kinds a truth value tells which. A number would tell as much, but the planner has to guess how many kinds there are, guesses
 * as many as rows, expects the join to leave a single one, and loops over everything for each of a thousand events.
 */
function isSameStream(one: string, other: string): string {
  return `${one}.stream_id = ${other}.stream_id and ${isUser(one)} = ${isUser(other)}`;
}

/** A query for the events that {@link appendCtes} stored, as {@link EventRow}s in order. */
const appendedRows = `
  select a.*, h.epoch, false as redacted from appended a join heads h on ${isSameStream('h', 'a')}
  order by a.stream_kind, a.stream_id, a.seq`;

/** Columns of an event as statements give them back. */
export interface EventRow {
  readonly id: string;
  readonly stream_kind: number;
  readonly stream_id: string;
  readonly seq: string | number;
  readonly epoch: string;
  readonly prev: string | number;
  readonly type: string;
  readonly occurred_at: string;
  readonly audience: string;
  readonly audience_users: readonly string[] | null;
  readonly actor_id: string | null;
  readonly data: Readonly<Record<string, unknown>>;
  readonly redacted: boolean;
}

const appendDrafts = statement<EventRow>(
  'event-append',
  (t) => `
  with given as (
    select g.position, g.draft
    from jsonb_array_elements($1::jsonb) with ordinality as g(draft, position)),
  clock as (select coalesce($2::timestamptz, date_trunc('milliseconds', clock_timestamp())) as now),
  drafts as (
    select g.position, (g.draft->>'streamKind')::smallint as stream_kind, (g.draft->>'streamId')::uuid as stream_id,
           (g.draft->>'id')::uuid as id, g.draft->>'type' as type, g.draft->>'audience' as audience,
           case when jsonb_typeof(g.draft->'users') = 'array'
                then array(select jsonb_array_elements_text(g.draft->'users')::uuid) end as audience_users,
           (g.draft->>'actorId')::uuid as actor_id, g.draft->'data' as data, c.now as occurred_at
    from given g cross join clock c),
  ${appendCtes(t)}
  select a.*, h.epoch, false as redacted from appended a join heads h using (stream_kind, stream_id)
  order by a.stream_kind, a.stream_id, a.seq`,
);

/** Numbers and stores drafts in the current transaction; the answer keeps the drafts' order within each stream. */
export async function append(
  work: Work,
  drafts: readonly EventDraft[],
  now: Date | null,
): Promise<readonly StreamEvent[]> {
  if (drafts.length === 0) return [];
  const rows = await work.run(appendDrafts, [JSON.stringify(drafts.map(stored)), now]);
  return rows.map(eventOf);
}

function stored(draft: EventDraft): Record<string, unknown> {
  const { audience } = draft;
  return {
    id: draft.id,
    streamKind: streamKinds[draft.stream.kind],
    streamId: draft.stream.id,
    type: draft.type,
    audience: typeof audience === 'string' ? audience : 'users',
    users: typeof audience === 'string' ? null : audience.users,
    actorId: draft.actorId,
    data: draft.data,
  };
}

/** The envelope of a stored row. */
export function eventOf(row: EventRow): StreamEvent {
  const stream: StreamRef = {
    kind: row.stream_kind === streamKinds.user ? 'user' : 'meeting',
    id: row.stream_id,
  };
  const event: StreamEvent = {
    id: row.id,
    stream,
    seq: Number(row.seq),
    epoch: row.epoch,
    prev: Number(row.prev),
    type: row.type,
    time: new Date(row.occurred_at).toISOString(),
    audience: audienceOf(row),
    actorId: row.actor_id,
    data: Object.freeze(row.data),
    ...(row.redacted ? { redacted: true as const } : {}),
  };
  return Object.freeze(event);
}

function audienceOf(row: EventRow): Audience {
  if (row.audience === 'all' || row.audience === 'hosts') return row.audience;
  return Object.freeze({ users: Object.freeze([...(row.audience_users ?? [])]) });
}

/** Runs a statement that appends its own events, and hands those on to be announced. */
export async function runAppending<Row extends { readonly events: readonly EventRow[] }>(
  work: Work,
  of: Statement<Row>,
  parameters: readonly Parameter[],
): Promise<Row> {
  const row = await work.one(of, parameters);
  work.appended.push(...row.events.map(eventOf));
  return row;
}

/**
 * An expression for the events that {@link appendCtes} stored, as a JSON array of {@link EventRow}s in order. `json` is only written,
 * where `jsonb` would be taken apart and put together first.
 */
export const appendedEvents = `coalesce((select json_agg(e) from (${appendedRows}) e), '[]'::json)`;
