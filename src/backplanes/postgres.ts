import { MikroORM } from '@mikro-orm/postgresql';
import { z } from 'zod';
import { failureOf } from '../core/driver-error.ts';
import { isMeetingError, MeetingError } from '../core/errors.ts';
import { validate } from '../core/validate.ts';
import type { Backplane } from './backplane.ts';
import { type Link, type LinkListener, type Network, within } from './line.ts';
import { NetworkBackplane, type NetworkBackplaneOptions, networkOptions } from './network-backplane.ts';

/** What is used of a connected `pg` Client, by shape. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<unknown>;
  on(event: 'notification', listener: (message: { channel: string; payload?: string | undefined }) => void): unknown;
  on(event: 'error' | 'end', listener: () => void): unknown;
  end(): Promise<void>;
}

/** A client, and how it is given back to where it came from. */
interface Session {
  readonly client: Pick<PostgresClient, 'query' | 'on'>;
  readonly end: () => Promise<void>;
}

/** Where the notifications go; exactly one of `url` and `connect`. */
export interface PostgresBackplaneOptions extends NetworkBackplaneOptions {
  /**
   * The database, reached directly: behind a pooler in transaction mode, such as PgBouncer's, LISTEN is heard by nobody. So this URL
   * may differ from the service's own, but must lead to the same database.
   */
  readonly url?: string;
  /** For connections that a URL cannot describe: makes a connected client each time that one is needed, and is done with it after `end`. */
  readonly connect?: () => Promise<PostgresClient>;
  /** The name to LISTEN to, at most 63 bytes. Services that shall hear one another have the same one. @default 'convoke' */
  readonly channel?: string;
  /** Milliseconds that a hint waits for others to go with it: PostgreSQL wakes every listener for each notification. @default 5 */
  readonly coalesceMs?: number;
}

/** The server refuses payloads of 8000 bytes and more. */
const maxBytes = 7_900;
const connectTimeoutMs = 5_000;
const farewellMs = 1_000;
/** NAMEDATALEN - 1: longer names would be cut by LISTEN and refused by NOTIFY. */
const longestName = 63;

const options = z
  .strictObject({
    url: z
      .string()
      .refine((url) => URL.canParse(url) && /^postgres(ql)?:$/.test(new URL(url).protocol), 'must be a PostgreSQL URL')
      .optional(),
    connect: z
      .custom<() => Promise<PostgresClient>>((value) => typeof value === 'function', 'must be a function')
      .optional(),
    channel: z
      .string()
      .min(1)
      .refine(
        (name) => Buffer.byteLength(name) <= longestName && !name.includes('\0'),
        `must be a name of at most ${longestName} bytes`,
      )
      .default('convoke'),
    coalesceMs: z.int().min(0).max(1_000).default(5),
    ...networkOptions,
  })
  .refine(
    ({ url, connect }) => (url === undefined) !== (connect === undefined),
    'must have exactly one of url and connect',
  );

/**
 * Hints by LISTEN and NOTIFY, with nothing to run besides the database. A service keeps one connection of its own for it, and notifies
 * only after its commits: a NOTIFY within a transaction would make all commits of the server wait for one another. Where LISTEN is
 * not possible, `health` says that it is not connected, and streams are looked at regularly instead, as they are anyway.
 * @throws MeetingError VALIDATION for wrong options. Starting throws NOT_CONFIGURED where the server refuses the connection.
 */
export function postgresBackplane(given: PostgresBackplaneOptions): Backplane {
  const { url, connect, channel, ...settings } = validate(options, given);
  return new NetworkBackplane(new PostgresNetwork(connect ?? null, url ?? '', channel), settings);
}

class PostgresNetwork implements Network {
  readonly maxBytes = maxBytes;
  readonly #connect: (() => Promise<PostgresClient>) | null;
  readonly #url: string;
  readonly #channel: string;
  #orm: MikroORM | null = null;

  constructor(connect: (() => Promise<PostgresClient>) | null, url: string, channel: string) {
    this.#connect = connect;
    this.#url = url;
    this.#channel = channel;
  }

  async dial(listener: LinkListener): Promise<Link> {
    const session = await this.#open().catch((error: unknown) => {
      throw refusal(error);
    });
    const { client } = session;
    client.on('error', listener.lost);
    client.on('end', listener.lost);
    client.on('notification', ({ channel, payload = '' }) => {
      if (channel === this.#channel) listener.received(payload);
    });
    try {
      await within(connectTimeoutMs, client.query(`listen ${quoted(this.#channel)}`));
    } catch (error) {
      await hangUp(session);
      throw refusal(error);
    }
    return {
      send: async (payload) => void (await client.query('select pg_notify($1, $2)', [this.#channel, payload])),
      close: () => hangUp(session),
    };
  }

  async close(): Promise<void> {
    const orm = this.#orm;
    this.#orm = null;
    await orm?.close(true);
  }

  async #open(): Promise<Session> {
    if (this.#connect === null) return this.#checkOut();
    const client = await this.#connect();
    return { client, end: () => client.end() };
  }

  /** From the ORM, which brings the one `pg` that is sure to be there. */
  async #checkOut(): Promise<Session> {
    this.#orm ??= await MikroORM.init({
      clientUrl: this.#url,
      entities: [],
      discovery: { warnWhenNoEntities: false },
      contextName: 'convoke:backplane', // contexts are global to the process: the default one is the host's
      debug: false,
      logger: () => {}, // what happens to the connection is seen here
      ensureDatabase: false,
      driverOptions: {
        application_name: 'convoke backplane',
        max: 1,
        connectionTimeoutMillis: connectTimeoutMs,
        keepAlive: true,
      },
    });
    const pool = await this.#orm.em.getConnection().getNativeClient();
    const client = await pool.connect();
    return { client, end: async () => client.release(true) };
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Whoever does not answer a last question is hung up on: with a question open, `pg` ends without waiting for the other side. */
async function hangUp({ client, end }: Session): Promise<void> {
  await within(farewellMs, client.query('unlisten *')).catch(() => {});
  await within(farewellMs, end()).catch(() => {});
}

/** Wrong settings, told apart from a network or server that is away. */
function refusal(error: unknown): unknown {
  if (isMeetingError(error) || failureOf(error) !== 'final') return error;
  return new MeetingError(
    'NOT_CONFIGURED',
    'PostgreSQL refuses the connection of the backplane; check its url: user, password, database and encryption.',
    { cause: error },
  );
}
