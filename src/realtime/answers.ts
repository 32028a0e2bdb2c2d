/** So many commands of all clients are remembered. */
const mostRemembered = 10_000;

/** The numbers that commands were answered with: a command that is sent again after a cut does nothing, and is answered the same. */
export class Answers {
  /** In the order of being answered. */
  readonly #seqs = new Map<string, number>();
  readonly #most: number;

  constructor(most = mostRemembered) {
    this.#most = most;
  }

  /**
   * @param seq the last event that the command has brought about just now
   * @returns the last one that it ever has, as far as this process knows
   */
  same(userId: string, commandId: string, seq: number | null): number | null {
    const key = `${userId} ${commandId}`;
    if (seq === null) return this.#seqs.get(key) ?? null;
    this.#seqs.set(key, seq);
    const [oldest] = this.#seqs.keys();
    if (this.#seqs.size > this.#most && oldest !== undefined) this.#seqs.delete(oldest);
    return seq;
  }
}
