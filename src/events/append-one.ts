import { type StreamEvent, streamKinds } from '../core/event.ts';
import { statement, type Tables } from '../core/statement.ts';
import type { Work } from '../core/work.ts';

/** Who an event is for, where that is known when the statement is written: of a meeting's stream, or a person's own. */
export type Lane = 'all' | 'hosts' | 'users' | 'own';

/** What a number is taken with: the event's place in its stream, and the one before it in its lane. */
const placeOf: Readonly<Record<Lane, { moved: string; next: string; taken: string }>> = {
  all: { moved: ', public_seq = h.seq + 1', next: 'h.public_seq', taken: 'h.public_prev' },
  hosts: { moved: ', hosts_seq = h.seq + 1', next: 'h.hosts_seq', taken: 'h.hosts_prev' },
  users: { moved: '', next: '0::bigint', taken: '0::bigint' },
  // Everything in a person's own stream is theirs to see, so its one lane is the stream itself.
  own: { moved: '', next: 'h.seq', taken: 'h.seq - 1' },
};

const kindOf = (lane: Lane) => (lane === 'own' ? streamKinds.user : streamKinds.meeting);

const move = (lane: Lane) =>
  `seq = h.seq + 1, public_prev = h.public_seq, hosts_prev = h.hosts_seq${placeOf[lane].moved}`;

/*
 * The parts of `appendCtes` for a statement that tells of one event at most in a stream: with nothing to rank, a third of its price, which counts where it is most of the statement. Each is the body of a CTE. A head is locked from the moment its number is
 * taken or reserved until the commit, so that comes after every other lock.
 */

/** Takes the next number for each row (at most one) of a query that gives a `stream_id`: `(stream_id, seq, epoch, prev)`. */
export function takeNumber(t: Tables, lane: Lane, from: string): string {
  const first = { all: '1, 0', hosts: '0, 1', users: '0, 0', own: '0, 0' }[lane];
  return `
    insert into ${t.meeting_event_heads} as h (stream_kind, stream_id, seq, public_seq, hosts_seq)
    select ${kindOf(lane)}, stream_id, 1, ${first} from (${from}) f
    on conflict (stream_kind, stream_id) do update set ${move(lane)}
    returning h.stream_id, h.seq, h.epoch, ${placeOf[lane].taken} as prev`;
}

/**
 * As {@link takeNumber}, of a query that gives `n` besides: takes so many numbers for events in one lane for everybody. `seq` is the
 * last of them, `prev` what comes before the first.
 */
export function takeNumbers(t: Tables, from: string): string {
  return `
    insert into ${t.meeting_event_heads} as h (stream_kind, stream_id, seq, public_seq)
    select ${streamKinds.meeting}, stream_id, n, n from (${from}) f
    on conflict (stream_kind, stream_id) do update
    set seq = h.seq + excluded.seq, public_seq = h.seq + excluded.seq, public_prev = h.public_seq, hosts_prev = h.hosts_seq
    returning h.stream_id, h.seq, h.epoch, h.public_prev as prev`;
}

/**
 * As {@link takeNumber}, of a query that gives `for_all` and `for_hosts` besides, each 1 or 0: takes a number for an event for everybody
 * and one for hosts, in this order, as there are. `seq` is the last of them; `public_prev` and `hosts_prev` are what comes before them.
 */
export function takeNumberInEach(t: Tables, from: string): string {
  return `
    insert into ${t.meeting_event_heads} as h (stream_kind, stream_id, seq, public_seq, hosts_seq)
    select ${streamKinds.meeting}, stream_id, for_all + for_hosts, for_all, for_hosts * (for_all + for_hosts) from (${from}) f
    where for_all + for_hosts > 0
    on conflict (stream_kind, stream_id) do update
    set seq = h.seq + excluded.seq, public_prev = h.public_seq, hosts_prev = h.hosts_seq,
        public_seq = case when excluded.public_seq = 0 then h.public_seq else h.seq + excluded.public_seq end,
        hosts_seq = case when excluded.hosts_seq = 0 then h.hosts_seq else h.seq + excluded.hosts_seq end
    returning h.stream_id, h.seq, h.epoch, h.public_prev, h.hosts_prev`;
}

/**
 * As {@link takeNumber}, where it turns out later whether there is an event at all: holds the number without taking it. Nothing, where
 * the stream has no head yet: see {@link ensureHead}.
 */
export function reserveNumber(t: Tables, lane: Lane, from: string): string {
  return `
    select h.stream_id, h.seq + 1 as seq, h.epoch, ${placeOf[lane].next} as prev
    from (${from}) f
    join ${t.meeting_event_heads} h on h.stream_kind = ${kindOf(lane)} and h.stream_id = f.stream_id
    for no key update of h`;
}

/** Takes the number that was reserved, for each row (at most one) of a query that gives a `stream_id`. */
export function takeReserved(t: Tables, lane: Lane, from: string): string {
  return `
    update ${t.meeting_event_heads} h set ${move(lane)} from (${from}) f
    where h.stream_kind = ${kindOf(lane)} and h.stream_id = f.stream_id`;
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
    select ${kindOf(lane)}, stream_id, seq, prev, '${lane === 'own' ? 'users' : lane}', ${id}, ${type}, ${users}, ${actor}, ${data}, ${at}
    from ${from}`;
}

/** What a statement gives back of its event, to be announced by {@link told}; all null where it had none to tell. */
export interface ToldRow {
  readonly seq: string | number | null;
  readonly prev: string | number | null;
  readonly epoch: string | null;
  /** When it happened. */
  readonly told_at: string | null;
}

/** Hands on the event that a statement has stored, as it stored it. */
export function told(work: Work, { seq, prev, epoch, told_at: at }: ToldRow, event: Unnumbered): void {
  if (seq === null || prev === null || epoch === null || at === null) return;
  const { id, stream, type, audience, actorId, data } = event;
  const time = new Date(at).toISOString();
  const announced = { id, stream, seq: Number(seq), epoch, prev: Number(prev), type, time, audience, actorId, data };
  Object.freeze(data);
  work.appended.push(Object.freeze(announced));
}

type Unnumbered = Pick<StreamEvent, 'id' | 'stream' | 'type' | 'audience' | 'actorId' | 'data'>;
