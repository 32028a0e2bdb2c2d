import { z } from 'zod';
import { MeetingError } from '../core/errors.ts';
import { validate } from '../core/validate.ts';
import type { Backplane } from './backplane.ts';
import { type Link, type LinkListener, type Network, within } from './line.ts';
import { NetworkBackplane, type NetworkBackplaneOptions, networkOptions } from './network-backplane.ts';

/** What is used of an `ioredis` client, by shape. */
export interface RedisClient {
  readonly status: string;
  publish(channel: string, message: string): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  on(event: 'message', listener: (channel: string, message: string) => void): unknown;
  on(event: 'ready' | 'close', listener: () => void): unknown;
  off(event: 'message', listener: (channel: string, message: string) => void): unknown;
  off(event: 'ready' | 'close', listener: () => void): unknown;
}

/** Where the messages go; exactly one of `url`, and `publisher` with `subscriber`. */
export interface RedisBackplaneOptions extends NetworkBackplaneOptions {
  /** A `redis://` or `rediss://` URL. Two connections are made. */
  readonly url?: string;
  /** The host's own `ioredis` client. It reconnects by itself, and stays open when the service closes. */
  readonly publisher?: RedisClient;
  /**
   * Another one: Redis lets a connection that listens do little else. Best made with `autoResubscribe: false`, since it is subscribed anew
   * here: where `ioredis` does it by itself and the connection breaks again meanwhile, nobody catches what that promise rejects with.
   */
  readonly subscriber?: RedisClient;
  /** The channel. Services that shall hear one another have the same one. @default 'convoke' */
  readonly channel?: string;
}

const maxBytes = 60_000;
const answerMs = 5_000;

/** A port is what it can do, whatever class it is of. */
const clientSchema = z.custom<RedisClient>(
  (value) => typeof value === 'object' && value !== null && 'publish' in value && 'subscribe' in value,
  'must be an ioredis client',
);
const options = z
  .strictObject({
    url: z
      .string()
      .refine(
        (url) => URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol),
        'must be a redis:// or rediss:// URL',
      )
      .optional(),
    publisher: clientSchema.optional(),
    subscriber: clientSchema.optional(),
    channel: z.string().min(1).max(255).default('convoke'),
    ...networkOptions,
  })
  .refine(
    ({ url, publisher, subscriber }) =>
      (publisher === undefined) === (subscriber === undefined) && (url === undefined) !== (publisher === undefined),
    'must have exactly one of url, and publisher with subscriber',
  )
  .refine(({ publisher, subscriber }) => publisher === undefined || publisher !== subscriber, {
    path: ['subscriber'],
    message: 'must be another client than publisher',
  });

/**
 * Hints by Redis pub/sub, through the optional package `ioredis`. Nothing is stored there.
 * @throws MeetingError VALIDATION for wrong options. Starting throws NOT_CONFIGURED without the package, or where Redis refuses the login.
 */
export function redisBackplane(given: RedisBackplaneOptions): Backplane {
  const { url, publisher, subscriber, channel, ...settings } = validate(options, given);
  const open =
    publisher === undefined || subscriber === undefined
      ? () => connect(url ?? '')
      : async () => lent(publisher, subscriber, channel);
  return new NetworkBackplane(new RedisNetwork(open, channel), { ...settings, coalesceMs: 0 });
}

interface Clients {
  readonly publisher: RedisClient;
  readonly subscriber: RedisClient;
  /** They are needed no longer. */
  readonly end: () => Promise<void>;
}

class RedisNetwork implements Network {
  readonly maxBytes = maxBytes;
  readonly #open: () => Promise<Clients>;
  readonly #channel: string;

  constructor(open: () => Promise<Clients>, channel: string) {
    this.#open = open;
    this.#channel = channel;
  }

  async dial({ received, lost }: LinkListener): Promise<Link> {
    const { publisher, subscriber, end } = await this.#open();
    const channel = this.#channel;
    const hear = (name: string, message: string) => {
      if (name === channel) received(message);
    };
    const close = async () => {
      subscriber.off('message', hear);
      for (const each of [publisher, subscriber]) each.off('close', lost);
      await end();
    };
    subscriber.on('message', hear);
    for (const each of [publisher, subscriber]) each.on('close', lost);
    try {
      await Promise.all([ready(publisher), ready(subscriber)]);
      await within(answerMs, subscriber.subscribe(channel));
    } catch (error) {
      await close();
      throw error;
    }
    return { send: async (payload) => void (await publisher.publish(channel, payload)), close };
  }
}

/** How many services listen on a host's client: Redis knows of one subscription for all of them. */
const subscriptions = new WeakMap<RedisClient, Map<string, number>>();

function count(subscriber: RedisClient, channel: string, change: 1 | -1): number {
  const counts = subscriptions.get(subscriber) ?? new Map<string, number>();
  const now = (counts.get(channel) ?? 0) + change;
  subscriptions.set(subscriber, counts.set(channel, now));
  return now;
}

function lent(publisher: RedisClient, subscriber: RedisClient, channel: string): Clients {
  count(subscriber, channel, 1);
  return { publisher, subscriber, end: () => leave(subscriber, channel) };
}

async function leave(subscriber: RedisClient, channel: string): Promise<void> {
  if (count(subscriber, channel, -1) > 0) return;
  // A client that is away would keep this for later, and leave the channel when it is back and listening again.
  if (subscriber.status === 'ready') await within(answerMs, subscriber.unsubscribe(channel)).catch(() => {});
}

/** Resolves when the client can be spoken to. */
async function ready(client: RedisClient): Promise<void> {
  if (client.status === 'ready') return;
  const back = Promise.withResolvers<void>();
  client.on('ready', back.resolve);
  try {
    await within(answerMs, back.promise);
  } finally {
    client.off('ready', back.resolve);
  }
}

async function connect(url: string): Promise<Clients> {
  const { Redis } = await import('ioredis').catch((cause: unknown) => {
    throw new MeetingError('NOT_CONFIGURED', 'The Redis backplane needs the package ioredis: npm install ioredis', {
      cause,
    });
  });
  const make = (connectionName: string) =>
    new Redis(url, {
      connectionName,
      lazyConnect: true,
      connectTimeout: answerMs,
      // A connection that is lost is replaced by another one here, so that nothing waits unseen in this one.
      retryStrategy: () => null,
      enableOfflineQueue: false,
      autoResubscribe: false,
      maxRetriesPerRequest: 0,
    });
  const publisher = make('convoke-publisher');
  const subscriber = make('convoke-subscriber');
  const clients = [publisher, subscriber];
  const end = async () => clients.forEach((each) => each.disconnect());
  let told: unknown = null;
  for (const each of clients) each.on('error', (error: unknown) => void (told ??= error));
  try {
    await within(answerMs, Promise.all(clients.map((each) => each.connect())));
  } catch (error) {
    await end();
    throw refusal(told ?? error);
  }
  return { publisher, subscriber, end };
}

/** What Redis answers to a wrong login, told apart from a network or server that is away. */
function refusal(error: unknown): unknown {
  if (
    !(error instanceof Error) ||
    !/^(WRONGPASS|NOAUTH|NOPERM|ERR invalid (username|password|DB))/i.test(error.message)
  )
    return error;
  return new MeetingError(
    'NOT_CONFIGURED',
    'Redis refuses the login of the backplane; check user and password in its url.',
    {
      cause: error,
    },
  );
}
