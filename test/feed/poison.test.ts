import { describe, expect } from 'vitest';
import { HandlingError } from '../../src/feed/index.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { execute } from '../setup/postgres.ts';
import { append, becomes, quick, recording, soon, test } from './feeding.ts';

const times = (list: readonly string[], id: string | undefined) => list.filter((each) => each === id).length;

/** Stops a consumer before the handler can have anything, so that what is appended then is one batch. */
async function begun(service: MeetingService, name: string): Promise<void> {
  const consumer = await service.consume(name, () => {}, quick);
  await consumer.stop();
}

describe('parking', () => {
  test('an event that always fails is set aside after so many attempts, and the others go on in order', async ({
    log,
    service,
    reader,
  }) => {
    await begun(service, reader);
    const ids = await append(log, 7);
    const bad = new Set([ids[2], ids[3]]);
    const { done, tried, batches, handler } = recording(({ id }) =>
      bad.has(id) ? new TypeError(`no ${id}`) : undefined,
    );
    const consumer = await service.consume(reader, handler, { ...quick, maxAttempts: 3 });
    await becomes(
      done,
      ids.filter((id) => !bad.has(id)),
    );
    // Once with the others, in doubt, and three times by itself.
    expect([times(tried, ids[2]), times(tried, ids[3])]).toEqual([4, 4]);
    // Nobody beside it is parked for it, and the ones that come later come together again.
    expect(batches).toEqual([7, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    const { items, nextCursor } = await consumer.parked();
    expect(items.map(({ event, attempts, error }) => [event.id, attempts, error])).toEqual([
      [ids[2], 3, `TypeError: no ${ids[2]}`],
      [ids[3], 3, `TypeError: no ${ids[3]}`],
    ]);
    expect(nextCursor).toBeNull();
    expect(await consumer.status()).toMatchObject({ parked: 2, haltedAt: null, attempts: 0, lastError: null });
    const more = await append(log, 1);
    await expect.poll(() => done.at(-1), soon).toBe(more[0]);
  });

  test('parked events are listed page by page', async ({ log, service, reader }) => {
    await begun(service, reader);
    const ids = await append(log, 5);
    const { tried, handler } = recording(() => new HandlingError('never', { outcome: 'poison' }));
    const consumer = await service.consume(reader, handler, { ...quick, batchSize: 1 });
    await expect.poll(async () => (await consumer.status()).parked, soon).toBe(5);
    expect(tried).toEqual(ids);
    const found: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await consumer.parked({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      found.push(...page.items.map(({ event }) => event.id));
      cursor = page.nextCursor;
    }
    expect(found).toEqual(ids);
  });

  test('a failure that passes is no poison', async ({ log, service, reader }) => {
    await begun(service, reader);
    const ids = await append(log, 4);
    let failures = 0;
    const { done, handler } = recording(() => (failures++ < 6 ? new Error('away') : undefined));
    const consumer = await service.consume(reader, handler, { ...quick, maxAttempts: 7 });
    await becomes(done, ids);
    expect(await consumer.status()).toMatchObject({ parked: 0, attempts: 0 });
  });

  test('attempts count over the end of a process', async ({ log, service, reader }) => {
    await begun(service, reader);
    await append(log, 1);
    const { tried, handler } = recording(() => new Error('no'));
    const slow = { ...quick, retryMs: 3_600_000, maxRetryMs: 3_600_000, maxAttempts: 2 };
    const first = await service.consume(reader, handler, slow);
    await expect.poll(async () => (await first.status()).attempts, soon).toBe(1);
    await first.stop();
    const second = await service.consume(reader, handler, slow);
    await expect.poll(async () => (await second.status()).parked, soon).toBe(1);
    expect(tried).toHaveLength(2);
  });
});

test('a wait that a handler asks for is kept, whatever else happens', async ({ log, service, reader }) => {
  await begun(service, reader);
  await append(log, 1);
  const { tried, handler } = recording(() => new HandlingError('busy', { outcome: 'retry', retryAfterMs: 3_600_000 }));
  const consumer = await service.consume(reader, handler, quick);
  await expect.poll(async () => (await consumer.status()).attempts, soon).toBe(1);
  const other = recording();
  await service.consume(`${reader}-2`, other.handler, quick);
  const later = await append(log, 2);
  await expect.poll(() => other.done.at(-1), soon).toBe(later.at(-1));
  expect(tried).toHaveLength(1);
  // Only somebody who asks for it shortens the wait.
  await consumer.replay('parked');
  await expect.poll(() => tried.length, soon).toBeGreaterThan(1);
});

describe('halting', () => {
  test('poison stops a consumer that is told so, until it is resumed', async ({ log, service, reader }) => {
    await begun(service, reader);
    const ids = await append(log, 3);
    let healthy = false;
    const { done, tried, handler } = recording(({ id }) => (id === ids[1] && !healthy ? new Error('no') : undefined));
    const consumer = await service.consume(reader, handler, { ...quick, maxAttempts: 2, onPoison: 'halt' });
    await expect.poll(async () => (await consumer.status()).haltedAt, soon).toBeInstanceOf(Date);
    expect(await consumer.status()).toMatchObject({ leading: false, lastError: 'Error: no', parked: 0 });
    expect(done).toEqual(ids.slice(0, 1));
    // A new process does not go past it either.
    await consumer.stop();
    const next = await service.consume(reader, handler, { ...quick, maxAttempts: 2, onPoison: 'halt' });
    const attempts = tried.length;
    const other = recording();
    await service.consume(`${reader}-2`, other.handler, quick);
    const [later] = await append(log, 1);
    await expect.poll(() => other.done.at(-1), soon).toBe(later);
    expect(tried).toHaveLength(attempts);
    healthy = true;
    expect(await next.resume()).toBe(true);
    await becomes(done, [...ids, later]);
    expect(await next.resume()).toBe(false);
    expect(await next.status()).toMatchObject({ haltedAt: null, attempts: 0, lastError: null, leading: true });
  });

  test('a handler may halt its consumer, and parks nothing with it', async ({ log, service, reader }) => {
    const { tried, handler } = recording(() => new HandlingError('gone', { outcome: 'halt' }));
    const consumer = await service.consume(reader, handler, quick);
    await append(log, 1);
    await expect.poll(async () => (await consumer.status()).haltedAt, soon).toBeInstanceOf(Date);
    expect(await consumer.status()).toMatchObject({ lastError: 'HandlingError: gone', parked: 0 });
    expect(tried.length).toBeGreaterThan(0);
  });
});

describe('replaying', () => {
  test('parked events are tried again when somebody asks, and stay parked when they fail again', async ({
    log,
    service,
    reader,
  }) => {
    await begun(service, reader);
    const ids = await append(log, 4);
    const bad = new Set([ids[1], ids[2]]);
    const { done, tried, handler } = recording(({ id }) => (bad.has(id) ? new Error('no') : undefined));
    const consumer = await service.consume(reader, handler, { ...quick, maxAttempts: 1 });
    await expect.poll(async () => (await consumer.status()).parked, soon).toBe(2);
    await becomes(done, [ids[0]!, ids[3]!]);
    bad.delete(ids[1]);
    const before = tried.length;
    expect(await consumer.replay([ids[1]!, ids[2]!, ids[3]!])).toBe(2);
    await expect.poll(async () => (await consumer.status()).parked, soon).toBe(1);
    await expect.poll(async () => (await consumer.parked()).items[0]?.attempts, soon).toBe(2);
    expect(tried.slice(before)).toEqual([ids[1], ids[2]]);
    expect(done).toEqual([ids[0], ids[3], ids[1]]);
    bad.clear();
    expect(await consumer.replay('parked')).toBe(1);
    await becomes(done, [ids[0]!, ids[3]!, ids[1]!, ids[2]!]);
    await expect.poll(() => consumer.parked(), soon).toEqual({ items: [], nextCursor: null });
    expect(await consumer.replay('parked')).toBe(0);
  });

  test('everything since an instant comes once more, in order, with what was parked behind it', async ({
    log,
    service,
    reader,
    url,
  }) => {
    await begun(service, reader);
    const old = await append(log, 2);
    await execute(
      url,
      `update convoke.meeting_events set occurred_at = '2020-01-01' where id = any ('{${old.join()}}')`,
    );
    const ids = await append(log, 3);
    let healthy = false;
    const { done, handler } = recording(({ id }) =>
      !healthy && [old[0], ids[1]].includes(id) ? new Error('no') : undefined,
    );
    const consumer = await service.consume(reader, handler, { ...quick, maxAttempts: 1 });
    await becomes(done, [old[1]!, ids[0]!, ids[2]!]);
    await expect.poll(async () => (await consumer.status()).parked, soon).toBe(2);
    healthy = true;
    done.length = 0;
    const [{ at } = { at: new Date(0) }] = await execute<{ at: Date }>(
      url,
      `select min(occurred_at) as at from convoke.meeting_events where id = any ('{${ids.join()}}')`,
    );
    // Events of other tests on this database, all of them older, lie before it.
    expect(await consumer.replay({ from: at })).toBe(1);
    await becomes(done, ids);
    const { items } = await consumer.parked();
    expect(items.map(({ event }) => event.id)).toEqual([old[0]]);
    await expect.poll(() => consumer.lag(), soon).toEqual({ events: 0, oldest: null });
    expect(await consumer.replay({ from: new Date(Date.now() + 3_600_000).toISOString() })).toBe(0);
    expect(done).toEqual(ids);
  });

  test('a replay wins against a batch that is under way', async ({ log, service, reader }) => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    await begun(service, reader);
    const ids = await append(log, 2);
    const seen: string[] = [];
    const consumer = await service.consume(
      reader,
      async (events) => {
        seen.push(...events.map(({ id }) => id));
        if (seen.includes(ids[1]!)) await gate;
      },
      { ...quick, batchSize: 1 },
    );
    await expect.poll(() => seen, soon).toEqual(ids);
    expect(await consumer.replay({ from: 'beginning' })).toBe(1);
    open();
    await expect.poll(() => seen.lastIndexOf(ids[1]!), soon).toBeGreaterThan(1);
    expect(seen.filter((id) => ids.includes(id))).toEqual([...ids, ...ids]);
  });
});
