import { expect } from 'vitest';
import { z } from 'zod';
import { SYSTEM_USER_ID } from '../../src/core/actor.ts';
import { defineEvents, meetingStream, userStream } from '../../src/core/event.ts';
import { isId, newId } from '../../src/core/identifier.ts';
import { type Statement, statement } from '../../src/core/statement.ts';
import type { Work } from '../../src/core/work.ts';
import { test as base } from '../setup/db.ts';
import { fails } from '../setup/service.ts';
import { callOf, openUnit, personOf, type Unit, unused, writeRow } from './unit.ts';

const test = base.extend<{ unit: Unit }>({
  unit: [
    async ({ url }, use) => {
      await using unit = await openUnit(url);
      await use(unit);
    },
    { scope: 'file' },
  ],
});

const slice = defineEvents({
  'test.moved': {
    about: 'Something moved.',
    audience: 'all',
    data: z.strictObject({ from: z.string(), to: z.string().default('here') }),
  },
});
const nobody: Statement<{ name: string }> = statement(
  'test-nobody',
  (t) => `select name from ${t.meeting_event_consumers} where false`,
);

function drafted(unit: Unit, act: (work: Work) => void, userId: string | null = null): Promise<Work['drafts']> {
  return unit.unitOfWork.read(callOf(userId === null ? {} : { principal: personOf(userId) }), async (work) => {
    act(work);
    return work.drafts.splice(0);
  });
}

test('an event is checked when it is drafted, so nothing malformed is ever stored', async ({ unit }) => {
  const stream = meetingStream(newId());
  const misshapen: unknown[] = [{}, { from: 1 }, { from: 'a', extra: true }];
  for (const data of misshapen) {
    const call = drafted(unit, (work) => work.emit(slice, 'test.moved', stream, data as { from: string }));
    const error = await fails(call, 'INTERNAL');
    expect(error.message).toContain('test.moved');
  }
  const [draft] = await drafted(unit, (work) => work.emit(slice, 'test.moved', stream, { from: 'there' }));
  expect(draft).toEqual({
    ...{ id: draft?.id, stream, type: 'test.moved', audience: 'all', actorId: null },
    data: { from: 'there', to: 'here' },
  });
  expect(isId(draft?.id)).toBe(true);
});

function emit(options: { actorId?: string | null }) {
  return (work: Work) => work.emit(slice, 'test.moved', meetingStream(newId()), { from: 'a' }, options);
}

test('an event says whose doing it was: the person’s, nobody’s for the system, or what is said', async ({ unit }) => {
  const [userId, other] = [newId(), newId()];
  expect((await drafted(unit, emit({}), userId))[0]?.actorId).toBe(userId);
  expect((await drafted(unit, emit({}), null))[0]?.actorId).toBeNull();
  expect((await drafted(unit, emit({ actorId: other }), userId))[0]?.actorId).toBe(other);
  expect((await drafted(unit, emit({ actorId: null }), userId))[0]?.actorId).toBeNull();
});

test('what stands in a person’s own stream is for that person, whatever audience is asked for', async ({ unit }) => {
  const userId = newId();
  const drafts = await drafted(unit, (work) => {
    work.emit(slice, 'test.moved', userStream(userId), { from: 'a' }, { audience: 'all' });
    work.emit(slice, 'test.moved', meetingStream(newId()), { from: 'a' }, { audience: 'hosts' });
  });
  expect(drafts.map((draft) => draft.audience)).toEqual([{ users: [userId] }, 'hosts']);
});

test('the system signs with its own id', async ({ unit }) => {
  const userId = newId();
  expect(await unit.unitOfWork.read(callOf(), async (work) => work.actorId)).toBe(SYSTEM_USER_ID);
  expect(await unit.unitOfWork.read(callOf({ principal: personOf(userId) }), async (work) => work.actorId)).toBe(
    userId,
  );
});

test('the time is the database’s, in whole milliseconds, and moves on within a transaction', async ({ unit }) => {
  await unit.unitOfWork.run(callOf(), async (work) => {
    expect(work.clockParameter).toBeNull();
    const first = await work.now();
    expect(Math.abs(first.getTime() - Date.now())).toBeLessThan(60_000);
    await expect.poll(async () => (await work.now()).getTime()).toBeGreaterThan(first.getTime());
  });
});

test('an injected clock decides instead', async ({ url }) => {
  const instant = new Date('2026-03-02T09:00:00.000Z');
  await using unit = await openUnit(url, { clock: { now: () => instant } });
  await unit.unitOfWork.run(callOf(), async (work) => {
    expect(work.clockParameter).toEqual(instant);
    expect(await work.now()).toEqual(instant);
  });
});

test('statements take part in the transaction they run in', async ({ unit }) => {
  const name = unused();
  const broken = unit.unitOfWork.run(callOf(), async (work) => {
    expect(work.em.isInTransaction()).toBe(true);
    expect(await work.run(writeRow, [name])).toEqual([{ name }]);
    await work.run(writeRow, [name]);
  });
  await fails(broken, 'CONFLICT');
  expect(await unit.unitOfWork.run(callOf(), (work) => work.run(writeRow, [name]))).toEqual([{ name }]);
});

test('what people write is a value to the database, never a part of the statement', async ({ unit }) => {
  const name = "'); drop table convoke.meetings; -- $1 ? \\";
  const answer = await unit.unitOfWork.run(callOf(), (work) => work.one(writeRow, [name]));
  expect(answer).toEqual({ name });
});

test('a statement that owes a row and gives none is a defect, named by its name alone', async ({ unit }) => {
  const error = await fails(
    unit.unitOfWork.read(callOf(), (work) => work.one(nobody, [])),
    'INTERNAL',
  );
  expect(error.message).toBe('The statement test-nobody gave no row.');
});
