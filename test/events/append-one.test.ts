import fc from 'fast-check';
import { expect } from 'vitest';
import { systemPrincipal } from '../../src/core/actor.ts';
import { meetingStream } from '../../src/core/event.ts';
import { newId } from '../../src/core/identifier.ts';
import { statement } from '../../src/core/statement.ts';
import {
  ensureHead,
  reserveNumber,
  storeEvent,
  takeNumber,
  takeNumberInEach,
  takeReserved,
} from '../../src/events/index.ts';
import { test } from '../setup/db.ts';
import { draft, openLog, storedEvents, storedHead } from './log.ts';

const call = { principal: systemPrincipal, host: null, signal: null, idempotencyKey: null };
const lanes = ['all', 'hosts', 'users'] as const;
type Lane = (typeof lanes)[number];

interface Appended {
  readonly seq: string;
  readonly prev: string;
  readonly epoch: string;
}

const columns = {
  ...{ id: '$2::uuid', type: `'meeting.started'`, users: 'null', actor: 'null::uuid', at: 'now()' },
  data: `'{"a": 1}'::jsonb`,
};
const users = { ...columns, users: 'array[$1::uuid]' };
const given = 'select $1::uuid as stream_id where $3::boolean';

/** Parameters: 1 stream, 2 event id, 3 whether there is an event. */
const atOnce = (lane: Lane) =>
  statement<Appended>(
    `test-append-${lane}`,
    (t) => `
    with head as (${takeNumber(t, lane, given)}),
    stored as (${storeEvent(t, lane, lane === 'users' ? users : columns, 'head')})
    select seq, prev, epoch from head`,
  );

/** As above; reserves in any case. */
const reserved = (lane: Lane) =>
  statement<Appended>(
    `test-reserve-${lane}`,
    (t) => `
    with head as (${reserveNumber(t, lane, 'select $1::uuid as stream_id')}),
    wanted as (select * from head where $3::boolean),
    taken as (${takeReserved(t, lane, 'select stream_id from wanted')}),
    stored as (${storeEvent(t, lane, lane === 'users' ? users : columns, 'wanted')})
    select seq, prev, epoch from wanted`,
  );

const ways = { atOnce, reserved };

test('numbers and lanes come out as the log itself makes them, whoever appends which', async ({ url }) => {
  await using log = await openLog(url, {});
  const one = fc.record({ lane: fc.constantFrom(...lanes), way: fc.constantFrom('log', 'atOnce', 'reserved') });
  await fc.assert(
    fc.asyncProperty(fc.array(one, { maxLength: 12 }), async (events) => {
      const [mixed, plain] = [meetingStream(newId()), meetingStream(newId())];
      const [answered, expected]: [object[], object[]] = [[], []];
      for (const { lane, way } of events) {
        const audience = lane === 'users' ? { users: [mixed.id] } : lane;
        await log.write([draft(plain, audience)]);
        if (way === 'log') await log.write([draft(mixed, audience)]);
        else {
          const id = newId();
          const rows = await log.unitOfWork.run(call, async (work) => {
            await work.run(ensureHead, [mixed.id]);
            return work.run(ways[way](lane), [mixed.id, id, true]);
          });
          answered.push(...rows.map((row) => ({ id, ...row, seq: Number(row.seq), prev: Number(row.prev) })));
          const stored = (await storedEvents(url, mixed)).at(-1);
          const { epoch } = (await storedHead(url, mixed)) ?? {};
          expected.push({ id: stored?.id, seq: stored?.seq, prev: stored?.prev, epoch });
        }
      }
      expect(answered).toEqual(expected);
      const shape = async (stream: typeof mixed) =>
        (await storedEvents(url, stream)).map(({ seq, prev, audience }) => ({ seq, prev, audience }));
      expect(await shape(mixed)).toEqual(await shape(plain));
      const ends = async (stream: typeof mixed) => ({ ...(await storedHead(url, stream)), epoch: '' });
      expect(await ends(mixed)).toEqual(await ends(plain));
    }),
    { numRuns: 30 },
  );
});

test.for(['atOnce', 'reserved'] as const)('%s: without an event no number is taken', async (way, { url }) => {
  await using log = await openLog(url, {});
  const stream = meetingStream(newId());
  await log.write([draft(stream)]);
  const append = (told: boolean) =>
    log.unitOfWork.run(call, (work) => work.run(ways[way]('all'), [stream.id, newId(), told]));
  expect(await append(false)).toEqual([]);
  expect(await append(true)).toMatchObject([{ seq: '2', prev: '1' }]);
  expect(await append(false)).toEqual([]);
  expect(await storedHead(url, stream)).toMatchObject({ seq: 2 });
});

test('a stream without a head gets one with its first event, or before a number of it can be reserved', async ({
  url,
}) => {
  await using log = await openLog(url, {});
  const [one, other] = [meetingStream(newId()), meetingStream(newId())];
  const run = (way: keyof typeof ways, id: string) =>
    log.unitOfWork.run(call, (work) => work.run(ways[way]('hosts'), [id, newId(), true]));
  expect(await run('atOnce', one.id)).toMatchObject([{ seq: '1', prev: '0' }]);
  expect(await run('reserved', other.id)).toEqual([]);
  await log.unitOfWork.run(call, (work) => work.run(ensureHead, [other.id]));
  expect(await run('reserved', other.id)).toMatchObject([{ seq: '1', prev: '0' }]);
  expect(await storedHead(url, other)).toMatchObject({ seq: 1, hosts_seq: 1, public_seq: 0 });
});

/** Parameters: 1 stream, 2 and 3 whether there is an event for everybody, and one for hosts. */
const inEach = statement<{ seq: string; public_prev: string; hosts_prev: string }>(
  'test-append-in-each',
  (t) => `
  with head as (${takeNumberInEach(t, 'select $1::uuid as stream_id, $2::int as for_all, $3::int as for_hosts')})
  select seq, public_prev, hosts_prev from head`,
);

test('an event for everybody and one for hosts take the numbers that the log gives them, together or alone', async ({
  url,
}) => {
  await using log = await openLog(url, {});
  const pair = fc.record({ forAll: fc.boolean(), forHosts: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(pair, { maxLength: 8 }), async (pairs) => {
      const [mixed, plain] = [meetingStream(newId()), meetingStream(newId())];
      const [answered, expected]: [object[], object[]] = [[], []];
      for (const { forAll, forHosts } of pairs) {
        const audiences = [...(forAll ? (['all'] as const) : []), ...(forHosts ? (['hosts'] as const) : [])];
        if (audiences.length > 0) await log.write(audiences.map((audience) => draft(plain, audience)));
        const rows = await log.unitOfWork.run(call, (work) =>
          work.run(inEach, [mixed.id, Number(forAll), Number(forHosts)]),
        );
        const [last, before] = (await storedEvents(url, plain)).toReversed();
        expect(rows).toHaveLength(Math.min(audiences.length, 1));
        for (const row of rows) {
          answered.push({ seq: Number(row.seq), all: forAll && Number(row.public_prev) });
          expected.push({ seq: last?.seq, all: forAll && (forHosts ? before : last)?.prev });
          answered.push({ hosts: forHosts && Number(row.hosts_prev) });
          expected.push({ hosts: forHosts && last?.prev });
        }
      }
      expect(answered).toEqual(expected);
      const ends = async (stream: typeof mixed) => ({ ...(await storedHead(url, stream)), epoch: '' });
      expect(await ends(mixed)).toEqual(await ends(plain));
    }),
    { numRuns: 20 },
  );
});
