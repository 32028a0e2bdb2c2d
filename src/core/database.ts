import type { Transaction } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { StreamEvent } from './event.ts';
import type { StatementTexts } from './statement.ts';

/** The database as the kernel sees it: fresh forks and rendered texts. Opening, adopting and closing are `database/`'s. */
export interface Database {
  readonly schema: string;
  readonly texts: StatementTexts;
  /** An entity manager of its own for one unit of work, on the service's schema. */
  fork(): SqlEntityManager;
}

/** A transaction of the host's that calls take part in. Nothing here commits it or rolls it back. */
export interface HostTransaction {
  /** The transaction, once it has proved to be on the service's database. */
  open(): Promise<Transaction<object>>;
  /** Takes what a call appended, to be announced once the host has committed. */
  hold(events: readonly StreamEvent[]): void;
}
