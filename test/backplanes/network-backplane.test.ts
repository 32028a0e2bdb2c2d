import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { pack } from '../../src/backplanes/hint.ts';
import { type LinkListener, type Network, redialPause, within } from '../../src/backplanes/line.ts';
import { NetworkBackplane } from '../../src/backplanes/network-backplane.ts';
import { MeetingError } from '../../src/core/errors.ts';
import { newId } from '../../src/core/identifier.ts';
import { eventually, signal, Station, wake } from '../../src/testing/backplane-stations.ts';

/** A network of one, whose ways to fail are set by hand. */
class ToyNetwork implements Network {
  readonly maxBytes = 2_000;
  readonly sent: string[] = [];
  dials = 0;
  closed = 0;
  released = 0;
  echoes = true;
  refuse: Error | null = null;
  /** Dialling waits for this. */
  answer: Promise<void> = Promise.resolve();
  /** Sending waits for this. */
  gate: Promise<void> = Promise.resolve();
  #listener: LinkListener | null = null;

  async dial(listener: LinkListener) {
    this.dials++;
    await this.answer;
    if (this.refuse !== null) throw this.refuse;
    this.#listener = listener;
    return {
      send: async (payload: string) => {
        await this.gate;
        this.sent.push(payload);
        if (this.echoes) listener.received(payload);
      },
      close: async () => void this.closed++,
    };
  }

  async close(): Promise<void> {
    this.released++;
  }

  say(payload: string): void {
    this.#listener?.received(payload);
  }

  break(): void {
    this.#listener?.lost();
  }

  /** Payloads with anything in them. */
  get said(): string[] {
    return this.sent.filter((payload) => payload.includes('kind'));
  }
}

function station(
  network: Network,
  settings: { heartbeatMs?: number; coalesceMs?: number; maxQueued?: number } = {},
): Station {
  const made = new Station(
    new NetworkBackplane(network, { maxQueued: 10, heartbeatMs: 60_000, coalesceMs: 0, ...settings }),
  );
  onTestFinished(() => made.backplane.stop());
  return made;
}

test('it is connected when it hears itself, not before', async () => {
  const network = new ToyNetwork();
  const gate = Promise.withResolvers<void>();
  network.gate = gate.promise;
  const mine = station(network);
  const starting = mine.backplane.start(mine.listener);
  await eventually('it has dialled', () => network.dials === 1);
  await pause(20);
  expect(mine.backplane.health().connected).toBe(false);
  gate.resolve();
  await starting;
  expect(mine.backplane.health().connected).toBe(true);
  expect(mine.gaps).toBe(0); // nobody could have missed anything yet
});

test('starting waits for a network that takes its time, but not longer than a heartbeat', async () => {
  const network = new ToyNetwork();
  const gate = Promise.withResolvers<void>();
  network.answer = gate.promise;
  const mine = station(network, { heartbeatMs: 50 });
  await mine.backplane.start(mine.listener);
  expect(mine.backplane.health().connected).toBe(false);
  gate.resolve();
  await eventually('it is there', () => mine.backplane.health().connected);
  expect(mine.gaps).toBe(1); // what was said since the start
});

test('what others say is no proof that it is heard itself', async () => {
  const network = new ToyNetwork();
  network.echoes = false;
  const mine = station(network, { heartbeatMs: 200 });
  const other = wake(1);
  const starting = mine.backplane.start(mine.listener);
  await eventually('it has asked', () => network.sent.length === 1);
  network.say(pack([other], newId(), 2_000).payloads[0]!.text);
  expect(mine.hints).toEqual([other]);
  await starting;
  expect(mine.backplane.health().connected).toBe(false);
});

test('a connection on which it does not hear itself is replaced, and starting does not wait for ever', async () => {
  const network = new ToyNetwork();
  network.echoes = false;
  const mine = station(network, { heartbeatMs: 30 });
  await mine.backplane.start(mine.listener);
  expect(mine.backplane.health().connected).toBe(false);
  await eventually('others are tried', () => network.dials > 2 && network.closed > 1);
  network.echoes = true;
  await eventually('one is good', () => mine.backplane.health().connected && mine.gaps === 1);
});

test('one that becomes silent later is replaced too', async () => {
  const network = new ToyNetwork();
  const mine = station(network, { heartbeatMs: 30 });
  await mine.backplane.start(mine.listener);
  network.echoes = false;
  await eventually('it is noticed', () => !mine.backplane.health().connected);
  network.echoes = true;
  await eventually('it is back', () => mine.backplane.health().connected);
  expect(mine.gaps).toBe(1);
});

test('one that is good is kept, and is asked only when nothing else is said', async () => {
  const network = new ToyNetwork();
  const mine = station(network, { heartbeatMs: 40 });
  await mine.backplane.start(mine.listener);
  await eventually('it has been asked several times', () => network.sent.length > 4);
  expect(network.dials).toBe(1);
  const asked = network.sent.length;
  const began = performance.now();
  for (let n = 0; n < 30; n++) {
    mine.backplane.publish([wake(n)]);
    await pause(10);
  }
  expect(network.said.length).toBeGreaterThan(5);
  const beats = (performance.now() - began) / 40;
  expect(network.sent.length - network.said.length - asked).toBeLessThan(beats / 2);
});

test('signals are not kept for a network that is away, wakes are', async () => {
  const network = new ToyNetwork();
  network.refuse = new Error('away');
  const mine = station(network);
  await mine.backplane.start(mine.listener);
  const last = wake(7);
  mine.backplane.publish([signal('hello'), last]);
  expect(mine.backplane.health()).toEqual({ connected: false, dropped: 1, queued: 1 });
  network.refuse = null;
  await mine.hears(last);
  expect(mine.hints).toEqual([last]);
});

test('signals that wait when the network goes are dropped', async () => {
  const network = new ToyNetwork();
  const mine = station(network, { coalesceMs: 1_000 });
  await mine.backplane.start(mine.listener);
  mine.backplane.publish([signal('hello'), wake(1)]);
  expect(mine.backplane.health()).toMatchObject({ dropped: 0, queued: 2 });
  network.refuse = new Error('away');
  network.break();
  await eventually('it is noticed', () => !mine.backplane.health().connected);
  expect(mine.backplane.health()).toMatchObject({ dropped: 1, queued: 1 });
});

test('while one sending is under way everything else waits, and then goes as one', async () => {
  const network = new ToyNetwork();
  const mine = station(network);
  await mine.backplane.start(mine.listener);
  const gate = Promise.withResolvers<void>();
  network.gate = gate.promise;
  const first = wake(1);
  mine.backplane.publish([first]);
  await eventually('it is on its way', () => mine.backplane.health().queued === 1);
  await pause(10);
  const { id } = first.stream;
  for (let seq = 2; seq <= 500; seq++) mine.backplane.publish([wake(seq, id)]);
  await pause(10);
  expect(mine.backplane.health().queued).toBe(2);
  gate.resolve();
  await mine.hears(wake(500, id));
  expect(network.said).toHaveLength(2);
});

test('what does not fit is dropped and counted, what a failing network swallows too', async () => {
  const network = new ToyNetwork();
  const mine = station(network);
  await mine.backplane.start(mine.listener);
  mine.backplane.publish([signal('x'.repeat(2_000))]);
  await eventually('it is counted', () => mine.backplane.health().dropped === 1);
  network.gate = Promise.reject(new Error('full'));
  network.gate.catch(() => {});
  mine.backplane.publish([wake(1), wake(2)]);
  await eventually('they are counted', () => mine.backplane.health().dropped === 3);
  expect(mine.backplane.health().queued).toBe(0);
});

test('stopping does not wait for a network that takes nothing', async () => {
  const network = new ToyNetwork();
  const mine = station(network);
  await mine.backplane.start(mine.listener);
  network.gate = new Promise(() => {});
  mine.backplane.publish([wake(1)]);
  await mine.backplane.stop();
  expect(mine.backplane.health().connected).toBe(false);
  expect([network.closed, network.released]).toEqual([1, 1]);
});

test('a network that is good again is soon returned to, however often it was lost', async () => {
  const network = new ToyNetwork();
  const mine = station(network);
  await mine.backplane.start(mine.listener);
  for (let times = 1; times <= 14; times++) {
    network.break();
    await eventually('it is back', () => mine.gaps === times); // growing pauses would take a minute in all
  }
  expect(network.dials).toBe(15);
});

test('wrong settings end the start, and nothing is tried any more', async () => {
  const network = new ToyNetwork();
  network.refuse = new MeetingError('NOT_CONFIGURED', 'Wrong.');
  const mine = station(network);
  await expect(mine.backplane.start(mine.listener)).rejects.toBe(network.refuse);
  const { dials } = network;
  await pause(200); // twice the longest first pause
  expect(network.dials).toBe(dials);
  network.refuse = null;
  await mine.backplane.start(mine.listener);
  expect(mine.backplane.health().connected).toBe(true);
});

test('wrong settings that come later are waited out: a password may be on its way', async () => {
  const network = new ToyNetwork();
  const mine = station(network);
  await mine.backplane.start(mine.listener);
  network.refuse = new MeetingError('NOT_CONFIGURED', 'Changed.');
  network.break();
  await eventually('it was tried again', () => network.dials > 2);
  network.refuse = null;
  await eventually('it is back', () => mine.backplane.health().connected);
  expect(mine.gaps).toBe(1);
});

test('pauses grow to ten seconds, and every one is a draw between nothing and its bound', () => {
  const bounds = [0, 1, 2, 6, 7, 1_000].map((failures) => redialPause(failures, () => 1));
  expect(bounds).toEqual([100, 200, 400, 6_400, 10_000, 10_000]);
  expect(redialPause(5, () => 0)).toBe(0);
});

test('a limit of time gives an answer or a TIMEOUT', async () => {
  expect(await within(1_000, Promise.resolve('here'))).toBe('here');
  await expect(within(1, new Promise(() => {}))).rejects.toMatchObject({ code: 'TIMEOUT' });
  await expect(within(1_000, Promise.reject(new Error('no')))).rejects.toThrow('no');
});
