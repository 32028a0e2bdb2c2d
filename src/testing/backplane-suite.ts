import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import type { Backplane, Hint } from '../backplanes/backplane.ts';
import { newId } from '../core/identifier.ts';
import { Ear, eventually, nonsense, signal, Stations, wake } from './backplane-stations.ts';

/** One thing that an adapter has to hold to, for any test runner: `test(name, run)`. */
export interface ConformanceCase {
  readonly name: string;
  /** Rejects, saying what was found, where it does not hold. */
  readonly run: () => Promise<void>;
}

/** A backplane to be tested, and what its test can do to the network beneath it. */
export interface BackplaneSubject {
  /** One for another service on the same network. All are stopped by the suite. */
  create(): Backplane;
  /** No hint larger than this many bytes as JSON needs to get through. */
  readonly maxBytes: number;
  /** Hints that may wait while the network is away, at least 20. */
  readonly maxQueued: number;
  /** Says something on the network as a stranger would. Absent where there are no strangers. */
  readonly shout?: (payload: string) => Promise<void>;
  /** Takes the network away from all that were created, and gives it back. Absent where there is none. */
  readonly outage?: { cut(): Promise<void>; restore(): Promise<void> };
}

/** The contract of {@link Backplane}, case by case. What a backplane may do and may leave (loss, doubles, order) is not asked for. */
export function backplaneSuite(subject: BackplaneSubject): readonly ConformanceCase[] {
  const cases: Cases = {
    ...delivery(subject),
    ...rubbish(subject),
    ...life(subject),
    ...(subject.outage === undefined ? {} : outages(subject, subject.outage)),
  };
  return Object.entries(cases).map(([name, act]) => ({
    name,
    async run() {
      const network = new Stations(() => subject.create());
      try {
        await act(network);
      } finally {
        await network.stop();
      }
    },
  }));
}

type Cases = Record<string, (network: Stations) => Promise<void>>;

function delivery(subject: BackplaneSubject): Cases {
  return {
    'what one says arrives at all others': async (network) => {
      const stations = [await network.add(), await network.add(), await network.add()];
      for (const [index, { backplane }] of stations.entries()) {
        const hint = wake(index + 1);
        backplane.publish([hint]);
        for (const station of stations) if (station.backplane !== backplane) await station.hears(hint);
      }
    },
    'services that share one backplane all hear, and go on hearing when one of them stops': async (network) => {
      const [mine, other] = [await network.add(), await network.add()];
      const [first, second] = [new Ear(), new Ear()];
      await mine.backplane.start(first.listener);
      await mine.backplane.start(second.listener);
      const before = wake(1);
      other.backplane.publish([before]);
      await Promise.all([mine, first, second].map((ear) => ear.hears(before)));
      await mine.backplane.stop();
      const after = wake(2);
      other.backplane.publish([after]);
      await second.hears(after);
      strictEqual(mine.backplane.health().connected, true);
      await mine.backplane.stop();
    },
    'hints of every kind arrive as they were said, as plain data': async (network) => {
      const [mine, other] = [await network.add(), await network.add()];
      const passing = {
        stream: { kind: 'meeting', id: newId() },
        from: newId(),
        type: 'poking',
        audience: 'hosts',
      } as const;
      const data = { text: 'Grüße, “☃”\u2028\n', list: [1, null, { deep: true }] };
      const hints: Hint[] = [
        wake(7),
        { kind: 'wake', stream: { kind: 'user', id: newId() }, seq: 2 ** 40 },
        { kind: 'signal', ...passing, data },
        { kind: 'state', ...passing, data: null },
        { kind: 'signal', ...passing, data: 'to some', audience: { users: [newId(), newId()] } },
        { kind: 'states-wanted', stream: passing.stream },
      ];
      other.backplane.publish(hints);
      for (const hint of hints) await mine.hears(hint);
      const heard = mine.hints.find(({ kind }) => kind === 'signal');
      ok(heard !== undefined && 'data' in heard && heard.data !== data, 'the data is a copy');
      strictEqual(Object.getPrototypeOf(heard.data), Object.prototype);
    },
    'of many wakes at once the highest of each stream arrives': async (network) => {
      const [mine, other] = [await network.add(), await network.add()];
      const streams = Array.from({ length: 20 }, () => newId());
      for (let seq = 1; seq <= 100; seq++) other.backplane.publish(streams.map((id) => wake(seq, id)));
      for (const id of streams) await mine.hears(wake(100, id));
    },
    [`a signal of more than ${subject.maxBytes} bytes may be dropped, then it is counted, and others get through`]:
      async (network) => {
        const [mine, other] = [await network.add(), await network.add()];
        const [small, large] = [signal('small'), signal('x'.repeat(subject.maxBytes * 4))];
        const { dropped } = network;
        other.backplane.publish([large, small]);
        await mine.hears(small);
        await eventually('the large one arrives or is counted', () => mine.heard(large) || network.dropped > dropped);
      },
    'a listener that throws harms nobody': async (network) => {
      const [mine, other] = [await network.add(), await network.add()];
      await mine.backplane.start({ hint: fail, gap: fail });
      const hints = [wake(1), wake(2)];
      for (const hint of hints) {
        other.backplane.publish([hint]);
        await mine.hears(hint);
      }
      await mine.backplane.stop();
    },
  };
}

function rubbish({ shout }: BackplaneSubject): Cases {
  return {
    'what cannot be said as plain data is dropped and counted': async (network) => {
      const [mine, other] = [await network.add(), await network.add()];
      const circle: Record<string, unknown> = {};
      circle['self'] = circle;
      const before = network.dropped;
      const last = signal('sayable');
      other.backplane.publish([signal(circle), signal(10n), last]);
      await mine.hears(last);
      await eventually('both are counted', () => network.dropped >= before + 2);
    },
    ...(shout === undefined
      ? {}
      : {
          'what strangers say is dropped and counted, and harms nothing': async (network) => {
            const [mine, other] = [await network.add(), await network.add()];
            const before = mine.backplane.health().dropped;
            for (const payload of nonsense) await shout(payload);
            await eventually('all is counted', () => mine.backplane.health().dropped >= before + nonsense.length);
            const last = wake(1);
            other.backplane.publish([last]);
            await mine.hears(last);
            ok(
              mine.hints.every((hint) => isDeepStrictEqual(hint, last)),
              'nothing else arrived',
            );
          },
        }),
  };
}

function life(subject: BackplaneSubject): Cases {
  return {
    'it stops as often as it is told to, and what is said then is dropped and counted': async (network) => {
      const { backplane } = await network.add();
      strictEqual(backplane.health().connected, true);
      await Promise.all([backplane.stop(), backplane.stop()]);
      await backplane.stop();
      const { dropped } = backplane.health();
      backplane.publish([wake(1)]);
      deepStrictEqual(backplane.health(), { connected: false, dropped: dropped + 1, queued: 0 });
    },
    'what was said right before stopping still arrives': async (network) => {
      const [mine, other] = [await network.add(), await network.add()];
      const hint = wake(1);
      other.backplane.publish([hint]);
      await other.backplane.stop();
      await mine.hears(hint);
    },
    'it can be started again, also while it is still stopping': async (network) => {
      const [mine, other] = [await network.add(), await network.add()];
      await mine.backplane.stop();
      await mine.backplane.start(mine.listener);
      const stopping = mine.backplane.stop();
      await mine.backplane.start(mine.listener);
      await stopping;
      await eventually('it is connected', () => mine.backplane.health().connected);
      const hint = wake(1);
      other.backplane.publish([hint]);
      await mine.hears(hint);
      strictEqual(mine.gaps, 0);
    },
    'it may be stopped before it was started': async () => {
      const backplane = subject.create();
      await backplane.stop();
      strictEqual(backplane.health().connected, false);
    },
  };
}

function outages({ maxQueued }: BackplaneSubject, outage: NonNullable<BackplaneSubject['outage']>): Cases {
  return {
    'after an outage it says that something may have been missed, and hints arrive again': async (network) => {
      const [mine, other] = [await network.add(), await network.add()];
      await outage.cut();
      await network.becomes(false);
      await outage.restore();
      await network.becomes(true);
      await eventually('both say so', () => mine.gaps > 0 && other.gaps > 0);
      const hint = wake(1);
      other.backplane.publish([hint]);
      await mine.hears(hint);
    },
    'while the network is away nothing throws, and what waits has a bound': async (network) => {
      const { backplane } = await network.add();
      await outage.cut();
      await network.becomes(false);
      const before = backplane.health().dropped;
      for (let n = 0; n < maxQueued + 100; n++) backplane.publish([wake(n)]);
      const { dropped, queued } = backplane.health();
      ok(queued <= maxQueued, `${queued} wait`);
      strictEqual(dropped - before + queued, maxQueued + 100);
      await outage.restore();
      await network.becomes(true);
      await eventually('nothing waits', () => backplane.health().queued === 0);
    },
    'it starts without the network, and says so when it is there': async (network) => {
      await outage.cut();
      const [mine, other] = [await network.addAway(), await network.addAway()];
      strictEqual(mine.backplane.health().connected, false);
      await outage.restore();
      await network.becomes(true);
      await eventually('both were told', () => mine.gaps > 0 && other.gaps > 0);
      const hint = wake(1);
      other.backplane.publish([hint]);
      await mine.hears(hint);
    },
    'it stops without the network': async (network) => {
      const { backplane } = await network.add();
      await outage.cut();
      await network.becomes(false);
      backplane.publish([wake(1)]);
      await backplane.stop();
      await outage.restore();
      strictEqual(backplane.health().queued, 0);
    },
  };
}

function fail(): never {
  throw new Error('a listener that fails');
}
