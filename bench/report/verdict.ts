import { peerNames } from '../contenders.ts';
/** What the SDK is held to, and whether it holds. */
import type { OperationName } from '../operations.ts';
import type { Entry, OperationSummary, Summary } from './summary.ts';

interface Target {
  /** Of the limit, one client, by the middle round. */
  readonly atMost: number;
  /** How many times the time every idiomatic peer has to take. */
  readonly peersAtLeast: number | null;
}

export const targets: Readonly<Record<OperationName, Target>> = {
  sendChat: { atMost: 1.25, peersAtLeast: 2 },
  vote: { atMost: 1.25, peersAtLeast: 2 },
  join: { atMost: 1.25, peersAtLeast: 2 },
  leave: { atMost: 1.25, peersAtLeast: 2 },
  rsvp: { atMost: 1.25, peersAtLeast: 2 },
  heartbeat: { atMost: 1.3, peersAtLeast: null },
  raiseHand: { atMost: 1.25, peersAtLeast: null },
  setMedia: { atMost: 1.25, peersAtLeast: null },
  listUpcoming: { atMost: 1.2, peersAtLeast: 1 },
  history: { atMost: 1.2, peersAtLeast: 1 },
  tally: { atMost: 1.1, peersAtLeast: 1 },
  analytics: { atMost: 1.1, peersAtLeast: null },
  invite: { atMost: 1.1, peersAtLeast: null },
};

export interface Verdict extends Target {
  readonly operation: OperationName;
  readonly toLimit: number;
  /** The fastest peer, and how many times the SDK's time it takes; null where none took part. */
  readonly fastestPeer: { readonly implementation: string; readonly times: number } | null;
  readonly holds: boolean;
}

/** One for each operation that the SDK was measured in. */
export function verdictsOf({ operations }: Summary): readonly Verdict[] {
  return operations.flatMap((summary) => verdictOf(summary) ?? []);
}

function verdictOf({ operation, entries }: OperationSummary): Verdict | null {
  const own = entries.find(({ implementation }) => implementation === 'sdk');
  if (own === undefined) return null;
  const target = targets[operation];
  const toLimit = own.latency.ratio.median;
  const peers = entries
    .filter(isPeer)
    .map(({ implementation, latency }) => ({ implementation, times: latency.ratio.median / toLimit }))
    .toSorted((a, b) => a.times - b.times);
  const fastestPeer = peers[0] ?? null;
  const ahead = target.peersAtLeast === null || fastestPeer === null || fastestPeer.times >= target.peersAtLeast;
  return { operation, ...target, toLimit, fastestPeer, holds: toLimit <= target.atMost && ahead };
}

function isPeer({ implementation }: Entry): boolean {
  return peerNames.some((name) => name === implementation);
}

export function verdictLines(verdicts: readonly Verdict[], labelOf: (name: string) => string): string {
  const lines = verdicts.map(({ operation, atMost, peersAtLeast, toLimit, fastestPeer, holds }) => {
    const limit = `${toLimit.toFixed(2)} x the limit (at most ${atMost})`;
    const wanted = peersAtLeast === null ? '' : ` (at least ${peersAtLeast})`;
    const peer =
      fastestPeer &&
      `; ${labelOf(fastestPeer.implementation)} takes ${fastestPeer.times.toFixed(2)} x the SDK${wanted}`;
    return `${holds ? 'holds ' : 'MISSES'} ${operation.padEnd(13)} ${limit}${peer ?? ''}`;
  });
  return lines.join('\n');
}
