/**
 * Milliseconds until the next try: anything from nothing to a bound that doubles each time. Spread over the whole span, those who
 * failed together do not come back together ("full jitter", AWS Architecture Blog, 2015).
 * @param attempt 0 for the first
 * @param random at least 0, less than 1
 */
export function fullJitter(attempt: number, firstMs: number, mostMs: number, random: number): number {
  return random * Math.min(mostMs, firstMs * 2 ** attempt);
}
