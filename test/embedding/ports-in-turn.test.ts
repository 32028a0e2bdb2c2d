/** Ports that call the service back, inside the very transaction whose call asked them. */
import type { MikroORM } from '@mikro-orm/postgresql';
import pg from 'pg';
import { expect } from 'vitest';
import { isMeetingError } from '../../src/core/errors.ts';
import { newId } from '../../src/core/identifier.ts';
import type { BindingOptions } from '../../src/meeting-service.ts';
import { fails, hours, openService, quickHasher, test as base } from '../setup/service.ts';
import { openHost } from './host.ts';

/** Does something in a transaction of the host's, and tells how a call joins it. */
type Transact = <T>(
  act: (binding: BindingOptions, select: (sql: string) => Promise<unknown>) => Promise<T>,
) => Promise<T>;

const test = base.extend<{ host: MikroORM; inTransaction: Record<'em' | 'client', Transact> }>({
  host: [
    async ({ url }, use) => {
      const host = await openHost(url);
      await use(host);
      await host.close(true);
    },
    { scope: 'file' },
  ],
  inTransaction: async ({ host, url }, use) => {
    const client = new pg.Client(url);
    await client.connect();
    await use({
      em: (act) => host.em.fork().transactional((em) => act({ em }, (sql) => em.execute(sql))),
      client: async (act) => {
        await client.query('begin');
        const result = await act({ client }, async (sql) => (await client.query(sql)).rows);
        await client.query('commit');
        return result;
      },
    });
    await client.end();
  },
});

/** What a port does until it is told otherwise. */
const nothing = (): Promise<unknown> => Promise.resolve();
const refused = (error: unknown) => (isMeetingError(error) ? `${error.code}: ${error.message}` : error);
const waiting = /^CONFLICT: .*waiting for/;

test.for(['em', 'client'] as const)(
  'a port asked in a transaction is refused, not kept waiting, when it calls back into it: %s',
  async (kind, { url, clock, running, inTransaction }) => {
    const { id, host } = await running();
    const eve = { userId: newId() };
    let back = nothing;
    const told: unknown[] = [];
    const visibility = {
      isVisibleToOutsider: async () => {
        await back().catch((error: unknown) => told.push(refused(error)));
        return true;
      },
    };
    const rateLimiter = {
      take: async () => {
        await back();
        return { allowed: true, retryAfterSeconds: 0 };
      },
    };
    await using service = await openService(url, { clock, policy: { visibility }, rateLimiter });
    await inTransaction[kind](async (binding, select) => {
      back = () => service.as(eve, binding).meetings.list();
      expect((await service.as(eve, binding).meetings.get(id)).id).toBe(id);
      expect(told).toEqual([expect.stringMatching(waiting)]);
      const ada = service.as({ userId: host }, binding).participants;
      expect(refused(await fails(ada.reportIssue(id, { kind: 'audio' }), 'CONFLICT'))).toMatch(waiting);
      expect(await select('select 1 as usable')).toEqual([{ usable: 1 }]);
      expect((await ada.leave(id)).isPresent).toBe(false);
    });
  },
);

test.for(['em', 'client'] as const)(
  'a port asked before the turn, and whatever a port began and left, may call: %s',
  async (kind, { url, clock, inTransaction }) => {
    const [bob, eve] = [newId(), { userId: newId() }];
    let back = nothing;
    const later: Promise<unknown>[] = [];
    const asked: string[] = [];
    const directory = {
      users: {
        specVersion: 1 as const,
        profiles: async (userIds: readonly string[]) => {
          await back();
          asked.push('directory');
          return new Map(
            userIds.map((userId) => [
              userId,
              { ...{ userId, displayName: 'Somebody' }, ...{ timezone: null, email: null, locale: null } },
            ]),
          );
        },
      },
    };
    const passwordHasher = {
      ...quickHasher,
      hash: async (password: string) => {
        await back();
        asked.push('hasher');
        return quickHasher.hash(password);
      },
    };
    const visibility = {
      isVisibleToOutsider: () => {
        later.push(new Promise((resolve) => setTimeout(resolve, 50)).then(back));
        return true;
      },
    };
    await using service = await openService(url, { clock, directory, passwordHasher, policy: { visibility } });
    await inTransaction[kind](async (binding) => {
      back = () => service.as(eve, binding).meetings.list();
      const ada = service.as({ userId: newId() }, binding);
      const { id } = await ada.meetings.schedule({
        ...{ title: 'Asked before', meetingType: 'Review', meetingPassword: 'sesame' },
        ...{
          scheduledStartTime: new Date(clock.now().getTime() + hours),
          scheduledEndTime: new Date(clock.now().getTime() + 2 * hours),
        },
      });
      await ada.invitations.invite(id, { inviteeIds: [bob] });
      await service.as(eve, binding).meetings.get(id);
      expect(later).toHaveLength(1);
      expect(await Promise.all(later)).toEqual([{ items: [], nextCursor: null }]);
    });
    expect(asked).toEqual(['hasher', 'directory']);
  },
);
