/** Events in Kysely's words: the head is counted up, which locks it, and its answer numbers the events. */
import type { Kysely, Transaction } from 'kysely';
import { type Draft, numbered, streams } from '../stream.ts';
import type { Database } from './schema.ts';

export type Db = Kysely<Database>;
export type Trx = Transaction<Database>;

export async function append(
  trx: Trx,
  kind: 'meeting' | 'user',
  drafts: readonly (Draft & { readonly streamId: string })[],
  now: Date,
): Promise<void> {
  if (drafts.length === 0) return;
  const byStream = Map.groupBy(drafts, ({ streamId }) => streamId);
  const heads = await trx
    .insertInto('meeting_event_heads')
    .values(
      [...byStream.entries()].toSorted(byId).map(([stream_id, own]) => ({
        ...{ stream_kind: streams[kind], stream_id, seq: own.length },
        ...{ public_seq: place(own, 'all'), hosts_seq: place(own, 'hosts') },
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['stream_kind', 'stream_id']).doUpdateSet((eb) => ({
        seq: eb('meeting_event_heads.seq', '+', eb.ref('excluded.seq')),
        public_prev: eb.ref('meeting_event_heads.public_seq'),
        hosts_prev: eb.ref('meeting_event_heads.hosts_seq'),
        public_seq: eb
          .case()
          .when('excluded.public_seq', '=', 0)
          .then(eb.ref('meeting_event_heads.public_seq'))
          .else(eb('meeting_event_heads.seq', '+', eb.ref('excluded.public_seq')))
          .end(),
        hosts_seq: eb
          .case()
          .when('excluded.hosts_seq', '=', 0)
          .then(eb.ref('meeting_event_heads.hosts_seq'))
          .else(eb('meeting_event_heads.seq', '+', eb.ref('excluded.hosts_seq')))
          .end(),
      })),
    )
    .returning(['stream_id', 'seq', 'public_prev', 'hosts_prev'])
    .execute();
  const events = heads.flatMap((head) => {
    const own = byStream.get(head.stream_id) ?? [];
    const [publicSeq, hostsSeq] = [Number(head.public_prev), Number(head.hosts_prev)];
    const before = { seq: Number(head.seq) - own.length, publicSeq, publicPrev: 0, hostsSeq, hostsPrev: 0 };
    return numbered(streams[kind], before, own).events;
  });
  await trx
    .insertInto('meeting_events')
    .values(
      events.map(({ streamId, id, seq, prev, type, audience, actorId, data }) => ({
        ...{ stream_kind: streams[kind], stream_id: streamId, id, seq, prev, type, audience },
        ...{ occurred_at: now, actor_id: actorId, data: JSON.stringify(data) },
        audience_users: audience === 'users' ? [streamId] : null,
      })),
    )
    .execute();
}

/** Everybody locks heads in one order. */
function byId([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

/** Where the last event for these people stands among the new ones, from 1; 0 if there is none. */
function place(own: readonly Draft[], audience: Draft['audience']): number {
  return own.findLastIndex((draft) => draft.audience === audience) + 1;
}
