import pg from 'pg';
import { expect, vi } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import type { Rooms } from '../../src/rooms.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';
import { createDatabase } from '../setup/db.ts';
import { fails, hours, start, test as base } from '../setup/service.ts';

interface Host {
  readonly client: pg.Client;
  readonly other: pg.Client;
}

/** A host on plain `pg`: a client for its transactions, another one that sees what is committed. */
const test = base.extend<{ host: Host }>({
  host: [
    async ({ url }, use) => {
      const [client, other] = [new pg.Client(url), new pg.Client(url)];
      await Promise.all([client.connect(), other.connect()]);
      await use({ client, other });
      await Promise.all([client.end(), other.end()]);
    },
    { scope: 'file' },
  ],
});

const soon = { timeout: 10_000, interval: 20 };

function settled(service: MeetingService): Promise<void> {
  return vi.waitFor(async () => expect((await service.health()).pendingEvents).toBe(0), soon);
}

async function titleSeen(client: pg.Client, id: string): Promise<string | undefined> {
  const { rows } = await client.query<{ title: string }>('select title from convoke.meetings where id = $1', [id]);
  return rows[0]?.title;
}

test('what a call wrote is committed with the host’s, and goes out when the host says so', async ({
  service,
  host: { client, other },
  scheduled,
  events,
}) => {
  const { id, host: ada } = await scheduled();
  vi.useFakeTimers({ toFake: ['setTimeout'] }); // so that it is not the look each second that finds it
  try {
    await client.query('begin');
    const updated = await service.as({ userId: ada }, { client }).meetings.update(id, { title: 'Joined' });
    expect(updated).toMatchObject({ title: 'Joined', version: 2 });
    expect(await titleSeen(other, id)).not.toBe('Joined');
    await client.query('commit');
    expect(events).toHaveLength(1);
    service.committed(client);
    while (events.length < 2) await new Promise(setImmediate);
  } finally {
    await vi.advanceTimersByTimeAsync(1_000);
    vi.useRealTimers();
  }
  expect(events[1]).toMatchObject({ type: 'meeting.updated', seq: 2, data: { changed: ['title'] } });
  expect(await titleSeen(other, id)).toBe('Joined');
});

test('a host that forgets to say so costs a second, and no event', async ({
  service,
  host: { client },
  scheduled,
  events,
}) => {
  const { id, host: ada } = await scheduled();
  await client.query('begin');
  await service.as({ userId: ada }, { client }).meetings.update(id, { title: 'Forgotten' });
  await client.query('commit');
  await vi.waitFor(() => expect(events).toHaveLength(2), soon);
  expect((await service.health()).pendingEvents).toBe(0);
});

test('what is rolled back is never announced, also when the client is used again', async ({
  service,
  host: { client },
  scheduled,
  events,
}) => {
  const { id, host: ada } = await scheduled();
  await client.query('begin');
  await service.as({ userId: ada }, { client }).meetings.update(id, { title: 'Never' });
  await client.query('rollback');
  await client.query('begin');
  await service.as({ userId: ada }, { client }).meetings.postpone(id);
  await client.query('commit');
  service.committed(client);
  await settled(service);
  expect(events.map(({ type, seq }) => [type, seq])).toEqual([
    ['meeting.scheduled', 1],
    ['meeting.postponed', 2],
  ]);
});

test('nothing is announced because of a promise: it has to be committed', async ({
  service,
  host: { client },
  scheduled,
  events,
}) => {
  const { id, host: ada } = await scheduled();
  await client.query('begin');
  await service.as({ userId: ada }, { client }).meetings.update(id, { title: 'Too early' });
  service.committed(client);
  service.committed(client);
  await service.as({ userId: ada }, { client }).meetings.get(id);
  expect(events).toHaveLength(1);
  await client.query('commit');
  await settled(service);
  expect(events).toHaveLength(2);
});

test('a refusal leaves the transaction usable', async ({ service, host: { client, other }, scheduled }) => {
  const { id, host: ada } = await scheduled();
  await client.query('begin');
  const rooms = service.as({ userId: ada }, { client });
  await fails(rooms.meetings.end(id), 'INVALID_TRANSITION');
  await rooms.meetings.update(id, { title: 'Kept' });
  await fails(service.as({ userId: newId() }, { client }).meetings.get(id), 'NOT_FOUND');
  await client.query('savepoint trx1');
  await rooms.meetings.update(id, { title: 'Undone' });
  await client.query('rollback to savepoint trx1');
  await client.query('commit');
  service.committed(client);
  expect(await titleSeen(other, id)).toBe('Kept');
  await settled(service);
});

test('a client without an open transaction is refused, and so is a pool', async ({ service, url, host, scheduled }) => {
  const { id, host: ada } = await scheduled();
  const pool = new pg.Pool({ connectionString: url });
  for (const client of [host.client, pool]) {
    const { details } = await fails(
      service.as({ userId: ada }, { client }).meetings.update(id, { title: 'No' }),
      'VALIDATION',
    );
    expect(details).toMatchObject({ fields: [{ path: 'client', message: expect.stringContaining('begin') }] });
  }
  await pool.end();
});

test('a failed transaction and a client of another database are refused', async ({ service, host: { client } }) => {
  await client.query('begin');
  await expect(client.query('select no_such_column')).rejects.toThrow('no_such_column');
  await fails(
    service.as({ userId: newId() }, { client: { query: client.query.bind(client) } }).meetings.list(),
    'VALIDATION',
  );
  await client.query('rollback');

  await using elsewhere = await createDatabase('migrated');
  const foreign = new pg.Client(elsewhere.url);
  await foreign.connect();
  await foreign.query('begin');
  const { message } = await fails(service.as({ userId: newId() }, { client: foreign }).meetings.list(), 'VALIDATION');
  expect(message).toContain('own database');
  expect((await foreign.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await foreign.end();
});

test('a client and an entity manager together are one too many', async ({ service, host: { client }, orm }) => {
  expect(() => service.as({ userId: newId() }, { client, em: orm.em.fork() })).toThrow('not both');
});

test('saying that something is committed that nothing is known of does nothing', ({ service }) => {
  service.committed({ query: () => Promise.resolve({ rows: [] }) });
});

/** Something like Temporal.Instant: no Date, and `new Date(…)` of it fails. */
class Instant {
  readonly #text: string;
  constructor(text: string) {
    this.#text = new Date(text).toISOString();
  }
  toJSON(): string {
    return this.#text;
  }
  [Symbol.toPrimitive](): never {
    throw new TypeError('an Instant has no primitive value');
  }
}

const parsers: Readonly<Record<string, Readonly<Record<number, (text: string) => unknown>>>> = {
  'the defaults of pg': {},
  'none: everything stays text': Object.fromEntries(
    [20, 114, 700, 701, 1082, 1114, 1184, 1186, 1700, 3802].map((oid) => [oid, (text: string) => text]),
  ),
  'objects of libraries': {
    20: BigInt,
    1082: (text) => new Instant(text),
    1184: (text) => new Instant(text),
    1700: Number,
  },
};

test.for(Object.keys(parsers))(
  'values come back right whatever parsers the host has set: %s',
  async (name, { service, url, clock, onTestFinished }) => {
    const types = new pg.TypeOverrides();
    for (const [oid, parse] of Object.entries(parsers[name] ?? {})) types.setTypeParser(Number(oid), parse);
    const client = new pg.Client({ connectionString: url, types });
    await client.connect();
    onTestFinished(() => client.end());
    await client.query(`set timezone to 'America/Caracas'`);
    await client.query('begin');
    const inside = (userId: string) => service.as({ userId }, { client });
    const meeting = await lifeOf(inside, clock);
    const seen = await read(inside, meeting);
    await client.query('commit');
    service.committed(client);

    expect(seen).toEqual(await read((userId) => service.as({ userId }), meeting));
    expect(seen.meeting.actualEndTime).toEqual(new Date(Date.parse(start) + 2 * hours));
  },
);

type As = (userId: string) => Rooms;

/** Nearly everything a service does. */
async function lifeOf(as: As, clock: FakeClock): Promise<{ id: string; ada: string; bob: string }> {
  const [ada, bob] = [newId(), newId()];
  const inHours = (count: number) => new Date(clock.now().getTime() + count * hours);
  const { id } = await as(ada).meetings.schedule({
    ...{ title: 'Inside', meetingType: 'Lecture', settings: { limitAcceptances: 5 } },
    ...{ scheduledStartTime: inHours(1), scheduledEndTime: inHours(2) },
  });
  await as(ada).invitations.invite(id, { inviteeIds: [bob, newId()], expiresAt: inHours(1) });
  await as(bob).invitations.respond(id, { response: 'Tentative', message: 'Perhaps' });
  clock.advance(hours);
  const keyed = as(ada).with({ idempotencyKey: `start ${id}` });
  expect(await keyed.meetings.start(id)).toEqual(await keyed.meetings.start(id));
  expect((await as(ada).meetings.joinInfo(id)).availableAt).toEqual(inHours(-0.25));
  for (const userId of [ada, bob]) await as(userId).participants.join(id);
  await as(bob).participants.raiseHand(id);
  await as(bob).participants.heartbeat(id);
  clock.advance(hours / 2);
  await as(bob).participants.leave(id);
  await as(ada).participants.setRole(id, bob, 'Presenter');
  clock.advance(hours / 2);
  await as(ada).meetings.end(id);
  return { id, ada, bob };
}

async function read(as: As, { id, ada, bob }: { id: string; ada: string; bob: string }) {
  return {
    meeting: await as(ada).meetings.get(id),
    list: await as(ada).meetings.list({ limit: 1 }),
    upcoming: await as(ada).meetings.list({ upcoming: true }),
    history: await as(ada).meetings.history(id, { limit: 200 }),
    roster: await as(ada).participants.list(id),
    attendance: await as(ada).participants.attendance(id),
    invitations: await as(ada).invitations.list(id),
    mine: await as(bob).invitations.mine(),
    analytics: await as(ada).engagement.meeting(id),
    people: await as(ada).engagement.participants(id),
  };
}
