/** What followers may see follows their rights: at the event that changes them, and on every return. */
import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { execute } from '../setup/postgres.ts';
import { fails, secrets } from '../setup/service.ts';
import { type Ear, eventually, expectDense, own, soon, test } from './nodes.ts';

const kinds = (ear: Ear) => ear.events.flatMap(({ data }) => data['kind'] ?? []);

test('somebody removed sees that they were, nothing after it, and cannot come back', async ({ node, running }) => {
  const [here, elsewhere] = [await node({ settings: { headCheckMs: soon } }), await node()];
  const { id, host, participants } = await running({ participants: 2 });
  const [bob = '', eve = ''] = participants;
  const ears = { bob: await here.follow(bob, id), eve: await here.follow(eve, id) };
  await elsewhere.as(host).participants.remove(id, bob);
  for (let round = 0; round < 3; round++) await elsewhere.as(host).chat.send(id, { content: `${round}` });
  await eventually(() => expect(ears.eve.words).toEqual(['0', '1', '2']));
  expect(ears.bob.events.at(-1)).toMatchObject({ type: 'participant.removed', data: { userId: bob } });
  expect(ears.bob.words).toEqual([]);
  expect(ears.bob.endings).toEqual([expect.objectContaining({ code: 'NOT_FOUND', closeCode: 3503 })]);
  expect(ears.bob.subscription?.over).toBe(true);
  const frames = ears.bob.frames.length;
  await fails(here.follow(bob, id, ears.bob.cursor), 'NOT_FOUND');
  expect(ears.bob.frames).toHaveLength(frames);
  expect(ears.eve.endings).toEqual([]);
});

test('their own stream goes on, and tells of the removal', async ({ node, running }) => {
  const { follow, as } = await node();
  const { id, host, participants } = await running({ participants: 1 });
  const [bob = ''] = participants;
  const ear = await follow(bob, own(bob));
  await as(host).participants.remove(id, bob);
  await eventually(() => expect(ear.types).toEqual(['participant.removed']));
  await as(host).invitations.invite(id, { inviteeIds: [bob] });
  await eventually(() => expect(ear.types).toContain('invitation.sent'));
  expect(ear.endings).toEqual([]);
});

test('somebody removed and asked again may follow, over the removal that is past', async ({ node, running }) => {
  const { follow, as } = await node();
  const { id, host, participants } = await running({ participants: 1 });
  const [bob = ''] = participants;
  const before = await follow(bob, id);
  const { cursor } = before;
  await as(host).participants.remove(id, bob);
  await eventually(() => expect(before.endings).toHaveLength(1));
  await as(host).invitations.invite(id, { inviteeIds: [bob] });
  const again = await follow(bob, id, cursor);
  await as(host).chat.send(id, { content: 'welcome back' });
  await eventually(() => expect(again.words).toEqual(['welcome back']));
  expect(again.types).toContain('participant.removed');
  expect(again.endings).toEqual([]);
});

test('somebody slow who is removed is given the removal alone, once they can read', async ({ node, running }) => {
  const { follow, as } = await node({ settings: { highWaterBytes: 2_048, lowWaterBytes: 512 } });
  const { id, host, participants } = await running({ participants: 1 });
  const [bob = ''] = participants;
  const ear = await follow(bob, id);
  ear.stall();
  for (let round = 0; round < 10; round++) await as(host).chat.send(id, { content: 'x'.repeat(500) });
  const had = ear.events.length;
  expect(had).toBeLessThan(10);
  await as(host).participants.remove(id, bob);
  for (let round = 0; round < 3; round++) await as(host).chat.send(id, { content: 'after' });
  ear.release();
  await eventually(() => expect(ear.endings).toHaveLength(1));
  expect(ear.types.slice(had)).toEqual(['participant.removed']);
});

test('a removal that the rows know of before the event has come lets nothing through in between', async ({
  node,
  running,
  url,
}) => {
  const { follow, as } = await node({ settings: { headCheckMs: soon } });
  const { id, host, participants } = await running({ participants: 1 });
  const [bob = ''] = participants;
  const ear = await follow(bob, id);
  const where = `meeting_id = '${id}' and auth_user_id = '${bob}'`;
  const update = (change: string) => execute(url, `update convoke.meeting_participants set ${change} where ${where}`);
  await as(host).participants.setRole(id, bob, 'Presenter');
  await eventually(() => expect(ear.types).toEqual(['participant.role-changed']));
  // By another hand, which tells nobody: what makes somebody look is an event of before.
  await update('removed_at = now()');
  await execute(
    url,
    `insert into convoke.meeting_events (stream_kind, stream_id, seq, prev, type, occurred_at, data)
     select 0, '${id}', seq + 1, seq, 'participant.role-changed', now(), '{"userId": "${bob}"}'
     from convoke.meeting_event_heads where stream_id = '${id}';
     update convoke.meeting_event_heads set seq = seq + 1, public_seq = seq + 1 where stream_id = '${id}'`,
  );
  await eventually(() => expect(ear.endings).toEqual([expect.objectContaining({ closeCode: 3503 })]));
  expect(ear.types).toEqual(['participant.role-changed']);
  await update('removed_at = null');
});

test('somebody removed sees that, however long it takes to read what the others may see', async ({ node, running }) => {
  let isRemoved = false;
  const here = await node({
    settings: { headCheckMs: soon },
    answering: async (text) => {
      if (!isRemoved || !/role in \(.*CoHost/.test(text)) return;
      const before = looks();
      await eventually(() => expect(looks()).toBeGreaterThan(before + 5));
    },
  });
  const looks = () => here.statements.filter((each) => each.includes('unnest')).length;
  const { id, host, participants } = await running({ participants: 2 });
  const [bob = '', eve = ''] = participants;
  await here.as(host).participants.setRole(id, eve, 'Observer'); // who is told of hosts by name
  const [ofBob] = [await here.follow(bob, id), await here.follow(eve, id)];
  isRemoved = true;
  await here.as(host).participants.remove(id, bob);
  await eventually(() => expect(ofBob.endings).toHaveLength(1));
  expect(ofBob.types).toEqual(['participant.removed']);
});

test('what hosts hear stops at the event that takes the role away, live and on every replay', async ({
  node,
  running,
}) => {
  const [{ follow, hub }, elsewhere] = [await node(), await node({ isMute: true })];
  const { id, host, participants } = await running({ participants: 2 });
  const [bob = '', eve = ''] = participants;
  const { as } = elsewhere; // of which nobody here is told, so that everything passes in one batch
  await as(host).participants.setRole(id, bob, 'CoHost');
  const ear = await follow(bob, id);
  const { cursor } = ear;
  const report = (kind: 'audio' | 'video') => as(eve).participants.reportIssue(id, { kind });
  await report('audio');
  await as(host).participants.setRole(id, bob, 'Participant');
  await report('video');
  await as(eve).chat.send(id, { content: 'on' });
  await hub.look();
  await eventually(() => expect(ear.words).toEqual(['on']));
  expect(ear.types).toEqual(['participant.issue-reported', 'participant.role-changed', 'chat.message.sent']);
  expect(ear.events[0]?.data).toMatchObject({ kind: 'audio' });

  const replayed = await follow(bob, id, cursor);
  await eventually(() => expect(replayed.words).toEqual(['on']));
  expect(replayed.types).toEqual(['participant.role-changed', 'chat.message.sent']);
});

test('who becomes a host hears what hosts hear from there on, and the one before no more', async ({
  node,
  running,
}) => {
  const { follow, as } = await node();
  const { id, host, participants } = await running({ participants: 2 });
  const [bob = '', eve = ''] = participants;
  const [ofHost, ofBob] = [await follow(host, id), await follow(bob, id)];
  const report = (kind: 'audio' | 'video' | 'other') => as(eve).participants.reportIssue(id, { kind });
  await report('audio');
  await as(host).participants.transferHost(id, bob);
  await report('video');
  await as(bob).participants.setRole(id, host, 'Participant');
  await report('other');
  await as(eve).chat.send(id, { content: 'end' });
  await eventually(() => expect([ofHost.words, ofBob.words]).toEqual([['end'], ['end']]));
  expect(kinds(ofHost)).toEqual(['audio', 'video']);
  expect(kinds(ofBob)).toEqual(['video', 'other']);
});

test('rights that change while somebody comes in are the ones that hold', async ({ node, running }) => {
  const reading = Promise.withResolvers<void>();
  const changed = Promise.withResolvers<void>();
  let isHeld = false;
  const { follow, as } = await node({
    answering: async (text) => {
      if (!isHeld || !text.includes('json_build_object')) return;
      isHeld = false;
      reading.resolve();
      await changed.promise;
    },
  });
  const { id, host, participants } = await running({ participants: 2 });
  const [bob = '', eve = ''] = participants;
  await as(host).participants.setRole(id, bob, 'CoHost');
  const ofEve = await follow(eve, id);
  isHeld = true;
  const coming = follow(bob, id);
  await reading.promise; // as a CoHost
  await as(host).participants.setRole(id, bob, 'Participant');
  await eventually(() => expect(ofEve.types).toEqual(['participant.role-changed']));
  changed.resolve();
  const ofBob = await coming;
  await as(eve).participants.reportIssue(id, { kind: 'audio' });
  await as(eve).chat.send(id, { content: 'on' });
  await eventually(() => expect(ofBob.words).toEqual(['on']));
  expect(ofBob.types).not.toContain('participant.issue-reported');
});

test('Observers are told of Host and CoHosts alone, as these are now', async ({ node, running }) => {
  const { follow, as } = await node();
  const { id, host, participants } = await running({ participants: 2 });
  const [bob = '', eve = ''] = participants;
  await as(host).participants.setRole(id, eve, 'Observer');
  const ear = await follow(eve, id);
  const { cursor } = ear;
  await as(bob).participants.raiseHand(id);
  await as(bob).participants.setMedia(id, { microphone: true });
  await as(host).participants.setMedia(id, { microphone: true });
  await as(bob).chat.send(id, { content: 'heard by all' });
  await as(host).participants.setRole(id, bob, 'CoHost');
  await as(bob).participants.lowerHand(id);
  await eventually(() => expect(ear.types).toContain('participant.hand-lowered'));
  expect(ear.events.map(({ type, data }) => [type, data['userId'] ?? data['content']])).toEqual([
    ['media.changed', host],
    ['chat.message.sent', 'heard by all'],
    ['participant.role-changed', bob], // a CoHost by now
    ['participant.hand-lowered', bob],
  ]);

  await as(host).participants.setRole(id, bob, 'Participant');
  const replayed = await follow(eve, id, cursor);
  await as(host).chat.send(id, { content: 'now' });
  await eventually(() => expect(replayed.words).toContain('now'));
  expect(replayed.events.map(({ data }) => data['userId'])).not.toContain(bob);
});

test('who declines is told of everything but chat, until they are back', async ({ node, running }) => {
  const { follow, as } = await node();
  const { id, host, participants } = await running({ participants: 1, present: false });
  const [bob = ''] = participants;
  const say = (content: string) => as(host).chat.send(id, { content });
  await as(host).participants.join(id);
  const ear = await follow(bob, id);
  await say('coming?');
  await as(bob).invitations.respond(id, { response: 'Declined' });
  await say('pity');
  await as(host).participants.raiseHand(id);
  await eventually(() => expect(ear.types).toContain('participant.hand-raised'));
  await as(bob).participants.join(id);
  await say('hello');
  await eventually(() => expect(ear.words).toEqual(['coming?', 'hello']));
});

test('a meeting’s end is told like everything else, and the stream goes on', async ({ node, running }) => {
  const { follow, as } = await node();
  const { id, host, participants } = await running({ participants: 1 });
  const [bob = ''] = participants;
  const ear = await follow(bob, id);
  await as(host).meetings.end(id);
  await eventually(() => expect(ear.types).toContain('meeting.ended'));
  expect(ear.endings).toEqual([]);
  expect(ear.subscription?.over).toBe(false);
});

test('a deleted message leaves no words for who comes later, not even from memory', async ({ node, running, url }) => {
  const [here, elsewhere] = [await node(), await node({ isMute: true })];
  const { id, host, participants } = await running({ participants: 1 });
  const [bob = ''] = participants;
  const live = await here.follow(host, id);
  const { cursor } = live;
  const sent = await here.as(bob).chat.send(id, { content: 'a slip of the tongue' });
  await eventually(() => expect(live.words).toEqual(['a slip of the tongue']));
  await elsewhere.as(bob).chat.delete(sent.id); // nobody here has been told
  const late = await here.follow(host, id, cursor);
  await eventually(() => expect(late.types).toEqual(['chat.message.sent', 'chat.message.deleted']));
  expect(late.texts.join()).not.toContain('slip');
  expect(late.events[0]).toMatchObject({ seq: cursor.seq + 1, redacted: true, data: {} });
  const [row] = await execute<{ count: string }>(
    url,
    `select count(*) from convoke.meeting_events where stream_id = '${id}' and data::text like '%slip%'`,
  );
  expect(row?.count).toBe('0');
});

test('no frame of an anonymous poll names or orders its voters', async ({ node, running }) => {
  const { follow, as } = await node({ secrets });
  const { id, host, participants: voters } = await running({ participants: 4 });
  const ears = await Promise.all([host, ...voters].map((userId) => follow(userId, id)));
  const inboxes = await Promise.all(voters.map((userId) => follow(userId, own(userId))));
  const poll = await as(host).polls.create(id, {
    ...{ question: 'Well?', pollType: 'MultipleChoice', options: ['yes', 'no'] },
    isAnonymous: true,
  });
  for (const userId of voters) await as(userId).polls.vote(poll.id, { selectedOptions: [0] });
  await as(host).polls.close(poll.id);
  await eventually(() => {
    for (const ear of ears) expect(ear.types).toContain('poll.closed');
  });
  for (const ear of [...ears, ...inboxes])
    for (const text of ear.texts.filter((each) => each.includes(poll.id)))
      for (const userId of voters) expect(text).not.toContain(userId);
  for (const inbox of inboxes) expect(inbox.events).toEqual([]);
});

test('a crowd that comes back is authorised one by one, whatever it had', async ({ node, running }) => {
  const { follow, as } = await node();
  const { id, host, participants } = await running({ participants: 3 });
  const { cursor } = await follow(host, id);
  for (let round = 0; round < 5; round++) await as(host).chat.send(id, { content: `${round}` });
  const outcomes = await Promise.allSettled([...participants, newId()].map((userId) => follow(userId, id, cursor)));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') continue;
    await eventually(() => expect(outcome.value.words).toHaveLength(5));
    expectDense(outcome.value.seqs, cursor.seq);
  }
});
