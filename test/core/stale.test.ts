import { expect } from 'vitest';
import { z } from 'zod';
import { newId } from '../../src/core/identifier.ts';
import { Kernel } from '../../src/core/kernel.ts';
import { current, writeCurrent } from '../../src/core/stale.ts';
import type { Work } from '../../src/core/work.ts';
import { resolveOptions } from '../../src/options.ts';
import { test as base } from '../setup/db.ts';
import { fails } from '../setup/service.ts';
import { callOf, openUnit } from './unit.ts';

const test = base.extend<{ kernel: Kernel }>({
  kernel: [
    async ({ url }, use) => {
      await using unit = await openUnit(url);
      await use(new Kernel(unit.unitOfWork, resolveOptions({ database: { url } })));
    },
    { scope: 'file' },
  ],
});

interface Attempts {
  /** Whether each attempt was made in a transaction. */
  readonly made: readonly boolean[];
  readonly attempt: (work: Work) => Promise<{ readonly stale: boolean; readonly count: number } | null>;
}

/** A statement that answers as told, one time after another. */
function answering(...stale: readonly boolean[]): Attempts {
  const made: boolean[] = [];
  return {
    made,
    attempt: (work) =>
      current(work, () => {
        const next = stale[made.length];
        if (next === undefined) throw new Error('nobody should have asked again');
        made.push(work.em.isInTransaction());
        return Promise.resolve({ stale: next, count: made.length });
      }),
  };
}

const output = z.object({ stale: z.boolean(), count: z.number() });
const command = { operation: 'test.stale', input: {}, output };

test('what is current at once needs no transaction', async ({ kernel }) => {
  const { made, attempt } = answering(false);
  expect(await writeCurrent(kernel, callOf(), command, attempt)).toEqual({ stale: false, count: 1 });
  expect(made).toEqual([false]);
});

test('what is stale is asked again in a transaction, which waits once more at most', async ({ kernel }) => {
  const once = answering(true, false);
  expect(await writeCurrent(kernel, callOf(), command, once.attempt)).toMatchObject({ count: 2 });
  expect(once.made).toEqual([false, true]);
  const twice = answering(true, true, false);
  expect(await writeCurrent(kernel, callOf(), command, twice.attempt)).toMatchObject({ count: 3 });
  expect(twice.made).toEqual([false, true, true]);
});

test('a keyed call is in a transaction from the beginning', async ({ kernel }) => {
  const { made, attempt } = answering(true, false);
  const call = callOf({ idempotencyKey: newId() });
  const answer = await writeCurrent(kernel, call, command, attempt);
  expect(made).toEqual([true, true]);
  expect(await writeCurrent(kernel, call, command, attempt)).toEqual(answer);
});

test('what changes under its own lock is a defect', async ({ kernel }) => {
  await fails(writeCurrent(kernel, callOf(), command, answering(true, true, true).attempt), 'INTERNAL');
  const neither = writeCurrent(kernel, callOf(), command, () => Promise.resolve(null));
  expect((await fails(neither, 'INTERNAL')).message).toContain('neither done nor refused');
});
