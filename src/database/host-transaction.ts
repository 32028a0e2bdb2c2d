import type { EventManager, EventSubscriber, Transaction } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { ControlledTransaction } from 'kysely';
import type { Done, HostTransaction } from '../core/database.ts';
import { failureOf } from '../core/driver-error.ts';
import { MeetingError } from '../core/errors.ts';
import type { StreamEvent } from '../core/event.ts';
import { inTurn } from '../core/turn.ts';
import { invalid } from '../core/validate.ts';
import { type PlainClient, transactionOver } from './plain-client.ts';
import { connectionOf, underSavepoint } from './savepoint.ts';

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
  /** Looks in the log which of these are committed, and announces those. */
  look(events: readonly StreamEvent[]): void;
}

/** The entity manager a host passes: the one inside its `em.transactional`. */
export type HostEntityManager = Pick<
  SqlEntityManager,
  'getContext' | 'getTransactionContext' | 'getEventManager' | 'getConnection'
>;

/** The transactions of the host's that calls of one service take part in. */
export class HostTransactions {
  readonly #identity: DatabaseIdentity;
  readonly #announcements: Announcements;
  readonly #ends: TransactionEnds;
  readonly #clients = new WeakMap<PlainClient, ClientTransaction>();

  constructor(identity: DatabaseIdentity, announcements: Announcements) {
    this.#identity = identity;
    this.#announcements = announcements;
    this.#ends = new TransactionEnds(announcements);
  }

  ofEntityManager(em: HostEntityManager): HostTransaction {
    return new EntityManagerTransaction(em, this.#identity, this.#ends);
  }

  ofClient(client: PlainClient): HostTransaction {
    const known = this.#clients.get(client) ?? new ClientTransaction(client, this.#identity, this.#announcements);
    this.#clients.set(client, known);
    return known;
  }

  /** The host says that it has committed what stood on this client. */
  committed(client: PlainClient): void {
    this.#clients.get(client)?.committed();
    this.#clients.delete(client);
  }
}

/**
 * Hears of the ends of transactions over MikroORM. One listener serves all calls in a transaction, since an event manager
 * never forgets one. Savepoints end too, and a commit of theirs means nothing yet: what they hold, the log will tell.
 */
class TransactionEnds implements EventSubscriber {
  readonly #announcements: Announcements;
  readonly #watched = new WeakSet<EventManager>();
  readonly #held = new WeakMap<Transaction<object>, StreamEvent[]>();

  constructor(announcements: Announcements) {
    this.#announcements = announcements;
  }

  knows(transaction: Transaction<object>): boolean {
    return this.#held.has(transaction);
  }

  watch(transaction: Transaction<object>, events: EventManager): void {
    if (!this.#held.has(transaction)) this.#held.set(transaction, []);
    if (this.#watched.has(events)) return;
    this.#watched.add(events);
    events.registerSubscriber(this);
  }

  hold(transaction: Transaction<object>, events: readonly StreamEvent[]): void {
    this.#held.get(transaction)?.push(...events);
    this.#announcements.hold(events);
  }

  afterTransactionCommit({ transaction }: { transaction?: Transaction<object> }): Promise<void> {
    if (transaction === undefined) return Promise.resolve();
    const held = this.#take(transaction);
    if (!('savepointName' in transaction)) this.#announcements.committed(held);
    return Promise.resolve();
  }

  afterTransactionRollback({ transaction }: { transaction?: Transaction<object> }): Promise<void> {
    if (transaction !== undefined) this.#announcements.discard(this.#take(transaction));
    return Promise.resolve();
  }

  #take(transaction: Transaction<object>): StreamEvent[] {
    const held = this.#held.get(transaction) ?? [];
    this.#held.delete(transaction);
    return held;
  }
}

/** Takes part in a host's MikroORM transaction: same connection, own identity map, events announced at its commit. */
class EntityManagerTransaction implements HostTransaction {
  readonly #em: HostEntityManager;
  readonly #identity: DatabaseIdentity;
  readonly #ends: TransactionEnds;

  constructor(em: HostEntityManager, identity: DatabaseIdentity, ends: TransactionEnds) {
    this.#em = em;
    this.#identity = identity;
    this.#ends = ends;
  }

  async join<T>(work: (savepoint: Transaction<object>) => Promise<Done<T>>): Promise<T> {
    // Asked for anew each time: rooms may be kept beyond the transaction they were bound in.
    const em = this.#em.getContext(false); // a global one stands for the one of the current transaction
    const transaction: ControlledTransaction<unknown> | undefined = em.getTransactionContext();
    if (transaction === undefined)
      throw refused('em', 'must be the entity manager inside em.transactional(…), where a transaction is open');
    if (typeof transaction.getExecutor !== 'function')
      throw refused('em', 'must be of a MikroORM over PostgreSQL or PGlite');
    return inTurn(await connectionOf(transaction), async () => {
      await this.#recognise(em, transaction);
      const { result, events } = await underSavepoint(transaction, work);
      if (events.length > 0) this.#ends.hold(transaction, events);
      return result;
    });
  }

  async #recognise(em: HostEntityManager, transaction: Transaction<object>): Promise<void> {
    if (this.#ends.knows(transaction)) return;
    await recognise('em', this.#identity, async (sql) => em.getConnection().execute(sql, [], 'all', transaction));
    this.#ends.watch(transaction, em.getEventManager());
  }
}

/** Takes part in a host's transaction over anything with `query(text, values)`. The host says when it has committed. */
class ClientTransaction implements HostTransaction {
  readonly #client: PlainClient;
  readonly #identity: DatabaseIdentity;
  readonly #announcements: Announcements;
  readonly #held: StreamEvent[] = [];
  #transaction: ControlledTransaction<unknown> | null = null;

  constructor(client: PlainClient, identity: DatabaseIdentity, announcements: Announcements) {
    this.#client = client;
    this.#identity = identity;
    this.#announcements = announcements;
  }

  join<T>(work: (savepoint: Transaction<object>) => Promise<Done<T>>): Promise<T> {
    return inTurn(this.#client, async () => {
      this.#transaction ??= await this.#open();
      const { result, events } = await underSavepoint(this.#transaction, work);
      this.#held.push(...events);
      this.#announcements.hold(events);
      return result;
    });
  }

  /**
   * Looks rather than believes: a pooled client may have rolled back one transaction and committed the next, and some of what
   * is held stood in the first.
   */
  committed(): void {
    this.#announcements.look(this.#held.splice(0));
  }

  async #open(): Promise<ControlledTransaction<unknown>> {
    await recognise('client', this.#identity, async (sql) => (await this.#client.query(sql, [])).rows);
    return transactionOver(this.#client);
  }
}

/** Asks which database this is. What the host lends may be of any make, and fail in any way. */
async function recognise(
  path: string,
  identity: DatabaseIdentity,
  ask: (sql: string) => Promise<unknown>,
): Promise<void> {
  const rows = await ask(identity.sql).catch((error: unknown) => unanswered(path, error));
  if (identityIn(rows) !== identity.value)
    throw refused(path, "must speak to the service's own database, and this one speaks to another");
}

function identityIn(rows: unknown): unknown {
  const row: unknown = Array.isArray(rows) ? rows[0] : undefined;
  return typeof row === 'object' && row !== null && 'identity' in row ? row.identity : undefined;
}

/** What any PostgreSQL can answer was not answered: the transaction had failed before, or this is another kind of database. */
function unanswered(path: string, cause: unknown): never {
  if (failureOf(cause) !== 'final') throw cause;
  const message = 'must have an open transaction on PostgreSQL that no statement has failed in';
  throw new MeetingError('VALIDATION', `${path} ${message}.`, { details: { fields: [{ path, message }] }, cause });
}

function refused(path: string, message: string): MeetingError {
  return invalid([{ path, message }]);
}
