/** Units of work over a real database, with nothing above them: what they tell is collected, what they log is counted. */
import { type Principal, systemPrincipal } from '../../src/core/actor.ts';
import type { Call } from '../../src/core/call.ts';
import type { Clock } from '../../src/core/clock.ts';
import type { StreamEvent } from '../../src/core/event.ts';
import { newId } from '../../src/core/identifier.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { type Statement, statement } from '../../src/core/statement.ts';
import { UnitOfWork } from '../../src/core/unit-of-work.ts';
import type { Work } from '../../src/core/work.ts';
import { type Connection, type ConnectionLimits, connect } from '../../src/database/connection.ts';
import { append } from '../../src/events/index.ts';

const defaultLimits: ConnectionLimits = {
  poolSize: 4,
  connectTimeoutMs: 5_000,
  queryTimeoutMs: 10_000,
  lockTimeoutMs: 5_000,
};

export interface Unit extends AsyncDisposable {
  readonly connection: Connection;
  readonly unitOfWork: UnitOfWork;
  /** Everything announced, in order. */
  readonly told: StreamEvent[];
  /** Codes of the failures that were logged. */
  readonly logged: unknown[];
}

export async function openUnit(
  url: string,
  options: {
    limits?: Partial<ConnectionLimits>;
    clock?: Clock;
    deliver?: (events: readonly StreamEvent[]) => void;
  } = {},
): Promise<Unit> {
  const connection = await connect({ url }, 'convoke', { ...defaultLimits, ...options.limits });
  const told: StreamEvent[] = [];
  const logged: unknown[] = [];
  const unitOfWork = new UnitOfWork({
    database: connection,
    clock: options.clock ?? null,
    logger: { ...silentLogger, warn: (_message, fields) => void logged.push(fields?.['code']) },
    append,
    deliver: (events) => {
      told.push(...events);
      options.deliver?.(events);
    },
  });
  return { connection, unitOfWork, told, logged, [Symbol.asyncDispose]: () => connection.close() };
}

export function callOf(overrides: Partial<Call> = {}): Call {
  return { principal: systemPrincipal, host: null, signal: null, idempotencyKey: null, ...overrides };
}

export function personOf(userId: string): Principal {
  return { kind: 'person', userId };
}

/** A row anybody can write without any other: the name is the key. */
export const writeRow = statement<{ name: string }>(
  'test-write',
  (t) => `insert into ${t.meeting_event_consumers} (name) values ($1) returning name`,
  { prepare: false },
);

const countRows = statement<{ n: number }>(
  'test-count',
  (t) => `select count(*)::int as n from ${t.meeting_event_consumers} where name = $1`,
);

/** How often the row is there, asked outside any transaction. */
export async function stored(unit: Unit, name: string): Promise<number> {
  const { n } = await unit.unitOfWork.read(callOf(), (work) => work.one(countRows, [name]));
  return n;
}

/** A statement whose text says which it is, for a network that fails at it. */
export function marked(mark: string): Statement<{ mark: string }> {
  return statement(`test-${mark}`, () => `select '${mark}' as mark`, { prepare: false });
}

/** A name nobody else uses. */
export function unused(): string {
  return newId();
}

/** An event of a stream, written down as a draft past any room's catalogue. */
export function note(work: Work, streamId: string): void {
  work.drafts.push({
    id: newId(),
    stream: { kind: 'meeting', id: streamId },
    type: 'test.noted',
    audience: 'all',
    actorId: null,
    data: {},
  });
}

/** A failure as the driver reports one. */
export function driverError(code: string, message = `failed with ${code}`): Error {
  return Object.assign(new Error(message), { code });
}
