import { expect } from 'vitest';
import { z } from 'zod';
import { MeetingError } from '../../src/core/errors.ts';
import { once } from '../../src/core/idempotency.ts';
import { newId } from '../../src/core/identifier.ts';
import type { Work } from '../../src/core/work.ts';
import { StreamEvent } from '../../src/events/stream-event.entity.ts';
import { isCommit, Proxy } from '../faults/proxy.ts';
import { test as base } from '../setup/db.ts';
import { fails } from '../setup/service.ts';
import { callOf, driverError, marked, note, openUnit, stored, type Unit, unused, writeRow } from './unit.ts';

const test = base.extend<{ unit: Unit; proxy: Proxy; far: Unit }>({
  unit: [
    async ({ url }, use) => {
      await using unit = await openUnit(url);
      await use(unit);
    },
    { scope: 'file' },
  ],
  // A network of one's own for each test, since it is there to be broken.
  proxy: async ({ url }, use) => {
    await using proxy = await Proxy.create(Number(new URL(url).port));
    await use(proxy);
    proxy.cutBefore = null;
    proxy.cutAnswer = null;
  },
  far: async ({ proxy, url }, use) => {
    await using far = await openUnit(proxy.url(url));
    await use(far);
  },
});

/** Fails at so many statements, then never again. */
function times(count: number, matches: (sql: string) => boolean): (sql: string) => boolean {
  let left = count;
  return (sql) => matches(sql) && left-- > 0;
}

const isMarked = (sql: string) => sql.includes(`'lost'`);
const always = Number.POSITIVE_INFINITY;

test('what was written is committed and then told, once and in the order of the stream', async ({ url }) => {
  const seen: number[] = [];
  const other = await openUnit(url);
  const name = unused();
  await using unit = await openUnit(url, {
    deliver: () => {
      void stored(other, name).then((rows) => seen.push(rows));
    },
  });
  const stream = newId();
  const answer = await unit.unitOfWork.run(callOf(), async (work) => {
    note(work, stream);
    await work.run(writeRow, [name]);
    note(work, stream);
    return 'done';
  });
  expect(answer).toBe('done');
  expect(unit.told.map((event) => [event.stream.id, event.seq])).toEqual([
    [stream, 1],
    [stream, 2],
  ]);
  await expect.poll(() => seen).toEqual([1]);
  await other[Symbol.asyncDispose]();
});

test('who observes a call is told what it has brought about before it is answered, and of no other', async ({
  unit,
}) => {
  const observed: number[] = [];
  const call = callOf({ observe: (events) => void observed.push(...events.map(({ seq }) => seq)) });
  const stream = newId();
  const run = (as: typeof call) => unit.unitOfWork.run(as, async (work) => note(work, stream));
  await run(call);
  expect(observed).toEqual([1]);
  await run(callOf());
  await expect(
    unit.unitOfWork.run(call, async (work) => {
      note(work, stream);
      throw new MeetingError('CAPACITY', 'Full.');
    }),
  ).rejects.toThrow('Full.');
  expect(observed).toEqual([1]);
  await run(call);
  expect(observed).toEqual([1, 3]);
});

test('a failure undoes everything, tells nothing and burns no number', async ({ unit }) => {
  const [stream, name] = [newId(), unused()];
  const before = unit.told.length;
  const refusal = new MeetingError('CAPACITY', 'Full.');
  const caught = await unit.unitOfWork
    .run(callOf(), async (work) => {
      await work.run(writeRow, [name]);
      note(work, stream);
      throw refusal;
    })
    .catch((error: unknown) => error);
  expect(caught).toBe(refusal);
  expect(await stored(unit, name)).toBe(0);
  expect(unit.told).toHaveLength(before);
  await unit.unitOfWork.run(callOf(), async (work) => note(work, stream));
  expect(unit.told.slice(before).map((event) => event.seq)).toEqual([1]);
});

test.for(['40001', '40P01', '55P03'])(
  'what %s rolled back is done again from the beginning, with an entity manager that has seen nothing',
  async (code, { unit }) => {
    const works: Work[] = [];
    const [stream, name] = [newId(), unused()];
    const before = unit.told.length;
    await unit.unitOfWork.run(callOf(), async (work) => {
      works.push(work);
      expect(work.em.getUnitOfWork().getIdentityMap().keys()).toEqual([]);
      expect(work.drafts).toEqual([]);
      note(work, stream);
      await work.run(writeRow, [name]);
      work.em.create(StreamEvent, {
        streamKind: 1,
        streamId: newId(),
        seq: 1,
        id: newId(),
        type: 'test.stored',
        occurredAt: new Date(),
      });
      if (works.length < 4) throw driverError(code);
    });
    expect(new Set(works.map((work) => work.em)).size).toBe(4);
    expect(unit.told.slice(before).map((event) => event.seq)).toEqual([1]);
    expect(await stored(unit, name)).toBe(1);
  },
);

test.for([
  ['40001', 'CONFLICT', 4],
  ['40P01', 'CONFLICT', 4],
  ['55P03', 'BUSY', 4],
  ['57P03', 'UNAVAILABLE', 4],
  ['23505', 'CONFLICT', 1],
  ['22P02', 'INTERNAL', 1],
  ['42703', 'SCHEMA_MISMATCH', 1],
  ['57014', 'TIMEOUT', 1],
  ['53100', 'UNAVAILABLE', 1],
] as const)('%s ends as %s after %i attempts', async ([code, expected, attempts], { unit }) => {
  let tried = 0;
  const before = unit.logged.length;
  const call = unit.unitOfWork.run(callOf(), async (work) => {
    tried++;
    note(work, newId());
    throw driverError(code);
  });
  const error = await fails(call, expected);
  expect(tried).toBe(attempts);
  expect(error.cause).toMatchObject({ code });
  expect(unit.logged.slice(before)).toEqual([expected]);
});

test('a refusal is an answer and is not asked for twice', async ({ unit }) => {
  let tried = 0;
  const call = unit.unitOfWork.run(callOf(), async () => {
    tried++;
    throw new MeetingError('BUSY', 'Later.');
  });
  await fails(call, 'BUSY');
  expect(tried).toBe(1);
});

test('a connection lost before the end has changed nothing, so the work is done again', async ({ far, proxy }) => {
  const name = unused();
  proxy.cutAnswer = times(2, isMarked);
  let tried = 0;
  await far.unitOfWork.run(callOf(), async (work) => {
    tried++;
    await work.run(writeRow, [name]);
    await work.run(marked('lost'), []);
    note(work, newId());
  });
  expect([tried, proxy.cuts]).toEqual([3, 2]);
  expect(await stored(far, name)).toBe(1);
  expect(far.told).toHaveLength(1);
});

test('a connection lost over and over is UNAVAILABLE, and nothing was changed', async ({ far, proxy }) => {
  const name = unused();
  proxy.cutBefore = times(always, isMarked);
  const call = far.unitOfWork.run(callOf(), async (work) => {
    await work.run(writeRow, [name]);
    await work.run(marked('lost'), []);
  });
  const error = await fails(call, 'UNAVAILABLE');
  expect([error.retryable, proxy.cuts]).toEqual([true, 4]);
  proxy.cutBefore = null;
  expect(await stored(far, name)).toBe(0);
});

test.for([
  ['answer', 1],
  ['question', 0],
] as const)(
  'without a key, a COMMIT whose %s is lost is OUTCOME_UNKNOWN and is not repeated',
  async ([lost, rows], { far, proxy }) => {
    const name = unused();
    proxy[lost === 'answer' ? 'cutAnswer' : 'cutBefore'] = times(1, isCommit);
    let tried = 0;
    const call = far.unitOfWork.run(callOf(), async (work) => {
      tried++;
      note(work, newId());
      await work.run(writeRow, [name]);
    });
    const error = await fails(call, 'OUTCOME_UNKNOWN');
    expect([tried, error.retryable, far.told]).toEqual([1, false, []]);
    expect(await stored(far, name)).toBe(rows);
  },
);

/** A keyed write of one row, that counts how often its body ran. */
function keyedWrite(unit: Unit, name: string, signal: AbortSignal | null = null) {
  const call = callOf({ idempotencyKey: name, signal });
  let ran = 0;
  const run = () =>
    unit.unitOfWork.run(call, (work) =>
      once(work, call, 'test.write', { name }, z.string(), async () => {
        ran++;
        await work.run(writeRow, [name]);
        return `written in run ${ran}`;
      }),
    );
  return { run, runs: () => ran };
}

test('with a key, a COMMIT whose answer is lost is asked for again and gives its first answer', async ({
  far,
  proxy,
}) => {
  const name = unused();
  const { run, runs } = keyedWrite(far, name);
  proxy.cutAnswer = times(1, isCommit);
  expect(await run()).toBe('written in run 1');
  expect([runs(), proxy.cuts]).toEqual([1, 1]);
  expect(await stored(far, name)).toBe(1);
});

test('with a key, a COMMIT that never arrived is done again', async ({ far, proxy }) => {
  const name = unused();
  const { run, runs } = keyedWrite(far, name);
  proxy.cutBefore = times(2, isCommit);
  expect(await run()).toBe('written in run 3');
  expect(runs()).toBe(3);
  expect(await stored(far, name)).toBe(1);
});

test('with a key, but no answer to any COMMIT, nobody claims that nothing was changed', async ({ far, proxy }) => {
  const name = unused();
  const { run } = keyedWrite(far, name);
  proxy.cutAnswer = times(always, isCommit);
  await fails(run(), 'OUTCOME_UNKNOWN');
  proxy.cutAnswer = null;
  expect(await stored(far, name)).toBe(1);
  expect(await run()).toBe('written in run 1');
});

test('a doubt stays when the later attempts find no server at all', async ({ far, proxy, url }) => {
  const name = unused();
  const { run } = keyedWrite(far, name);
  let committed = false;
  proxy.cutAnswer = times(1, (sql) => (committed ||= isCommit(sql)) && isCommit(sql));
  proxy.cutBefore = () => committed;
  await fails(run(), 'OUTCOME_UNKNOWN');
  await using near = await openUnit(url);
  expect(await stored(near, name)).toBe(1);
});

test('a statement on its own needs no transaction, and its lost answer is OUTCOME_UNKNOWN', async ({ far, proxy }) => {
  const [first, second] = [unused(), unused()];
  const began: string[] = [];
  proxy.cutBefore = (sql) => {
    if (/^(begin|commit)/i.test(sql)) began.push(sql);
    return false;
  };
  await far.unitOfWork.run(callOf(), (work) => work.run(writeRow, [first]), { singleStatement: true });
  expect(began).toEqual([]);
  proxy.cutAnswer = times(1, (sql) => sql.startsWith('insert'));
  const call = far.unitOfWork.run(callOf(), (work) => work.run(writeRow, [second]), { singleStatement: true });
  await fails(call, 'OUTCOME_UNKNOWN');
  expect([await stored(far, first), await stored(far, second)]).toEqual([1, 1]);
});

test('a statement on its own that carries a key gets its transaction', async ({ far, proxy }) => {
  const name = unused();
  const commits: string[] = [];
  proxy.cutBefore = (sql) => {
    if (isCommit(sql)) commits.push(sql);
    return false;
  };
  const call = callOf({ idempotencyKey: name });
  await far.unitOfWork.run(call, (work) => work.run(writeRow, [name]), { singleStatement: true });
  expect(commits).toHaveLength(1);
});

test('what a statement on its own has appended is told, even when something fails after it', async ({ unit }) => {
  await unit.unitOfWork.run(callOf(), async (work) => note(work, newId()));
  const [event] = unit.told.slice(-1);
  if (event === undefined) throw new Error('nothing was told');
  const before = unit.told.length;
  const call = unit.unitOfWork.run(
    callOf(),
    async (work) => {
      work.appended.push(event); // as hot statements hand on what they have stored
      throw new MeetingError('NOT_FOUND', 'Gone.');
    },
    { singleStatement: true },
  );
  await fails(call, 'NOT_FOUND');
  expect(unit.told.slice(before)).toEqual([event]);
});

test('a statement on its own cannot leave its events to a transaction that is not there', async ({ unit }) => {
  const before = unit.told.length;
  const call = unit.unitOfWork.run(callOf(), async (work) => note(work, newId()), { singleStatement: true });
  await fails(call, 'INTERNAL');
  expect(unit.told).toHaveLength(before);
});

test('a read that loses its connection is read again', async ({ far, proxy }) => {
  proxy.cutAnswer = times(3, isMarked);
  expect(await far.unitOfWork.read(callOf(), (work) => work.run(marked('lost'), []))).toEqual([{ mark: 'lost' }]);
  expect(proxy.cuts).toBe(3);
});

test('a call that was cancelled before it began asks the database nothing', async ({ unit }) => {
  let ran = false;
  const call = unit.unitOfWork.run(callOf({ signal: AbortSignal.abort('host’s own reason') }), async () => {
    ran = true;
  });
  await fails(call, 'ABORTED');
  expect(ran).toBe(false);
});

test('a call that is cancelled while it waits for another try is not tried again', async ({ unit }) => {
  const abort = new AbortController();
  let tried = 0;
  const call = unit.unitOfWork.run(callOf({ signal: abort.signal }), async () => {
    tried++;
    setTimeout(() => abort.abort(), 1);
    throw driverError('57P03'); // the server is starting: the next try is at least 50 ms away
  });
  await fails(call, 'ABORTED');
  expect(tried).toBe(1);
});

test('a call that is cancelled while it is being stored is stored, and says so', async ({ unit }) => {
  const abort = new AbortController();
  const name = unused();
  const answer = await unit.unitOfWork.run(callOf({ signal: abort.signal }), async (work) => {
    await work.run(writeRow, [name]);
    abort.abort();
    return 'stored';
  });
  expect(answer).toBe('stored');
  expect(await stored(unit, name)).toBe(1);
});

test('cancelling does not turn a doubt into a denial', async ({ far, proxy }) => {
  const abort = new AbortController();
  const { run } = keyedWrite(far, unused(), abort.signal);
  proxy.cutAnswer = times(1, (sql) => {
    if (!isCommit(sql)) return false;
    setImmediate(() => abort.abort());
    return true;
  });
  await fails(run(), 'OUTCOME_UNKNOWN');
});

test('a hanging statement is given up after its time, and its connection goes back', async ({ url }) => {
  await using unit = await openUnit(url, { limits: { poolSize: 1, queryTimeoutMs: 50 } });
  const sleep = { name: 'test-sleep', prepare: false, render: () => 'select pg_sleep(5)' };
  const error = await fails(
    unit.unitOfWork.run(callOf(), (work) => work.run(sleep, [])),
    'TIMEOUT',
  );
  expect(error.retryable).toBe(true);
  expect(await unit.unitOfWork.read(callOf(), (work) => work.run(marked('next'), []))).toEqual([{ mark: 'next' }]);
});
