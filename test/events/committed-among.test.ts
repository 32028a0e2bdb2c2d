import { expect } from 'vitest';
import { systemPrincipal } from '../../src/core/actor.ts';
import { meetingStream, type StreamEvent } from '../../src/core/event.ts';
import { newId } from '../../src/core/identifier.ts';
import { append, committedAmong, pendingPositions } from '../../src/events/index.ts';
import { test } from '../setup/db.ts';
import { draft, type Log, openLog } from './log.ts';

const call = { principal: systemPrincipal, host: null, signal: null, idempotencyKey: null };

/** Appends inside a transaction that stays open until it is told how to end. */
async function appending(log: Log, count = 1) {
  const stream = meetingStream(newId());
  const { promise: end, resolve: commit, reject: rollBack } = Promise.withResolvers<void>();
  const appended = Promise.withResolvers<readonly StreamEvent[]>();
  const done = log.unitOfWork
    .run(call, async (work) => {
      const drafts = Array.from({ length: count }, () => draft(stream));
      appended.resolve(await append(work, drafts, null));
      await end;
    })
    .catch(() => {});
  const ended = (finish: () => void) => {
    finish();
    return done;
  };
  return {
    stream,
    events: await appended.promise,
    commit: () => ended(commit),
    rollBack: () => ended(() => rollBack(new Error('changed my mind'))),
  };
}

/** What the log says of events, and what it wants to be told at the next look. */
async function look(log: Log, events: readonly StreamEvent[], before: ReadonlyMap<string, string> = new Map()) {
  const rows = await log.unitOfWork.read(call, (work) => work.run(committedAmong, [pendingPositions(events, before)]));
  const byId = new Map(rows.map((row) => [row.id, row]));
  return {
    states: events.map(({ id }) => {
      const row = byId.get(id);
      return row?.stored === true ? 'stored' : row?.overtaken === true ? 'lost' : 'open';
    }),
    before: new Map(rows.flatMap(({ id, next }) => (next === undefined ? [] : [[id, before.get(id) ?? next]]))),
  };
}

/** At last: transactions of other databases on the same server count as ones that could still bring it. */
async function expectLost(log: Log, events: readonly StreamEvent[], before: ReadonlyMap<string, string>) {
  const states = async () => (await look(log, events, before)).states;
  await expect.poll(states, { timeout: 15_000 }).toEqual(events.map(() => 'lost'));
}

test('an event of an open transaction is neither stored nor lost, however often it is looked for', async ({ url }) => {
  await using log = await openLog(url, {});
  const { events, commit } = await appending(log, 2);
  const first = await look(log, events);
  expect(first.states).toEqual(['open', 'open']);
  expect((await look(log, events, first.before)).states).toEqual(['open', 'open']);
  await commit();
  expect((await look(log, events, first.before)).states).toEqual(['stored', 'stored']);
});

test('an event of a transaction that was rolled back is lost as soon as a second look can tell', async ({ url }) => {
  await using log = await openLog(url, {});
  const { events, rollBack } = await appending(log);
  const first = await look(log, events);
  await rollBack();
  expect((await look(log, events)).states).toEqual(['open']);
  await expectLost(log, events, first.before);
});

test('an event whose number another one has taken is lost at the first look', async ({ url }) => {
  await using log = await openLog(url, {});
  const { stream, events, rollBack } = await appending(log);
  await rollBack();
  await log.write([draft(stream)]);
  expect((await look(log, events)).states).toEqual(['lost']);
});

test('an older transaction that is still open keeps nothing from being told, and nothing from being held', async ({
  url,
}) => {
  await using log = await openLog(url, {});
  const older = await appending(log);
  const younger = await appending(log);
  const first = await look(log, [...older.events, ...younger.events]);
  await younger.commit();
  expect((await look(log, [...older.events, ...younger.events], first.before)).states).toEqual(['open', 'stored']);
  await older.rollBack();
  await expectLost(log, older.events, first.before);
});
