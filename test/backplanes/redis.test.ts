import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { redisBackplane } from '../../src/backplanes/redis.ts';
import { eventually, Station, wake } from '../../src/testing/backplane-stations.ts';
import type { Daemon } from '../setup/daemon.ts';
import { startRedis, hasRedis } from '../setup/redis.ts';
import { TcpProxy } from '../setup/tcp-proxy.ts';
import { networkCases, suspicious, testSettings, trusting } from './contract.ts';

describe.skipIf(!hasRedis)('on a real server; skipped where redis-server is not installed', () => {
  let redis: Daemon;
  let proxy: TcpProxy;
  let stranger: Redis;

  beforeAll(async () => {
    redis = await startRedis();
    proxy = await TcpProxy.create(redis.port);
    stranger = new Redis(redis.port, '127.0.0.1');
  });
  afterAll(async () => {
    stranger.disconnect();
    await proxy[Symbol.asyncDispose]();
    await redis.stop();
  });

  const channel = 'ours';
  const create = (settings = testSettings) =>
    redisBackplane({ url: `redis://127.0.0.1:${proxy.port}`, channel, ...settings });
  const shout = async (payload: string) => void (await stranger.publish(channel, payload));

  test.each(networkCases({ create: () => create(), proxy: () => proxy, maxBytes: 60_000, shout }))(
    'redis: $name',
    async ({ run }) => {
      await expect(run()).resolves.toBeUndefined();
    },
  );

  describe('with the host’s own clients', () => {
    let clients: Redis[] = [];
    const lent = (settings = testSettings) => {
      const made = [0, 1].map(
        () => new Redis(proxy.port, '127.0.0.1', { retryStrategy: () => 50, autoResubscribe: false }),
      );
      for (const client of made) client.on('error', () => {}); // the network is taken away
      clients.push(...made);
      const [publisher, subscriber] = [made[0]!, made[1]!];
      return redisBackplane({ publisher, subscriber, channel, ...settings });
    };
    const cases = networkCases({ create: () => lent(), proxy: () => proxy, maxBytes: 60_000, shout });

    test.each(cases)('redis, lent: $name', async ({ run }) => {
      try {
        await run();
        // They are the host's: still there, or on their way back by themselves.
        await expect.poll(() => clients.map(({ status }) => status)).toEqual(clients.map(() => 'ready'));
      } finally {
        for (const client of clients) client.disconnect();
        clients = [];
      }
    });

    test.each([
      ['own', create],
      ['lent', lent],
    ])('connections of its %s that break are noticed at once', async (_, make) => {
      const station = new Station(make(trusting));
      await station.backplane.start(station.listener);
      await proxy.cut();
      await eventually('it is noticed', () => !station.backplane.health().connected);
      await proxy.restore();
      await eventually('it is back', () => station.backplane.health().connected);
      expect(station.gaps).toBe(1);
      await station.backplane.stop();
      for (const client of clients) client.disconnect();
      clients = [];
    });

    test('several services may use the same two', async () => {
      const [publisher, subscriber] = [0, 1].map(() => new Redis(redis.port, '127.0.0.1'));
      const same = () =>
        redisBackplane({ publisher: publisher!, subscriber: subscriber!, channel, heartbeatMs: 60_000 });
      const [first, second] = [new Station(same()), new Station(same())];
      for (const { backplane, listener } of [first, second]) await backplane.start(listener);
      await first.backplane.stop();
      const hint = wake(1);
      second.backplane.publish([hint]);
      await second.hears(hint);
      expect(second.backplane.health()).toEqual({ connected: true, dropped: 0, queued: 0 });
      await second.backplane.stop();
      expect(await stranger.pubsub('NUMSUB', channel)).toEqual([channel, 0]);
      publisher?.disconnect();
      subscriber?.disconnect();
    });

    test('they stay open, and no longer listen', async () => {
      const station = new Station(lent());
      await station.backplane.start(station.listener);
      expect(await stranger.pubsub('NUMSUB', channel)).toEqual([channel, 1]);
      await station.backplane.stop();
      expect(await stranger.pubsub('NUMSUB', channel)).toEqual([channel, 0]);
      const listeners = ['message', 'close', 'ready'] as const;
      for (const client of clients)
        expect([client.status, ...listeners.map((event) => client.listenerCount(event))]).toEqual(['ready', 0, 0, 0]);
      for (const client of clients) client.disconnect();
    });
  });

  test('connections that say nothing any more are noticed', async () => {
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
    const locked = await startRedis('secret');
    onTestFinished(() => locked.stop());
    for (const login of ['', ':wrong@']) {
      const backplane = redisBackplane({ url: `redis://${login}127.0.0.1:${locked.port}` });
      await expect(backplane.start(new Station(backplane).listener)).rejects.toMatchObject({ code: 'NOT_CONFIGURED' });
    }
    const station = new Station(redisBackplane({ url: `redis://:secret@127.0.0.1:${locked.port}` }));
    await station.backplane.start(station.listener);
    const hint = wake(1);
    station.backplane.publish([hint]);
    await station.hears(hint);
    await station.backplane.stop();
  });
});

const client = { publish: () => {}, subscribe: () => {} };

test.each([
  ['no way to connect', {}],
  ['a publisher without a subscriber', { publisher: client }],
  ['one client as both', { publisher: client, subscriber: client }],
  ['a URL besides clients', { url: 'redis://localhost', publisher: client, subscriber: { ...client } }],
  ['no Redis URL', { url: 'http://localhost' }],
  ['an unknown option', { url: 'redis://localhost', chanel: 'typo' }],
])('%s is refused', (_, options) => {
  expect(() => Reflect.apply(redisBackplane, null, [options])).toThrow(expect.objectContaining({ code: 'VALIDATION' }));
});
