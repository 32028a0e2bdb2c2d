/** The rounds: in each, every implementation does the same tasks, in an order drawn anew. */
import type pg from 'pg';
import type { Contender, Implementation, OperationName } from '../operations.ts';
import { CpuClock, type CpuTime } from './cpu.ts';
import { shuffled } from './statistics.ts';
import type { Step, Task, Workload } from './workloads.ts';

export interface Running {
  readonly implementation: Implementation;
  readonly contender: Contender;
}

/** One implementation's batch of one operation in one round. */
export interface Batch {
  readonly operation: OperationName;
  readonly implementation: string;
  readonly clients: number;
  readonly round: number;
  /** Milliseconds of each operation, alone; of the batch as a whole, among many clients. */
  readonly milliseconds: readonly number[];
  readonly operations: number;
  /** Per operation. */
  readonly cpu: CpuTime;
}

export interface Plan {
  /** Rounds with one client. */
  readonly rounds: number;
  /** Rounds with many clients. */
  readonly crowdRounds: number;
  /** How many clients, each at once. */
  readonly crowds: readonly number[];
  /** Operations in a round of many clients, where the workload has not fewer. */
  readonly crowdSize: number;
}

export class Bench {
  readonly batches: Batch[] = [];
  readonly #running: readonly Running[];
  readonly #admin: pg.Client;
  readonly #cpu: CpuClock;
  #turn = 0;

  constructor(running: readonly Running[], admin: pg.Client) {
    this.#running = running;
    this.#admin = admin;
    this.#cpu = new CpuClock(admin);
  }

  async run(workloads: readonly Workload[], plan: Plan, progress: (line: string) => void): Promise<void> {
    await this.#warmUp(workloads);
    for (let round = 0; round < plan.rounds; round++) {
      for (const workload of workloads)
        if (round % workload.every === 0) await this.#round(workload, round, 1, workload.batch);
      if (round % 5 === 4 || round === plan.rounds - 1) progress(`one client: round ${round + 1} of ${plan.rounds}`);
    }
    for (const clients of plan.crowds) {
      for (let round = 0; round < plan.crowdRounds; round++)
        for (const workload of workloads)
          if (workload.crowd > 0) await this.#round(workload, round, clients, Math.min(workload.crowd, plan.crowdSize));
      progress(`${clients} clients: ${plan.crowdRounds} rounds`);
    }
  }

  /** Opens every connection, prepares every statement on it past the tries with single-use plans, and lets code get hot. */
  async #warmUp(workloads: readonly Workload[]): Promise<void> {
    for (const workload of workloads) {
      const count = workload.crowd === 0 ? 1 : Math.max(60, workload.batch);
      for (const running of this.#running) await this.#batches(workload, running, workload.crowd === 0 ? 1 : 10, count);
    }
  }

  async #round(workload: Workload, round: number, clients: number, count: number): Promise<void> {
    const turn = this.#turn++;
    for (const running of shuffled(this.#running))
      for (const batch of await this.#batches(workload, running, clients, count, turn))
        this.batches.push({ ...batch, round });
  }

  async #batches(
    workload: Workload,
    { implementation, contender }: Running,
    clients: number,
    count: number,
    turn = this.#turn++,
  ): Promise<Omit<Batch, 'round'>[]> {
    const batches: Omit<Batch, 'round'>[] = [];
    try {
      for (const step of workload.steps) {
        if (contender.operations[step.operation] === undefined) continue;
        const tasks = step.tasks(turn, count);
        const start = await this.#cpu.start();
        const milliseconds =
          clients === 1 ? await oneByOne(tasks, contender) : await atOnce(tasks, contender, clients, step);
        const cpu = this.#cpu.since(start, tasks.length);
        const { operation } = step;
        batches.push({
          ...{ operation, implementation: implementation.name, clients, milliseconds, operations: tasks.length, cpu },
        });
      }
    } finally {
      const reset = workload.reset?.(turn, count);
      if (reset !== undefined) await this.#admin.query(reset);
    }
    return batches;
  }
}

async function oneByOne(tasks: readonly Task[], { operations }: Contender): Promise<number[]> {
  const milliseconds: number[] = [];
  for (const task of tasks) {
    const start = performance.now();
    await task(operations);
    milliseconds.push(performance.now() - start);
  }
  return milliseconds;
}

async function atOnce(
  tasks: readonly Task[],
  { operations }: Contender,
  clients: number,
  step: Step,
): Promise<number[]> {
  const waiting = [...tasks].values();
  const start = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (const task of waiting) await task(operations);
    }),
  ).catch((cause: unknown) => {
    throw new Error(`${step.operation} failed among ${clients} clients`, { cause });
  });
  return [performance.now() - start];
}
