import { FlushMode } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Call } from './call.ts';
import type { Clock } from './clock.ts';
import type { Database, Done, HostTransaction } from './database.ts';
import { type Failure, failureOf, outcomeUnknown, toMeetingError } from './driver-error.ts';
import { isMeetingError, MeetingError } from './errors.ts';
import type { EventDraft, StreamEvent } from './event.ts';
import type { Logger } from './logger.ts';
import { backoff, pause } from './retry.ts';
import { Work } from './work.ts';

export interface UnitOfWorkPorts {
  readonly database: Database;
  /** Null in production: the database's clock decides. */
  readonly clock: Clock | null;
  readonly logger: Logger;
  /** Numbers and stores drafts; the last statement of every transaction, so heads stay locked shortest. */
  readonly append: (work: Work, drafts: readonly EventDraft[], now: Date | null) => Promise<readonly StreamEvent[]>;
  /** Announces what is committed. Never throws. */
  readonly deliver: (events: readonly StreamEvent[]) => void;
}

export interface WorkOptions {
  /**
   * The body is a single statement, atomic by itself: it runs without BEGIN and COMMIT around it,
   * unless an idempotency key has to be stored beside it.
   */
  readonly singleStatement?: boolean;
  /** Nothing is written, so a lost connection is no reason to give up. */
  readonly readOnly?: boolean;
}

/** How far an attempt got; decides what a lost connection means. */
interface Progress {
  committing: boolean;
}

type Body<T> = (work: Work) => Promise<T>;

/**
 * Runs use cases in transactions: one fork each, events appended last, announced after the commit, repeated by class of
 * failure. Inside a host's transaction it works under a savepoint and leaves flushing, committing and announcing to
 * the host's own rhythm.
 */
export class UnitOfWork {
  readonly #ports: UnitOfWorkPorts;
  readonly #running = new Set<Promise<unknown>>();

  constructor(ports: UnitOfWorkPorts) {
    this.#ports = ports;
  }

  run<T>(call: Call, body: Body<T>, options: WorkOptions = {}): Promise<T> {
    const running = this.#repeat(call, body, options);
    this.#running.add(running);
    const ended = () => this.#running.delete(running);
    void running.then(ended, ended);
    return running;
  }

  /** Waits until the calls now under way have ended, well or not. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  async #repeat<T>(call: Call, body: Body<T>, options: WorkOptions): Promise<T> {
    // An earlier attempt whose COMMIT was never answered: with a key it is safe to repeat, but not to deny.
    let doubt: unknown = null;
    for (let attempt = 1; ; attempt++) {
      if (call.signal?.aborted === true) throw doubt === null ? cancelled() : outcomeUnknown(doubt);
      const progress: Progress = { committing: false };
      try {
        return await this.#attempt(call, body, options, progress);
      } catch (error) {
        if (isMeetingError(error)) throw error;
        const failure = certain(failureOf(error), progress);
        if (failure === 'unknown') doubt = error;
        const repeatable = failure === 'unknown' && call.idempotencyKey !== null ? 'rolled-back' : failure;
        const delay = call.host === null ? backoff(repeatable, attempt) : null;
        if (delay === null) throw this.#typed(error, failure, doubt !== null);
        await pause(delay, call.signal ?? undefined).catch(() => {});
      }
    }
  }

  /** Reads outside any transaction (inside the host's, when there is one). One statement sees one snapshot. */
  read<T>(call: Call, body: Body<T>): Promise<T> {
    return this.run(call, body, { singleStatement: true, readOnly: true });
  }

  #attempt<T>(call: Call, body: Body<T>, options: WorkOptions, progress: Progress): Promise<T> {
    if (call.host !== null) return this.#inHostTransaction(call, call.host, body);
    if (options.singleStatement !== true || call.idempotencyKey !== null)
      return this.#inTransaction(call, body, progress);
    progress.committing = options.readOnly !== true;
    return this.#withoutTransaction(call, this.#work(call, null), body);
  }

  async #inTransaction<T>(call: Call, body: Body<T>, progress: Progress): Promise<T> {
    const { result, events } = await this.#ports.database.fork().transactional(
      async (inner) => {
        const done = await this.#finish(this.#work(call, inner), body);
        progress.committing = true;
        return done;
      },
      { flushMode: FlushMode.COMMIT },
    );
    this.#deliver(call, events);
    return result;
  }

  /** What a statement on its own has appended is committed, whatever becomes of the rest of the body. */
  async #withoutTransaction<T>(call: Call, work: Work, body: Body<T>): Promise<T> {
    try {
      const result = await body(work);
      if (work.drafts.length > 0)
        throw new MeetingError('INTERNAL', 'A statement on its own has to append its events by itself.');
      return result;
    } finally {
      this.#deliver(call, work.appended);
    }
  }

  #deliver(call: Call, events: readonly StreamEvent[]): void {
    this.#ports.deliver(events);
    call.observe?.(events);
  }

  #inHostTransaction<T>(call: Call, host: HostTransaction, body: Body<T>): Promise<T> {
    return host.join((savepoint) => {
      const em = this.#ports.database.fork();
      em.setTransactionContext(savepoint);
      em.setFlushMode(FlushMode.COMMIT);
      return this.#finish(this.#work(call, em), body);
    });
  }

  async #finish<T>(work: Work, body: Body<T>): Promise<Done<T>> {
    const result = await body(work);
    await work.em.flush();
    const { drafts, appended } = work;
    if (drafts.length === 0) return { result, events: appended };
    return { result, events: [...appended, ...(await this.#ports.append(work, drafts, work.clockParameter))] };
  }

  #work(call: Call, em: SqlEntityManager | null): Work {
    return new Work(this.#ports.database, call.principal, this.#ports.clock, em);
  }

  #typed(error: unknown, failure: Failure, inDoubt: boolean): MeetingError {
    const typed = inDoubt
      ? outcomeUnknown(error)
      : failure === 'rolled-back'
        ? rolledBack(error)
        : toMeetingError(error);
    this.#ports.logger.warn('a unit of work failed', { code: typed.code, failure });
    return typed;
  }
}

/** A connection lost before COMMIT was sent has rolled back for certain; after it, nobody knows. */
function certain(failure: Failure, progress: Progress): Failure {
  return failure === 'unknown' && !progress.committing ? 'rolled-back' : failure;
}

function rolledBack(cause: unknown): MeetingError {
  if (failureOf(cause) !== 'unknown') return toMeetingError(cause);
  return new MeetingError('UNAVAILABLE', 'The connection to the database was lost. Nothing was changed.', { cause });
}

function cancelled(): MeetingError {
  return new MeetingError('ABORTED', 'The call was cancelled.');
}
