/** Keeps a run: everything as JSON, the main figures as a picture. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MachineFacts } from '../database/cluster.ts';
import { chartOf } from './chart.ts';
import type { Summary } from './summary.ts';
import type { Verdict } from './verdict.ts';

export interface Report {
  readonly profile: 'quick' | 'full';
  readonly meetings: number;
  readonly chatLength: number;
  readonly poolSize: number;
  readonly machine: MachineFacts;
  /** The machine's load average when the measurements began: much above 0 means that it had other things to do. */
  readonly loadBefore: number;
  readonly seconds: number;
  readonly absent: readonly { readonly name: string; readonly reason: string }[];
  readonly verdicts: readonly Verdict[];
  readonly summary: Summary;
}

/** @returns the files written */
export function save(report: Report, directory: string): string[] {
  mkdirSync(directory, { recursive: true });
  const { profile, meetings, machine, summary } = report;
  const rounded = JSON.stringify(report, (_, value: unknown) => (typeof value === 'number' ? digits(value) : value), 1);
  const subtitle = [
    `${meetings.toLocaleString('en')} meetings`,
    `PostgreSQL ${machine.postgres}, fsync ${machine.settings['fsync'] ?? '?'}, synchronous_commit ${machine.settings['synchronous_commit'] ?? '?'}`,
    `Node ${machine.node.slice(1)}, ${machine.cpuCount} cores`,
    machine.date.slice(0, 10),
  ].join(' · ');
  const files = { [`${profile}.json`]: `${rounded}\n`, [`${profile}.svg`]: chartOf(summary, subtitle) };
  return Object.entries(files).map(([name, content]) => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  });
}

/** Four digits that mean something: no more were measured. */
function digits(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(4));
}
