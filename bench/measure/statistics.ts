/** Small samples, described by order: no mean, which one pause of the machine would decide. */

/** The value below which the share of the sample lies, between two values where it falls between them. */
export function quantile(sample: readonly number[], share: number): number {
  const sorted = sample.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) return Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export function median(sample: readonly number[]): number {
  return quantile(sample, 0.5);
}

/** In another order each time, so that nobody always comes after the same one. */
export function shuffled<T>(list: readonly T[]): T[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    const [a, b] = [result[i], result[j]];
    if (a !== undefined && b !== undefined) [result[i], result[j]] = [b, a];
  }
  return result;
}

/** How one implementation stands to the limit. */
export interface Ratio {
  /** Its best round to the limit's best round: what it costs when nothing disturbs. */
  readonly best: number;
  /** The middle of the rounds, each against the limit in the same round. */
  readonly median: number;
}

/** Of costs by round: the more, the worse. */
export function ratioOf(costs: readonly number[], limits: readonly number[]): Ratio {
  const ratios = costs.flatMap((cost, round) => {
    const limit = limits[round];
    return limit === undefined ? [] : [cost / limit];
  });
  return { best: Math.min(...costs) / Math.min(...limits), median: median(ratios) };
}
