/** Several processes that consume under one name. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { execute } from '../setup/postgres.ts';
import { openService } from '../setup/service.ts';
import { append, becomes, consumerRow, quick, recording, soon, test } from './feeding.ts';

const program = fileURLToPath(new URL('consuming-process.ts', import.meta.url));

/** The program beside, and what it has printed. */
function startProcess(url: string, name: string, leaseMs: number) {
  const child = spawn(process.execPath, ['--conditions=@convoke/source', program, url, name, String(leaseMs)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const printed: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => printed.push(line));
  return {
    printed,
    signal: (signal: NodeJS.Signals) => child.kill(signal),
    handle: () => child.stdin.write('\n'),
    /** Loading everything takes long on a busy machine. */
    async ready() {
      await expect.poll(() => printed, { ...soon, timeout: 60_000 }).toContain('ready');
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
  };
}

test('two processes never handle at the same time, and together handle everything once and in order', async ({
  log,
  url,
  reader,
}) => {
  await using one = await openService(url);
  await using other = await openService(url);
  let running = 0;
  let most = 0;
  const done: string[] = [];
  const handledBy = new Set<string>();
  const handlerOf = (who: string) => async (events: readonly { readonly id: string }[]) => {
    most = Math.max(most, ++running);
    handledBy.add(who);
    await new Promise(setImmediate);
    done.push(...events.map(({ id }) => id));
    running--;
  };
  const options = { ...quick, batchSize: 3 };
  const first = await one.consume(reader, handlerOf('one'), options);
  await other.consume(reader, handlerOf('other'), options);
  const half = await append(log, 30);
  await expect.poll(() => done.at(-1), soon).toBe(half.at(-1));
  // Whoever led lets the other in.
  const leader = (await first.status()).leading ? one : other;
  const writing = append(log, 30);
  await leader.close();
  const rest = await writing;
  await becomes(done, [...half, ...rest]);
  expect(most).toBe(1);
  expect([...handledBy].toSorted()).toEqual(['one', 'other']);
});

test(
  'a process that is killed between the handler and the position is followed by another, which gets the event again',
  { timeout: 120_000 },
  async ({ log, url, reader, service }) => {
    await using child = startProcess(url, reader, 3_000);
    await child.ready();
    const [id] = await append(log, 1);
    await expect.poll(() => child.printed, soon).toContain(`given ${id}`);
    const { done, handler } = recording();
    await service.consume(reader, handler, quick);
    expect(done).toEqual([]);
    child.signal('SIGKILL');
    await becomes(done, [id!]);
  },
);

test(
  'a process that stood still while its lease ran out moves nothing any more',
  { timeout: 120_000 },
  async ({ log, url, reader, service }) => {
    await using child = startProcess(url, reader, 3_000);
    await child.ready();
    const ids = await append(log, 2);
    await expect.poll(() => child.printed, soon).toContain(`given ${ids[0]}`);
    child.signal('SIGSTOP');
    const { done, handler } = recording();
    const next = await service.consume(reader, handler, { ...quick, leaseMs: 60_000 });
    await becomes(done, ids);
    const after = await consumerRow(url, reader);
    // It finds its handler done and its lease gone, in whichever order.
    child.signal('SIGCONT');
    child.handle();
    await expect.poll(() => child.printed.length, soon).toBe(3);
    expect(child.printed[2]).toMatch(new RegExp(`^(done|too late) ${ids[0]}$`));
    const more = await append(log, 1);
    await becomes(done, [...ids, ...more]);
    expect(child.printed).toHaveLength(3);
    expect((await consumerRow(url, reader))?.lease_owner).toBe(after?.lease_owner);
    expect(await next.status()).toMatchObject({ leading: true, parked: 0 });
  },
);

test('whoever lost the lease while a handler ran is told so, and neither moves, parks nor counts', async ({
  log,
  url,
  reader,
  service,
}) => {
  let told: unknown;
  const { promise: ending, reject } = Promise.withResolvers<void>();
  const consumer = await service.consume(
    reader,
    (_events, signal) => {
      signal.addEventListener('abort', () => (told = signal.reason));
      return ending;
    },
    { ...quick, leaseMs: 1_500, maxAttempts: 1 },
  );
  await append(log, 1);
  await expect.poll(async () => (await consumer.status()).leading, soon).toBe(true);
  await expect.poll(() => consumer.lag(), soon).toMatchObject({ events: 1 });
  const taken = '20000000-0000-4000-8000-00000000000a';
  await execute(
    url,
    `update convoke.meeting_event_consumers set lease_owner = '${taken}', lease_until = now() + interval '1 hour' where name = '${reader}'`,
  );
  await expect.poll(() => told, soon).toMatchObject({ message: 'the lease of this consumer has passed to another' });
  reject(new Error('no'));
  await consumer.stop();
  expect(await consumer.status()).toEqual({ leading: false, haltedAt: null, attempts: 0, lastError: null, parked: 0 });
  expect((await consumerRow(url, reader))?.lease_owner).toBe(taken);
  expect(await consumer.lag()).toMatchObject({ events: 1 });
});

test('a handler that ends well after its lease was taken moves nothing either', async ({
  log,
  url,
  reader,
  service,
}) => {
  const { promise: ending, resolve: end } = Promise.withResolvers<void>();
  let began = 0;
  const consumer = await service.consume(
    reader,
    () => {
      began++;
      return ending;
    },
    // Nothing lengthens this lease while the test runs, so nobody tells the handler.
    { ...quick, leaseMs: 3_600_000 },
  );
  await append(log, 1);
  await expect.poll(() => began, soon).toBe(1);
  const taken = '20000000-0000-4000-8000-00000000000b';
  await execute(
    url,
    `update convoke.meeting_event_consumers set lease_owner = '${taken}', lease_until = now() + interval '1 hour' where name = '${reader}'`,
  );
  const before = await consumerRow(url, reader);
  end();
  await consumer.stop();
  expect(await consumerRow(url, reader)).toEqual(before);
  expect(began).toBe(1);
});

test('a long handler keeps its lease', async ({ log, url, reader, service }) => {
  const { promise: ending, resolve: end } = Promise.withResolvers<void>();
  let began = 0;
  const consumer = await service.consume(
    reader,
    () => {
      began++;
      return ending;
    },
    { ...quick, leaseMs: 1_500 },
  );
  await append(log, 1);
  await expect.poll(() => began, soon).toBe(1);
  await using other = await openService(url);
  const { tried, handler } = recording();
  await other.consume(reader, handler, quick);
  const until = async () =>
    (
      await execute<{ until: Date }>(
        url,
        `select lease_until as until from convoke.meeting_event_consumers where name = '${reader}'`,
      )
    )[0]?.until.getTime() ?? 0;
  const first = await until();
  // Several leases long.
  await expect.poll(until, soon).toBeGreaterThan(first + 3_000);
  expect(tried).toEqual([]);
  end();
  await expect.poll(() => consumer.lag(), soon).toMatchObject({ events: 0 });
  expect(began).toBe(1);
});
