import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { z } from 'zod';
import type { Call } from '../../src/core/call.ts';
import { MeetingError } from '../../src/core/errors.ts';
import { once } from '../../src/core/idempotency.ts';
import { newId } from '../../src/core/identifier.ts';
import { instant } from '../../src/core/schema.ts';
import { type FakeClock, fakeClock } from '../../src/testing/fake-clock.ts';
import { test as base } from '../setup/db.ts';
import { execute } from '../setup/postgres.ts';
import { fails } from '../setup/service.ts';
import { callOf, openUnit, personOf, stored, type Unit, unused, writeRow } from './unit.ts';

const test = base.extend<{ unit: Unit; clock: FakeClock; timed: Unit }>({
  unit: [
    async ({ url }, use) => {
      await using unit = await openUnit(url, { limits: { poolSize: 12 } });
      await use(unit);
    },
    { scope: 'file' },
  ],
  clock: [
    // oxlint-disable-next-line no-empty-pattern -- vitest reads the destructuring
    ({}, use) => use(fakeClock('2026-03-02T09:00:00.000Z')),
    { scope: 'file' },
  ],
  timed: [
    async ({ url, clock }, use) => {
      await using unit = await openUnit(url, { clock });
      await use(unit);
    },
    { scope: 'file' },
  ],
});

const answer = z.strictObject({ name: z.string(), at: instant.nullable() });
type Answer = z.output<typeof answer>;

/** A keyed write of one row; `ran` counts its bodies. */
function writer(unit: Unit, overrides: Partial<Call> = {}) {
  const call = callOf({ principal: personOf(newId()), idempotencyKey: 'key', ...overrides });
  const writing = {
    call,
    ran: 0,
    write: (input: unknown, operation = 'test.write', effect: () => Promise<void> = async () => {}): Promise<Answer> =>
      unit.unitOfWork.run(call, (work) =>
        once(work, call, operation, input, answer, async () => {
          writing.ran++;
          const name = unused();
          await work.run(writeRow, [name]);
          await effect();
          return { name, at: new Date('2026-03-02T09:00:00.123Z') };
        }),
      ),
  };
  return writing;
}

test('a repeat gets the first answer, instants included, and writes nothing', async ({ unit }) => {
  const writing = writer(unit);
  const first = await writing.write({ a: 1 });
  expect(await writing.write({ a: 1 })).toEqual(first);
  expect(first.at).toBeInstanceOf(Date);
  expect(writing.ran).toBe(1);
});

test('without a key every call is a call of its own', async ({ unit }) => {
  const writing = writer(unit, { idempotencyKey: null });
  expect((await writing.write({ a: 1 })).name).not.toBe((await writing.write({ a: 1 })).name);
  expect(writing.ran).toBe(2);
});

test.for([
  ['the order of fields', { a: 1, b: { c: [1, 2], d: null } }, { b: { d: null, c: [1, 2] }, a: 1 }],
  ['a field left out or undefined', { a: 1 }, { a: 1, b: undefined }],
  ['an instant as a Date or as text', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
] as const)('%s makes no other input', async ([, one, other], { unit }) => {
  const writing = writer(unit);
  const first = await writing.write(one);
  expect(await writing.write(other)).toEqual(first);
});

test.for([
  ['another value', { a: 1 }, { a: 2 }],
  ['another order of a list', { a: [1, 2] }, { a: [2, 1] }],
  ['null for nothing', { a: 1 }, { a: 1, b: null }],
  ['a text for a number', { a: 1 }, { a: '1' }],
] as const)('%s is another input, and refused under the same key', async ([, one, other], { unit }) => {
  const writing = writer(unit);
  await writing.write(one);
  const error = await fails(writing.write(other), 'IDEMPOTENCY_CONFLICT');
  expect(error.details).toEqual({});
  expect(writing.ran).toBe(1);
});

test('a key belongs to one person and one operation', async ({ unit }) => {
  const [ada, bob] = [writer(unit), writer(unit)];
  const names = [
    await ada.write({ a: 1 }),
    await ada.write({ a: 1 }, 'test.other'),
    await bob.write({ a: 1 }),
    await writer(unit, { principal: ada.call.principal, idempotencyKey: 'other' }).write({ a: 1 }),
  ].map(({ name }) => name);
  expect(new Set(names).size).toBe(4);
});

test('of many twins at once one writes, and all get its answer', async ({ unit }) => {
  const writing = writer(unit);
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => writing.write({ a: 1 }, 'test.write', () => wait(20).then(() => {}))),
  );
  expect(writing.ran).toBe(1);
  expect(new Set(answers.map(({ name }) => name)).size).toBe(1);
});

test('a refusal is not remembered: the twin that waited for it takes its turn', async ({ unit }) => {
  const writing = writer(unit);
  const begun = Promise.withResolvers<void>();
  const refused = writing.write({ a: 1 }, 'test.write', async () => {
    begun.resolve();
    await wait(50);
    throw new MeetingError('CAPACITY', 'Full.');
  });
  await begun.promise;
  const [, { name }] = await Promise.all([fails(refused, 'CAPACITY'), writing.write({ a: 1 })]);
  expect(await stored(unit, name)).toBe(1);
  expect(writing.ran).toBe(2);
});

test('a key answers for 24 hours, then it is new', async ({ timed, clock }) => {
  const writing = writer(timed);
  const first = await writing.write({ a: 1 });
  clock.advance(24 * 3_600_000 - 1);
  expect(await writing.write({ a: 1 })).toEqual(first);
  clock.advance(1);
  const second = await writing.write({ a: 2 });
  expect(second.name).not.toBe(first.name);
  expect(await writing.write({ a: 2 })).toEqual(second);
  await fails(writing.write({ a: 1 }), 'IDEMPOTENCY_CONFLICT');
});

test('an answer of nothing is an answer', async ({ unit }) => {
  const call = callOf({ principal: personOf(newId()), idempotencyKey: 'nothing' });
  let ran = 0;
  const act = () =>
    unit.unitOfWork.run(call, (work) =>
      once(work, call, 'test.nothing', {}, z.null(), async () => {
        ran++;
        return null;
      }),
    );
  expect([await act(), await act(), ran]).toEqual([null, null, 1]);
});

test('under seal a key answers as ever, and tells neither whose it is nor what was asked', async ({ unit, url }) => {
  const ada = newId();
  const call = callOf({ principal: personOf(ada), idempotencyKey: `by ${ada}` });
  const seal = { ownerId: newId(), seal: (text: string) => `sealed ${text.length}` };
  let ran = 0;
  const act = (input: unknown) =>
    unit.unitOfWork.run(call, (work) =>
      once(work, call, 'test.sealed', input, z.null(), async () => (ran++, null), seal),
    );
  await act({ choice: 1 });
  await act({ choice: 2 }); // of the same length
  expect(ran).toBe(1);
  await fails(act({ choice: 10 }), 'IDEMPOTENCY_CONFLICT');
  const rows = await execute<{ text: string; actor_id: string }>(
    url,
    `select k.actor_id, k::text as text from convoke.meeting_idempotency_keys k where operation = 'test.sealed'`,
  );
  expect(rows.map(({ actor_id: owner }) => owner)).toEqual([seal.ownerId]);
  expect(rows[0]?.text).not.toContain(ada);
  expect(rows[0]?.text).not.toContain('choice');
});

test('what is kept of the input is a hash', async ({ unit, url }) => {
  const writing = writer(unit, { idempotencyKey: 'hashed' });
  await writing.write({ words: 'a private thought' });
  const rows = await execute<{ text: string }>(
    url,
    `select k::text as text from convoke.meeting_idempotency_keys k where key = 'hashed'`,
  );
  expect(rows).toHaveLength(1);
  expect(rows[0]?.text).not.toContain('private');
});
