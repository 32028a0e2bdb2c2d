import type { Backplane, BackplaneListener, Hint } from '../../src/backplanes/backplane.ts';

/** What goes wrong with hints: each a share from 0 to 1. */
export interface Faults {
  readonly lost: number;
  readonly doubled: number;
  /** Hints come up to so many milliseconds late, and so in another order. */
  readonly lateByMs: number;
}

/** Random numbers from 0 to 1 that are the same for the same seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Processes hear each other over it, as badly as it is told to let them. */
export class FaultyBus {
  faults: Faults = { lost: 0, doubled: 0, lateByMs: 0 };
  /** All that was said, lost or not. */
  readonly said: Hint[] = [];
  readonly #listeners = new Set<BackplaneListener>();
  readonly #random: () => number;
  #isCut = false;

  constructor(seed = 1) {
    this.#random = random(seed);
  }

  /** Everything is lost from now on. */
  cut(): void {
    this.#isCut = true;
  }

  mend(): void {
    this.#isCut = false;
    for (const listener of this.#listeners) listener.gap();
  }

  /** Says something as if it came from somewhere. */
  whisper(hint: Hint): void {
    for (const listener of this.#listeners) listener.hint(hint);
  }

  backplane(): Backplane {
    let own: BackplaneListener | null = null;
    return {
      specVersion: 1,
      start: (listener) => {
        own = listener;
        this.#listeners.add(listener);
        return Promise.resolve();
      },
      publish: (hints) => {
        for (const hint of hints) this.#carry(hint);
      },
      health: () => ({ connected: !this.#isCut, dropped: 0, queued: 0 }),
      stop: () => {
        if (own !== null) this.#listeners.delete(own);
        return Promise.resolve();
      },
    };
  }

  #carry(hint: Hint): void {
    this.said.push(hint);
    if (this.#isCut || this.#random() < this.faults.lost) return;
    const times = this.#random() < this.faults.doubled ? 2 : 1;
    for (let time = 0; time < times; time++) {
      const late = this.#random() * this.faults.lateByMs;
      if (late === 0) queueMicrotask(() => this.whisper(hint));
      else setTimeout(() => this.whisper(hint), late);
    }
  }
}
