import { describe, expect, vi } from 'vitest';
import { meetingStream, userStream } from '../../src/core/event.ts';
import { newId } from '../../src/core/identifier.ts';
import { Consumers } from '../../src/feed/index.ts';
import { createTestService } from '../../src/testing/index.ts';
import { draft } from '../events/log.ts';
import { execute } from '../setup/postgres.ts';
import { fails, openService } from '../setup/service.ts';
import { append, becomes, consumerRow, idsInLog, quick, recording, soon, test } from './feeding.ts';

describe('what comes, and in which order', () => {
  test('everything from the beginning, in the order of the log, whoever may see it', async ({
    url,
    log,
    service,
    reader,
  }) => {
    const streams = [meetingStream(newId()), meetingStream(newId()), userStream(newId())];
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let n = 0; n < 30; n++) {
        const audience = (['all', 'hosts', { users: [newId()] }] as const)[n % 3] ?? 'all';
        // Streams in one order, so that the writers do not wait for one another in a circle.
        await log.write([draft(streams[(writer + n) % 2]!, audience), draft(streams[2]!)]);
      }
    });
    const during = recording();
    await service.consume(`${reader}-during`, during.handler, { ...quick, from: 'beginning', batchSize: 7 });
    await Promise.all(writers);
    const inLog = await idsInLog(url);
    expect(inLog.length).toBeGreaterThanOrEqual(240);
    const after = recording();
    await service.consume(reader, after.handler, { ...quick, from: 'beginning' });
    await becomes(during.done, inLog);
    await becomes(after.done, inLog);
    expect(Math.max(...during.batches)).toBeLessThanOrEqual(7);
    expect(Math.max(...after.batches)).toBeGreaterThan(7);
  });

  test('events as everybody else gets them', async ({ log, service, reader }) => {
    const got: unknown[] = [];
    await service.consume(reader, (events) => void got.push(...events), quick);
    const told = await log.write([
      draft(meetingStream(newId()), { users: [newId()] }, { actorId: newId(), data: { a: [1] } }),
    ]);
    await becomes(got, told);
  });

  test('only what is committed from now on, for a new name', async ({ log, service, reader }) => {
    await append(log, 3);
    const { done, handler } = recording();
    await service.consume(reader, handler, quick);
    const later = await append(log, 3);
    await expect.poll(() => done.at(-1), soon).toBe(later.at(-1));
    // What an older transaction, of whatever database of the server, had held back may come besides.
    expect(done.slice(-3)).toEqual(later);
  });

  test('what was not handled yet, for a name that was used before', async ({ log, service, reader }) => {
    const [first, second] = [recording(), recording()];
    const consumer = await service.consume(reader, first.handler, quick);
    const before = await append(log, 2);
    await expect.poll(() => first.done.at(-1), soon).toBe(before.at(-1));
    await consumer.stop();
    const between = await append(log, 2);
    await service.consume(reader, second.handler, { ...quick, from: 'beginning' });
    await becomes(second.done, between);
    expect(first.done).not.toContain(between[0]);
  });

  test('only the types that are wanted, and the position passes over the others', async ({
    log,
    service,
    reader,
    url,
  }) => {
    const { done, handler } = recording();
    const consumer = await service.consume(reader, handler, {
      ...quick,
      types: ['meeting.ended', 'meeting.cancelled'],
      batchSize: 2,
    });
    await append(log, 3);
    const ended = await append(log, 5, 'meeting.ended');
    await append(log, 4);
    await becomes(done, ended);
    const follows = `(tx, stream_kind, stream_id, seq) > all (
      select position_tx, position_stream_kind, position_stream_id, position_seq
      from convoke.meeting_event_consumers where name = '${reader}')`;
    await expect.poll(() => idsInLog(url, follows), soon).toEqual([]);
    expect(await consumer.lag()).toEqual({ events: 0, oldest: null });
  });

  test('types the handler', async ({ service, reader }) => {
    await service.consume(
      reader,
      (events) => {
        for (const event of events) {
          if (event.type === 'meeting.ended') event.data.automatic satisfies boolean;
          // @ts-expect-error -- of the wanted types none has this
          void event.data.content;
        }
      },
      { types: ['meeting.ended', 'meeting.started'] },
    );
  });
});

test('what this process does wakes its consumers, and comes to them', async ({ service, reader }) => {
  const { done, handler } = recording();
  await service.consume(reader, handler, quick);
  const wake = vi.spyOn(Consumers.prototype, 'wake');
  const heard: string[] = [];
  service.on('meeting.scheduled', ({ id }) => void heard.push(id));
  await service.as({ userId: newId() }).meetings.schedule({
    ...{ title: 'Soon', meetingType: 'Review' },
    ...{ scheduledStartTime: new Date(Date.now() + 60_000), scheduledEndTime: new Date(Date.now() + 120_000) },
  });
  expect(wake).toHaveBeenCalled();
  await expect.poll(() => done.filter((id) => heard.includes(id)), soon).toEqual(heard);
});

test('works inside this process, on the one connection of PGlite', { timeout: 120_000 }, async () => {
  await using kit = await createTestService();
  const { done, handler } = recording();
  const consumer = await kit.service.consume('inside', handler, quick);
  const { meetings } = kit.service.as({ userId: newId() });
  const { id } = await meetings.schedule({
    ...{ title: 'Soon', meetingType: 'Review' },
    ...{
      scheduledStartTime: new Date(kit.clock.now().getTime() + 60_000),
      scheduledEndTime: new Date(kit.clock.now().getTime() + 120_000),
    },
  });
  await meetings.cancel(id);
  await becomes(
    done,
    kit.events.map((event) => event.id),
  );
  await expect.poll(() => consumer.lag(), soon).toEqual({ events: 0, oldest: null });
});

test('lag counts what is to come, and when it happened', async ({ log, service, reader, url }) => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const consumer = await service.consume(reader, () => gate, quick);
  const [first] = await append(log, 4);
  const [{ at } = { at: null }] = await execute<{ at: Date }>(
    url,
    `select occurred_at as at from convoke.meeting_events where id = '${first}'`,
  );
  expect(await consumer.lag()).toEqual({ events: 4, oldest: at });
  open();
  await expect.poll(() => consumer.lag(), soon).toEqual({ events: 0, oldest: null });
  expect(await consumer.status()).toEqual({ leading: true, haltedAt: null, attempts: 0, lastError: null, parked: 0 });
});

describe('ending', () => {
  test('a stopped consumer gets nothing more and gives its lease back', async ({ log, service, reader, url }) => {
    const { done, handler } = recording();
    const consumer = await service.consume(reader, handler, quick);
    const ids = await append(log, 1);
    await expect.poll(() => done.at(-1), soon).toBe(ids[0]);
    await consumer.stop();
    await consumer.stop();
    expect((await consumerRow(url, reader))?.lease_owner).toBeNull();
    await append(log, 1);
    await expect.poll(() => consumer.lag(), soon).toMatchObject({ events: 1 });
    expect(done.at(-1)).toBe(ids[0]);
    // The same name is free again.
    await service.consume(reader, handler, quick);
    await expect.poll(() => done.length, soon).toBeGreaterThan(ids.length);
  });

  test('closing the service waits for the handler, and moves the position', async ({ log, url, reader }) => {
    const service = await openService(url);
    let began = false;
    let ended = false;
    await service.consume(
      reader,
      async () => {
        began = true;
        await new Promise((resolve) => setTimeout(resolve, 100));
        ended = true;
      },
      quick,
    );
    await append(log, 1);
    await expect.poll(() => began, soon).toBe(true);
    await service.close();
    expect(ended).toBe(true);
    expect(await consumerRow(url, reader)).toMatchObject({ lease_owner: null, position_seq: '1' });
    await fails(
      service.consume('late', () => {}),
      'UNAVAILABLE',
    );
  });

  test('a handler that takes too long is told to end, and what it had comes again', async ({
    log,
    service,
    url,
    reader,
  }) => {
    let told: AbortSignal | null = null;
    const consumer = await service.consume(
      reader,
      (_events, signal) => {
        told = signal;
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('told to end')));
        });
      },
      quick,
    );
    const [id] = await append(log, 1);
    await expect.poll(() => told, soon).not.toBeNull();
    await consumer.stop({ graceMs: 20 });
    // Not a failure of the event's.
    expect(await consumer.status()).toMatchObject({ attempts: 0, lastError: null, leading: false });
    const { done, handler } = recording();
    await service.consume(reader, handler, quick);
    await expect.poll(() => done, soon).toContain(id);
    expect((await consumerRow(url, reader))?.attempts).toBe(0);
  });
});

test.for([
  [{ name: '' }, 'name'],
  [{ name: 'a b' }, 'name'],
  [{ name: 'x'.repeat(101) }, 'name'],
  [{ handler: 'none' }, 'handler'],
  [{ options: null }, ''],
  [{ options: { types: ['meeting.exploded'] } }, 'types[0]'],
  [{ options: { types: [] } }, 'types'],
  [{ options: { batchSize: 0 } }, 'batchSize'],
  [{ options: { maxAttempts: 1.5 } }, 'maxAttempts'],
  [{ options: { onPoison: 'explode' } }, 'onPoison'],
  [{ options: { from: 'yesterday' } }, 'from'],
  [{ options: { leaseMs: 1 } }, 'leaseMs'],
  [{ options: { unknown: 1 } }, 'unknown'],
] as const)('refuses %o', async ([given, path], { service, reader }) => {
  const {
    name: called,
    handler,
    options,
  } = { name: reader, handler: () => {}, options: {}, ...given } as Record<string, unknown>;
  const { details } = await fails(
    service.consume(called as string, handler as () => void, options as object),
    'VALIDATION',
  );
  expect(details['fields']).toEqual([expect.objectContaining({ path })]);
});

test('refuses a second consumer of the same name in one service', async ({ service, reader }) => {
  await service.consume(reader, () => {}, quick);
  await fails(
    service.consume(reader, () => {}, quick),
    'CONFLICT',
  );
});

test.for([[[]], [['no-id']], ['all'], [{ from: 'yesterday' }], [{}]])(
  'refuses to replay %o',
  async ([what], { service, reader }) => {
    const consumer = await service.consume(reader, () => {}, quick);
    await fails(consumer.replay(what as never), 'VALIDATION');
    await fails(consumer.stop({ graceMs: -1 }), 'VALIDATION');
    await fails(consumer.parked({ cursor: 'x' }), 'VALIDATION');
  },
);
