import { systemPrincipal } from '../../src/core/actor.ts';
import type { Call } from '../../src/core/call.ts';
import type { Clock } from '../../src/core/clock.ts';
import type { Audience, EventDraft, StreamEvent, StreamRef } from '../../src/core/event.ts';
import { newId } from '../../src/core/identifier.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { UnitOfWork } from '../../src/core/unit-of-work.ts';
import { connect } from '../../src/database/connection.ts';
import { append } from '../../src/events/index.ts';
import { execute } from '../setup/postgres.ts';

const call: Call = { principal: systemPrincipal, host: null, signal: null, idempotencyKey: null };

export function draft(stream: StreamRef, audience: Audience = 'all', more: Partial<EventDraft> = {}): EventDraft {
  const told = stream.kind === 'user' ? { users: [stream.id] } : audience;
  return { id: newId(), stream, type: 'meeting.started', audience: told, actorId: null, data: {}, ...more };
}

export interface Log extends AsyncDisposable {
  /** Appends in a transaction of its own and gives what was announced after its commit. */
  write(drafts: readonly EventDraft[]): Promise<readonly StreamEvent[]>;
  /** How often transactions were begun. One more than calls is one that had to be repeated. */
  readonly attempts: number;
  readonly unitOfWork: UnitOfWork;
  readonly delivered: readonly StreamEvent[];
}

/** The log as units of work write it, over a pool wide enough for `writers` at once. */
export async function openLog(url: string, { writers = 4, clock = null }: { writers?: number; clock?: Clock | null }) {
  const limits = { poolSize: writers, connectTimeoutMs: 10_000, queryTimeoutMs: 20_000, lockTimeoutMs: 15_000 };
  const database = await connect({ url }, 'convoke', limits);
  const delivered: StreamEvent[] = [];
  const deliver = (events: readonly StreamEvent[]) => void delivered.push(...events);
  const unitOfWork = new UnitOfWork({ database, clock, logger: silentLogger, append, deliver });
  let attempts = 0;
  return {
    unitOfWork,
    delivered,
    get attempts() {
      return attempts;
    },
    async write(drafts) {
      await unitOfWork.run(call, (work) => {
        attempts++;
        work.drafts.push(...drafts);
        return Promise.resolve();
      });
      const ids = new Set(drafts.map(({ id }) => id));
      return delivered.filter(({ id }) => ids.has(id));
    },
    [Symbol.asyncDispose]: () => database.close(),
  } satisfies Log;
}

export interface StoredEvent {
  readonly seq: number;
  readonly prev: number;
  readonly id: string;
  readonly audience: 'all' | 'hosts' | 'users';
  readonly at: string;
}

/** A stream as it is stored, in order. */
export async function storedEvents(url: string, { id }: StreamRef): Promise<StoredEvent[]> {
  return execute<StoredEvent & Record<string, unknown>>(
    url,
    `select seq::int, prev::int, id, audience, to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as at
     from convoke.meeting_events where stream_id = '${id}' order by seq`,
  );
}

export interface StoredHead {
  readonly seq: number;
  readonly public_seq: number;
  readonly public_prev: number;
  readonly hosts_seq: number;
  readonly hosts_prev: number;
  readonly epoch: string;
}

export async function storedHead(url: string, { id }: StreamRef): Promise<StoredHead | undefined> {
  const [head] = await execute<StoredHead & Record<string, unknown>>(
    url,
    `select seq::int, public_seq::int, public_prev::int, hosts_seq::int, hosts_prev::int, epoch
     from convoke.meeting_event_heads where stream_id = '${id}'`,
  );
  return head;
}
