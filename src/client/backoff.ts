const baseMs = 500;
const capMs = 30_000;

/**
 * How long to wait before the next attempt: anything between nothing and a limit that doubles each time. Spread over the whole
 * span, a crowd that was cut off together comes back one by one ("full jitter", AWS Architecture Blog, 2015).
 * @param attempt 0 for the first
 * @param random at least 0, less than 1
 * @returns milliseconds, less than 30 s
 */
export function fullJitter(attempt: number, random: () => number): number {
  return random() * Math.min(capMs, baseMs * 2 ** attempt);
}
