/** Processor time, here and in the server's backends: far steadier than the clock on a machine that does other things too. */
import { readFileSync } from 'node:fs';
import type pg from 'pg';

/** Microseconds for one operation. */
export interface CpuTime {
  readonly client: number;
  /** Null where the server's processes cannot be looked at. */
  readonly server: number | null;
}

interface Snapshot {
  readonly client: number;
  readonly backends: ReadonlyMap<number, number>;
}

export class CpuClock {
  readonly #admin: pg.Client;
  #backends: readonly number[] = [];

  constructor(admin: pg.Client) {
    this.#admin = admin;
  }

  /** Pools close what they do not need, so the backends are asked for each time. */
  async start(): Promise<Snapshot> {
    const { rows } = await this.#admin.query<{ pid: number }>(
      `select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    this.#backends = rows.map(({ pid }) => pid);
    return this.#now();
  }

  since({ client, backends }: Snapshot, operations: number): CpuTime {
    const now = this.#now();
    const spent = [...now.backends].map(([pid, time]) => time - (backends.get(pid) ?? 0));
    const server = spent.length === 0 ? null : spent.reduce((sum, time) => sum + time, 0) / operations;
    return { client: (now.client - client) / operations, server };
  }

  #now(): Snapshot {
    const { user, system } = process.cpuUsage();
    const backends = this.#backends.flatMap((pid) => {
      const time = backendTime(pid);
      return time === null ? [] : [[pid, time] as const];
    });
    return { client: user + system, backends: new Map(backends) };
  }
}

/** The first number of `schedstat` is the time on a processor, in nanoseconds. */
function backendTime(pid: number): number | null {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1000;
  } catch {
    return null;
  }
}
