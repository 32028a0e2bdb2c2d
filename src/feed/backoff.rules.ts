import { fullJitter } from '../core/jitter.ts';

/**
 * Whole milliseconds to wait after so many failures in a row (1 is the first).
 * @param random from 0 to 1
 */
export function backoff(
  failures: number,
  { retryMs, maxRetryMs }: { readonly retryMs: number; readonly maxRetryMs: number },
  random: number,
): number {
  return Math.round(fullJitter(failures - 1, retryMs, maxRetryMs, random));
}

const soonestLookMs = 20;

/**
 * Milliseconds until the next look at the log after so many in vain (0 is the first). What has just been announced may still be held
 * back by an older transaction, which usually ends at once, so the first looks follow closely.
 */
export function idleWait(looks: number, pollMs: number): number {
  return Math.min(pollMs, soonestLookMs * 2 ** looks);
}
