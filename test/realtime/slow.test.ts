/** Who does not keep up: what waits for them is bounded, the others notice nothing, and the log has everything. */
import { expect, vi } from 'vitest';
import { Ear, eventually, expectDense, soon, test } from './nodes.ts';

const settings = { headCheckMs: soon, highWaterBytes: 16_384, lowWaterBytes: 1_024 };
const isFrame = (value: unknown) =>
  typeof value === 'object' && value !== null && Reflect.get(value, 'kind') === 'events';
const words = 'x'.repeat(1_000);

test('a stalled follower holds little in memory, harms nobody, and reads on where it was', async ({
  node,
  running,
}) => {
  const { follow, as } = await node({ settings });
  const { id, host, participants } = await running({ participants: 1 });
  const [bob = ''] = participants;
  const slow = await follow(bob, id);
  const healthy = await follow(host, id);
  slow.stall();
  for (let round = 0; round < 10; round++)
    await Promise.all(Array.from({ length: 40 }, () => as(host).chat.send(id, { content: words })));
  await eventually(() => expect(healthy.words).toHaveLength(400));
  expect(slow.words.length).toBeGreaterThan(0);
  expect(slow.words.length).toBeLessThan(100);
  expect(slow.mostBuffered).toBeLessThan(settings.highWaterBytes + 64 * 2_000);
  const before = slow.mostBuffered;
  slow.release();
  await eventually(() => expect(slow.words).toHaveLength(400));
  expectDense(slow.seqs, slow.seqs[0]! - 1);
  expect(slow.endings).toEqual([]);
  expect(slow.mostBuffered).toBe(before);
  await as(host).chat.send(id, { content: 'live again' });
  await eventually(() => expect(slow.words.at(-1)).toBe('live again'));
});

test('a follower that stalls while it catches up stops there', async ({ node, running }) => {
  const { follow, as } = await node({ settings });
  const { id, host } = await running();
  const { cursor } = await follow(host, id);
  for (let round = 0; round < 8; round++)
    await Promise.all(Array.from({ length: 40 }, () => as(host).chat.send(id, { content: words })));
  const ear = new Ear();
  ear.stall();
  await follow(host, id, cursor, ear);
  await eventually(() => expect(ear.words.length).toBeGreaterThan(0));
  expect(ear.words.length).toBeLessThan(128);
  expect(ear.mostBuffered).toBeLessThan(settings.highWaterBytes + 64 * 2_000);
  ear.release();
  await eventually(() => expect(ear.words).toHaveLength(320));
  expectDense(ear.seqs, cursor.seq);
});

test('who reads nothing for too long goes, and can come back for all of it', async ({ node, running }) => {
  const { follow, as } = await node({ settings: { ...settings, maxLagMs: 100 } });
  const { id, host } = await running();
  const ear = await follow(host, id);
  ear.stall();
  for (let round = 0; round < 30; round++) await as(host).chat.send(id, { content: words });
  await eventually(() => expect(ear.endings).toEqual([expect.objectContaining({ closeCode: 3008 })]));
  const again = await follow(host, id, ear.cursor);
  await eventually(() => expect(again.words).toHaveLength(30 - ear.words.length));
  expectDense([...ear.seqs, ...again.seqs], ear.seqs[0]! - 1);
});

test('who is too many events behind goes', async ({ node, running }) => {
  const { follow, as } = await node({ settings: { ...settings, maxLagEvents: 10 } });
  const { id, host } = await running();
  const ear = await follow(host, id);
  ear.stall();
  for (let round = 0; round < 40; round++) await as(host).chat.send(id, { content: words });
  await eventually(() => expect(ear.endings).toEqual([expect.objectContaining({ closeCode: 3008 })]));
});

test('a batch is written once for all who see the same of it', async ({ node, running }) => {
  const { follow, as } = await node();
  const { id, host, participants } = await running({ participants: 6 });
  const [bob = '', eve = ''] = participants;
  const ears = await Promise.all([host, ...participants].map((userId) => follow(userId, id)));
  const stringify = vi.spyOn(JSON, 'stringify');
  const frames = () => stringify.mock.calls.filter(([value]) => isFrame(value)).length;
  await as(host).chat.send(id, { content: 'for all' });
  await eventually(() => {
    for (const ear of ears) expect(ear.words).toEqual(['for all']);
  });
  expect(frames()).toBe(1);
  await as(bob).chat.send(id, { content: 'for two', recipientId: eve });
  await as(bob).participants.reportIssue(id, { kind: 'audio' });
  await eventually(() => expect(ears[0]?.types).toContain('participant.issue-reported'));
  expect(frames()).toBe(3);
});

test('a sink that throws is left alone, and the others hear on', async ({ node, running }) => {
  const { follow, as, hub, logger } = await node();
  const { id, host, participants } = await running({ participants: 1 });
  const [bob = ''] = participants;
  const broken = await follow(host, id);
  const sound = await follow(bob, id);
  vi.spyOn(broken, 'send').mockImplementation(() => {
    throw new Error('broken pipe');
  });
  await as(host).chat.send(id, { content: 'one' });
  await as(host).chat.send(id, { content: 'two' });
  await eventually(() => expect(sound.words).toEqual(['one', 'two']));
  expect(hub.health().subscriptions).toBe(1);
  expect(logger.lines.map(({ message }) => message)).toEqual(['a sink failed to send']);
});

test('at the end everybody is told to come back, after what was announced', async ({ node, running }) => {
  const { follow, as, close, hub } = await node();
  const { id, host, participants } = await running({ participants: 1 });
  const ears = await Promise.all([host, ...participants].map((userId) => follow(userId, id)));
  await Promise.all(Array.from({ length: 20 }, (_, index) => as(host).chat.send(id, { content: `${index}` })));
  await close();
  for (const ear of ears) {
    expect(ear.words).toHaveLength(20);
    expect(ear.endings).toEqual([expect.objectContaining({ code: 'UNAVAILABLE', closeCode: 3001 })]);
  }
  await expect(follow(host, id)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(hub.health().subscriptions).toBe(0);
});
