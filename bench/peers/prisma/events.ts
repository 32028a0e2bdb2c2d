/** Events in Prisma's words: an upsert counts the head up, which locks it; what else it holds is a second update. */
import { type Draft, numbered, streams } from '../stream.ts';
import type { Prisma, PrismaClient } from './generated/client.ts';

export type Db = PrismaClient;
export type Trx = Prisma.TransactionClient;
export type Json = Prisma.InputJsonObject;

export async function append(
  trx: Trx,
  kind: 'meeting' | 'user',
  drafts: readonly (Draft & { readonly streamId: string })[],
  now: Date,
): Promise<void> {
  if (drafts.length === 0) return;
  const byStream = Map.groupBy(drafts, ({ streamId }) => streamId);
  const streamKind = streams[kind];
  const counted =
    byStream.size === 1
      ? await countOne(trx, streamKind, drafts)
      : await countAll(trx, streamKind, [...byStream.keys()]);
  const rows = counted.flatMap(({ streamId, seq, publicSeq, hostsSeq }) => {
    const own = byStream.get(streamId) ?? [];
    const before = { seq: Number(seq) - own.length, publicPrev: 0, hostsPrev: 0 };
    return numbered(streamKind, { ...before, publicSeq: Number(publicSeq), hostsSeq: Number(hostsSeq) }, own).events;
  });
  await trx.streamEvent.createMany({
    data: rows.map(({ streamId, id, seq, prev, type, audience, actorId, data }) => ({
      ...{ streamKind, streamId, id, seq, prev, type, audience, actorId, data: data as Json, occurredAt: now },
      ...(audience === 'users' ? { audienceUsers: [streamId] } : {}),
    })),
  });
}

async function countOne(trx: Trx, streamKind: number, drafts: readonly (Draft & { readonly streamId: string })[]) {
  const streamId = drafts[0]?.streamId ?? '';
  const seq = drafts.length;
  const where = { streamKind_streamId: { streamKind, streamId } };
  const head = await trx.eventHead.upsert({
    where,
    create: { streamKind, streamId, seq },
    update: { seq: { increment: seq } },
  });
  if (streamKind === streams.user) return [head];
  const before = { seq: Number(head.seq) - seq, publicSeq: Number(head.publicSeq), hostsSeq: Number(head.hostsSeq) };
  const { head: after } = numbered(streamKind, { ...before, publicPrev: 0, hostsPrev: 0 }, drafts);
  await trx.eventHead.update({ where, data: after });
  return [head];
}

/** People's own streams, one event each: they have no lanes. */
async function countAll(trx: Trx, streamKind: number, ids: readonly string[]) {
  const data = ids.toSorted().map((streamId) => ({ streamKind, streamId }));
  await trx.eventHead.createMany({ data, skipDuplicates: true });
  const where = { streamKind, streamId: { in: [...ids] } };
  await trx.eventHead.updateMany({ where, data: { seq: { increment: 1 } } });
  return trx.eventHead.findMany({ where });
}
