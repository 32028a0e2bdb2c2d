import type { BackplaneListener, Hint } from './backplane.ts';

/** Those in this process who share a backplane: each has started it, and each will stop it. */
export class Listeners {
  #all: readonly BackplaneListener[] = [];
  #left = 0;

  get none(): boolean {
    return this.#all.length === 0;
  }

  join(listener: BackplaneListener): void {
    this.#all = [...this.#all, listener];
  }

  /**
   * One has stopped. Nobody says which, so hints go on to all of them until the last one has: a service that is closed has no
   * use for a hint, and does nothing with it.
   * @returns whether it was the last one
   */
  leave(): boolean {
    if (this.none || ++this.#left < this.#all.length) return false;
    this.#all = [];
    this.#left = 0;
    return true;
  }

  /** @returns how many failed at it: one that throws must not silence the others, nor end the connection it is called from */
  hint(hint: Hint): number {
    return this.#tell((listener) => listener.hint(hint));
  }

  gap(): number {
    return this.#tell((listener) => listener.gap());
  }

  #tell(say: (listener: BackplaneListener) => void): number {
    let failures = 0;
    for (const listener of this.#all) {
      try {
        say(listener);
      } catch {
        failures++;
      }
    }
    return failures;
  }
}
