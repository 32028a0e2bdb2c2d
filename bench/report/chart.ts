/** The summary as a picture: a row for each operation, a dot for each implementation, how many times the limit on a log scale. */
import type { OperationSummary, Summary } from './summary.ts';
import { targets } from './verdict.ts';

const colours: Readonly<Record<string, string>> = {
  limit: '#111827',
  sdk: '#dc2626',
  adopted: '#f59e0b',
  'adopted-prepared': '#db2777',
  kysely: '#0891b2',
  drizzle: '#65a30d',
  'mikro-orm': '#7c3aed',
  prisma: '#92400e',
};

const names: Readonly<Record<OperationSummary['operation'], string>> = {
  sendChat: 'send a chat message',
  vote: 'vote',
  join: 'join',
  leave: 'leave',
  rsvp: 'answer an invitation',
  heartbeat: 'heartbeat',
  raiseHand: 'raise a hand',
  setMedia: 'switch a microphone',
  listUpcoming: 'list what lies ahead',
  history: 'newest page of a chat',
  tally: 'tally 10,000 votes',
  analytics: 'analytics of 1,000 people',
  invite: 'invite 500 people',
};

const width = 1140;
const left = 210;
const right = 130;
const top = 118;
const rowHeight = 36;
const ticks = [0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

export function chartOf(summary: Summary, subtitle: string): string {
  const { operations, implementations } = summary;
  const ratios = operations.flatMap(({ entries }) => entries.map(({ latency }) => latency.ratio.median));
  const lowest = Math.min(0.9, ...ratios) * 0.95;
  const highest = Math.max(2, ...ratios) * 1.08;
  const x = (ratio: number) =>
    left + ((Math.log(ratio) - Math.log(lowest)) / (Math.log(highest) - Math.log(lowest))) * (width - left - right);
  const bottom = top + operations.length * rowHeight;
  const parts = [
    text(16, 30, 'One operation, one client: how many times as long as SQL by hand', 'title'),
    text(16, 50, subtitle, 'small'),
    ...legend(implementations),
    ...grid(x, lowest, highest, bottom),
    ...operations.flatMap((operation, index) => row(operation, top + index * rowHeight, x)),
    text(
      left,
      bottom + 38,
      'median over the rounds of each round’s median latency to the limit’s, log scale; the red line ends where the SDK may be',
      'small',
    ),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + 54}" width="${width}" height="${bottom + 54}" role="img" aria-label="Latency as a multiple of hand-written SQL">`,
    `<style>text{font:13px system-ui,sans-serif;fill:#1f2937}.title{font-size:17px;font-weight:600}.small{font-size:12px;fill:#4b5563}.tick{font-size:11px;fill:#6b7280}.value{font-weight:600}</style>`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function legend(implementations: Summary['implementations']): string[] {
  let at = 16;
  return implementations.flatMap(({ name, label }) => {
    const place = at;
    at += 30 + label.length * 6.9;
    return [dot(place + 6, 74, name), text(place + 16, 78, label, 'small')];
  });
}

function grid(x: (ratio: number) => number, lowest: number, highest: number, bottom: number): string[] {
  return ticks
    .filter((tick) => tick >= lowest && tick <= highest)
    .flatMap((tick) => [
      line(x(tick), top - 6, x(tick), bottom, tick === 1 ? '#111827' : '#e5e7eb', tick === 1 ? 1.5 : 1),
      text(x(tick), bottom + 16, `${tick}`, 'tick', 'middle'),
    ]);
}

function row({ operation, entries }: OperationSummary, y: number, x: (ratio: number) => number): string[] {
  const middle = y + rowHeight / 2;
  const own = entries.find(({ implementation }) => implementation === 'sdk');
  // The SDK is drawn last, above whatever lies beneath it.
  const drawn = entries.toSorted((a, b) => Number(a.implementation === 'sdk') - Number(b.implementation === 'sdk'));
  return [
    text(left - 14, middle + 4, names[operation], '', 'end'),
    line(left - 6, y + rowHeight, width - right + 6, y + rowHeight, '#f3f4f6', 1),
    line(x(1), middle, x(targets[operation].atMost), middle, '#dc2626', 3, 0.35),
    ...drawn.map(({ implementation, latency }) => dot(x(latency.ratio.median), middle, implementation)),
    own === undefined
      ? ''
      : text(width - right + 16, middle + 4, `SDK ${own.latency.ratio.median.toFixed(2)} ×`, 'value'),
  ];
}

function dot(cx: number, cy: number, name: string): string {
  const radius = name === 'sdk' ? 6.5 : 5;
  const colour = colours[name] ?? '#9ca3af';
  return `<circle cx="${round(cx)}" cy="${round(cy)}" r="${radius}" fill="${colour}" fill-opacity="0.9" stroke="#ffffff" stroke-width="1"/>`;
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string, thickness: number, opacity = 1): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${colour}" stroke-width="${thickness}" stroke-opacity="${opacity}"/>`;
}

function text(x: number, y: number, content: string, kind: string, anchor = 'start'): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text x="${round(x)}" y="${round(y)}" class="${kind}" text-anchor="${anchor}">${escaped}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
