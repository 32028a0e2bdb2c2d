/** A log that others write, and consumers whose handlers remember what they got. */
import { expect } from 'vitest';
import { meetingStream, type StreamEvent } from '../../src/core/event.ts';
import { newId } from '../../src/core/identifier.ts';
import type { EventName, EventOf } from '../../src/events/catalogue.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { draft, type Log, openLog } from '../events/log.ts';
import { test as base } from '../setup/db.ts';
import { expectIntegrity } from '../setup/integrity.ts';
import { execute } from '../setup/postgres.ts';
import { openService } from '../setup/service.ts';

/** Transactions of other tests on the same server hold events back for a while. */
export const soon = { timeout: 15_000, interval: 10 };
/** Looks often and gives up late. */
export const quick = { pollMs: 20, retryMs: 1, maxRetryMs: 5 } as const;

export const test = base.extend<{ log: Log; service: MeetingService; reader: string }>({
  log: [
    async ({ url }, use) => {
      const log = await openLog(url, { writers: 4 });
      await use(log);
      await log[Symbol.asyncDispose]();
      await expectIntegrity(url);
    },
    { scope: 'file' },
  ],
  service: async ({ url }, use) => {
    await using service = await openService(url);
    await use(service);
  },
  // oxlint-disable-next-line no-empty-pattern -- vitest reads the destructuring
  reader: ({}, use) => use(`consumer-${newId()}`),
});

/** Appends events, each in a transaction of its own, and gives their ids. */
export async function append(log: Log, count: number, type: EventName = 'meeting.started'): Promise<string[]> {
  const stream = meetingStream(newId());
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const one = draft(stream, 'all', { type });
    await log.write([one]);
    ids.push(one.id);
  }
  return ids;
}

/** All ids in the order of the log. */
export async function idsInLog(url: string, where = 'true'): Promise<string[]> {
  const rows = await execute<{ id: string }>(
    url,
    `select id from convoke.meeting_events where ${where} order by tx, stream_kind, stream_id, seq`,
  );
  return rows.map(({ id }) => id);
}

/** A handler that remembers. `fails` says what it fails with, if it does. */
export function recording(fails: (event: StreamEvent) => Error | undefined = () => undefined) {
  const done: string[] = [];
  const tried: string[] = [];
  const batches: number[] = [];
  const handler = (events: readonly EventOf<EventName>[]): Promise<void> => {
    batches.push(events.length);
    tried.push(...events.map(({ id }) => id));
    const failure = events.map((event) => fails(event)).find((error) => error !== undefined);
    if (failure !== undefined) return Promise.reject(failure);
    done.push(...events.map(({ id }) => id));
    return Promise.resolve();
  };
  return { done, tried, batches, handler };
}

/** Waits until a list holds exactly this. */
export async function becomes<T>(list: readonly T[], expected: readonly T[]): Promise<void> {
  await expect.poll(() => list.length, soon).toBeGreaterThanOrEqual(expected.length);
  expect(list).toEqual(expected);
}

/** The row of a consumer. */
export async function consumerRow(url: string, name: string) {
  const [row] = await execute<{ lease_owner: string | null; position_seq: string | null; attempts: number }>(
    url,
    `select lease_owner, position_seq, attempts from convoke.meeting_event_consumers where name = '${name}'`,
  );
  return row;
}
