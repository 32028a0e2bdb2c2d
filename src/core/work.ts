import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { CompiledQuery } from 'kysely';
import { type Principal, signature } from './actor.ts';
import type { Clock } from './clock.ts';
import type { Database } from './database.ts';
import { MeetingError } from './errors.ts';
import type { Audience, EventData, EventDefinition, EventDraft, StreamEvent, StreamRef } from './event.ts';
import { newId } from './identifier.ts';
import { type Parameter, type Statement, statement } from './statement.ts';

const databaseClock = statement<{ now: string }>(
  'clock',
  () => `select date_trunc('milliseconds', clock_timestamp()) as now`,
);

/** What one unit of work offers its use case: statements, entities, the clock, and a place to put events. */
export class Work {
  readonly principal: Principal;
  /** Whether the statements of this work are committed together. */
  readonly inTransaction: boolean;
  /** Drafts waiting to be appended as the last statement before the commit. */
  readonly drafts: EventDraft[] = [];
  /** Events a hot statement has appended by itself. */
  readonly appended: StreamEvent[] = [];
  readonly #database: Database;
  readonly #clock: Clock | null;
  /** Outside of transactions null until somebody asks for it: making one takes a tenth of a hot statement's time. */
  #em: SqlEntityManager | null;

  /** @param em the one inside the transaction; null where each statement stands by itself */
  constructor(database: Database, principal: Principal, clock: Clock | null, em: SqlEntityManager | null) {
    this.#database = database;
    this.principal = principal;
    this.#clock = clock;
    this.#em = em;
    this.inTransaction = em !== null;
  }

  get em(): SqlEntityManager {
    return (this.#em ??= this.#database.fork());
  }

  /** Who signs what this work writes. */
  get actorId(): string {
    return signature(this.principal);
  }

  /**
   * The time for a statement's `$now` parameter: the injected clock's, or null in production, where the statement
   * reads the database's clock after its lock.
   */
  get clockParameter(): Date | null {
    return this.#clock === null ? null : this.#clock.now();
  }

  /**
   * The time, to the millisecond. Ask after the lock is held: a time read before waiting for it lies before what the
   * former holder wrote.
   */
  async now(): Promise<Date> {
    if (this.#clock !== null) return this.#clock.now();
    const [row] = await this.run(databaseClock, []);
    if (row === undefined) throw new MeetingError('INTERNAL', 'The database did not tell the time.');
    return new Date(row.now);
  }

  /** Runs one statement in one round trip, inside the transaction when there is one. */
  run<Row>(of: Statement<Row>, parameters: readonly Parameter[]): Promise<readonly Row[]> {
    const text = this.#database.texts.text(of);
    if (!this.inTransaction) return this.#database.execute<Row>(text, parameters);
    const query = CompiledQuery.raw(text, [...parameters]);
    return this.em
      .getKysely()
      .executeQuery<Row>(query)
      .then(({ rows }) => rows);
  }

  /** Like `run`, for statements that always give exactly one row. */
  async one<Row>(of: Statement<Row>, parameters: readonly Parameter[]): Promise<Row> {
    const [row] = await this.run(of, parameters);
    if (row === undefined) throw new MeetingError('INTERNAL', `The statement ${of.name} gave no row.`);
    return row;
  }

  /** Writes what was created or changed on entities, so that the next statement sees it. */
  async flush(): Promise<void> {
    await this.em.flush();
  }

  /** Puts down an event, to be numbered and stored in this same transaction. */
  emit<Slice extends Record<string, EventDefinition>, Name extends keyof Slice & string>(
    slice: Slice,
    type: Name,
    stream: StreamRef,
    data: EventData<Slice, Name>,
    options: { audience?: Audience; actorId?: string | null } = {},
  ): void {
    const audience = stream.kind === 'user' ? { users: [stream.id] } : (options.audience ?? 'all');
    const actorId = options.actorId === undefined ? this.#author() : options.actorId;
    this.drafts.push({ id: newId(), stream, type, audience, actorId, data: checked(slice, type, data) });
  }

  #author(): string | null {
    return this.principal.kind === 'person' ? this.principal.userId : null;
  }
}

function checked(slice: Record<string, EventDefinition>, type: string, data: unknown): Record<string, unknown> {
  const parsed = slice[type]?.data.safeParse(data);
  if (parsed?.success !== true || typeof parsed.data !== 'object' || parsed.data === null)
    throw new MeetingError('INTERNAL', `The data of the event ${type} does not fit its definition.`, {
      cause: parsed?.error,
    });
  return { ...parsed.data };
}
