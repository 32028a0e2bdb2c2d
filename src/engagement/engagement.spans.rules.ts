/** A half-open stretch of time in whole microseconds, so that sums are exact. Up to infinity where it has not ended. */
export type Span = readonly [from: number, to: number];

/** What spans in any order cover of `within`: disjoint and ascending. Those that touch become one, empty ones vanish. */
export function unionOf(spans: readonly Span[], within: Span): readonly Span[] {
  const union: [from: number, to: number][] = [];
  for (const [from, to] of spans.length < 2 ? spans : spans.toSorted(([a], [b]) => a - b)) {
    const inside: [number, number] = [Math.max(from, within[0]), Math.min(to, within[1])];
    const last = union.at(-1);
    if (inside[0] >= inside[1]) continue;
    if (last !== undefined && inside[0] <= last[1]) last[1] = Math.max(last[1], inside[1]);
    else union.push(inside);
  }
  return union;
}

/** The length of spans that are disjoint. */
export function lengthOf(spans: readonly Span[]): number {
  let length = 0;
  for (const [from, to] of spans) length += to - from;
  return length;
}

/** The length of what two unions have in common. */
export function overlapOf(one: readonly Span[], other: readonly Span[]): number {
  let length = 0;
  let next = 0;
  for (const [from, to] of one) {
    for (; next < other.length; next++) {
      const [start, end] = other[next] ?? [to, to];
      length += Math.max(0, Math.min(to, end) - Math.max(from, start));
      // What reaches further may have something in common with the one that follows, too.
      if (end > to) break;
    }
  }
  return length;
}

/** Whether a moment lies in one of the spans: at its start it does, at its end no more. */
export function contains(spans: readonly Span[], moment: number): boolean {
  return spans.some(([from, to]) => from <= moment && moment < to);
}

/** How many spans, none of them empty, hold the same moment, at most. One that ends as another begins is over before. */
export function mostAtOnce(spans: readonly Span[]): number {
  const starts = Float64Array.from(spans, ([from]) => from).toSorted();
  const ends = Float64Array.from(spans, ([, to]) => to).toSorted();
  let over = 0;
  let most = 0;
  for (const [begun, start] of starts.entries()) {
    while ((ends[over] ?? Infinity) <= start) over++;
    most = Math.max(most, begun + 1 - over);
  }
  return most;
}
