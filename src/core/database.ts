import type { Transaction } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { StreamEvent } from './event.ts';
import type { Parameter, StatementTexts } from './statement.ts';

/** The database as the kernel sees it: connections, fresh forks and rendered texts. Opening, adopting and closing are `database/`'s. */
export interface Database {
  readonly schema: string;
  readonly texts: StatementTexts;
  /** An entity manager of its own for one unit of work, on the service's schema. */
  fork(): SqlEntityManager;
  /** Runs one statement by itself, on whichever connection is free, and gives its rows. */
  execute<Row>(text: string, parameters: readonly Parameter[]): Promise<readonly Row[]>;
}

/** What a unit of work came to. */
export interface Done<T> {
  readonly result: T;
  /** What it has appended, to be announced once it is committed. */
  readonly events: readonly StreamEvent[];
}

/** A transaction of the host's that calls take part in. Nothing here commits it or rolls it back. */
export interface HostTransaction {
  /**
   * Does the work under a savepoint, so that a refused call leaves the transaction usable: once it has proved to be on the
   * service's database, and after the calls that came before. What is appended is announced once the host has committed.
   */
  join<T>(work: (savepoint: Transaction<object>) => Promise<Done<T>>): Promise<T>;
}
