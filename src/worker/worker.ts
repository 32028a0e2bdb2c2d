import type { Logger } from '../core/logger.ts';
import { invalid } from '../core/validate.ts';

/** A background sweep: does what is due and says how much it did. Doing it twice, or in two processes at once, is harmless. */
export interface Job {
  readonly name: string;
  /** How long to wait between two runs. */
  readonly everyMs: number;
  readonly run: (signal: AbortSignal) => Promise<number>;
}

/** What a run did: how many things each job dealt with, and which jobs failed. */
export interface WorkerReport {
  readonly done: Readonly<Record<string, number>>;
  readonly failed: readonly string[];
}

/**
 * Runs the sweeps that keep meetings going without anybody: invitations expire, forgotten meetings end. A host starts one in each
 * process or only in one, or calls `runOnce` from a scheduler of its own.
 */
export class Worker {
  readonly #jobs: readonly Job[];
  readonly #logger: Logger;
  readonly #refuseClosed: () => void;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #running = new Set<Promise<WorkerReport>>();
  #started = false;
  #stopping = new AbortController();

  /** @param refuseClosed throws once there is nothing left to work on */
  constructor(jobs: readonly Job[], logger: Logger, refuseClosed: () => void = () => {}) {
    this.#jobs = jobs;
    this.#logger = logger;
    this.#refuseClosed = refuseClosed;
  }

  /** The names of the jobs. */
  get jobs(): readonly string[] {
    return this.#jobs.map((job) => job.name);
  }

  /**
   * Starts every job on its own rhythm. Starting twice is starting once.
   * @throws MeetingError UNAVAILABLE once the service is closed
   */
  start(): void {
    this.#refuseClosed();
    if (this.#started) return;
    this.#started = true;
    for (const job of this.#jobs) this.#schedule(job, this.#stopping.signal);
  }

  /** Stops and waits for what is running. */
  async stop(): Promise<void> {
    this.#started = false;
    this.#stopping.abort();
    this.#stopping = new AbortController();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await Promise.all(this.#running);
  }

  /**
   * Runs one job, or all of them one after another, now. A job that fails is reported and stops no other.
   * @throws MeetingError VALIDATION for a job that does not exist; UNAVAILABLE once the service is closed
   */
  async runOnce(name?: string): Promise<WorkerReport> {
    this.#refuseClosed();
    const jobs = name === undefined ? this.#jobs : this.#jobs.filter((job) => job.name === name);
    if (jobs.length === 0) throw invalid([{ path: 'job', message: `must be one of ${this.jobs.join(', ')}` }]);
    return this.#track(jobs);
  }

  async #track(jobs: readonly Job[]): Promise<WorkerReport> {
    const run = this.#run(jobs, this.#stopping.signal);
    this.#running.add(run);
    try {
      return await run;
    } finally {
      this.#running.delete(run);
    }
  }

  async #run(jobs: readonly Job[], signal: AbortSignal): Promise<WorkerReport> {
    const done: Record<string, number> = {};
    const failed: string[] = [];
    for (const job of jobs) {
      if (signal.aborted) break;
      try {
        done[job.name] = await job.run(signal);
      } catch (error) {
        failed.push(job.name);
        this.#logger.error('a background job failed', { job: job.name, error });
      }
    }
    return { done, failed };
  }

  #schedule(job: Job, signal: AbortSignal): void {
    if (signal.aborted) return;
    const timer = setTimeout(() => {
      void this.#track([job]).then(() => this.#schedule(job, signal));
    }, job.everyMs);
    timer.unref();
    this.#timers.set(job.name, timer);
  }
}
