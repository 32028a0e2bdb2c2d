import { z } from 'zod';
import { MeetingError } from '../core/errors.ts';
import { validate } from '../core/validate.ts';
import type { Backplane } from './backplane.ts';
import { type Link, type LinkListener, type Network, within } from './line.ts';
import { NetworkBackplane, type NetworkBackplaneOptions, networkOptions } from './network-backplane.ts';

/** What is used of a connection of `@nats-io/transport-node`, by shape. */
export interface NatsConnection {
  publish(subject: string, payload: string): void;
  subscribe(
    subject: string,
    options: { callback: (error: Error | null, message: { string(): string }) => void },
  ): { unsubscribe(): void };
  flush(): Promise<void>;
  /** The stream of states; `stop` ends it, where it is there. */
  status(): AsyncIterable<{ readonly type: string }> & { readonly stop?: () => void };
  isClosed(): boolean;
  close(): Promise<void>;
}

/** Where the messages go; exactly one of `servers` and `connection`. */
export interface NatsBackplaneOptions extends NetworkBackplaneOptions {
  /**
   * One or several servers of a cluster, such as `nats://user:password@localhost:4222`; `tls://` asks for encryption. Other
   * ways to log in need a `connection`.
   */
  readonly servers?: string | readonly string[];
  /** The host's own connection, without its option `noEcho`. It reconnects by itself, and stays open when the service closes. */
  readonly connection?: NatsConnection;
  /** The subject, without wildcards. Services that shall hear one another have the same one. @default 'convoke' */
  readonly subject?: string;
}

const maxBytes = 60_000;
const answerMs = 5_000;

const server = z.string().refine((given) => parsed(given) !== null, 'must be a server such as nats://localhost:4222');
const options = z
  .strictObject({
    servers: z.union([server, z.array(server).min(1)]).optional(),
    connection: z
      .custom<NatsConnection>(
        (value) => typeof value === 'object' && value !== null && 'publish' in value && 'status' in value,
        'must be a connection of @nats-io/transport-node',
      )
      .optional(),
    subject: z
      .string()
      .max(255)
      .regex(/^[^\s.*>]+(\.[^\s.*>]+)*$/, 'must be a subject without wildcards')
      .default('convoke'),
    ...networkOptions,
  })
  .refine(
    ({ servers, connection }) => (servers === undefined) !== (connection === undefined),
    'must have exactly one of servers and connection',
  );

/**
 * Hints by NATS, through the optional package `@nats-io/transport-node`. JetStream is not needed: nothing is stored there.
 * @throws MeetingError VALIDATION for wrong options. Starting throws NOT_CONFIGURED without the package, or where NATS refuses the login.
 */
export function natsBackplane(given: NatsBackplaneOptions): Backplane {
  const { servers, connection, subject, ...settings } = validate(options, given);
  const open = connection === undefined ? () => connect([servers ?? []].flat()) : async () => lent(connection);
  return new NetworkBackplane(new NatsNetwork(open, subject), { ...settings, coalesceMs: 0 });
}

interface Session {
  readonly connection: NatsConnection;
  readonly end: () => Promise<void>;
}

class NatsNetwork implements Network {
  readonly maxBytes = maxBytes;
  readonly #open: () => Promise<Session>;
  readonly #subject: string;

  constructor(open: () => Promise<Session>, subject: string) {
    this.#open = open;
    this.#subject = subject;
  }

  async dial({ received, lost }: LinkListener): Promise<Link> {
    const { connection, end } = await this.#open();
    const subscription = connection.subscribe(this.#subject, {
      callback: (error, message) => (error === null ? received(message.string()) : lost()),
    });
    const states = connection.status();
    void watch(states).then(lost);
    const close = async () => {
      if (!connection.isClosed()) subscription.unsubscribe();
      // Left alone, it would wait for a next state for as long as the host's connection lives.
      states.stop?.();
      await end();
    };
    try {
      await within(answerMs, connection.flush());
    } catch (error) {
      await close();
      throw error;
    }
    return {
      send: async (payload) => {
        connection.publish(this.#subject, payload);
        await connection.flush();
      },
      close,
    };
  }
}

/** Ends when the connection does, also where it comes back by itself, as a host's may: what was said meanwhile is lost. */
async function watch(states: AsyncIterable<{ readonly type: string }>): Promise<void> {
  for await (const { type } of states) if (type === 'disconnect' || type === 'close') return;
}

function lent(connection: NatsConnection): Session {
  if (connection.isClosed()) throw new MeetingError('UNAVAILABLE', 'The NATS connection of the backplane is closed.');
  return { connection, end: async () => {} };
}

/** The client reads hosts and ports alone out of URLs: users, passwords and the wish for encryption it wants to be told. */
function addresses(servers: readonly string[]) {
  const urls = servers.map(parsed).filter((url) => url !== null);
  const { username = '', password = '' } = urls.find((url) => url.username !== '') ?? {};
  return {
    servers: urls.map(({ host }) => host),
    ...(username === '' ? {} : { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
    ...(urls.some(({ protocol }) => protocol === 'tls:') ? { tls: {} } : {}),
  };
}

function parsed(address: string): URL | null {
  const url = URL.parse(address.includes('://') ? address : `nats://${address}`);
  return url !== null && url.host !== '' && ['nats:', 'tls:'].includes(url.protocol) ? url : null;
}

async function connect(servers: string[]): Promise<Session> {
  const nats = await import('@nats-io/transport-node').catch((cause: unknown) => {
    const remedy = 'npm install @nats-io/transport-node';
    throw new MeetingError(
      'NOT_CONFIGURED',
      `The NATS backplane needs the package @nats-io/transport-node: ${remedy}`,
      { cause },
    );
  });
  try {
    // A connection that is lost is replaced by another one here, so that nothing waits unseen in this one.
    const asked = { name: 'convoke', reconnect: false, timeout: answerMs, ...addresses(servers) };
    const connection = await nats.connect(asked);
    return { connection, end: () => within(answerMs, connection.close()).catch(() => {}) };
  } catch (error) {
    if (!(error instanceof nats.AuthorizationError)) throw error;
    throw new MeetingError(
      'NOT_CONFIGURED',
      'NATS refuses the login of the backplane; check user and password in its servers.',
      {
        cause: error,
      },
    );
  }
}
