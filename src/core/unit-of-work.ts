import { FlushMode } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Call } from './call.ts';
import type { Clock } from './clock.ts';
import type { Database, HostTransaction } from './database.ts';
import { type Failure, failureOf, toMeetingError } from './driver-error.ts';
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

  constructor(ports: UnitOfWorkPorts) {
    this.#ports = ports;
  }

  async run<T>(call: Call, body: Body<T>, options: WorkOptions = {}): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      if (call.signal?.aborted === true) throw new MeetingError('ABORTED', 'The call was cancelled.');
      const progress: Progress = { committing: false };
      try {
        return await this.#attempt(call, body, options, progress);
      } catch (error) {
        const delay = call.host === null ? this.#retryDelay(error, call, progress, attempt) : null;
        if (delay === null) throw this.#typed(error, call, progress);
        await pause(delay, call.signal ?? undefined).catch(() => {});
      }
    }
  }

  /** Reads outside any transaction (inside the host's, when there is one). One statement sees one snapshot. */
  async read<T>(call: Call, body: Body<T>): Promise<T> {
    return this.run(call, body, { singleStatement: true, readOnly: true });
  }

  async #attempt<T>(call: Call, body: Body<T>, options: WorkOptions, progress: Progress): Promise<T> {
    const em = this.#ports.database.fork();
    if (call.host !== null) return this.#inHostTransaction(em, call, call.host, body);
    const single = options.singleStatement === true && call.idempotencyKey === null;
    if (single && options.readOnly !== true) progress.committing = true;
    const { result, events } = single
      ? await this.#finish(this.#work(em, call), body)
      : await em.transactional(
          async (inner) => {
            const done = await this.#finish(this.#work(inner, call), body);
            progress.committing = true;
            return done;
          },
          { flushMode: FlushMode.COMMIT },
        );
    this.#ports.deliver(events);
    return result;
  }

  async #inHostTransaction<T>(em: SqlEntityManager, call: Call, host: HostTransaction, body: Body<T>): Promise<T> {
    em.setTransactionContext(await host.open());
    // The savepoint keeps a refused call from aborting the host's transaction.
    const { result, events } = await em.transactional((inner) => this.#finish(this.#work(inner, call), body), {
      flushMode: FlushMode.COMMIT,
    });
    if (events.length > 0) host.hold(events);
    return result;
  }

  async #finish<T>(work: Work, body: Body<T>): Promise<{ result: T; events: readonly StreamEvent[] }> {
    const result = await body(work);
    // A lone statement has touched no entity, and a flush without a transaction would open one.
    if (work.em.isInTransaction()) await work.em.flush();
    const { drafts, appended } = work;
    if (drafts.length === 0) return { result, events: appended };
    return { result, events: [...appended, ...(await this.#ports.append(work, drafts, work.clockParameter))] };
  }

  #work(em: SqlEntityManager, call: Call): Work {
    return new Work(em, call.principal, this.#ports.database.texts, this.#ports.clock);
  }

  #retryDelay(error: unknown, call: Call, progress: Progress, attempt: number): number | null {
    if (isMeetingError(error)) return null;
    return backoff(certain(failureOf(error), call, progress), attempt);
  }

  #typed(error: unknown, call: Call, progress: Progress): MeetingError {
    if (isMeetingError(error)) return error;
    const failure = certain(failureOf(error), call, progress);
    const typed =
      failure === 'rolled-back' && failureOf(error) === 'unknown' ? lostBeforeCommit(error) : toMeetingError(error);
    this.#ports.logger.warn('a unit of work failed', { code: typed.code, failure });
    return typed;
  }
}

/**
 * A connection lost before COMMIT was sent has rolled back for certain; after it, only an idempotency key
 * makes repeating safe.
 */
function certain(failure: Failure, call: Call, progress: Progress): Failure {
  if (failure !== 'unknown') return failure;
  return !progress.committing || call.idempotencyKey !== null ? 'rolled-back' : 'unknown';
}

function lostBeforeCommit(cause: unknown): MeetingError {
  return new MeetingError(
    'UNAVAILABLE',
    'The connection to the database was lost several times. Nothing was changed.',
    {
      cause,
    },
  );
}
