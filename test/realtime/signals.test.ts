/** What is said in passing: heard by who is there and reads, stored nowhere. */
import { expect } from 'vitest';
import { meetingStream } from '../../src/core/event.ts';
import { newId } from '../../src/core/identifier.ts';
import { execute } from '../setup/postgres.ts';
import { FaultyBus } from './bus.ts';
import { type Ear, eventually, test } from './nodes.ts';

const heard = (ear: Ear) => ear.of('signal').map(({ from }) => from);

test('a signal reaches all who follow, here and elsewhere, without a statement', async ({ node, running }) => {
  const bus = new FaultyBus();
  const [one, other] = [await node({ bus }), await node({ bus })];
  const { id, host, participants } = await running({ participants: 1 });
  const [bob = ''] = participants;
  const ears = [await one.follow(host, id), await other.follow(bob, id)];
  const before = [one.statements.length, other.statements.length];
  expect(one.hub.signal({ userId: host }, 'signal', meetingStream(id), 'typing', { in: 'chat' })).toBeNull();
  for (const ear of ears)
    await eventually(() =>
      expect(ear.of('signal')).toEqual([
        { kind: 'signal', stream: meetingStream(id), from: host, type: 'typing', data: { in: 'chat' } },
      ]),
    );
  expect([one.statements.length, other.statements.length]).toEqual(before);
});

test('only who follows may say something, and only what is small and named', async ({ node, running }) => {
  const { hub, follow, as } = await node();
  const { id, host, participants } = await running({ participants: 1 });
  const [bob = ''] = participants;
  const stream = meetingStream(id);
  const say = (userId: string, type: string, data: unknown) =>
    hub.signal({ userId }, 'signal', stream, type, data)?.code;
  const ear = await follow(host, id);
  expect(say(bob, 'typing', null)).toBe('NOT_FOUND');
  expect(say(newId(), 'typing', null)).toBe('NOT_FOUND');
  await follow(bob, id);
  expect(say(bob, '', null)).toBe('VALIDATION');
  expect(say(bob, 'x'.repeat(65), null)).toBe('VALIDATION');
  expect(say(bob, 'typing', 'x'.repeat(1_023))).toBe('VALIDATION');
  expect(say(bob, 'typing', new Map())).toBe('VALIDATION');
  expect(say(bob, 'typing', 'x'.repeat(1_022))).toBeUndefined();
  await eventually(() => expect(ear.of('signal')).toHaveLength(1));
  await as(host).participants.remove(id, bob);
  await eventually(() => expect(ear.types).toContain('participant.removed'));
  expect(say(bob, 'typing', null)).toBe('NOT_FOUND');
});

test('nobody says more than ten things a second', async ({ node, running }) => {
  const { hub, follow } = await node();
  const { id, host, participants } = await running({ participants: 1 });
  const [bob = ''] = participants;
  const ear = await follow(host, id);
  await follow(bob, id);
  const said = Array.from({ length: 25 }, (_, index) =>
    hub.signal({ userId: bob }, 'signal', meetingStream(id), 'reaction', index),
  );
  expect(said.filter((refusal) => refusal === null).length).toBeGreaterThanOrEqual(10);
  const refused = said.filter((refusal) => refusal?.code === 'RATE_LIMITED');
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]?.details).toEqual({ retryAfterSeconds: 1 });
  expect(ear.of('signal')).toHaveLength(25 - refused.length);
  expect(hub.signal({ userId: host }, 'signal', meetingStream(id), 'reaction', 1)).toBeNull();
});

test('who is slow misses signals, hears the latest state, and misses no event', async ({ node, running }) => {
  const { hub, follow, as } = await node({ settings: { highWaterBytes: 4_096, lowWaterBytes: 128 } });
  const { id, host, participants } = await running({ participants: 1 });
  const [bob = ''] = participants;
  const slow = await follow(bob, id);
  await follow(host, id);
  slow.stall();
  for (let round = 0; round < 8; round++) await as(host).chat.send(id, { content: 'x'.repeat(1_000) });
  await eventually(() => expect(slow.bufferedBytes).toBeGreaterThan(4_096));
  const say = (kind: 'signal' | 'state', type: string, data: unknown) =>
    expect(hub.signal({ userId: host }, kind, meetingStream(id), type, data)).toBeNull();
  say('signal', 'typing', 1);
  for (const mood of ['bored', 'awake', 'keen']) say('state', 'mood', mood);
  say('state', 'idle', true);
  slow.release();
  await eventually(() => expect(slow.words).toHaveLength(8));
  await eventually(() => expect(slow.of('state')).toHaveLength(2));
  expect(slow.of('state').map(({ type, data }) => [type, data])).toEqual([
    ['mood', 'keen'],
    ['idle', true],
  ]);
  expect(slow.of('signal')).toEqual([]);
});

test('newcomers are told which states hold, also of followers elsewhere', async ({ node, running }) => {
  const bus = new FaultyBus();
  const [one, other] = [await node({ bus }), await node({ bus })];
  const { id, host, participants } = await running({ participants: 2 });
  const [bob = '', eve = ''] = participants;
  const stream = meetingStream(id);
  await one.follow(host, id);
  one.hub.signal({ userId: host }, 'state', stream, 'idle', true);
  one.hub.signal({ userId: host }, 'state', stream, 'mood', 'keen');
  one.hub.signal({ userId: host }, 'state', stream, 'mood', null);
  const here = await one.follow(bob, id);
  expect(here.of('state').map(({ from, type, data }) => [from, type, data])).toEqual([[host, 'idle', true]]);
  const there = await other.follow(eve, id); // the first one there: nobody has told that process yet
  await eventually(() => expect(there.of('state')).toEqual(here.of('state')));
  const second = await other.follow(bob, id);
  expect(second.of('state')).toEqual(here.of('state'));
});

test('states end with the last that their owner follows with', async ({ node, running }) => {
  const bus = new FaultyBus();
  const [one, other] = [await node({ bus }), await node({ bus })];
  const { id, host, participants } = await running({ participants: 1 });
  const [bob = ''] = participants;
  const tabs = [await one.follow(host, id), await one.follow(host, id)];
  const ears = [await one.follow(bob, id), await other.follow(bob, id)];
  one.hub.signal({ userId: host }, 'state', meetingStream(id), 'idle', true);
  tabs[0]?.stop();
  one.hub.signal({ userId: host }, 'state', meetingStream(id), 'here', true);
  tabs[1]?.stop();
  const expected = [
    ['idle', true],
    ['here', true],
    ['idle', null],
    ['here', null],
  ];
  for (const ear of ears)
    await eventually(() => expect(ear.of('state').map(({ type, data }) => [type, data])).toEqual(expected));
  expect((await other.follow(bob, id)).of('state')).toEqual([]);
});

test('nobody has more than eight states at a time', async ({ node, running }) => {
  const { hub, follow } = await node();
  const { id, host } = await running();
  await follow(host, id);
  const set = (type: string, data: unknown) => hub.signal({ userId: host }, 'state', meetingStream(id), type, data);
  for (let index = 0; index < 8; index++) expect(set(`state-${index}`, true)).toBeNull();
  expect(set('one-more', true)?.code).toBe('CONFLICT');
  expect(set('state-0', false)).toBeNull();
});

test('Observers hear Host and CoHosts; who has declined hears nobody and says nothing', async ({ node, running }) => {
  const { hub, follow, as } = await node();
  const { id, host, participants } = await running({ participants: 3 });
  const [bob = '', eve = '', kim = ''] = participants;
  await as(host).participants.setRole(id, eve, 'Observer');
  await as(kim).participants.leave(id);
  await as(kim).invitations.respond(id, { response: 'Declined' });
  const [ofBob, ofEve, ofKim] = [await follow(bob, id), await follow(eve, id), await follow(kim, id)];
  await follow(host, id);
  const say = (userId: string) => hub.signal({ userId }, 'signal', meetingStream(id), 'wave', null)?.code;
  expect([say(host), say(bob), say(kim)]).toEqual([undefined, undefined, 'FORBIDDEN']);
  expect([heard(ofBob), heard(ofEve), heard(ofKim)]).toEqual([[host, bob], [host], []]);
});

test('nothing that is said in passing is stored anywhere', async ({ node, running, url }) => {
  const { hub, follow } = await node();
  const { id, host } = await running();
  await follow(host, id);
  const before = await execute(url, `select seq from convoke.meeting_event_heads where stream_id = '${id}'`);
  hub.signal({ userId: host }, 'state', meetingStream(id), 'idle', true);
  expect(await execute(url, `select seq from convoke.meeting_event_heads where stream_id = '${id}'`)).toEqual(before);
});
