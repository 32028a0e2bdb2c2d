export interface LeasePorts {
  /** Takes the lease or lengthens it; false where another has it. */
  readonly hold: () => Promise<boolean>;
  readonly release: () => Promise<void>;
  readonly leaseMs: number;
}

/** Into so many parts it is split, after each of which it is lengthened: one attempt may fail. */
const parts = 3;

/**
 * The right to be the one who handles events. It is lengthened in the background, also while a handler takes its time. Where that
 * does not succeed in time, it counts as lost before another can have it, and whatever runs under it is told to end.
 */
export class Lease {
  readonly #ports: LeasePorts;
  #term: AbortController | null = null;
  /** By this process's own clock, and counted from before the database was asked: never later than what the database thinks. */
  #until = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(ports: LeasePorts) {
    this.#ports = ports;
  }

  /** @returns what aborts when the lease is lost; null where another has it */
  async hold(): Promise<AbortSignal | null> {
    if (this.#current() === null && (await this.#renew())) {
      this.#term = new AbortController();
      this.#timer ??= setInterval(() => this.#tend(), this.#ports.leaseMs / parts);
    }
    return this.#current();
  }

  /** It turned out that another has it. */
  lost(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#term?.abort(new Error('the lease of this consumer has passed to another'));
    this.#term = null;
  }

  async release(): Promise<void> {
    if (this.#term === null) return;
    this.lost();
    await this.#ports.release();
  }

  #current(): AbortSignal | null {
    if (this.#term !== null && performance.now() >= this.#until) this.lost();
    return this.#term?.signal ?? null;
  }

  #tend(): void {
    if (this.#current() === null) return;
    this.#renew().then(
      (held) => held || this.lost(),
      // A database that is away may be back before the lease is over.
      () => {},
    );
  }

  async #renew(): Promise<boolean> {
    const asked = performance.now();
    const held = await this.#ports.hold();
    if (held) this.#until = Math.max(this.#until, asked + this.#ports.leaseMs);
    return held;
  }
}
