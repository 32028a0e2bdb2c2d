import { type BindingOptions, bindingOf, unbound } from './binding.ts';
import { blanking } from './chat/index.ts';
import { checkTypes, type ConsumeInput, type HandlerOf, untypedHandler } from './consuming.ts';
import { type Actor, person, systemPrincipal } from './core/actor.ts';
import type { Call } from './core/call.ts';
import { toMeetingError } from './core/driver-error.ts';
import { MeetingError } from './core/errors.ts';
import type { StreamEvent } from './core/event.ts';
import { Kernel } from './core/kernel.ts';
import { statement } from './core/statement.ts';
import { UnitOfWork } from './core/unit-of-work.ts';
import { within } from './core/within.ts';
import { type Connection, connect } from './database/connection.ts';
import { type DatabaseIdentity, HostTransactions } from './database/host-transaction.ts';
import { databaseIdentity } from './database/identity.ts';
import { migrationSql, type MigrationState } from './database/migrate.ts';
import type { PlainClient } from './database/plain-client.ts';
import { migrateSchema, prepareSchema, schemaState } from './database/schema-check.ts';
import type { AnyEvent, EventName } from './events/catalogue.ts';
import {
  append,
  committedAmong,
  EventBus,
  type EventListener,
  PendingEvents,
  pendingPositions,
  Relay,
} from './events/index.ts';
import { type Consumer, Consumers } from './feed/index.ts';
import { checkIntegrity, type IntegrityReport } from './integrity/index.ts';
import { checkListening, type ListenerOf } from './listening.ts';
import { Notices } from './notifiers/index.ts';
import { type MeetingServiceOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import {
  Connections,
  Hub,
  LiveStream,
  type RealtimeHealth,
  Sessions,
  type SubscribeOptions,
} from './realtime/index.ts';
import { Rooms } from './rooms.ts';
import { jobsOf, Worker } from './worker/index.ts';

export type { BindingOptions };

/** What `health` found. */
export interface Health {
  readonly database: 'up' | 'down';
  /** Batches of events the transport has not taken yet. */
  readonly waitingToPublish: number;
  /** Events inside transactions of the host's that have not ended. */
  readonly pendingEvents: number;
  readonly realtime: RealtimeHealth;
}

const titleOf = statement<{ title: string }>(
  'meeting-title',
  (t) => `select title from ${t.meetings} where id = $1::uuid`,
);
const systemCall: Call = { principal: systemPrincipal, host: null, signal: null, idempotencyKey: null };
const closingGraceMs = 5_000;

/** Meetings for one application: opens the database, binds actors to the rooms, announces what happened. */
export class MeetingService implements AsyncDisposable {
  /** The background sweeps. Nothing runs until it is started. */
  readonly worker: Worker;
  readonly #connection: Connection;
  readonly #unitOfWork: UnitOfWork;
  readonly #kernel: Kernel;
  readonly #options: ResolvedOptions;
  readonly #bus: EventBus;
  readonly #relay: Relay;
  readonly #pending: PendingEvents;
  readonly #hub: Hub;
  readonly #sessions: Sessions;
  readonly #notices: Notices;
  readonly #consumers: Consumers;
  readonly #hosts: HostTransactions;
  #closed: Promise<void> | null = null;

  private constructor(connection: Connection, options: ResolvedOptions, identity: DatabaseIdentity) {
    const { clock, logger } = options;
    this.#connection = connection;
    this.#options = options;
    this.#bus = new EventBus(logger);
    this.#relay = new Relay(this.#bus, options.pushTransports, logger);
    const deliver = (events: readonly StreamEvent[]) => {
      this.#relay.deliver(events);
      this.#hub.announce(events);
    };
    this.#unitOfWork = new UnitOfWork({ database: connection, clock, logger, append, deliver });
    this.#kernel = new Kernel(this.#unitOfWork, options);
    this.#hub = new Hub({ kernel: this.#kernel, backplane: options.backplane, settings: options.realtime, blanking });
    this.#sessions = new Sessions({
      ...{
        hub: this.#hub,
        presence: new Connections(this.#kernel),
        transports: options.sessionTransports,
        settings: options.realtime,
        logger,
      },
      rooms: (userId, call) => this.#roomsOf({ ...systemCall, principal: person({ userId }), ...call }),
    });
    this.#pending = new PendingEvents({
      check: (events, before) =>
        this.#kernel.read(systemCall, (work) => work.run(committedAmong, [pendingPositions(events, before)])),
      deliver,
      blanking,
      logger,
    });
    this.#hosts = new HostTransactions(identity, this.#pending);
    this.#notices = new Notices({ notifier: options.notifier, titleOf: (id) => this.#titleOf(id), logger });
    this.#bus.on('*', (event) => this.#notices.take(event));
    this.#consumers = new Consumers(this.#kernel);
    this.#bus.on('*', () => this.#consumers.wake());
    this.worker = new Worker(jobsOf(this.#kernel), logger, () => this.#refuseClosed());
  }

  /**
   * Connects (or adopts the host's connections), brings the schema up to date, and returns the service.
   * @throws MeetingError VALIDATION for a wrong or unknown option; UNAVAILABLE when no database answers; SCHEMA_MISMATCH for an
   * old schema under `migrate: false` or a newer one; NOT_CONFIGURED when an optional package is missing
   */
  static async open(options: MeetingServiceOptions): Promise<MeetingService> {
    const resolved = resolveOptions(options);
    const connection = await connect(resolved.database, resolved.schema, resolved.limits);
    try {
      await prepareSchema(connection, resolved.migrate);
      const sql = connection.texts.text(databaseIdentity);
      const [row] = await connection.orm.em.getConnection().execute<{ identity: string }[]>(sql);
      const service = new MeetingService(connection, resolved, { sql, value: row?.identity ?? '' });
      await service.#start();
      return service;
    } catch (error) {
      await connection.close();
      throw toMeetingError(error);
    }
  }

  /** The rooms, every call of which is made as this actor. */
  as(actor: Actor, options: BindingOptions = unbound): Rooms {
    return this.#rooms({ ...systemCall, principal: person(actor) }, options);
  }

  /** The rooms as the trusted system actor. Keep it away from anything that a request can reach. */
  asSystem(options: BindingOptions = unbound): Rooms {
    return this.#rooms(systemCall, options);
  }

  /** Tells a service joined through `client` that the host has committed, so that its events go out at once. */
  committed(client: PlainClient): void {
    this.#hosts.committed(client);
  }

  /**
   * Listens to an event, or to all of them ('*'), after the commit. What a listener throws is logged and harms nobody.
   * @returns what stops it again
   * @throws MeetingError VALIDATION for an event that does not exist; UNAVAILABLE once the service is closed
   */
  on<Name extends EventName = EventName>(name: Name | '*', listener: ListenerOf<Name>): () => void {
    this.#refuseClosed();
    checkListening(name, listener);
    this.#bus.on(name, untyped(listener));
    return () => this.off(name, listener);
  }

  off<Name extends EventName = EventName>(name: Name | '*', listener: ListenerOf<Name>): void {
    this.#bus.off(name, untyped(listener));
  }

  /** As `on`, for the next event only. */
  once<Name extends EventName = EventName>(name: Name | '*', listener: ListenerOf<Name>): () => void {
    this.#refuseClosed();
    checkListening(name, listener);
    this.#bus.once(name, untyped(listener));
    return () => this.off(name, listener);
  }

  /**
   * Reads the whole log, in order and at least once, for another service. Of all processes that consume under a name one at a time does, and
   * goes on where the last one stood. The handler is trusted code of yours: it gets every event, whoever may see it.
   * @returns once nothing that is committed from here on can be lost to it
   * @throws MeetingError VALIDATION; CONFLICT where this service consumes under that name already, or the log was restored from
   * elsewhere; UNAVAILABLE once the service is closed
   */
  async consume<Name extends EventName = EventName>(
    name: string,
    handler: HandlerOf<Name>,
    options: ConsumeInput<Name> = {},
  ): Promise<Consumer> {
    this.#refuseClosed();
    return this.#consumers.consume(name, untypedHandler(handler), checkTypes(options));
  }

  /**
   * Follows a meeting live, or the person's own stream, as that person may see it: {@link LiveStream}.
   * @throws MeetingError VALIDATION; UNAVAILABLE once the service is closed. That the person may not follow shows on iterating.
   */
  subscribe(options: SubscribeOptions): LiveStream<AnyEvent> {
    this.#refuseClosed();
    return new LiveStream(this.#hub, options);
  }

  /** Applies what migrations are missing and names them. Safe to call from many processes at once. */
  async migrate(): Promise<string[]> {
    return migrateSchema(this.#connection);
  }

  /** Compares the schema with this version of the package; writes nothing. */
  async check(): Promise<MigrationState> {
    return schemaState(this.#connection);
  }

  /** The SQL of all migrations, for operators who run it by hand. */
  migrationSql(): string {
    return migrationSql(this.#connection.schema);
  }

  /** Asks the database whether everything that should always hold does hold. Reads whole tables. */
  checkIntegrity(): Promise<IntegrityReport> {
    const { schema } = this.#connection;
    return this.#kernel.read(systemCall, (work) => checkIntegrity((of, given) => work.run(of, given), schema));
  }

  async health(): Promise<Health> {
    const database = await this.#connection.ping().then(
      () => 'up' as const,
      () => 'down' as const,
    );
    return {
      database,
      waitingToPublish: this.#relay.waiting,
      pendingEvents: this.#pending.size,
      realtime: this.#hub.health(),
    };
  }

  /** Stops the worker, waits for calls under way, sends what they brought about, and closes what this service opened. Closing twice is closing once. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #rooms(call: Call, options: BindingOptions): Rooms {
    this.#refuseClosed();
    const { em, client, signal } = bindingOf(options);
    const joined = em === undefined ? null : this.#hosts.ofEntityManager(em);
    const host = client === undefined ? joined : this.#hosts.ofClient(client);
    return this.#roomsOf({ ...call, host, signal: signal ?? null });
  }

  #roomsOf(call: Call): Rooms {
    return new Rooms(this.#kernel, this.#options.directory, call);
  }

  #refuseClosed(): void {
    if (this.#closed !== null) throw new MeetingError('UNAVAILABLE', 'The service is closed.');
  }

  async #titleOf(meetingId: string): Promise<string | null> {
    const [row] = await this.#kernel.read(systemCall, (work) => work.run(titleOf, [meetingId]));
    return row?.title ?? null;
  }

  async #start(): Promise<void> {
    try {
      await this.#hub.start();
      await this.#sessions.start();
    } catch (error) {
      await Promise.all([this.#hub.close(0), this.#sessions.close(0)]);
      throw error;
    }
  }

  async #close(): Promise<void> {
    const leaving = [this.#consumers.close(closingGraceMs), this.#sessions.leave(closingGraceMs)];
    await Promise.all([this.worker.stop(), ...leaving]);
    await within(closingGraceMs, this.#unitOfWork.idle());
    await this.#pending.close();
    await this.#hub.close(closingGraceMs);
    await this.#sessions.close(closingGraceMs);
    await this.#notices.close(closingGraceMs);
    await this.#relay.close(closingGraceMs);
    this.#bus.clear();
    // A pool waits for every connection to come back, and one behind a dead network comes back late.
    await within(closingGraceMs, this.#connection.close());
  }
}

/** The name decides an event's type, and its data was checked against that name's definition when it was drafted. */
function untyped(listener: EventListener<never>): EventListener {
  return listener as EventListener;
}
