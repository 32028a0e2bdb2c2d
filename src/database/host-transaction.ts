import type { EventSubscriber, Transaction } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { HostTransaction } from '../core/database.ts';
import { MeetingError } from '../core/errors.ts';
import type { StreamEvent } from '../core/event.ts';
import { type PlainClient, transactionOver } from './plain-client.ts';

/** What the service asks of the database it works on, to recognise it over a host's connection. */
export interface DatabaseIdentity {
  /** One row, one column `identity`. */
  readonly sql: string;
  readonly value: string;
}

/** Hands over what became announceable, and forgets what was rolled back. */
export interface Announcements {
  hold(events: readonly StreamEvent[]): void;
  committed(events: readonly StreamEvent[]): void;
  discard(events: readonly StreamEvent[]): void;
}

/** The entity manager a host passes: the one inside its `em.transactional`. */
export type HostEntityManager = Pick<
  SqlEntityManager,
  'getTransactionContext' | 'getEventManager' | 'getConnection' | 'isInTransaction'
>;

/** Takes part in a host's MikroORM transaction: same connection, own identity map, events announced at its commit. */
export class EntityManagerTransaction implements HostTransaction {
  readonly #em: HostEntityManager;
  readonly #identity: DatabaseIdentity;
  readonly #announcements: Announcements;
  readonly #held: StreamEvent[] = [];
  #context: Promise<Transaction> | null = null;

  constructor(em: HostEntityManager, identity: DatabaseIdentity, announcements: Announcements) {
    this.#em = em;
    this.#identity = identity;
    this.#announcements = announcements;
  }

  open(): Promise<Transaction> {
    return (this.#context ??= this.#join());
  }

  hold(events: readonly StreamEvent[]): void {
    this.#held.push(...events);
    this.#announcements.hold(events);
  }

  async #join(): Promise<Transaction> {
    const context = this.#em.getTransactionContext<object>();
    if (context === undefined)
      throw refused('em', 'must be the entity manager inside em.transactional(…), where a transaction is open');
    const [row] = await this.#em
      .getConnection()
      .execute<{ identity: string }[]>(this.#identity.sql, [], 'all', context);
    if (row?.identity !== this.#identity.value) throw refused('em', "speaks to another database than the service's");
    this.#em.getEventManager().registerSubscriber(this.#subscriber(context));
    return context;
  }

  /** Savepoints commit too, and mean nothing yet: only the end of this very transaction counts. */
  #subscriber(context: Transaction): EventSubscriber {
    return {
      afterTransactionCommit: ({ transaction }) => {
        if (transaction === context && !isSavepoint(context)) this.#announcements.committed(this.#held.splice(0));
        return Promise.resolve();
      },
      afterTransactionRollback: ({ transaction }) => {
        if (transaction === context) this.#announcements.discard(this.#held.splice(0));
        return Promise.resolve();
      },
    };
  }
}

/** Takes part in a host's transaction over anything with `query(text, values)`. The host says when it has committed. */
export class ClientTransaction implements HostTransaction {
  readonly #client: PlainClient;
  readonly #identity: DatabaseIdentity;
  readonly #announcements: Announcements;
  readonly #held: StreamEvent[] = [];
  #context: Promise<Transaction> | null = null;

  constructor(client: PlainClient, identity: DatabaseIdentity, announcements: Announcements) {
    this.#client = client;
    this.#identity = identity;
    this.#announcements = announcements;
  }

  open(): Promise<Transaction> {
    return (this.#context ??= this.#join());
  }

  hold(events: readonly StreamEvent[]): void {
    this.#held.push(...events);
    this.#announcements.hold(events);
  }

  /** The host has committed: what was held goes out now instead of at the next check. */
  committed(): void {
    this.#announcements.committed(this.#held.splice(0));
  }

  async #join(): Promise<Transaction> {
    const { rows } = await this.#client.query(this.#identity.sql, []);
    const [row] = rows;
    const identity = typeof row === 'object' && row !== null && 'identity' in row ? row.identity : undefined;
    if (identity !== this.#identity.value) throw refused('client', "speaks to another database than the service's");
    return transactionOver(this.#client);
  }
}

function isSavepoint(context: Transaction): boolean {
  return typeof context === 'object' && context !== null && 'savepointName' in context;
}

function refused(path: string, message: string): MeetingError {
  return new MeetingError('VALIDATION', `${path}: ${message}.`, { details: { fields: [{ path, message }] } });
}
