/** Where calls meet that should not: a service with a large pool and the real clock, and the facts behind its back. */
import { setTimeout as wait } from 'node:timers/promises';
import { Client, Pool } from 'pg';
import { expect } from 'vitest';
import { isMeetingError, type MeetingErrorCode } from '../../src/core/errors.ts';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import type { ScheduleInput } from '../../src/meetings/index.ts';
import { test as base } from '../setup/db.ts';
import { tries } from '../setup/effort.ts';
import { expectIntegrity } from '../setup/integrity.ts';
import { openService } from '../setup/service.ts';

/** Fewer would hide a race in a queue for connections. */
export const poolSize = 20;

export interface Room {
  readonly id: string;
  readonly host: string;
}

export interface RoomOptions extends Partial<ScheduleInput> {
  /** Who is invited. @default nobody */
  readonly invite?: readonly string[];
  /** Who of them is there when the race begins, beside the Host. @default nobody */
  readonly present?: readonly string[];
  /** Left out, nothing has happened yet. */
  readonly started?: boolean;
}

/** What the database says of one meeting. */
export interface Facts {
  readonly status: string;
  /** `current_participants_count`. */
  readonly counter: number;
  /** Roster rows of people who are there. */
  readonly present: number;
  /** People with an open session. */
  readonly inSession: number;
  readonly openSessions: number;
  readonly hosts: number;
  /** How often each event stands in the meeting's stream. */
  readonly events: Readonly<Record<string, number>>;
}

export interface Arena {
  readonly service: MeetingService;
  /** The file's database, past the service. */
  readonly sql: <Row>(text: string, values?: unknown[]) => Promise<Row[]>;
  readonly room: (options?: RoomOptions) => Promise<Room>;
  readonly facts: (meetingId: string) => Promise<Facts>;
}

const factsOf = `
  select m.status, m.current_participants_count as counter,
    (select count(*)::int from convoke.meeting_participants p
      where p.meeting_id = m.id and p.joined_at is not null and p.left_at is null) as present,
    (select count(distinct s.auth_user_id)::int from convoke.meeting_participant_sessions s
      where s.meeting_id = m.id and s.left_at is null) as "inSession",
    (select count(*)::int from convoke.meeting_participant_sessions s
      where s.meeting_id = m.id and s.left_at is null) as "openSessions",
    (select count(*)::int from convoke.meeting_participants p where p.meeting_id = m.id and p.role = 'Host') as hosts,
    (select coalesce(jsonb_object_agg(type, n), '{}') from (
      select type, count(*)::int as n from convoke.meeting_events e
      where e.stream_kind = 0 and e.stream_id = m.id group by type) e) as events
  from convoke.meetings m where m.id = $1`;

/** Looks at the database past the service. */
export interface Observer extends AsyncDisposable {
  readonly sql: Arena['sql'];
}

export function observer(url: string): Observer {
  const pool = new Pool({ connectionString: url, max: 2 });
  pool.on('error', () => {}); // a test that has failed may drop the database under it
  return {
    sql: async <Row>(text: string, values: unknown[] = []) => (await pool.query(text, values)).rows as Row[],
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

/** The ways into a race, for any service over any migrated database. */
export function arena(service: MeetingService, { sql }: Pick<Arena, 'sql'>): Arena {
  return {
    service,
    sql,
    async room({ invite = [], present = [], started = false, ...overrides } = {}) {
      const host = newId();
      const rooms = service.as({ userId: host });
      const { id } = await rooms.meetings.schedule({
        title: 'Rush hour',
        meetingType: 'Lecture',
        scheduledStartTime: new Date(Date.now() + 60_000),
        scheduledEndTime: new Date(Date.now() + 3_660_000),
        ...overrides,
      });
      if (invite.length > 0) await rooms.invitations.invite(id, { inviteeIds: [...invite] });
      if (started) {
        await rooms.meetings.start(id);
        await rooms.participants.join(id);
        for (const userId of present) await service.as({ userId }).participants.join(id);
      }
      return { id, host };
    },
    async facts(meetingId) {
      const [row] = await sql<Facts>(factsOf, [meetingId]);
      if (row === undefined) throw new Error('there is no such meeting');
      return row;
    },
  };
}

/** How often the server has had to break one up. Backends report it when they leave. */
async function deadlocks({ sql }: Observer): Promise<number> {
  const connected = `select from pg_stat_activity where application_name = 'convoke' and datname = current_database()`;
  while ((await sql(connected)).length > 0) await wait(10);
  const found = await sql<{ n: string }>(
    'select deadlocks as n from pg_stat_database where datname = current_database()',
  );
  return Number(found[0]?.n);
}

/** `test` with an arena on the file's own database, whose rows must be sound when the file is done. */
export const test = base.extend<{ arena: Arena }>({
  arena: [
    async ({ url }, use) => {
      await using aside = observer(url);
      const service = await openService(url, { limits: { poolSize } });
      await use(arena(service, aside));
      await service.close();
      // Retries would hide a deadlock; whoever keeps the order of locks has none.
      expect(await deadlocks(aside)).toBe(0);
      await expectIntegrity(url);
    },
    { scope: 'file' },
  ],
});

/** How calls ended: `ok`, or the code of the refusal, and how many ended so. Any other error is thrown. */
export async function tally(
  calls: readonly Promise<unknown>[],
): Promise<Partial<Record<'ok' | MeetingErrorCode, number>>> {
  const counts: Partial<Record<'ok' | MeetingErrorCode, number>> = {};
  for (const end of await endings(calls)) counts[end] = (counts[end] ?? 0) + 1;
  return counts;
}

/** As {@link tally}, call by call. */
export async function endings(calls: readonly Promise<unknown>[]): Promise<('ok' | MeetingErrorCode)[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map((outcome) => {
    if (outcome.status === 'fulfilled') return 'ok';
    if (isMeetingError(outcome.reason)) return outcome.reason.code;
    throw outcome.reason;
  });
}

/** Calls as near to one another as the machine allows, in changing order. */
export function atOnce(calls: readonly (() => Promise<unknown>)[]): Promise<unknown>[] {
  return calls.map(async (call) => {
    await wait(Math.random() * 6);
    return call();
  });
}

/** Some races are lost once in many tries. @param count how many are worth it; see {@link tries} */
export async function rounds(count: number, play: (round: number) => Promise<void>): Promise<void> {
  for (let round = 0; round < tries(count); round++) await play(round);
}

/** Until so many sessions of the file's database wait for another. */
export async function waiting({ sql }: Pick<Arena, 'sql'>, sessions: number): Promise<void> {
  const asked = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  while ((await sql(asked)).length < sessions) await wait(5);
}

/** Takes locks from outside; gives the function that gives them back and says when, in the database's milliseconds. */
export async function hold(url: string, text: string, values: unknown[]): Promise<() => Promise<number>> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {}); // a test that has failed may drop the database under it
  await client.connect();
  await client.query('begin');
  await client.query(text, values);
  return async () => {
    const { rows } = await client.query<{ at: string }>(
      'select floor(extract(epoch from clock_timestamp()) * 1000) as at',
    );
    await client.end();
    return Number(rows[0]?.at);
  };
}
