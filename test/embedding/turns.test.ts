/** Calls at the same time on one connection, by whichever way they reached it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MikroORM, SqlEntityManager } from '@mikro-orm/postgresql';
import pg from 'pg';
import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { RateLimitDecision } from '../../src/core/rate-limiter.ts';
import type { BindingOptions } from '../../src/meeting-service.ts';
import { fails, openService, type ScheduledMeeting, test as base } from '../setup/service.ts';
import { Booking, openHost } from './host.ts';

const test = base.extend<{ host: MikroORM; meetings: readonly ScheduledMeeting[] }>({
  host: [
    async ({ url }, use) => {
      const host = await openHost(url);
      await use(host);
      await host.close(true);
    },
    { scope: 'file' },
  ],
  meetings: async ({ scheduled }, use) => {
    await use(await Promise.all(Array.from({ length: 6 }, () => scheduled())));
  },
});

/** Refuses, but only when whoever does not wait is through. */
async function take(): Promise<RateLimitDecision> {
  await sleep(200);
  return { allowed: false, retryAfterSeconds: 1 };
}

async function book(em: SqlEntityManager, id: string): Promise<void> {
  em.create(Booking, { id, room: 'A' });
  await em.flush();
}

test('entity managers of one transaction take turns, whether outer, nested or forked', async ({
  service,
  host,
  meetings,
}) => {
  await host.em.fork().transactional(async (outer) => {
    await outer.transactional(async (inner) => {
      const fork = inner.fork({ keepTransactionContext: true });
      const ems = [outer, inner, fork];
      const as = (userId: string, index: number) => service.as({ userId }, { em: ems[index % 3] ?? outer }).meetings;
      const outcomes = await Promise.allSettled(
        meetings.flatMap(({ id, host: ada }, index) => [
          as(ada, index).update(id, { title: 'No' }, { version: 99 }),
          as(ada, index + 1).postpone(id),
        ]),
      );
      expect(outcomes.map(({ status }) => status)).toEqual(meetings.flatMap(() => ['rejected', 'fulfilled']));
    });
  });
  for (const { id, host: ada, meeting } of meetings)
    expect(await service.as({ userId: ada }).meetings.get(id)).toMatchObject({
      status: 'Postponed',
      title: meeting.title,
    });
});

test.for(['em', 'client'] as const)(
  'two services on one connection take turns: %s',
  async (kind, { service, host, running, url, clock }) => {
    const { id, host: ada } = await running();
    await using refusing = await openService(url, { clock, rateLimiter: { take } });
    const both = (binding: BindingOptions) =>
      Promise.all([
        fails(refusing.as({ userId: ada }, binding).participants.reportIssue(id, { kind: 'audio' }), 'RATE_LIMITED'),
        service.as({ userId: ada }, binding).meetings.update(id, { title: 'Kept' }),
      ]);
    if (kind === 'em') await host.em.fork().transactional((em) => both({ em }));
    else {
      const client = new pg.Client(url);
      await client.connect();
      await client.query('begin');
      await both({ client });
      await client.query('commit');
      await client.end();
    }
    expect(await service.as({ userId: ada }).meetings.get(id)).toMatchObject({ title: 'Kept' });
  },
);

test('a refusal by way of the outer entity manager leaves the nested transaction its own savepoint', async ({
  service,
  host,
}) => {
  const [before, after] = [newId(), newId()];
  await host.em.fork().transactional(async (outer) => {
    const nested = outer.transactional(async (inner) => {
      await book(inner, before);
      await fails(service.as({ userId: newId() }, { em: outer }).meetings.get(newId()), 'NOT_FOUND');
      await book(inner, after);
      throw new Error('only this part');
    });
    await expect(nested).rejects.toThrow('only this part');
  });
  expect(await host.em.fork().count(Booking, { id: { $in: [before, after] } })).toBe(0);
});
