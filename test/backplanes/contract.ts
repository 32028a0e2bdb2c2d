import type { Backplane } from '../../src/backplanes/index.ts';
import { backplaneSuite, type ConformanceCase } from '../../src/testing/backplane-suite.ts';
import type { TcpProxy } from '../setup/tcp-proxy.ts';

/** What backplanes over a network are told in tests: nobody waits long, and the bound is soon reached. */
export const testSettings = { heartbeatMs: 2_000, maxQueued: 50 };
/** Where nothing is to be found out by asking. */
export const trusting = { ...testSettings, heartbeatMs: 60_000 };
/** Where a network is to be found out that is silent. */
export const suspicious = { ...testSettings, heartbeatMs: 500 };

/** The contract over a network that goes through a proxy. The proxy is made before the cases run, hence a function. */
export function networkCases(adapter: {
  readonly create: () => Backplane;
  readonly proxy: () => TcpProxy;
  readonly maxBytes: number;
  readonly shout: (payload: string) => Promise<void>;
}): readonly ConformanceCase[] {
  const { create, maxBytes, shout, proxy } = adapter;
  const outage = { cut: () => proxy().cut(), restore: () => proxy().restore() };
  return backplaneSuite({ create, maxBytes, maxQueued: testSettings.maxQueued, shout, outage });
}
