import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { natsBackplane } from '../../src/backplanes/nats.ts';
import { eventually, Station, wake } from '../../src/testing/backplane-stations.ts';
import { backplaneSuite } from '../../src/testing/backplane-suite.ts';
import type { Daemon } from '../setup/daemon.ts';
import { startNats, hasNats } from '../setup/nats.ts';
import { TcpProxy } from '../setup/tcp-proxy.ts';
import { networkCases, suspicious, testSettings, trusting } from './contract.ts';

/** Whether something that was made to be read goes on no longer. */
function isDone({ value }: { readonly value: unknown }): unknown {
  return Reflect.get(Object(value), 'done');
}

describe.skipIf(!hasNats)('on a real server; skipped where nats-server is not installed', () => {
  let nats: Daemon;
  let proxy: TcpProxy;
  let stranger: NatsConnection;

  beforeAll(async () => {
    nats = await startNats();
    proxy = await TcpProxy.create(nats.port);
    stranger = await connect({ servers: `127.0.0.1:${nats.port}` });
  });
  afterAll(async () => {
    await stranger.close();
    await proxy[Symbol.asyncDispose]();
    await nats.stop();
  });

  const subject = 'ours.hints';
  const create = (settings = testSettings) =>
    natsBackplane({ servers: `127.0.0.1:${proxy.port}`, subject, ...settings });
  const shout = async (payload: string) => {
    stranger.publish(subject, payload);
    await stranger.flush();
  };
  /** A host's connection, through the proxy: it comes back by itself, as often as it takes. */
  const lend = () =>
    connect({
      servers: `127.0.0.1:${proxy.port}`,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
      reconnectJitter: 0,
    });

  test.each(networkCases({ create: () => create(), proxy: () => proxy, maxBytes: 60_000, shout }))(
    'nats: $name',
    async ({ run }) => {
      await expect(run()).resolves.toBeUndefined();
    },
  );

  describe('with the host’s own connections', () => {
    let idle: NatsConnection[] = [];
    const lent: NatsConnection[] = [];
    const take = () => {
      const connection = idle.pop()!;
      lent.push(connection);
      return natsBackplane({ connection, subject, ...testSettings });
    };
    const cases = networkCases({ create: take, proxy: () => proxy, maxBytes: 60_000, shout });

    test.each(cases)('nats, lent: $name', async ({ run }) => {
      idle = await Promise.all(Array.from({ length: 4 }, lend));
      const all = [...idle];
      try {
        await run();
        expect(all.map((connection) => connection.isClosed())).toEqual(all.map(() => false));
      } finally {
        await Promise.all(all.map((connection) => connection.close()));
      }
    });

    test.each([
      ['own', async () => create(trusting)],
      ['lent', async () => natsBackplane({ connection: await lend(), subject, ...trusting })],
    ])('a connection of its %s that breaks is noticed at once', async (_, make) => {
      const station = new Station(await make());
      await station.backplane.start(station.listener);
      await proxy.cut();
      await eventually('it is noticed', () => !station.backplane.health().connected);
      await proxy.restore();
      await eventually('it is back', () => station.backplane.health().connected);
      expect(station.gaps).toBe(1);
      await station.backplane.stop();
    });

    test('nothing is left on a connection after stopping', async () => {
      const connection = await lend();
      const [subscribed, watched] = [vi.spyOn(connection, 'subscribe'), vi.spyOn(connection, 'status')];
      const station = new Station(natsBackplane({ connection, subject }));
      await station.backplane.start(station.listener);
      await station.backplane.stop();
      expect([...subscribed.mock.results, ...watched.mock.results].map(isDone)).toEqual([true, true]);
      await connection.close();
    });

    test('a connection that the host has closed is away, not an error', async () => {
      const connection = await lend();
      const station = new Station(natsBackplane({ connection, subject, ...testSettings }));
      await station.backplane.start(station.listener);
      await connection.close();
      await eventually('it says so', () => !station.backplane.health().connected);
      await expect(station.backplane.stop()).resolves.toBeUndefined();
    });
  });

  test('several services, each on one connection of the host’s', async () => {
    const connection = await lend();
    const another = () => natsBackplane({ connection, subject, ...testSettings });
    for (const { run } of backplaneSuite({ create: another, maxBytes: 60_000, maxQueued: 50 })) await run();
    expect(connection.isClosed()).toBe(false);
    await connection.close();
  });

  test('a connection that says nothing any more is noticed', async () => {
    const station = new Station(create(suspicious));
    await station.backplane.start(station.listener);
    proxy.frozen = true;
    await eventually('it is noticed', () => !station.backplane.health().connected);
    proxy.frozen = false;
    await eventually('it is back', () => station.backplane.health().connected);
    expect(station.gaps).toBeGreaterThan(0);
    proxy.frozen = true;
    await station.backplane.stop();
    proxy.frozen = false;
  });

  test('a login that is refused is a wrong setting, one that is right is not', async () => {
    const locked = await startNats({ user: 'meetings', password: 's@cret' });
    onTestFinished(() => locked.stop());
    for (const login of ['', 'meetings:wrong@']) {
      const backplane = natsBackplane({ servers: `nats://${login}127.0.0.1:${locked.port}` });
      await expect(backplane.start(new Station(backplane).listener)).rejects.toMatchObject({ code: 'NOT_CONFIGURED' });
    }
    const station = new Station(natsBackplane({ servers: [`nats://meetings:s%40cret@127.0.0.1:${locked.port}`] }));
    await station.backplane.start(station.listener);
    const hint = wake(1);
    station.backplane.publish([hint]);
    await station.hears(hint);
    await station.backplane.stop();
  });
});

describe.skipIf(!hasNats)('encryption; skipped where nats-server is not installed', () => {
  test('that was asked for is not given up where the server has none', async () => {
    const nats = await startNats();
    onTestFinished(() => nats.stop());
    const station = new Station(natsBackplane({ servers: `tls://127.0.0.1:${nats.port}` }));
    await station.backplane.start(station.listener);
    expect(station.backplane.health().connected).toBe(false);
    await station.backplane.stop();
  });
});

test.each([
  ['no way to connect', {}],
  ['an empty list of servers', { servers: [] }],
  ['a server of another kind', { servers: 'redis://localhost' }],
  ['a subject with a wildcard', { servers: 'localhost', subject: 'ours.>' }],
  ['an unknown option', { servers: 'localhost', chanel: 'typo' }],
])('%s is refused', (_, options) => {
  expect(() => natsBackplane(options)).toThrow(expect.objectContaining({ code: 'VALIDATION' }));
});
