/** What followers get: everything they may see, once, in order, wherever they follow. */
import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { fails } from '../setup/service.ts';
import { FaultyBus } from './bus.ts';
import { eventually, expectDense, never, own, soon, test } from './nodes.ts';

test('whoever follows before anything has happened has a cursor that can be gone on from', async ({ node }) => {
  const { hub, follow } = await node();
  const ada = newId();
  const first = await follow(ada, own(ada));
  expect(first.frames).toEqual([
    { kind: 'subscribed', stream: own(ada), epoch: first.cursor.epoch, seq: 0, resumed: false },
  ]);
  first.stop();
  expect(hub.health()).toMatchObject({ streams: 0, subscriptions: 0 });
  const again = await follow(ada, own(ada), first.cursor);
  expect(again.frames).toMatchObject([{ kind: 'subscribed', ...first.cursor, resumed: true }]);
});

test('a person’s own stream tells them of invitations and is theirs alone', async ({ node, scheduled }) => {
  const { follow, as } = await node();
  const { id, host } = await scheduled();
  const bob = newId();
  const ear = await follow(bob, own(bob));
  await fails(follow(host, own(bob)), 'FORBIDDEN');
  await as(host).invitations.invite(id, { inviteeIds: [bob] });
  await eventually(() => expect(ear.types).toEqual(['invitation.sent']));
  expect(ear.events[0]?.data).toMatchObject({ meetingId: id, inviteeId: bob });
});

test('strangers are refused before a byte is sent, and unknown meetings look the same', async ({ node, running }) => {
  const { hub, follow } = await node();
  const { id } = await running();
  const stranger = newId();
  const hidden = await fails(follow(stranger, id), 'NOT_FOUND');
  const unknown = await fails(follow(stranger, newId()), 'NOT_FOUND');
  expect(hidden.message).toBe(unknown.message);
  expect(hub.health().subscriptions).toBe(0);
});

test('each gets what is meant for them: everybody, hosts, or the two people of a private message', async ({
  node,
  running,
}) => {
  const { follow, as } = await node();
  const { id, host, participants } = await running({ participants: 2 });
  const [bob = '', eve = ''] = participants;
  const ears = await Promise.all([host, bob, eve].map((userId) => follow(userId, id)));
  await as(bob).participants.reportIssue(id, { kind: 'audio' }); // for hosts
  await as(bob).chat.send(id, { content: 'between us', recipientId: eve });
  await as(bob).chat.send(id, { content: 'for all' });
  await eventually(() => {
    for (const ear of ears) expect(ear.words).toContain('for all');
  });
  const [ofHost, ofBob, ofEve] = ears.map((ear) => ear.events.map(({ type, data }) => data['content'] ?? type));
  expect(ofHost).toEqual(['participant.issue-reported', 'for all']);
  expect(ofBob).toEqual(['between us', 'for all']);
  expect(ofEve).toEqual(['between us', 'for all']);
  expect(new Set(ears.map((ear) => ear.cursor.seq)).size).toBe(1); // what is hidden is counted
});

test('the chain of what everybody sees is unbroken over batches and hidden events', async ({ node, running }) => {
  const { follow, as } = await node();
  const { id, host, participants } = await running({ participants: 2 });
  const [bob = '', eve = ''] = participants;
  const ear = await follow(eve, id);
  for (let round = 0; round < 12; round++) {
    await as(host).chat.send(id, { content: `to bob ${round}`, recipientId: bob });
    await as(bob).chat.send(id, { content: `${round}` });
  }
  await eventually(() => expect(ear.words).toHaveLength(12));
  ear.stop();
  await as(bob).chat.send(id, { content: 'last' });
  const again = await follow(eve, id, ear.cursor);
  await eventually(() => expect(again.words).toEqual(['last']));
  const resumed = [...ear.events, ...again.events];
  expect(resumed.slice(1).map(({ prev }) => prev)).toEqual(resumed.slice(0, -1).map(({ seq }) => seq));
});

test('whoever comes back at another process has missed nothing and gets nothing twice', async ({ node, running }) => {
  const bus = new FaultyBus();
  const [one, other] = [await node({ bus }), await node({ bus })];
  const { id, host, participants } = await running({ participants: 1 });
  const [bob = ''] = participants;
  const here = await one.follow(bob, id);
  for (let round = 0; round < 5; round++) await other.as(host).chat.send(id, { content: `${round}` });
  await eventually(() => expect(here.words).toHaveLength(5));
  here.stop();
  for (let round = 5; round < 300; round += 59) {
    await Promise.all(
      Array.from({ length: 59 }, (_, index) => one.as(host).chat.send(id, { content: `${round + index}` })),
    );
  }
  const there = await other.follow(bob, id, here.cursor);
  expect(there.frames[0]).toMatchObject({ kind: 'subscribed', resumed: true, seq: here.cursor.seq });
  await one.as(host).chat.send(id, { content: 'live' });
  await eventually(() => expect(there.words.at(-1)).toBe('live'));
  expectDense(there.seqs, here.cursor.seq);
  expect(there.words).toHaveLength(296);
});

test('at a process that is behind the cursor, nothing comes a second time', async ({ node, running }) => {
  const bus = new FaultyBus();
  const [ahead, behind] = [await node({ bus }), await node({ bus })];
  const { id, host, participants } = await running({ participants: 2 });
  const [bob = '', eve = ''] = participants;
  const witness = await behind.follow(eve, id);
  const here = await ahead.follow(bob, id);
  bus.cut(); // from here on, the other process knows of nothing
  for (let round = 0; round < 6; round++) await ahead.as(host).chat.send(id, { content: `${round}` });
  await eventually(() => expect(here.words).toHaveLength(6));
  expect(witness.words).toEqual([]);
  here.stop();
  const there = await behind.follow(bob, id, here.cursor);
  await ahead.as(host).chat.send(id, { content: 'next' });
  bus.mend();
  await eventually(() => expect(there.words).toEqual(['next']));
  await eventually(() => expect(witness.words).toEqual(['0', '1', '2', '3', '4', '5', 'next']));
  expectDense(witness.seqs, witness.seqs[0]! - 1);
});

test('a lost hint costs no more than the time until the heads are looked at', async ({ node, running }) => {
  const bus = new FaultyBus();
  const [one, other] = [await node({ bus, settings: { headCheckMs: soon } }), await node({ bus })];
  const { id, host } = await running();
  const ear = await one.follow(host, id);
  bus.cut();
  await other.as(host).chat.send(id, { content: 'unheard of' });
  await eventually(() => expect(ear.words).toEqual(['unheard of']));
});

test('what a process committed before it died, without telling anybody, arrives', async ({ node, running }) => {
  const bus = new FaultyBus();
  const [one, dying] = [await node({ bus, settings: { headCheckMs: soon } }), await node({ bus, isMute: true })];
  const { id, host } = await running();
  const ear = await one.follow(host, id);
  await dying.as(host).chat.send(id, { content: 'last words' });
  await dying.close();
  await eventually(() => expect(ear.words).toEqual(['last words']));
});

test('hints that come twice, late and in another order change nothing', async ({ node, running }) => {
  const bus = new FaultyBus(7);
  bus.faults = { lost: 0, doubled: 0.7, lateByMs: 25 };
  const [one, other] = [await node({ bus }), await node({ bus })];
  const { id, host } = await running();
  const ear = await one.follow(host, id);
  for (let round = 0; round < 40; round++) await other.as(host).chat.send(id, { content: `${round}` });
  await eventually(() => expect(ear.words).toHaveLength(40));
  expectDense(ear.seqs, ear.seqs[0]! - 1);
  expect(ear.words).toEqual(Array.from({ length: 40 }, (_, index) => `${index}`));
});

test('a hint of more than there is holds up nothing', async ({ node, running }) => {
  const bus = new FaultyBus();
  const { follow, as } = await node({ bus });
  const { id, host } = await running();
  const ear = await follow(host, id);
  bus.whisper({ kind: 'wake', stream: { kind: 'meeting', id }, seq: 1_000_000 });
  await as(host).chat.send(id, { content: 'on' });
  await eventually(() => expect(ear.words).toEqual(['on']));
});

test('after the backplane was away, what was missed is looked for at once', async ({ node, running }) => {
  const bus = new FaultyBus();
  const [one, other] = [await node({ bus, settings: { headCheckMs: never } }), await node({ bus })];
  const { id, host } = await running();
  const ear = await one.follow(host, id);
  bus.cut();
  await other.as(host).chat.send(id, { content: 'meanwhile' });
  expect(one.hub.health().backplane.connected).toBe(false);
  bus.mend();
  await eventually(() => expect(ear.words).toEqual(['meanwhile']));
});

test('two processes write one meeting at once, and all followers see one order', async ({ node, running }) => {
  const bus = new FaultyBus();
  const nodes = [await node({ bus }), await node({ bus })];
  const { id, host, participants } = await running({ participants: 3 });
  const people = [host, ...participants];
  const ears = await Promise.all(people.map((userId, index) => nodes[index % 2]!.follow(userId, id)));
  await Promise.all(
    Array.from({ length: 128 }, (_, index) =>
      nodes[index % 2]!.as(people[index % 4]!).chat.send(id, { content: `${index}` }),
    ),
  );
  await eventually(() => {
    for (const ear of ears) expect(ear.words).toHaveLength(128);
  });
  for (const ear of ears) {
    expectDense(ear.seqs, ear.seqs[0]! - 1);
    expect(ear.events).toEqual(ears[0]?.events);
  }
});

test('what was announced here needs no query to be told', async ({ node, running }) => {
  const { follow, as, statements } = await node();
  const { id, host } = await running();
  const ear = await follow(host, id);
  const before = statements.length;
  for (let round = 0; round < 5; round++) await as(host).chat.send(id, { content: `${round}` });
  await eventually(() => expect(ear.words).toHaveLength(5));
  expect(statements.length - before).toBe(5); // the messages themselves
  ear.stop();
});

test('an idle follower is told how far hidden events have moved the cursor', async ({ node, running }) => {
  const { follow, as } = await node({ settings: { headCheckMs: soon } });
  const { id, host, participants } = await running({ participants: 2 });
  const [bob = '', eve = ''] = participants;
  const ear = await follow(eve, id);
  const { seq } = ear.cursor;
  await as(host).chat.send(id, { content: 'psst', recipientId: bob });
  await eventually(() => expect(ear.of('cursor')).toEqual([expect.objectContaining({ to: seq + 1 })]));
  expect(ear.events).toEqual([]);
});
