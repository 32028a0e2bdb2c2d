import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../core/logger.ts';
import { backoff, idleWait } from './backoff.rules.ts';
import type { ConsumeSettings } from './consume.schema.ts';
import type { Next } from './handling.ts';
import type { Lease } from './lease.ts';

export interface LoopPorts {
  readonly name: string;
  readonly lease: Lease;
  readonly turn: (signal: AbortSignal) => Promise<Next>;
  readonly settings: ConsumeSettings;
  readonly logger: Logger;
}

/** How long a handler may still take once it was told to end. */
const lastWordsMs = 500;

/** One turn after another while the lease is held; otherwise an attempt at the lease every now and then. */
export class Loop {
  readonly #ports: LoopPorts;
  /** Aborts when the handler had all the time it was given. */
  readonly #ending = new AbortController();
  #running: Promise<void> | null = null;
  #stopping = false;
  #failures = 0;
  #looks = 0;
  /** Set while it waits for something new. */
  #idle = false;
  #woken = false;
  #hurried = false;
  #waiting: AbortController | null = null;

  constructor(ports: LoopPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** There are new events. Cuts no wait short that follows a failure, or that is for a lease. */
  wake(): void {
    this.#woken = true;
    if (this.#idle) this.#waiting?.abort();
  }

  /** Something has changed for this consumer: whatever it waits for, it looks now. */
  hurry(): void {
    this.#woken = true;
    this.#hurried = true;
    this.#waiting?.abort();
  }

  /** Begins nothing more, waits for the handler, tells it to end, and lets go of the lease. Stopping twice is stopping once. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#waiting?.abort();
    if (await this.#endsWithin(graceMs)) return;
    this.#ending.abort(new Error('this consumer was stopped'));
    // A handler that hears nothing keeps the lease until it runs out: two at a time would be worse than a wait.
    if (!(await this.#endsWithin(lastWordsMs))) this.#ports.lease.lost();
  }

  async #endsWithin(milliseconds: number): Promise<boolean> {
    const late = new AbortController();
    const ended = (this.#running ?? Promise.resolve()).then(() => true);
    const passed = sleep(milliseconds, false, { signal: late.signal }).catch(() => false);
    const inTime = await Promise.race([ended, passed]);
    late.abort();
    return inTime;
  }

  async #run(): Promise<void> {
    const { lease, logger, name } = this.#ports;
    while (!this.#stopping) {
      const wait = await this.#step().catch((error: unknown) => {
        logger.warn('a consumer could not reach the log', { consumer: name, error });
        return backoff(++this.#failures, { retryMs: 1_000, maxRetryMs: 10_000 }, Math.random());
      });
      await this.#wait(wait);
    }
    // Where this fails, the lease runs out by itself.
    await lease
      .release()
      .catch((error: unknown) => logger.debug('a lease was not given back', { consumer: name, error }));
  }

  /** @returns milliseconds until the next step */
  async #step(): Promise<number> {
    const { lease, turn, settings } = this.#ports;
    this.#idle = false;
    const signal = await lease.hold();
    if (signal === null) return settings.pollMs;
    if (this.#woken) this.#looks = 0;
    this.#woken = false;
    this.#hurried = false;
    const next = await turn(AbortSignal.any([signal, this.#ending.signal]));
    this.#failures = 0;
    if (next === null) lease.lost();
    if (next === null) return settings.pollMs;
    if (next !== 'idle') {
      this.#looks = 0;
      return next === 'now' ? 0 : next.afterMs;
    }
    this.#idle = true;
    return this.#woken ? 0 : idleWait(this.#looks++, settings.pollMs);
  }

  async #wait(milliseconds: number): Promise<void> {
    if (milliseconds === 0 || this.#stopping || this.#hurried) return;
    this.#waiting = new AbortController();
    await sleep(milliseconds, undefined, { signal: this.#waiting.signal }).catch(() => {});
    this.#waiting = null;
  }
}
