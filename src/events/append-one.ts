import { streamKinds } from '../core/event.ts';
import { statement, type Tables } from '../core/statement.ts';

/** Who an event is for, where that is known when the statement is written. */
export type Lane = 'all' | 'hosts' | 'users';

/** What a number is taken with: the event's place in its stream, and the one before it in its lane. */
const placeOf: Readonly<Record<Lane, { moved: string; next: string; taken: string }>> = {
  all: { moved: ', public_seq = h.seq + 1', next: 'h.public_seq', taken: 'h.public_prev' },
  hosts: { moved: ', hosts_seq = h.seq + 1', next: 'h.hosts_seq', taken: 'h.hosts_prev' },
  users: { moved: '', next: '0::bigint', taken: '0::bigint' },
};

const move = (lane: Lane) =>
  `seq = h.seq + 1, public_prev = h.public_seq, hosts_prev = h.hosts_seq${placeOf[lane].moved}`;

/*
 * The parts of `appendCtes` for a statement that tells of one event at most, of one meeting: with nothing to rank, a third of its
 * price, which counts where it is most of the statement. Each is the body of a CTE. A head is locked from the moment its number is
 * taken or reserved until the commit, so that comes after every other lock.
 */

/** Takes the next number for each row (at most one) of a query that gives a `stream_id`: `(stream_id, seq, epoch, prev)`. */
export function takeNumber(t: Tables, lane: Lane, from: string): string {
  const first = { all: '1, 0', hosts: '0, 1', users: '0, 0' }[lane];
  return `
    insert into ${t.meeting_event_heads} as h (stream_kind, stream_id, seq, public_seq, hosts_seq)
    select ${streamKinds.meeting}, stream_id, 1, ${first} from (${from}) f
    on conflict (stream_kind, stream_id) do update set ${move(lane)}
    returning h.stream_id, h.seq, h.epoch, ${placeOf[lane].taken} as prev`;
}

/**
 * As {@link takeNumber}, where it turns out later whether there is an event at all: holds the number without taking it. Nothing, where
 * the stream has no head yet: see {@link ensureHead}.
 */
export function reserveNumber(t: Tables, lane: Lane, from: string): string {
  return `
    select h.stream_id, h.seq + 1 as seq, h.epoch, ${placeOf[lane].next} as prev
    from (${from}) f
    join ${t.meeting_event_heads} h on h.stream_kind = ${streamKinds.meeting} and h.stream_id = f.stream_id
    for no key update of h`;
}

/** Takes the number that was reserved, for each row (at most one) of a query that gives a `stream_id`. */
export function takeReserved(t: Tables, lane: Lane, from: string): string {
  return `
    update ${t.meeting_event_heads} h set ${move(lane)} from (${from}) f
    where h.stream_kind = ${streamKinds.meeting} and h.stream_id = f.stream_id`;
}

/** Makes the head of a meeting's stream, if the meeting came from elsewhere and nothing was told of it yet. Parameter: the meeting. */
export const ensureHead = statement<never>(
  'event-head',
  (t) => `
  insert into ${t.meeting_event_heads} (stream_kind, stream_id) values (${streamKinds.meeting}, $1::uuid)
  on conflict (stream_kind, stream_id) do nothing`,
);

/** Stores the event. `from` gives the columns that are named in `columns`, and those of the number. */
export function storeEvent(
  t: Tables,
  lane: Lane,
  columns: { id: string; type: string; users: string; actor: string; data: string; at: string },
  from: string,
): string {
  const { id, type, users, actor, data, at } = columns;
  return `
    insert into ${t.meeting_events}
      (stream_kind, stream_id, seq, prev, audience, id, type, audience_users, actor_id, data, occurred_at)
    select ${streamKinds.meeting}, stream_id, seq, prev, '${lane}', ${id}, ${type}, ${users}, ${actor}, ${data}, ${at}
    from ${from}`;
}
