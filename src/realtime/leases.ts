import type { Call } from '../core/call.ts';
import { newId } from '../core/identifier.ts';
import type { Kernel } from '../core/kernel.ts';
import type { Statement } from '../core/statement.ts';
import { beatNode, registerNode, retireNode } from './nodes.statements.ts';

/**
 * The lease by which this process's connections keep their people present: one row, one statement a beat. Nothing is written before
 * the first beat. Where somebody has declared the process lost, because it was paused for too long, it goes on under another id.
 */
export class NodeLease {
  readonly #kernel: Kernel;
  readonly #call: Call;
  readonly #leaseMs: number;
  #id = newId();
  #isRegistered = false;
  #beating: Promise<boolean> | null = null;
  #isRetired = false;
  /** What it was called before, as far as nobody has said that this is dealt with. */
  readonly #formers = new Set<string>();

  constructor(kernel: Kernel, call: Call, leaseMs: number) {
    this.#kernel = kernel;
    this.#call = call;
    this.#leaseMs = leaseMs;
  }

  /** What sessions name. It changes when the lease is lost. */
  get id(): string {
    return this.#id;
  }

  get isRegistered(): boolean {
    return this.#isRegistered;
  }

  /** Ids under which it was declared lost, and whose sessions are still to be looked after. */
  get formers(): readonly string[] {
    return [...this.#formers];
  }

  /** What it was called once has been dealt with. */
  settled(former: string): void {
    this.#formers.delete(former);
  }

  /**
   * Shows a sign of life. Two at once are one.
   * @returns whether the lease holds under the present id; false where the database did not answer
   */
  beat(): Promise<boolean> {
    if (this.#isRetired) return Promise.resolve(false);
    return (this.#beating ??= this.#beat().finally(() => (this.#beating = null)));
  }

  /** The process goes: what it carries has as long as a lease to open elsewhere. */
  async retire(): Promise<void> {
    this.#isRetired = true;
    await this.#beating;
    if (this.#isRegistered) await this.#run(retireNode);
    this.#isRegistered = false;
  }

  async #beat(): Promise<boolean> {
    try {
      if (this.#isRegistered && (await this.#run(beatNode))) return true;
      if (this.#isRegistered) {
        this.#rename();
        this.#kernel.ports.logger.warn('this process was taken for dead', { formerly: this.formers, node: this.#id });
      }
      // An attempt to register whose answer never came may have succeeded, and have been forgotten since.
      while (!(await this.#run(registerNode))) this.#rename();
      this.#isRegistered = true;
      return true;
    } catch (error) {
      this.#kernel.ports.logger.warn('a sign of life did not reach the database', { node: this.#id, error });
      return false;
    }
  }

  #rename(): void {
    this.#formers.add(this.#id);
    this.#id = newId();
    this.#isRegistered = false;
  }

  async #run(statement: Statement<unknown>): Promise<boolean> {
    const rows = await this.#kernel.run(
      this.#call,
      (work) => work.run(statement, [this.#id, work.clockParameter, this.#leaseMs]),
      { singleStatement: true },
    );
    return rows.length > 0;
  }
}
