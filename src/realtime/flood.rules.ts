/** How much a client may say: `points` at once, regained at `perSecond`. */
export interface FloodLimit {
  readonly points: number;
  readonly perSecond: number;
}

/**
 * Whoever comes back after a cut says much at once: subscriptions to a hundred streams, a few hundred commands that were not answered,
 * the states that held.
 */
const floodLimit: FloodLimit = { points: 600, perSecond: 30 };

/** What is left of a client's points, and when that was counted, in milliseconds. */
export interface Points {
  readonly left: number;
  readonly countedAt: number;
}

/** Long messages cost what the short ones of the same length would, about. @param length in characters */
export function costOf(length: number): number {
  return 1 + Math.floor(length / 4_096);
}

/** @returns what is left afterwards, or null where there are too few */
export function spend(points: Points | undefined, cost: number, now: number, limit = floodLimit): Points | null {
  const left = leftAt(points, now, limit) - cost;
  return left < 0 ? null : { left, countedAt: now };
}

/** Whether nothing is known about a client any more that would not hold for a new one. */
export function isFull(points: Points, now: number, limit = floodLimit): boolean {
  return leftAt(points, now, limit) >= limit.points;
}

function leftAt(points: Points | undefined, now: number, { points: most, perSecond }: FloodLimit): number {
  if (points === undefined) return most;
  return Math.min(most, points.left + (Math.max(0, now - points.countedAt) / 1_000) * perSecond);
}
