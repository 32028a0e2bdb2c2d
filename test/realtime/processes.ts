/** Processes with connections each on one database: they can die, or be paused, as processes can. */
import { vi } from 'vitest';
import { systemPrincipal } from '../../src/core/actor.ts';
import type { Call } from '../../src/core/call.ts';
import type { Clock } from '../../src/core/clock.ts';
import type { StreamEvent } from '../../src/core/event.ts';
import { Kernel } from '../../src/core/kernel.ts';
import { UnitOfWork } from '../../src/core/unit-of-work.ts';
import { connect } from '../../src/database/connection.ts';
import { append } from '../../src/events/index.ts';
import { resolveOptions } from '../../src/options.ts';
import { Connections } from '../../src/realtime/connections.ts';
import type { PresenceSettings } from '../../src/realtime/presence-settings.ts';
import { reapNodes } from '../../src/realtime/reaping.ts';
import { Rooms } from '../../src/rooms.ts';
import { type RecordingLogger, recordingLogger } from '../events/event.ts';
import type { Arena } from '../races/arena.ts';
import { quickHasher } from '../setup/service.ts';
import { eventually } from './nodes.ts';

const limits = { poolSize: 6, connectTimeoutMs: 5_000, queryTimeoutMs: 10_000, lockTimeoutMs: 10_000 };
const asSystem: Call = { principal: systemPrincipal, host: null, signal: null, idempotencyKey: null };

/** Short enough to be waited for; the lease is as long as the busiest machine may keep a process waiting. */
const quick: PresenceSettings = { beatMs: 50, leaseMs: 60_000, leaveGraceMs: 300 };

export interface Process extends AsyncDisposable {
  readonly connections: Connections;
  readonly kernel: Kernel;
  readonly logger: RecordingLogger;
  /** The texts of all statements that it has run by themselves. */
  readonly statements: string[];
  /** What it has brought about. */
  readonly events: StreamEvent[];
  as(userId: string): Rooms;
  /** Its sweep of lost nodes, once. */
  reap(suspicionMs?: number, signal?: AbortSignal): Promise<number>;
  /** It is gone without a word: nothing of it reaches the database any more. */
  crash(): Promise<void>;
  /** Time passes without it; gives the function that wakes it up. */
  pause(): Promise<() => void>;
  /** The database does not answer it; gives the function that mends that. */
  cut(): () => void;
  close(): Promise<void>;
}

export interface ProcessOptions extends Partial<PresenceSettings> {
  readonly clock?: Clock;
  /** Is told whenever it has brought something about. */
  readonly heard?: () => void;
}

export async function openProcess(url: string, { clock, heard, ...settings }: ProcessOptions = {}): Promise<Process> {
  const logger = recordingLogger();
  const resolved = resolveOptions({
    ...{ database: { url }, logger, passwordHasher: quickHasher },
    ...(clock ? { clock } : {}),
  });
  const connection = await connect({ url }, 'convoke', limits);
  const statements: string[] = [];
  const events: StreamEvent[] = [];
  let awake = Promise.resolve();
  let isCut = false;
  let underWay = 0;
  const execute = connection.execute.bind(connection);
  vi.spyOn(connection, 'execute').mockImplementation(async (text, parameters) => {
    await awake;
    if (isCut) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    statements.push(text);
    underWay++;
    return execute(text, parameters).finally(() => underWay--);
  });
  const deliver = (committed: readonly StreamEvent[]) => {
    events.push(...committed);
    if (committed.length > 0) heard?.();
  };
  const unitOfWork = new UnitOfWork({ database: connection, clock: resolved.clock, logger, append, deliver });
  const kernel = new Kernel(unitOfWork, resolved);
  const connections = new Connections(kernel, { ...quick, ...settings });
  let isOpen = true;
  const crash = async () => {
    if (isOpen) await connection.close();
    isOpen = false;
  };
  const close = async () => {
    await connections.close();
    await crash();
  };
  return {
    ...{ connections, kernel, logger, statements, events, crash, close },
    as: (userId) => new Rooms(kernel, {}, { ...asSystem, principal: { kind: 'person', userId } }),
    reap: (suspicionMs = 0, signal = new AbortController().signal) => reapNodes(kernel, asSystem, signal, suspicionMs),
    async pause() {
      const { promise, resolve } = Promise.withResolvers<void>();
      awake = promise;
      await eventually(() => {
        if (underWay > 0) throw new Error('statements are under way');
      });
      return resolve;
    },
    cut() {
      isCut = true;
      return () => {
        isCut = false;
      };
    },
    [Symbol.asyncDispose]: close,
  };
}

/** Until the process has told the database that it is there. */
export async function nodeOf({ connections }: Process): Promise<string> {
  await eventually(() => {
    if (connections.health().nodeId === null) throw new Error('the node is not registered');
  });
  return connections.health().nodeId ?? '';
}

export interface StoredSession {
  readonly connectionId: string;
  readonly nodeId: string | null;
  readonly joinedAt: Date;
  readonly leftAt: Date | null;
  readonly reason: string | null;
}

/** A person's sessions in a meeting, in the order of joining. */
export function sessionsOf({ sql }: Pick<Arena, 'sql'>, meetingId: string, userId: string): Promise<StoredSession[]> {
  return sql<StoredSession>(
    `select connection_id as "connectionId", node_id as "nodeId", joined_at as "joinedAt", left_at as "leftAt",
            left_reason as reason
     from convoke.meeting_participant_sessions where meeting_id = $1 and auth_user_id = $2 order by joined_at, id`,
    [meetingId, userId],
  );
}

/** What the meeting's stream says of somebody's coming and going. */
export function comings({ sql }: Pick<Arena, 'sql'>, meetingId: string, userId: string): Promise<unknown[]> {
  return sql<{ told: string }>(
    `select type || coalesce(' ' || (data->>'reason'), '') as told from convoke.meeting_events
     where stream_kind = 0 and stream_id = $1 and data->>'userId' = $2 and type in ('participant.joined', 'participant.left')
     order by seq`,
    [meetingId, userId],
  ).then((rows) => rows.map(({ told }) => told));
}

/** As if a process had been silent for so long that its lease ran out, and somebody had noticed a while ago. */
export async function expire({ sql }: Pick<Arena, 'sql'>, nodeId: string): Promise<void> {
  await sql(
    `update convoke.meeting_realtime_nodes
     set expires_at = now() - interval '1 second', suspected_at = now() - interval '1 second' where id = $1`,
    [nodeId],
  );
}
