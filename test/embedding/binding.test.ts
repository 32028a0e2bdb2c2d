/** What a host may hand over as the actor, the options, the entity manager, the client; and what comes of anything else. */
import pg from 'pg';
import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { Rooms } from '../../src/rooms.ts';
import { answer, call } from '../core/loosely.ts';
import { fails, test } from '../setup/service.ts';
import { openHost } from './host.ts';

const ada = { userId: newId() };

/** A read that is tied to this, whatever it is. */
async function listing(service: MeetingService, binding: object): Promise<unknown> {
  const rooms = call(service, 'as', [ada, binding]);
  if (!(rooms instanceof Rooms)) throw new Error('there are no rooms');
  return rooms.meetings.list();
}

function refusal(path: string, message: unknown = expect.any(String)): object {
  return { code: 'VALIDATION', details: { fields: [{ path, message }] } };
}

test('options that are none are refused by name', ({ service }) => {
  for (const options of [null, 3, 'em', () => {}]) {
    expect(answer(service, 'as', [ada, options])).toMatchObject(refusal('options', 'must be an object'));
    expect(answer(service, 'asSystem', [options])).toMatchObject(refusal('options', 'must be an object'));
  }
  expect(answer(service, 'as', [ada, { entityManager: {} }])).toMatchObject(
    refusal('entityManager', 'is not a known field; leave it out'),
  );
  expect(answer(service, 'as', [ada, { signal: { aborted: false } }])).toMatchObject(refusal('signal'));
  expect(answer(service, 'as', [ada, new Proxy({}, throwing)])).toMatchObject(refusal(''));
  expect(service.as(ada, {}).meetings).toBeDefined();
});

test('an actor that is none is refused', ({ service }) => {
  for (const actor of [undefined, null, newId(), {}, { userId: 'ada' }, new Proxy({}, throwing)])
    expect(answer(service, 'as', [actor])).toMatchObject({ code: 'VALIDATION' });
});

test('options for one write that are none are refused', ({ service }) => {
  const rooms = service.as(ada);
  for (const options of [undefined, null, 'key', {}, { idempotencyKey: 3 }, { idempotencyKey: null }])
    expect(answer(rooms, 'with', [options])).toMatchObject({ code: 'VALIDATION' });
});

const throwing: ProxyHandler<object> = {
  get: () => {
    throw new Error('nobody may look');
  },
  ownKeys: () => {
    throw new Error('nobody may count');
  },
};

test.for(['em', 'client'] as const)('what is no %s is refused when it is handed over', (path, { service }) => {
  const half = { query: 'select', getContext: () => {}, getTransactionContext: () => {} };
  for (const given of [null, 7, 'postgres://localhost', {}, [], half])
    expect(answer(service, 'as', [ada, { [path]: given }])).toMatchObject(refusal(path));
  expect(answer(service, 'as', [ada, { [path]: new Proxy({}, throwing) }])).toMatchObject({ code: 'VALIDATION' });
});

test('an entity manager of another make is refused when it is used', async ({ service }) => {
  const kysely = { provideConnection: (use: (connection: object) => unknown) => use({}) };
  const transactions: unknown[] = [{}, { getExecutor: () => kysely }];
  for (const transaction of transactions) {
    const em = {
      getContext: () => em,
      getTransactionContext: () => transaction,
      getEventManager: () => ({}),
      getConnection: () => ({}),
    };
    const { details } = await fails(listing(service, { em }), 'VALIDATION');
    expect(details).toMatchObject({ fields: [{ path: 'em' }] });
  }
});

test('a client that answers in another way is refused when it is used', async ({ service }) => {
  const answers: (() => unknown)[] = [
    () => undefined,
    () => 7,
    () => Promise.resolve(null),
    () => Promise.resolve([{ identity: 'x' }]),
    () => Promise.resolve({ rows: 3 }),
    () => Promise.resolve({ rows: [] }),
    () => {
      throw new TypeError('callbacks only');
    },
  ];
  for (const query of answers) {
    const { details } = await fails(listing(service, { client: { query } }), 'VALIDATION');
    expect({ query, ...details }).toMatchObject({ fields: [{ path: 'client' }] });
  }
});

test('a client that was closed, and one whose pool has it back, are refused', async ({ service, url, scheduled }) => {
  const { id, host } = await scheduled();
  const used = new pg.Client(url);
  const unused = new pg.Client(url);
  for (const client of [used, unused]) await client.connect();
  await used.query('begin');
  await service.as({ userId: host }, { client: used }).meetings.get(id);
  for (const client of [used, unused]) {
    await client.end();
    const error = await fails(service.as({ userId: host }, { client }).meetings.get(id), 'UNAVAILABLE');
    expect(error.message).toContain('Nothing was changed');
  }

  const pool = new pg.Pool({ connectionString: url });
  const client = await pool.connect();
  await client.query('begin');
  await service.as({ userId: host }, { client }).meetings.get(id);
  await client.query('commit');
  client.release();
  const { details } = await fails(service.as({ userId: host }, { client }).meetings.get(id), 'VALIDATION');
  expect(details).toMatchObject({ fields: [{ path: 'client', message: expect.stringContaining('begin') }] });
  await pool.end();
});

test('in a read-only transaction one can read; a write says which transaction it needs, and reading goes on', async ({
  service,
  url,
  scheduled,
}) => {
  const { id, host, meeting } = await scheduled();
  const act = async (rooms: ReturnType<MeetingService['as']>) => {
    expect(await rooms.meetings.get(id)).toEqual(meeting);
    for (const write of [
      () => rooms.meetings.update(id, { title: 'Written' }),
      () => rooms.participants.join(id),
      () => rooms.with({ idempotencyKey: 'once' }).meetings.cancel(id),
    ]) {
      const { message } = await fails(write(), 'CONFLICT');
      expect(message).toBe('The transaction to join is read-only; begin one that may write.');
    }
    expect(await rooms.meetings.get(id)).toEqual(meeting);
  };
  const orm = await openHost(url);
  await orm.em.fork().transactional((em) => act(service.as({ userId: host }, { em })), { readOnly: true });
  await orm.close(true);
  const client = new pg.Client(url);
  await client.connect();
  await client.query('begin read only');
  await act(service.as({ userId: host }, { client }));
  await client.query('rollback');
  await client.end();
});
