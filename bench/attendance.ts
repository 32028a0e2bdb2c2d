/** Stays and what was on during them, in whole microseconds since 1970, so that sums are exact. */

/** From, to (not included). */
export type Span = readonly [from: number, to: number];

/** Disjoint spans in order, for spans in any order, clamped to a meeting's own. */
export function unionOf(spans: readonly Span[], [earliest, latest]: Span): Span[] {
  const inside = spans
    .map(([from, to]): [number, number] => [Math.max(from, earliest), Math.min(to, latest)])
    .filter(([from, to]) => from < to)
    .toSorted((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const span of inside) {
    const last = merged.at(-1);
    if (last !== undefined && span[0] <= last[1]) last[1] = Math.max(last[1], span[1]);
    else merged.push(span);
  }
  return merged;
}

export function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, [from, to]) => sum + to - from, 0);
}

/** What two lists of disjoint, ordered spans have in common. */
export function overlapOf(one: readonly Span[], other: readonly Span[]): number {
  let sum = 0;
  for (let i = 0, j = 0; ;) {
    const [a, b] = [one[i], other[j]];
    if (a === undefined || b === undefined) return sum;
    sum += Math.max(0, Math.min(a[1], b[1]) - Math.max(a[0], b[0]));
    if (a[1] < b[1]) i++;
    else j++;
  }
}

/** The most spans that hold one instant; a span that ends when another begins makes room for it. */
export function peakOf(spans: readonly Span[]): number {
  const steps = spans
    .flatMap(([from, to]): [number, number][] => [
      [from, 1],
      [to, -1],
    ])
    .toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
  let now = 0;
  let peak = 0;
  for (const [, change] of steps) peak = Math.max(peak, (now += change));
  return peak;
}

export function contains(spans: readonly Span[], at: number): boolean {
  return spans.some(([from, to]) => from <= at && at < to);
}
