import { type Clock, systemClock } from './clock.ts';

/** How often something may happen: `points` at once, regained evenly over `perSeconds`. */
export interface RateLimit {
  readonly points: number;
  readonly perSeconds: number;
}

/** Whether it may happen now. */
export interface RateLimitDecision {
  readonly allowed: boolean;
  /** Whole seconds until the same call would be allowed; 0 when it is. */
  readonly retryAfterSeconds: number;
}

/**
 * Counts attempts by key. A shared one (Redis, a gateway) makes the limits hold across processes; the default counts in this
 * process. Refused attempts cost nothing.
 */
export interface RateLimiter {
  take(key: string, limit: RateLimit): Promise<RateLimitDecision> | RateLimitDecision;
}

export interface MemoryRateLimiterOptions {
  /** How many keys are remembered; beyond it the one not used for longest is forgotten. @default 100000 */
  readonly maxKeys?: number;
}

interface Bucket {
  readonly tokens: number;
  readonly countedAt: number;
  /** When the bucket will be full again: from then on it says no more than no bucket at all. */
  readonly fullAt: number;
}

/** Regained points are sums of fractions; a point that lacks a billionth is a point. */
const tolerance = 1e-9;

/**
 * A token bucket for each key in this process's memory, which full buckets leave by themselves.
 * @throws RangeError from `take` for a limit below one point or without a positive duration
 */
export function memoryRateLimiter(
  clock: Clock = systemClock,
  { maxKeys = 100_000 }: MemoryRateLimiterOptions = {},
): RateLimiter & { readonly size: number } {
  /** In the order of their last use: the map keeps insertion order, and every use inserts anew. */
  const buckets = new Map<string, Bucket>();

  /** Looks at two old buckets for each that is touched, so forgetting keeps up with remembering and never sweeps all at once. */
  const forget = (now: number): void => {
    let looks = 2;
    for (const [key, bucket] of buckets) {
      if (bucket.fullAt <= now || buckets.size > maxKeys) buckets.delete(key);
      if (--looks === 0) break;
    }
  };

  return {
    get size() {
      return buckets.size;
    },
    take(key, { points, perSeconds }) {
      if (!(points >= 1) || !(perSeconds > 0))
        throw new RangeError('A rate limit needs points >= 1 and perSeconds > 0.');
      const now = clock.now().getTime() / 1000;
      const perPoint = perSeconds / points;
      const known = buckets.get(key);
      // While a clock is set back nothing is regained, and nothing that was there is lost.
      const regained = known === undefined ? points : Math.max(0, now - known.countedAt) / perPoint;
      const tokens = Math.min(points, (known?.tokens ?? 0) + regained);
      const allowed = tokens >= 1 - tolerance;
      const left = allowed ? Math.max(0, tokens - 1) : tokens;
      buckets.delete(key);
      buckets.set(key, { tokens: left, countedAt: now, fullAt: now + (points - left) * perPoint });
      forget(now);
      return { allowed, retryAfterSeconds: allowed ? 0 : Math.max(1, Math.ceil((1 - left) * perPoint - tolerance)) };
    },
  };
}
