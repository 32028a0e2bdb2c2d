/** A service on the test file's own database, and the ways into the situations that tests begin with. */
import { Client } from 'pg';
import { expect } from 'vitest';
import { isMeetingError, type MeetingError, type MeetingErrorCode } from '../../src/core/errors.ts';
import { newId } from '../../src/core/identifier.ts';
import { scryptHasher } from '../../src/core/password-hasher.ts';
import type { AnyEvent } from '../../src/events/catalogue.ts';
import { MeetingService } from '../../src/meeting-service.ts';
import type { MeetingView, ScheduleInput } from '../../src/meetings/index.ts';
import type { MeetingServiceOptions } from '../../src/options.ts';
import { type FakeClock, fakeClock } from '../../src/testing/fake-clock.ts';
import { test as base } from './db.ts';
import { expectIntegrity } from './integrity.ts';
import { execute, templateSchema } from './postgres.ts';

/** Where the clock stands when a test begins: a Monday morning. */
export const start = '2026-03-02T09:00:00.000Z';
export const minutes = 60_000;
export const hours = 60 * minutes;

/** Where passwords are not the subject, hashing them takes no time. */
export const quickHasher = scryptHasher({ ln: 4, r: 1, p: 1 });

/** Lets the fixture's service have anonymous polls. */
export const secrets = { anonymousPolls: 'known to the tests and to nobody else' };

/** A service of one's own; whoever opens it closes it. */
export function openService(url: string, options: Partial<MeetingServiceOptions> = {}): Promise<MeetingService> {
  return MeetingService.open({ database: { url }, passwordHasher: quickHasher, ...options });
}

/** People nobody has heard of yet. */
export function people(count: number): string[] {
  return Array.from({ length: count }, newId);
}

export interface ScheduledMeeting {
  readonly id: string;
  readonly host: string;
  readonly meeting: MeetingView;
}

export interface RunningMeeting extends ScheduledMeeting {
  /** Who was invited and has accepted, in the order of joining. */
  readonly participants: readonly string[];
}

export interface RunningOptions extends Partial<ScheduleInput> {
  /** How many people besides the Host. @default 0 */
  readonly participants?: number;
  /** Whether the Host and the participants have joined. @default true */
  readonly present?: boolean;
  readonly host?: string;
}

interface Builders {
  /** A meeting in an hour, for an hour, unless told otherwise. */
  readonly scheduled: (overrides?: Partial<ScheduleInput> & { readonly host?: string }) => Promise<ScheduledMeeting>;
  /** A meeting that has started on time, now, and takes an hour. */
  readonly running: (options?: RunningOptions) => Promise<RunningMeeting>;
}

function builders(service: MeetingService, clock: FakeClock): Builders {
  const inMs = (milliseconds: number) => new Date(clock.now().getTime() + milliseconds);
  const scheduled: Builders['scheduled'] = async ({ host = newId(), ...overrides } = {}) => {
    const meeting = await service.as({ userId: host }).meetings.schedule({
      title: 'Graph theory',
      meetingType: 'StudySession',
      scheduledStartTime: inMs(hours),
      scheduledEndTime: inMs(2 * hours),
      timezone: 'Europe/Berlin',
      ...overrides,
    });
    return { id: meeting.id, host, meeting };
  };
  const running: Builders['running'] = async ({ participants: count = 0, present = true, ...overrides } = {}) => {
    const times = { scheduledStartTime: inMs(0), scheduledEndTime: inMs(hours) };
    const { id, host } = await scheduled({ ...times, ...overrides });
    const participants = people(count);
    const rooms = service.as({ userId: host });
    if (count > 0) await rooms.invitations.invite(id, { inviteeIds: participants });
    for (const userId of participants) await service.as({ userId }).invitations.respond(id, { response: 'Accepted' });
    await rooms.meetings.start(id);
    if (present)
      for (const userId of [host, ...participants])
        await service
          .as({ userId })
          .participants.join(id, overrides.meetingPassword ? { meetingPassword: overrides.meetingPassword } : {});
    return { id, host, participants, meeting: await rooms.meetings.get(id) };
  };
  return { scheduled, running };
}

interface RememberingClock extends FakeClock {
  /** The latest instant that anybody was told. */
  latest(): Date;
}

function rememberingClock(): RememberingClock {
  const clock = fakeClock(start);
  let latest = clock.now();
  const now = () => {
    const instant = clock.now();
    if (instant > latest) latest = instant;
    return instant;
  };
  return { ...clock, now, latest: () => latest };
}

/** What hosts and sweeps would have done if the time that one test skipped had passed for the others' meetings too. */
async function catchUp(service: MeetingService, url: string, now: Date): Promise<void> {
  await service.worker.runOnce('idempotency.sweep');
  const forgotten = await execute<{ id: string }>(
    url,
    `select id from ${templateSchema}.meetings where status = 'InProgress'
       and scheduled_end_time < '${now.toISOString()}'::timestamptz - interval '24 hours'`,
  );
  for (const { id } of forgotten) await service.asSystem().meetings.end(id);
}

/** The invariants as they read when it is `now`: their `now()` finds this one before PostgreSQL's. Once for a database. */
async function expectIntegrityAt(url: string, now: Date): Promise<void> {
  await execute(
    url,
    `create schema stopped_clock;
     create function stopped_clock.now() returns timestamptz stable return '${now.toISOString()}'::timestamptz;
     do $$ begin
       execute format('alter database %I set search_path = stopped_clock, pg_catalog, public', current_database());
     end $$`,
  );
  await expectIntegrity(url);
}

/**
 * `test` with an opened service on the file's database. The clock stands at {@link start} when a test begins; the database is
 * shared by the file's tests, so they look only at people and meetings of their own.
 */
export const test = base.extend<
  {
    /** Everything announced since the test began, in order. */
    events: AnyEvent[];
    clock: FakeClock;
    fileClock: RememberingClock;
    service: MeetingService;
  } & Builders
>({
  fileClock: [
    // oxlint-disable-next-line no-empty-pattern -- vitest reads the destructuring
    ({}, use) => use(rememberingClock()),
    { scope: 'file' },
  ],
  service: [
    async ({ url, fileClock }, use) => {
      const service = await openService(url, { clock: fileClock, secrets });
      await use(service);
      fileClock.set(fileClock.latest());
      await catchUp(service, url, fileClock.now());
      await service.close();
      await expectIntegrityAt(url, fileClock.now());
    },
    { scope: 'file' },
  ],
  clock: [
    async ({ fileClock }, use) => {
      fileClock.set(start);
      await use(fileClock);
    },
    { auto: true },
  ],
  events: async ({ service }, use) => {
    const events: AnyEvent[] = [];
    const off = service.on('*', (event) => void events.push(event));
    await use(events);
    off();
  },
  scheduled: ({ service, clock }, use) => use(builders(service, clock).scheduled),
  running: ({ service, clock }, use) => use(builders(service, clock).running),
});

/** The call is refused with this code. Gives the error, for what else it should say. */
export async function fails(call: Promise<unknown>, code: MeetingErrorCode): Promise<MeetingError> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in outcome)) expect.fail(`expected ${code}, but the call succeeded`);
  const { error } = outcome;
  if (!isMeetingError(error)) throw error;
  expect(`${error.code}: ${error.message}`).toMatch(new RegExp(`^${code}: `));
  return error;
}

/** Whatever `act` does, no table of the schema holds anything else afterwards. Gives what `act` gave. */
export async function unchanged<T>(url: string, act: () => Promise<T>, schema = templateSchema): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = $1",
      [schema],
    );
    expect(tables.length).toBeGreaterThan(0);
    // In the order of the rows' own text: the same rows give the same sum, whatever their places on disk.
    const sums = tables.map(
      ({ name }) => `select '${name}' as name, md5(string_agg(r::text, E'\\n' order by r::text)) as sum from ${name} r`,
    );
    const contents = async () => (await client.query(`${sums.join(' union all ')} order by name`)).rows;
    const before = await contents();
    const outcome = await act();
    expect(await contents(), 'checksums of the tables').toEqual(before);
    return outcome;
  } finally {
    await client.end();
  }
}
