/** Cursors that cannot be gone on from: all is begun anew, never in part. */
import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { execute } from '../setup/postgres.ts';
import { eventually, never, soon, test } from './nodes.ts';

test('a cursor of another epoch is of no use', async ({ node, running }) => {
  const { follow } = await node();
  const { id, host } = await running();
  const { cursor } = await follow(host, id);
  const ear = await follow(host, id, { ...cursor, epoch: newId() });
  expect(ear.frames).toEqual([expect.objectContaining({ kind: 'reset', reason: 'epoch', ...cursor })]);
  expect(ear.subscription?.over).toBe(true);
});

test('a cursor ahead of the stream is of no use', async ({ node, running }) => {
  const { follow } = await node();
  const { id, host } = await running();
  const { cursor } = await follow(host, id);
  const ear = await follow(host, id, { ...cursor, seq: cursor.seq + 1 });
  expect(ear.frames).toEqual([expect.objectContaining({ kind: 'reset', reason: 'ahead', ...cursor })]);
});

test('events that were removed behind a cursor are not skipped in silence', async ({ node, running, url }) => {
  const { follow, as } = await node();
  const { id, host } = await running();
  const { cursor } = await follow(host, id);
  for (let round = 0; round < 4; round++) await as(host).chat.send(id, { content: `${round}` });
  await execute(url, `update convoke.meeting_event_heads set min_seq = ${cursor.seq + 2} where stream_id = '${id}'`);
  const ear = await follow(host, id, cursor);
  expect(ear.frames).toEqual([expect.objectContaining({ kind: 'reset', reason: 'pruned', seq: cursor.seq + 4 })]);
  const kept = await follow(host, id, { ...cursor, seq: cursor.seq + 2 });
  await eventually(() => expect(kept.words).toEqual(['2', '3']));
  await execute(url, `update convoke.meeting_event_heads set min_seq = 0 where stream_id = '${id}'`);
});

test('more than is worth sending one by one is not sent in part', async ({ node, running }) => {
  const { follow, as } = await node({ settings: { recoverMax: 3 } });
  const { id, host } = await running();
  const { cursor } = await follow(host, id);
  for (let round = 0; round < 4; round++) await as(host).chat.send(id, { content: `${round}` });
  const ear = await follow(host, id, cursor);
  expect(ear.frames).toEqual([expect.objectContaining({ kind: 'reset', reason: 'too-far', seq: cursor.seq + 4 })]);
  const near = await follow(host, id, { ...cursor, seq: cursor.seq + 1 });
  await eventually(() => expect(near.words).toEqual(['1', '2', '3']));
});

test('a new epoch begins anew for everybody who follows', async ({ node, running, url }) => {
  const { follow, as, hub } = await node({ settings: { headCheckMs: soon } });
  const { id, host, participants } = await running({ participants: 1 });
  const [bob = ''] = participants;
  const ears = [await follow(host, id), await follow(bob, id)];
  const epoch = newId();
  await execute(url, `update convoke.meeting_event_heads set epoch = '${epoch}' where stream_id = '${id}'`);
  for (const ear of ears)
    await eventually(() => expect(ear.frames.at(-1)).toMatchObject({ kind: 'reset', reason: 'epoch', epoch }));
  expect(hub.health()).toMatchObject({ streams: 0, subscriptions: 0 });
  const again = await follow(bob, id);
  await as(host).chat.send(id, { content: 'in the new age' });
  await eventually(() => expect(again.words).toEqual(['in the new age']));
  expect(ears[0]?.words).toEqual([]);
});

test('a new epoch is noticed by whoever comes, however long the heads are not looked at', async ({
  node,
  running,
  url,
}) => {
  const { follow } = await node({ settings: { headCheckMs: never } });
  const { id, host, participants } = await running({ participants: 1 });
  const [bob = ''] = participants;
  const before = await follow(host, id);
  const epoch = newId();
  await execute(url, `update convoke.meeting_event_heads set epoch = '${epoch}' where stream_id = '${id}'`);
  const after = await follow(bob, id);
  expect(after.frames).toMatchObject([{ kind: 'subscribed', epoch }]);
  expect(before.frames.at(-1)).toMatchObject({ kind: 'reset', reason: 'epoch', epoch });
});

test('a stream that was set back without a new epoch begins anew, too', async ({ node, running, url }) => {
  const { follow, as } = await node({ settings: { headCheckMs: soon } });
  const { id, host } = await running();
  await as(host).meetings.update(id, { title: 'Lost with the disk' });
  const ear = await follow(host, id);
  const { seq } = ear.cursor;
  await execute(
    url,
    `with gone as (delete from convoke.meeting_events where stream_id = '${id}' and seq = ${seq} returning prev)
     update convoke.meeting_event_heads set seq = ${seq - 1}, public_seq = gone.prev from gone where stream_id = '${id}'`,
  );
  await eventually(() => expect(ear.frames.at(-1)).toMatchObject({ kind: 'reset', reason: 'ahead', seq: seq - 1 }));
});

test('a row that cannot be told keeps its place with nothing in it, and the stream goes on', async ({
  node,
  running,
  url,
}) => {
  const { follow, as, logger } = await node();
  const { id, host } = await running();
  const { cursor } = await follow(host, id);
  for (let round = 0; round < 4; round++) await as(host).chat.send(id, { content: `${round}` });
  const broken = [
    ["occurred_at = 'infinity'", 1],
    ["data = 'null'", 2],
    ["data = '[1]'", 3],
  ] as const;
  const rows = await execute<{ seq: string; occurred_at: Date; data: unknown }>(
    url,
    `select seq, occurred_at, data from convoke.meeting_events where stream_id = '${id}' and seq > ${cursor.seq}`,
  );
  for (const [change, place] of broken)
    await execute(
      url,
      `update convoke.meeting_events set ${change} where stream_id = '${id}' and seq = ${cursor.seq + place}`,
    );
  const elsewhere = await node();
  const ear = await elsewhere.follow(host, id, cursor);
  await as(host).chat.send(id, { content: 'on' });
  await elsewhere.hub.look();
  await eventually(() => expect(ear.words.at(-1)).toBe('on'));
  expect(ear.events.map(({ seq, redacted }) => [seq - cursor.seq, redacted === true])).toEqual([
    ...broken.map(([, place]) => [place, true]),
    [4, false],
    [5, false],
  ]);
  expect(elsewhere.logger.lines.filter(({ level }) => level === 'error')).toHaveLength(3);
  expect(logger.lines).toEqual([]);
  for (const { seq, occurred_at: at, data } of rows)
    await execute(
      url,
      `update convoke.meeting_events set occurred_at = '${at.toISOString()}', data = '${JSON.stringify(data)}'
       where stream_id = '${id}' and seq = ${seq}`,
    );
});
