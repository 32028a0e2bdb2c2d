import type { Hint } from './backplane.ts';

/**
 * Hints that wait to be sent. Only the last word on a matter is worth sending: of the wakes of a stream the highest number, of
 * somebody's states the latest.
 */
export class HintQueue {
  readonly #hints = new Map<string, Hint>();
  readonly #capacity: number;
  #signals = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#hints.size;
  }

  /** @returns false where there is no room for it */
  add(hint: Hint): boolean {
    const matter = this.#matterOf(hint);
    const before = this.#hints.get(matter);
    if (before === undefined && this.#hints.size >= this.#capacity) return false;
    if (before?.kind === 'wake' && hint.kind === 'wake' && before.seq >= hint.seq) return true;
    this.#hints.set(matter, hint);
    return true;
  }

  /** Takes all out, the longest-waiting first. */
  takeAll(): Hint[] {
    const hints = [...this.#hints.values()];
    this.#hints.clear();
    return hints;
  }

  /** Takes out what has no worth later: things said in passing. @returns how many */
  forgetSignals(): number {
    const before = this.#hints.size;
    for (const [matter, hint] of this.#hints) if (hint.kind === 'signal') this.#hints.delete(matter);
    return before - this.#hints.size;
  }

  #matterOf(hint: Hint): string {
    if (hint.kind === 'signal') return `signal ${this.#signals++}`; // each is said for its own sake
    const stream = `${hint.kind} ${hint.stream.kind}:${hint.stream.id}`;
    return hint.kind === 'state' ? `${stream} ${hint.from} ${hint.type}` : stream;
  }
}
