/** Events in MikroORM's words: the head is an entity under a lock, and what happens to it is flushed with everything else. */
import { LockMode } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { EventHead, StreamEvent } from '../../../src/entities.ts';
import { type Draft, newHead, numbered, streams } from '../stream.ts';

export type Em = SqlEntityManager;

export async function append(
  em: Em,
  kind: 'meeting' | 'user',
  drafts: readonly (Draft & { readonly streamId: string })[],
  now: Date,
): Promise<void> {
  if (drafts.length === 0) return;
  const streamKind = streams[kind];
  const byStream = Map.groupBy(drafts, ({ streamId }) => streamId);
  for (const head of await lockHeads(em, streamKind, [...byStream.keys()].toSorted())) {
    const { head: after, events } = numbered(streamKind, head, byStream.get(head.streamId) ?? []);
    Object.assign(head, after);
    for (const { streamId, id, seq, prev, type, audience, actorId, data } of events)
      em.create(StreamEvent, {
        ...{ streamKind, streamId, id, seq, prev, type, audience, actorId, data, occurredAt: now },
        audienceUsers: audience === 'users' ? [streamId] : null,
      });
  }
}

/** In one order for everybody; heads that are not there yet are made first, once, however many come at a time. */
async function lockHeads(em: Em, streamKind: number, streamIds: readonly string[]): Promise<EventHead[]> {
  const find = () =>
    em.find(
      EventHead,
      { streamKind, streamId: { $in: [...streamIds] } },
      { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { streamId: 'asc' } },
    );
  const found = await find();
  if (found.length === streamIds.length) return found;
  const known = new Set(found.map(({ streamId }) => streamId));
  const missing = streamIds.filter((streamId) => !known.has(streamId));
  await em.upsertMany(
    EventHead,
    missing.map((streamId) => ({ streamKind, streamId, ...newHead })),
    { onConflictAction: 'ignore' },
  );
  return find();
}
