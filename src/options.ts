import { z } from 'zod';
import { type Backplane, memoryBackplane } from './backplanes/index.ts';
import type { Clock } from './core/clock.ts';
import { MeetingError } from './core/errors.ts';
import type { Rules, Secrets } from './core/kernel.ts';
import { type Logger, silentLogger } from './core/logger.ts';
import { type PasswordHasher, scryptHasher, typedFailures } from './core/password-hasher.ts';
import type { MeetingSwitches } from './core/permission-terms.ts';
import { memoryRateLimiter, type RateLimiter } from './core/rate-limiter.ts';
import { validate } from './core/validate.ts';
import { membersOnly, type VisibilityPolicy } from './core/visibility-policy.ts';
import type { ConnectionLimits, DatabaseSource, HostOrm } from './database/connection.ts';
import type { Directory } from './directory/index.ts';
import { memoryNotifier, type Notifier } from './notifiers/index.ts';
import { defaultRealtimeSettings, type RealtimeSettings } from './realtime/index.ts';
import { memoryTransport, type PushTransport } from './transports/index.ts';
import type { SessionTransport } from './transports/session.ts';

type Transport = PushTransport | SessionTransport;

/** How a service is opened. Only `database` is required; unknown keys are refused. */
export interface MeetingServiceOptions {
  /** Where the tables are: a URL, an embedded database, or the host's own MikroORM. */
  readonly database: DatabaseSource;
  /** The PostgreSQL schema that holds the tables. @default 'convoke' */
  readonly schema?: string;
  /** Bring the schema up to date on opening. False checks it, and refuses an old or newer one. @default true */
  readonly migrate?: boolean;
  /**
   * Takes what happens to people: over the host's realtime layer (push), over sockets that the service drives (session), or
   * several of either. @default memoryTransport()
   */
  readonly transport?: Transport | readonly Transport[];
  /** Tells the service's other processes that something has happened. @default memoryBackplane(), for one process */
  readonly backplane?: Backplane;
  /** Numbers of the live streams. */
  readonly realtime?: Partial<RealtimeSettings>;
  /** Who people and groups are, in the host's words. @default nobody is looked up */
  readonly directory?: Directory;
  /** Delivers notices to people. @default memoryNotifier() */
  readonly notifier?: Notifier;
  readonly policy?: {
    /** Switches for all meetings; a meeting's own settings win. */
    readonly switches?: MeetingSwitches;
    /** Which meetings people outside may know of. @default none */
    readonly visibility?: VisibilityPolicy;
    /** Minutes before the start from which a meeting may be started and its link read. @default 15 */
    readonly startEarlyMinutes?: number;
    /** Minutes after the end until which a meeting may still be started. @default 60 */
    readonly startLateMinutes?: number;
    /** Minutes past its end after which an empty meeting is ended by the worker. @default 30 */
    readonly overrunMinutes?: number;
    /** Seconds of silence, after a first heartbeat, that end a device's session. @default 90 */
    readonly heartbeatGraceSeconds?: number;
    /** Minutes for which authors may edit their chat messages. @default 15 */
    readonly messageEditMinutes?: number;
    /** Minutes for which authors may delete their chat messages; null for as long as the meeting is readable. @default null */
    readonly messageDeleteMinutes?: number | null;
  };
  /** What only the host knows: keep it where passwords are kept, and keep it the same. */
  readonly secrets?: {
    /**
     * Keys the pseudonyms under which votes in anonymous polls are stored, at least 32 characters. Without it there are no
     * anonymous polls; with another one, people could vote a second time in polls that are open.
     */
    readonly anonymousPolls?: string;
  };
  /** Hashes meeting passwords. @default scryptHasher() */
  readonly passwordHasher?: PasswordHasher;
  /** Holds back floods. @default memoryRateLimiter() */
  readonly rateLimiter?: RateLimiter;
  /** For tests and replays. @default the database's clock */
  readonly clock?: Clock;
  /** @default silent */
  readonly logger?: Logger;
  readonly limits?: {
    /** Connections at most. @default 10 */
    readonly poolSize?: number;
    /** Milliseconds to wait for a connection. @default 5000 */
    readonly connectTimeoutMs?: number;
    /** Milliseconds a statement may take. @default 30000 */
    readonly queryTimeoutMs?: number;
    /** Milliseconds to wait for a lock. @default 10000 */
    readonly lockTimeoutMs?: number;
  };
}

/** The options with every default filled in. */
export interface ResolvedOptions {
  readonly database: DatabaseSource;
  readonly schema: string;
  readonly migrate: boolean;
  readonly pushTransports: readonly PushTransport[];
  readonly sessionTransports: readonly SessionTransport[];
  readonly backplane: Backplane;
  readonly realtime: RealtimeSettings;
  readonly directory: Directory;
  readonly notifier: Notifier;
  readonly switches: MeetingSwitches;
  readonly visibility: VisibilityPolicy;
  readonly rules: Rules;
  readonly secrets: Secrets;
  readonly passwordHasher: PasswordHasher;
  readonly rateLimiter: RateLimiter;
  readonly clock: Clock | null;
  readonly logger: Logger;
  readonly limits: ConnectionLimits;
}

const postgresUrl = z
  .string()
  .refine((url) => URL.canParse(url) && ['postgres:', 'postgresql:'].includes(new URL(url).protocol), {
    error: 'must be a URL such as postgres://user:password@localhost:5432/app',
  });

/** A port is what it can do: checked by its methods, whatever class it is of. */
function port<Port>(...methods: readonly string[]) {
  const message = `must be an object with ${methods.join(', ')}`;
  return z.custom<Port>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      methods.every((name) => typeof Reflect.get(value, name) === 'function'),
    message,
  );
}

const milliseconds = z.int().min(1).max(3_600_000);
const minutes = z.int().min(0).max(10_080);
const flag = z.boolean().optional();

const database = z
  .strictObject({
    url: postgresUrl.optional(),
    pglite: z.string().min(1, 'must be memory:// or a directory').optional(),
    orm: z.custom<HostOrm>(isOrm, 'must be a MikroORM').optional(),
    preparedStatements: flag,
  })
  .transform(({ url, pglite, orm, preparedStatements }, context): DatabaseSource => {
    const prepared = preparedStatements === undefined ? {} : { preparedStatements };
    const given = [
      ...(url === undefined ? [] : [{ url, ...prepared }]),
      ...(pglite === undefined ? [] : [{ pglite }]),
      ...(orm === undefined ? [] : [{ orm, ...prepared }]),
    ];
    const [source] = given;
    if (source === undefined || given.length > 1)
      context.addIssue({ code: 'custom', message: 'must have exactly one of url, pglite and orm' });
    else if ('pglite' in source && preparedStatements !== undefined)
      context.addIssue({ code: 'custom', path: ['preparedStatements'], message: 'must be given with url or orm' });
    else return source;
    return z.NEVER;
  });

const transport = z.custom<Transport | readonly Transport[]>((value) => {
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  return given.length > 0 && given.length <= 16 && given.every(isTransport);
}, 'must be an object with publish, or of the kind session with start, stop; or a list of 1 to 16 of them');

const options = z.strictObject({
  database,
  schema: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'must be a lower-case PostgreSQL name of at most 63 characters')
    .refine(
      (name) => !name.startsWith('pg_') && name !== 'information_schema',
      'must not be a name of PostgreSQL itself',
    )
    .default('convoke'),
  migrate: z.boolean().default(true),
  transport: transport.optional(),
  backplane: port<Backplane>('start', 'publish', 'health', 'stop').optional(),
  realtime: z
    .strictObject({
      headCheckMs: z.int().min(10).max(60_000).default(defaultRealtimeSettings.headCheckMs),
      highWaterBytes: z.int().min(1_024).default(defaultRealtimeSettings.highWaterBytes),
      lowWaterBytes: z.int().min(0).default(defaultRealtimeSettings.lowWaterBytes),
      maxLagEvents: z.int().min(1).default(defaultRealtimeSettings.maxLagEvents),
      maxLagMs: milliseconds.default(defaultRealtimeSettings.maxLagMs),
      recoverMax: z.int().min(0).default(defaultRealtimeSettings.recoverMax),
    })
    .refine(({ lowWaterBytes, highWaterBytes }) => lowWaterBytes < highWaterBytes, {
      path: ['lowWaterBytes'],
      error: 'must be less than highWaterBytes',
    })
    .prefault({}),
  directory: z
    .strictObject({
      users: port<NonNullable<Directory['users']>>('profiles').optional(),
      groups: port<NonNullable<Directory['groups']>>('members').optional(),
    })
    .optional(),
  notifier: port<Notifier>('notify').optional(),
  policy: z
    .strictObject({
      switches: z
        .strictObject({
          ...{ coHostMayStart: flag, coHostMayEnd: flag, participantsMayInvite: flag, participantsMayUpload: flag },
          ...{ openJoin: flag, publishRecording: flag, publishMinutes: flag },
          privateChat: z.enum(['all', 'hostsOnly', 'off']).optional(),
        })
        .default({}),
      visibility: port<VisibilityPolicy>('isVisibleToOutsider').default(membersOnly),
      startEarlyMinutes: minutes.default(15),
      startLateMinutes: minutes.default(60),
      overrunMinutes: minutes.default(30),
      heartbeatGraceSeconds: z.int().min(1).max(86_400).default(90),
      messageEditMinutes: minutes.default(15),
      messageDeleteMinutes: minutes.nullable().default(null),
    })
    .prefault({}),
  secrets: z
    .strictObject({
      anonymousPolls: z.string().min(32, 'must be at least 32 characters long').max(1024).optional(),
    })
    .prefault({}),
  passwordHasher: port<PasswordHasher>('hash', 'verify').optional(),
  rateLimiter: port<RateLimiter>('take').optional(),
  clock: port<Clock>('now').optional(),
  logger: port<Logger>('debug', 'info', 'warn', 'error').optional(),
  limits: z
    .strictObject({
      poolSize: z.int().min(1).max(1000).default(10),
      connectTimeoutMs: milliseconds.default(5_000),
      queryTimeoutMs: milliseconds.default(30_000),
      lockTimeoutMs: milliseconds.default(10_000),
    })
    .prefault({}),
});

/** Versions of the ports' contracts that this package speaks. */
const spoken = 1;

/** @throws MeetingError VALIDATION naming the option that is wrong or unknown; NOT_CONFIGURED for a port of another version */
export function resolveOptions(given: MeetingServiceOptions): ResolvedOptions {
  const { policy, directory = {}, ...found } = validate(options, given);
  const transports = [found.transport ?? memoryTransport()].flat();
  const resolved: ResolvedOptions = {
    database: found.database,
    schema: found.schema,
    migrate: found.migrate,
    pushTransports: transports.filter((one) => one.kind !== 'session'),
    sessionTransports: transports.filter((one) => one.kind === 'session'),
    backplane: found.backplane ?? memoryBackplane(),
    realtime: found.realtime,
    directory: {
      ...(directory.users === undefined ? {} : { users: directory.users }),
      ...(directory.groups === undefined ? {} : { groups: directory.groups }),
    },
    notifier: found.notifier ?? memoryNotifier(),
    switches: policy.switches,
    visibility: policy.visibility,
    rules: policy,
    secrets: { anonymousPolls: found.secrets.anonymousPolls ?? null },
    passwordHasher: typedFailures(found.passwordHasher ?? scryptHasher()),
    rateLimiter: found.rateLimiter ?? memoryRateLimiter(found.clock),
    clock: found.clock ?? null,
    logger: found.logger ?? silentLogger,
    limits: found.limits,
  };
  const { backplane, notifier } = resolved;
  const versioned = { backplane, notifier, 'directory.users': directory.users, 'directory.groups': directory.groups };
  for (const one of transports) refuseForeignVersion('transport', one);
  for (const [name, one] of Object.entries(versioned)) refuseForeignVersion(name, one);
  return resolved;
}

function refuseForeignVersion(name: string, one: { readonly specVersion: number } | undefined): void {
  if (one === undefined || one.specVersion === spoken) return;
  throw new MeetingError(
    'NOT_CONFIGURED',
    `${name} speaks version ${String(one.specVersion)} of its contract and this package version ${spoken}; use an adapter made for it.`,
  );
}

function isTransport(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const methods = Reflect.get(value, 'kind') === 'session' ? ['start', 'stop'] : ['publish'];
  return methods.every((name) => typeof Reflect.get(value, name) === 'function');
}

function isOrm(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const em: unknown = Reflect.get(value, 'em');
  return typeof em === 'object' && em !== null && typeof Reflect.get(em, 'getDriver') === 'function';
}
