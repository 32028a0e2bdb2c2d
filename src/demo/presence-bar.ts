import type { SessionView } from '../participants/index.ts';

/** A stretch of time in milliseconds after the start of the bar, half-open. */
type Span = readonly [from: number, to: number];

const shades = { none: '·', little: '░', half: '▒', most: '▓', all: '█' } as const;
const heights = ' ▁▂▃▄▅▆▇█';

/**
 * When somebody was there, drawn in `cells` characters of equal time: solid for all of it, lighter for less, a dot for none. However short
 * a visit or an absence is, it can be seen.
 */
export function presenceBar(sessions: readonly SessionView[], from: Date, to: Date, cells: number): string {
  const union = unionOf(sessions, from, to);
  const length = (to.getTime() - from.getTime()) / cells;
  return Array.from({ length: cells }, (_, cell) => {
    const span: Span = [cell * length, (cell + 1) * length];
    return shade(union.reduce((sum, stay) => sum + overlap(stay, span), 0) / length);
  }).join('');
}

/** How many people were there at once, each counted once: the most in each cell, as high as its part of the highest. */
export function crowdBar(people: readonly (readonly SessionView[])[], from: Date, to: Date, cells: number): string {
  const stays = people.flatMap((sessions) => unionOf(sessions, from, to));
  const at = (instant: number) => stays.filter(([start, end]) => start <= instant && instant < end).length;
  const length = (to.getTime() - from.getTime()) / cells;
  const most = Array.from({ length: cells }, (_, cell) => {
    const arrivals = stays.map(([arrival]) => arrival).filter((arrival) => Math.floor(arrival / length) === cell);
    return Math.max(at(cell * length), ...arrivals.map(at));
  });
  const peak = Math.max(1, ...most);
  return most.map((count) => heights.charAt(Math.round((count / peak) * (heights.length - 1)))).join('');
}

function unionOf(sessions: readonly SessionView[], from: Date, to: Date): Span[] {
  const union: [number, number][] = [];
  const since = (instant: Date) => instant.getTime() - from.getTime();
  const spans = sessions.map(({ joinedAt, leftAt }): Span => [since(joinedAt), since(leftAt ?? to)]);
  for (const [start, end] of spans.toSorted((a, b) => a[0] - b[0])) {
    const last = union.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end);
    else union.push([start, end]);
  }
  return union;
}

function overlap(one: Span, other: Span): number {
  return Math.max(0, Math.min(one[1], other[1]) - Math.max(one[0], other[0]));
}

/** What separates all from most is less than rounding can add and more than a millisecond can take. */
const allButRounding = 1 - 1e-9;

function shade(fraction: number): string {
  if (fraction <= 0) return shades.none;
  if (fraction < 0.4) return shades.little;
  if (fraction < 0.75) return shades.half;
  return fraction < allButRounding ? shades.most : shades.all;
}

/** A line for under the bars: each time begins in the cell it stands for, but the last, which ends where the bars do. */
export function timeAxis(from: Date, to: Date, cells: number, label: (instant: Date) => string): string {
  const width = label(from).length;
  const labels = Math.max(2, Math.min(6, Math.floor(cells / (2 * width))));
  let line = '';
  for (let n = 0; n < labels; n++) {
    const at = Math.round((n / (labels - 1)) * (cells - width));
    const share = n === labels - 1 ? 1 : at / cells;
    line = line.padEnd(at) + label(new Date(from.getTime() + share * (to.getTime() - from.getTime())));
  }
  return line;
}
