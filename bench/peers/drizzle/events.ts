/** Events in Drizzle's words: the head is counted up, which locks it, and its answer numbers the events. */
import { sql } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { type Draft, numbered, streams } from '../stream.ts';
import { events, heads } from './schema.ts';

export type Db = NodePgDatabase;
export type Trx = Parameters<Parameters<Db['transaction']>[0]>[0];

export async function append(
  trx: Trx,
  kind: 'meeting' | 'user',
  drafts: readonly (Draft & { readonly streamId: string })[],
  now: Date,
): Promise<void> {
  if (drafts.length === 0) return;
  const streamKind = streams[kind];
  const byStream = Map.groupBy(drafts, ({ streamId }) => streamId);
  const counted = await trx
    .insert(heads)
    .values(
      [...byStream.entries()].toSorted(byId).map(([streamId, own]) => ({
        ...{ streamKind, streamId, seq: own.length, publicSeq: place(own, 'all'), hostsSeq: place(own, 'hosts') },
      })),
    )
    .onConflictDoUpdate({
      target: [heads.streamKind, heads.streamId],
      set: {
        seq: sql`${heads.seq} + excluded.seq`,
        publicPrev: sql`${heads.publicSeq}`,
        hostsPrev: sql`${heads.hostsSeq}`,
        publicSeq: sql`case when excluded.public_seq = 0 then ${heads.publicSeq} else ${heads.seq} + excluded.public_seq end`,
        hostsSeq: sql`case when excluded.hosts_seq = 0 then ${heads.hostsSeq} else ${heads.seq} + excluded.hosts_seq end`,
      },
    })
    .returning({ streamId: heads.streamId, seq: heads.seq, publicSeq: heads.publicPrev, hostsSeq: heads.hostsPrev });
  const rows = counted.flatMap(({ streamId, seq, publicSeq, hostsSeq }) => {
    const own = byStream.get(streamId) ?? [];
    const before = { seq: seq - own.length, publicSeq, publicPrev: 0, hostsSeq, hostsPrev: 0 };
    return numbered(streamKind, before, own).events;
  });
  await trx.insert(events).values(
    rows.map(({ streamId, id, seq, prev, type, audience, actorId, data }) => ({
      ...{ streamKind, streamId, id, seq, prev, type, audience, actorId, data, occurredAt: now },
      audienceUsers: audience === 'users' ? [streamId] : null,
    })),
  );
}

/** Everybody locks heads in one order. */
function byId([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

/** Where the last event for these people stands among the new ones, from 1; 0 if there is none. */
function place(own: readonly Draft[], audience: Draft['audience']): number {
  return own.findLastIndex((draft) => draft.audience === audience) + 1;
}
