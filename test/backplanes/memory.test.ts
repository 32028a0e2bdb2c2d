import { expect, test } from 'vitest';
import { memoryBackplane } from '../../src/backplanes/index.ts';
import { Ear, signal, wake } from '../../src/testing/backplane-stations.ts';
import { backplaneSuite } from '../../src/testing/backplane-suite.ts';

let shared = memoryBackplane();

test.each(backplaneSuite({ create: () => shared, maxBytes: 60_000, maxQueued: 0 }))(
  'memory: $name',
  async ({ run }) => {
    shared = memoryBackplane();
    await expect(run()).resolves.toBeUndefined();
  },
);

test('hints arrive a moment after publish has returned, at the sender too', async () => {
  const backplane = memoryBackplane();
  const [sender, other] = [new Ear(), new Ear()];
  await backplane.start(sender.listener);
  await backplane.start(other.listener);
  const hints = [wake(1), wake(2)];
  backplane.publish(hints);
  expect([sender.hints, other.hints, backplane.health().queued]).toEqual([[], [], 2]);
  await Promise.resolve();
  expect([sender.hints, other.hints]).toEqual([hints, hints]);
  expect(backplane.health()).toEqual({ connected: true, dropped: 0, queued: 0 });
});

test('what is larger than other backplanes carry is dropped and counted here too', async () => {
  const backplane = memoryBackplane();
  const ear = new Ear();
  await backplane.start(ear.listener);
  const fitting = signal('x'.repeat(59_000));
  backplane.publish([signal('☃'.repeat(20_000)), fitting]);
  await ear.hears(fitting);
  expect(ear.hints).toEqual([fitting]);
  expect(backplane.health().dropped).toBe(1);
});

test('whoever changes what was received changes nothing for others', async () => {
  const backplane = memoryBackplane();
  const data = { list: [1] };
  const ear = new Ear();
  await backplane.start(ear.listener);
  const hint = signal(data);
  backplane.publish([hint]);
  await ear.hears(hint);
  data.list.push(2);
  expect(ear.hints).toMatchObject([{ data: { list: [1] } }]);
});
