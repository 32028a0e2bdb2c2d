import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { newId } from '../core/identifier.ts';
import type { Backplane, BackplaneListener, Hint } from './backplane.ts';
import { HintQueue } from './hint-queue.ts';
import { pack, type Unpacked } from './hint.ts';
import { Line, type Network } from './line.ts';
import { Listeners } from './listeners.ts';

/** What all backplanes over a network can be told. */
export interface NetworkBackplaneOptions {
  /** Hints that may wait to be sent; beyond that they are dropped. @default 10000 */
  readonly maxQueued?: number;
  /** Milliseconds between two proofs that what is said is heard. A connection that fails one is replaced. @default 5000 */
  readonly heartbeatMs?: number;
}

export interface NetworkSettings {
  readonly maxQueued: number;
  readonly heartbeatMs: number;
  /** Milliseconds that a hint waits for others to go with it. */
  readonly coalesceMs: number;
}

/** The schema of {@link NetworkBackplaneOptions}, to be spread into an adapter's own. */
export const networkOptions = {
  maxQueued: z.int().min(1).max(1_000_000).default(10_000),
  heartbeatMs: z.int().min(10).max(600_000).default(5_000),
};

/** Milliseconds that stopping waits for the last hints to be sent. */
const farewellMs = 500;

/** A backplane over any network that brings every payload to everybody. */
export class NetworkBackplane implements Backplane {
  readonly specVersion = 1;
  readonly #node = newId();
  readonly #network: Network;
  readonly #settings: NetworkSettings;
  readonly #listeners = new Listeners();
  readonly #queue: HintQueue;
  #line: Line | null = null;
  /** Somebody may have been listening already, and missed something. */
  #started = false;
  #ending: Promise<void> = Promise.resolve();
  #dropped = 0;
  /** Hints that are on their way into the network. */
  #leaving = 0;
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> | null = null;

  constructor(network: Network, settings: NetworkSettings) {
    this.#network = network;
    this.#settings = settings;
    this.#queue = new HintQueue(settings.maxQueued);
  }

  async start(listener: BackplaneListener): Promise<void> {
    await this.#ending;
    this.#listeners.join(listener);
    const line = (this.#line ??= new Line(this.#network, this.#node, this.#settings.heartbeatMs, {
      received: (unpacked) => this.#receive(unpacked),
      up: () => this.#wentUp(),
      down: () => this.#drop(this.#queue.forgetSignals()),
    }));
    try {
      await line.opened;
      if (this.#line === line) this.#started = true;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  publish(hints: readonly Hint[]): void {
    for (const hint of hints) {
      const late = hint.kind === 'signal' && this.#line?.up !== true; // of no worth once the network is back
      if (this.#line === null || late || !this.#queue.add(hint)) this.#drop(1);
    }
    this.#schedule();
  }

  health(): { readonly connected: boolean; readonly dropped: number; readonly queued: number } {
    return {
      connected: this.#line?.up === true,
      dropped: this.#dropped,
      queued: this.#queue.size + this.#leaving,
    };
  }

  async stop(): Promise<void> {
    const line = this.#line;
    if (line !== null && this.#listeners.leave()) this.#ending = this.#end(line);
    await this.#ending;
  }

  async #end(line: Line): Promise<void> {
    // A process that commits and goes would otherwise leave its last word to the others' own looking.
    const waited = new AbortController();
    await Promise.race([this.#sendLast(), pause(farewellMs, undefined, { signal: waited.signal }).catch(() => {})]);
    waited.abort();
    this.#line = null;
    this.#started = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await line.close();
    this.#drop(this.#queue.takeAll().length);
  }

  async #sendLast(): Promise<void> {
    while (this.#queue.size + this.#leaving > 0 && this.#line?.up === true) await this.#send();
  }

  #wentUp(): void {
    if (this.#started) this.#drop(this.#listeners.gap());
    this.#schedule();
  }

  #receive({ hints, dropped }: Unpacked): void {
    this.#drop(dropped);
    for (const hint of hints) this.#drop(this.#listeners.hint(hint));
  }

  #drop(count: number): void {
    this.#dropped += count;
  }

  #schedule(): void {
    if (this.#timer !== null || this.#sending !== null || this.#queue.size === 0 || this.#line?.up !== true) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#send();
    }, this.#settings.coalesceMs);
  }

  /** One sending at a time: what comes meanwhile goes together after it, so a slow network is asked less often, not more. */
  async #send(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
      this.#schedule();
    });
    await this.#sending;
  }

  async #sendAll(): Promise<void> {
    const line = this.#line;
    if (line?.up !== true) return;
    const { payloads, dropped } = pack(this.#queue.takeAll(), this.#node, this.#network.maxBytes);
    this.#drop(dropped);
    const filled = payloads.filter(({ hints }) => hints > 0);
    this.#leaving = filled.reduce((total, { hints }) => total + hints, 0);
    for (const { text, hints } of filled) {
      await line.send(text).catch(() => this.#drop(hints));
      this.#leaving -= hints;
    }
  }
}
