/** The summary as text for a terminal. */
import type { Entry, OperationSummary, Summary } from './summary.ts';

/** One table for each operation: a row for each implementation. */
export function tablesOf({ operations, implementations }: Summary): string {
  const labels = new Map(implementations.map(({ name, label }) => [name, label]));
  const width = Math.max(...[...labels.values()].map((label) => label.length));
  const tables = operations.map((summary) => tableOf(summary, labels, width));
  const excuses = implementations.flatMap(({ label, doesNot }) =>
    doesNot.length === 0 ? [] : [`${label} does not`, ...doesNot.map((what) => `  - ${what}`)],
  );
  return [...tables, ...(excuses.length > 0 ? [excuses.join('\n')] : [])].join('\n\n');
}

function tableOf({ operation, entries }: OperationSummary, labels: ReadonlyMap<string, string>, width: number): string {
  const crowds = entries[0]?.throughput.map(({ clients }) => clients) ?? [];
  const headings = [
    ...['x limit', 'best', 'p50 ms', 'p95 ms', 'CPU µs', 'server µs', 'samples'],
    ...crowds.flatMap((clients) => [`${clients} clients/s`, 'x limit']),
  ];
  const rows = entries.map((entry) => ({
    label: labels.get(entry.implementation) ?? entry.implementation,
    cells: cells(entry),
  }));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map(({ cells: own }) => own[column]?.length ?? 0)),
  );
  const line = (label: string, own: readonly string[]) =>
    [label.padEnd(width), ...own.map((cell, column) => cell.padStart(widths[column] ?? 0))].join('  ').trimEnd();
  return [line(operation, headings), ...rows.map(({ label, cells: own }) => line(label, own))].join('\n');
}

function cells({ latency, throughput }: Entry): string[] {
  const { ratio, p50, p95, clientCpu, serverCpu, samples } = latency;
  return [
    ...[ratio.median.toFixed(2), ratio.best.toFixed(2), digits(p50), digits(p95), clientCpu.toFixed(0)],
    ...[serverCpu?.toFixed(0) ?? '', String(samples)],
    ...throughput.flatMap((crowd) => [crowd.median.toFixed(0), crowd.ratio.median.toFixed(2)]),
  ];
}

function digits(milliseconds: number): string {
  return milliseconds < 10 ? milliseconds.toFixed(2) : milliseconds.toFixed(1);
}
