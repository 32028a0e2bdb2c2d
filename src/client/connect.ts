import type { StreamRef } from '../core/event.ts';
import { type ClientClock, systemClock } from './clock.ts';
import { Connection, type ConnectionStatus, type TransportName } from './connection.ts';
import { randomId } from './identifier.ts';
import type { LinkEvents, LinkSettings, WebSocketConstructor } from './link.ts';
import type { CommandMessage } from './outbox.ts';
import { SseLink } from './sse-link.ts';
import { type Heard, settingsOf, StreamSubscription, type SubscribeOptions } from './subscription.ts';
import { WebSocketLink } from './websocket-link.ts';
import type { AnyEvent, CommandInput, CommandName, CommandResult, Done } from './wire.ts';

export interface ConnectOptions {
  /** Where the server is: `https://…`, `wss://…`, or on a page what is relative to it. Where the transports live apart, one for each. */
  readonly url: string | { readonly websocket?: string; readonly sse?: string };
  /**
   * Gives the token that says who this is; asked anew for every connection, and before a JSON Web Token expires. Leave it out where
   * a cookie says so.
   */
  readonly token?: () => string | Promise<string>;
  /**
   * How the token travels with a WebSocket, where no header can be set: as the subprotocol `convoke.bearer.<token>`, which is in no
   * access log, or as the query parameter `access_token`, for servers and proxies that cannot read the former. Over HTTP it is always
   * the header `Authorization: Bearer`. @default 'subprotocol'
   */
  readonly tokenIn?: 'subprotocol' | 'query';
  /** What to try, in this order; what has worked before comes first. @default both that there is an address for */
  readonly transports?: readonly TransportName[];
  /** Whether cookies go to another origin over HTTP, as in `fetch`. @default 'same-origin' */
  readonly credentials?: 'same-origin' | 'include' | 'omit';
  /** Is told of every change of `client.status`. */
  readonly onStatus?: (status: ConnectionStatus) => void;
  /** Is told what nobody else hears of: a listener that threw, a token or a state that could not be had. @default the console */
  readonly onError?: (error: unknown) => void;
  /** @default the platform's */
  readonly WebSocket?: WebSocketConstructor;
  /** @default the platform's */
  readonly fetch?: typeof fetch;
  /** @default the platform's */
  readonly clock?: ClientClock;
  /** From 0 to 1; spreads the attempts of many clients. @default Math.random */
  readonly random?: () => number;
}

/** One stream as it arrives. A loop gets every event from where it begins on; what comes before anybody listens waits. */
export interface Subscription extends AsyncIterable<AnyEvent, void> {
  readonly stream: StreamRef;
  /**
   * How far events have been handed to listeners and loops, as text. Kept, and given as `after` the next time, nothing is lost and
   * nothing comes twice. Null before the stream has begun, and while its state is loaded.
   */
  readonly cursor: string | null;
  /** Listens to one kind of event, to all ('*'), or to what is said in passing. @returns what stops it */
  on<Name extends keyof Heard>(name: Name, listener: (heard: NoInfer<Heard[Name]>) => void | Promise<void>): () => void;
  /** Says something in passing, such as a reaction: lost on whoever is away, and not said at all while this client is. */
  signal(type: string, data: unknown): void;
  /** Tells everybody a state of one's own, such as being idle, until it is null or the connection is gone; said again after a reconnect. */
  state(type: string, data: unknown): void;
  /** @see Client.command */
  readonly command: Client['command'];
  stop(): void;
}

/** A meeting, or the inbox of a person. */
export interface Stream {
  /** @throws ConvokeError CONFLICT while there is a subscription to it; VALIDATION for a cursor that is none */
  subscribe<State>(options?: SubscribeOptions<State>): Subscription;
}

export interface CommandOptions {
  /** A UUID: under the same one a command is done once, also after the page was loaded anew. @default a random one */
  readonly id?: string;
  /** Calls it off; it may have been done all the same. */
  readonly signal?: AbortSignal;
}

export interface Client {
  /** @param meetingId UUID of the meeting */
  meeting(meetingId: string): Stream;
  /** What reaches a person outside of the room, such as invitations. @param userId their own id */
  inbox(userId: string): Stream;
  /**
   * Calls a method of a room as the person who is connected. Sent again until it is answered, under one id, so that it is done once.
   * @returns rejects with a ConvokeError: the server's refusal, or OUTCOME_UNKNOWN when the client is closed before the answer
   */
  command<Name extends CommandName>(name: Name, ...input: CommandInput<Name>): Promise<Done<CommandResult<Name>>>;
  /** The same, for one command with an id of your own or a signal. */
  with(options: CommandOptions): Pick<Client, 'command'>;
  /** Sends new credentials now; to be called when they have changed, and needless when they merely grow old. */
  authenticate(): Promise<void>;
  readonly status: ConnectionStatus;
  /** Ends every subscription. Commands without an answer reject. */
  close(): void;
}

/** Connects, and stays connected until it is closed or the server wants nothing more of it. */
export function connect(options: ConnectOptions): Client {
  const { onError = toConsole, onStatus = () => {}, clock = systemClock, random = Math.random } = options;
  const urls = urlsOf(options.url);
  const possible = (['websocket', 'sse'] as const).filter((each) => urls[each] !== undefined);
  const transports = options.transports ?? possible;
  const open = (transport: TransportName, events: LinkEvents) => {
    const settings = {
      ...linkSettingsOf(options, clock),
      url: urls[transport] ?? refuse(`There is no address for ${transport}.`),
    };
    return transport === 'websocket' ? new WebSocketLink(settings, events) : new SseLink(settings, events);
  };
  if (transports.length === 0) refuse('There is no transport to try.');
  for (const transport of transports)
    if (urls[transport] === undefined) refuse(`There is no address for ${transport}.`);
  return clientOf(new Connection({ transports, open, clock, random, onError, onStatus }));
}

function clientOf(connection: Connection): Client {
  const stream = (kind: StreamRef['kind'], id: string): Stream => ({
    subscribe: (options = {}) => {
      const subscription = new StreamSubscription({ kind, id: id.toLowerCase() }, settingsOf(options), connection);
      connection.join(subscription);
      return subscriptionOf(subscription, client);
    },
  });
  const client: Client = {
    meeting: (id) => stream('meeting', id),
    inbox: (id) => stream('user', id),
    command: (...call) => command(connection, {}, ...call),
    with: (options) => ({ command: (...call) => command(connection, options, ...call) }),
    authenticate: () => connection.authenticate(),
    get status() {
      return connection.status;
    },
    close: () => connection.close(),
  };
  return client;
}

async function command<Name extends CommandName>(
  connection: Connection,
  { id = randomId(), signal }: CommandOptions,
  operation: Name,
  ...input: CommandInput<Name>
): Promise<Done<CommandResult<Name>>> {
  connection.refuseClosed();
  const message: CommandMessage = { kind: 'command', id, operation, input };
  const send = connection.linked ? (each: CommandMessage) => connection.send(each) : null;
  const done = await connection.outbox.add(message, signal ?? null, send);
  return done as Done<CommandResult<Name>>; // the server's word for it
}

function subscriptionOf(subscription: StreamSubscription, client: Client): Subscription {
  return {
    stream: subscription.stream,
    get cursor() {
      return subscription.cursor;
    },
    on: (name, listener) => subscription.on(name, listener),
    signal: (type, data) => subscription.signal(type, data),
    state: (type, data) => subscription.state(type, data),
    command: (...call) => client.command(...call),
    stop: () => subscription.end(null),
    [Symbol.asyncIterator]: () => subscription.events(),
  };
}

function linkSettingsOf(options: ConnectOptions, clock: ClientClock): Omit<LinkSettings, 'url'> {
  return {
    token: options.token ?? null,
    tokenIn: options.tokenIn ?? 'subprotocol',
    credentials: options.credentials ?? 'same-origin',
    WebSocket: options.WebSocket ?? globalThis.WebSocket,
    // Called as a method of anything else, the browser's refuses.
    fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
    clock,
  };
}

function urlsOf(url: ConnectOptions['url']): Readonly<Partial<Record<TransportName, URL>>> {
  const { websocket, sse } = typeof url === 'string' ? { websocket: url, sse: url } : url;
  const page = globalThis as { readonly location?: { readonly href: string } }; // Node has none
  const parse = (each: string) => {
    const parsed = new URL(each, page.location?.href);
    parsed.protocol = parsed.protocol.replace(/^ws/, 'http');
    return parsed;
  };
  return {
    ...(websocket !== undefined && { websocket: parse(websocket) }),
    ...(sse !== undefined && { sse: parse(sse) }),
  };
}

function refuse(message: string): never {
  throw new TypeError(message);
}

function toConsole(error: unknown): void {
  // oxlint-disable-next-line no-console -- in a browser it is where errors are looked for, and a host can give `onError`
  console.error(error);
}
