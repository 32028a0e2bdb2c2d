import { setTimeout as pause } from 'node:timers/promises';
import { isMeetingError, MeetingError } from '../core/errors.ts';
import { fullJitter } from '../core/jitter.ts';
import { pack, unpack, type Unpacked } from './hint.ts';

/** A connection that carries payloads both ways. */
export interface Link {
  /** Resolves when the network has taken it. */
  send(payload: string): Promise<void>;
  /** Hangs up, soon also where nobody answers. Never rejects. */
  close(): Promise<void>;
}

export interface LinkListener {
  readonly received: (payload: string) => void;
  /** The connection is gone, or of no use. May be called often. */
  readonly lost: () => void;
}

/** What an adapter knows of its network. Everybody hears every payload, whoever sent it too. */
export interface Network {
  /** Most bytes of a payload, in UTF-8. */
  readonly maxBytes: number;
  /**
   * Connects and begins to listen, in limited time. Rejects with a MeetingError NOT_CONFIGURED where the settings are wrong;
   * whatever else it rejects with means that the network is away.
   */
  dial(listener: LinkListener): Promise<Link>;
  /** Lets go of what outlives a connection. */
  close?(): Promise<void>;
}

export interface LineListener {
  received(unpacked: Unpacked): void;
  /** From here on what is sent is heard. */
  up(): void;
  down(): void;
}

const firstPauseMs = 100;
const longestPauseMs = 10_000;

/** Milliseconds until the next try: those who lost a server do not return as one. */
export function redialPause(failures: number, random: () => number = Math.random): number {
  return fullJitter(failures, firstPauseMs, longestPauseMs, random());
}

/** @throws MeetingError TIMEOUT after so many milliseconds; what is then still under way is left to end by itself */
export async function within<Result>(milliseconds: number, work: Promise<Result>): Promise<Result> {
  const done = new AbortController();
  const late = pause(milliseconds, undefined, { signal: done.signal }).then(() => {
    throw new MeetingError('TIMEOUT', `No answer in ${milliseconds} ms.`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}

/**
 * Keeps one connection, and knows whether it is of use: a line is up while the process hears on it what it says itself. A dead
 * network, and a pooler between that swallows LISTEN, are silent otherwise.
 */
export class Line {
  readonly #network: Network;
  readonly #node: string;
  readonly #heartbeatMs: number;
  readonly #listener: LineListener;
  readonly #closing = new AbortController();
  readonly #verdict = Promise.withResolvers<void>();
  readonly #running: Promise<void>;
  readonly #patience: NodeJS.Timeout;
  #link: Link | null = null;
  #hangUp: () => void = () => {};
  #up = false;
  /** Something was said and not heard yet. */
  #awaited = false;
  /** Own words were heard since the last beat. */
  #heard = false;

  /** @param node the sender's id in payloads @param heartbeatMs how often it is proved that the line is of use */
  constructor(network: Network, node: string, heartbeatMs: number, listener: LineListener) {
    this.#network = network;
    this.#node = node;
    this.#heartbeatMs = heartbeatMs;
    this.#listener = listener;
    this.#patience = setTimeout(this.#verdict.resolve, heartbeatMs);
    this.#running = this.#run();
  }

  /** Whether what is sent is heard. */
  get up(): boolean {
    return this.#up;
  }

  /** Resolves when the line is up, or when it has shown that it is not for now: within a heartbeat. Rejects where it never can be. */
  get opened(): Promise<void> {
    return this.#verdict.promise;
  }

  /** Rejects when it may be lost. */
  async send(payload: string): Promise<void> {
    if (this.#link === null) throw new MeetingError('UNAVAILABLE', 'The line is down.');
    await this.#link.send(payload);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#hangUp();
    clearTimeout(this.#patience);
    this.#verdict.resolve();
    await this.#running;
    await this.#network.close?.();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        if (await this.#talk()) failures = 0;
      } catch (error) {
        if (isMeetingError(error) && error.code === 'NOT_CONFIGURED') this.#verdict.reject(error);
      }
      this.#verdict.resolve(); // does nothing where there was a verdict before
      await pause(redialPause(failures), undefined, { signal }).catch(() => {});
    }
  }

  /** One connection, from dialling to its end. @returns whether the line was up */
  async #talk(): Promise<boolean> {
    const lost = Promise.withResolvers<void>();
    const link = await this.#network.dial({ received: (payload) => this.#receive(payload), lost: lost.resolve });
    this.#link = link;
    this.#hangUp = lost.resolve;
    if (this.#closing.signal.aborted) lost.resolve();
    const beat = setInterval(() => this.#beat(link, lost.resolve), this.#heartbeatMs);
    this.#prove(link, lost.resolve);
    await lost.promise;
    clearInterval(beat);
    const wasUp = this.#up;
    this.#link = null;
    this.#up = false;
    if (wasUp) this.#listener.down();
    await link.close();
    return wasUp;
  }

  #receive(payload: string): void {
    const unpacked = unpack(payload);
    if (unpacked.node === this.#node) this.#hear();
    this.#listener.received(unpacked);
  }

  #hear(): void {
    this.#awaited = false;
    this.#heard = true;
    if (this.#up || this.#link === null) return;
    this.#up = true;
    this.#listener.up();
    this.#verdict.resolve();
  }

  #beat(link: Link, lost: () => void): void {
    // After a long pause of the whole process, what was heard meanwhile still waits to be read.
    if (this.#awaited) setImmediate(() => this.#awaited && this.#link === link && lost());
    else if (!this.#heard) this.#prove(link, lost);
    this.#heard = false;
  }

  #prove(link: Link, lost: () => void): void {
    this.#awaited = true;
    for (const { text } of pack([], this.#node, this.#network.maxBytes).payloads) link.send(text).catch(lost);
  }
}
