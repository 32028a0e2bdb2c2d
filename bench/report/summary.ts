/** From batches to what is told: one entry for each operation and implementation. */
import type { Batch } from '../measure/bench.ts';
import { median, quantile, type Ratio, ratioOf } from '../measure/statistics.ts';
import type { Kind, Workload } from '../measure/workloads.ts';
import type { Implementation, OperationName } from '../operations.ts';

export interface Latency {
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  /** The best round's median, in milliseconds. */
  readonly best: number;
  readonly samples: number;
  readonly rounds: number;
  /** To the limit: of the rounds' medians. */
  readonly ratio: Ratio;
  /** Microseconds of processor time for one operation; the server's where it can be seen. */
  readonly clientCpu: number;
  readonly serverCpu: number | null;
}

export interface Throughput {
  readonly clients: number;
  /** Operations a second: in the best round, and in the middle one. */
  readonly best: number;
  readonly median: number;
  /** The limit's throughput to this one's: how many times slower. */
  readonly ratio: Ratio;
}

export interface Entry {
  readonly implementation: string;
  readonly latency: Latency;
  readonly throughput: readonly Throughput[];
}

export interface OperationSummary {
  readonly operation: OperationName;
  readonly kind: Kind;
  readonly entries: readonly Entry[];
}

export interface Summary {
  readonly implementations: readonly Pick<Implementation, 'name' | 'label' | 'doesNot'>[];
  readonly operations: readonly OperationSummary[];
}

export function summaryOf(
  batches: readonly Batch[],
  workloads: readonly Workload[],
  implementations: readonly Implementation[],
): Summary {
  const steps = workloads.flatMap(({ steps: own }) => own);
  return {
    implementations: implementations.map(({ name, label, doesNot }) => ({ name, label, doesNot })),
    operations: steps.flatMap(({ operation, kind }) => {
      const own = batches.filter((batch) => batch.operation === operation);
      const entries = implementations.flatMap(({ name }) => entryOf(own, name) ?? []);
      return entries.length === 0 ? [] : [{ operation, kind, entries }];
    }),
  };
}

function entryOf(batches: readonly Batch[], implementation: string): Entry | null {
  const of = (name: string, clients: number) =>
    batches.filter((batch) => batch.implementation === name && batch.clients === clients);
  const alone = of(implementation, 1);
  const limits = of('limit', 1);
  if (alone.length === 0 || limits.length === 0) return null;
  const medians = alone.map(({ milliseconds }) => median(milliseconds));
  const all = alone.flatMap(({ milliseconds }) => milliseconds);
  const server = alone.flatMap(({ cpu }) => cpu.server ?? []);
  const crowds = [...new Set(batches.map(({ clients }) => clients))].filter((clients) => clients > 1);
  return {
    implementation,
    latency: {
      p50: median(all),
      p95: quantile(all, 0.95),
      best: Math.min(...medians),
      samples: all.length,
      rounds: alone.length,
      ratio: ratioOf(
        medians,
        limits.map(({ milliseconds }) => median(milliseconds)),
      ),
      clientCpu: median(alone.map(({ cpu }) => cpu.client)),
      serverCpu: server.length === alone.length ? median(server) : null,
    },
    throughput: crowds.flatMap((clients) => {
      const own = of(implementation, clients).map(secondsEach);
      return own.length === 0 ? [] : [throughputOf(clients, own, of('limit', clients).map(secondsEach))];
    }),
  };
}

function throughputOf(clients: number, own: readonly number[], limits: readonly number[]): Throughput {
  return { clients, best: 1 / Math.min(...own), median: 1 / median(own), ratio: ratioOf(own, limits) };
}

function secondsEach({ milliseconds, operations }: Batch): number {
  return milliseconds.reduce((sum, value) => sum + value, 0) / 1000 / operations;
}
