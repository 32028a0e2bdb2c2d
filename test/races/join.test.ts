import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { fakeClock } from '../../src/testing/fake-clock.ts';
import { openService, people } from '../setup/service.ts';
import { atOnce, endings, hold, poolSize, rounds, tally, test, waiting } from './arena.ts';

test('of 400 people at the door of 50 seats 49 come in beside the Host, and all of them get out again', async ({
  arena: { service, room, facts, sql },
}) => {
  const { id, host } = await room({ started: true, maxParticipants: 50, settings: { openJoin: true } });
  const [{ seq: before } = { seq: 0 }] = await sql<{ seq: number }>(
    'select seq::int as seq from convoke.meeting_event_heads where stream_kind = 0 and stream_id = $1',
    [id],
  );
  const told: string[] = [];
  const off = service.on('*', (event) => {
    if (event.stream.id === id) told.push(event.id);
  });
  const crowd = people(400);
  const ends = await endings(crowd.map((userId) => service.as({ userId }).participants.join(id)));
  expect({
    in: ends.filter((end) => end === 'ok').length,
    out: ends.filter((end) => end === 'CAPACITY').length,
  }).toEqual({ in: 49, out: 351 });
  expect(await facts(id)).toMatchObject({ counter: 50, present: 50, inSession: 50, openSessions: 50 });

  const inside = [host, ...crowd.filter((_, index) => ends[index] === 'ok')];
  expect(await tally(inside.map((userId) => service.as({ userId }).participants.leave(id)))).toEqual({ ok: 50 });
  expect(await facts(id)).toMatchObject({
    ...{ counter: 0, present: 0, inSession: 0, openSessions: 0 },
    events: { 'participant.joined': 50, 'participant.left': 50 },
  });
  off();
  const log = await sql<{ id: string }>(
    'select id from convoke.meeting_events where stream_kind = 0 and stream_id = $1 and seq > $2',
    [id, before],
  );
  expect(log).toHaveLength(49 + 50);
  expect(told.toSorted()).toEqual(log.map((event) => event.id).toSorted());
});

test('while the Host is away one seat stays free for the Host, however many push', async ({
  arena: { service, room, facts },
}) => {
  const { id, host } = await room({ started: true, maxParticipants: 5, settings: { openJoin: true } });
  await service.as({ userId: host }).participants.leave(id);
  const calls = atOnce(people(60).map((userId) => () => service.as({ userId }).participants.join(id)));
  expect(await tally(calls)).toEqual({ ok: 4, CAPACITY: 56 });
  await service.as({ userId: host }).participants.join(id);
  expect(await facts(id)).toMatchObject({ counter: 5, present: 5 });
});

test('twelve devices of one person are twelve sessions and one seat', async ({ arena: { service, room, facts } }) => {
  const [userId = ''] = people(1);
  const { id } = await room({ started: true, invite: [userId], maxParticipants: 2 });
  const { participants } = service.as({ userId });
  const devices = Array.from({ length: 12 }, (_, device) => ({ connectionId: `device-${device}` }));

  expect(await tally(devices.map((device) => participants.join(id, device)))).toEqual({ ok: 12 });
  expect(await facts(id)).toMatchObject({
    ...{ counter: 2, present: 2, inSession: 2, openSessions: 13 },
    events: { 'participant.joined': 2, 'invitation.accepted': 1 },
  });
  expect(await tally(devices.map((device) => participants.leave(id, device)))).toEqual({ ok: 12 });
  expect(await facts(id)).toMatchObject({ counter: 1, present: 1, openSessions: 1, events: { 'participant.left': 1 } });
});

test('one device joining twelve times at once has joined once', async ({ arena: { service, room, facts } }) => {
  const [userId = ''] = people(1);
  const { id } = await room({ started: true, settings: { openJoin: true } });
  const calls = Array.from({ length: 12 }, () => service.as({ userId }).participants.join(id));
  expect(await tally(calls)).toEqual({ ok: 12 });
  expect(await facts(id)).toMatchObject({ counter: 2, openSessions: 2, events: { 'participant.joined': 2 } });
});

test('a device leaves while another joins: the person is still there', async ({ arena: { service, room, facts } }) => {
  const [userId = ''] = people(1);
  const { id } = await room({ started: true, invite: [userId] });
  const { participants } = service.as({ userId });
  await participants.join(id, { connectionId: 'round-0' });
  await rounds(50, async (round) => {
    const leave = () => participants.leave(id, { connectionId: `round-${round}` });
    const join = () => participants.join(id, { connectionId: `round-${round + 1}` });
    const calls = atOnce(round % 2 === 0 ? [join, leave] : [leave, join]);
    expect(await tally(calls)).toEqual({ ok: 2 });
    expect(await facts(id)).toMatchObject({ counter: 2, present: 2, inSession: 2, openSessions: 2 });
  });
});

test('two devices leave at once: the person is gone once', async ({ arena: { service, room, facts } }) => {
  const [userId = ''] = people(1);
  const { id } = await room({ started: true, invite: [userId] });
  const { participants } = service.as({ userId });
  await rounds(50, async (round) => {
    for (const connectionId of ['phone', 'desk']) await participants.join(id, { connectionId });
    const calls = ['phone', 'desk'].map((connectionId) => () => participants.leave(id, { connectionId }));
    expect(await tally(atOnce(calls))).toEqual({ ok: 2 });
    expect(await facts(id)).toMatchObject({
      ...{ counter: 1, present: 1, inSession: 1, openSessions: 1 },
      events: { 'participant.joined': round + 2, 'participant.left': round + 1 },
    });
  });
});

test('everything a person does at once with many devices ends with a counter that fits the sessions', async ({
  arena: { service, room, facts },
}) => {
  const crowd = people(3);
  const { id } = await room({ started: true, invite: crowd, maxParticipants: 3 });
  await rounds(30, async () => {
    const calls = crowd.flatMap((userId) => {
      const { participants } = service.as({ userId });
      return ['a', 'b', 'c'].flatMap((connectionId) => [
        () => participants.join(id, { connectionId }),
        () => participants.leave(id, { connectionId }),
        () => participants.heartbeat(id),
        () => participants.leave(id),
      ]);
    });
    const ends = await tally(atOnce(calls.toSorted(() => Math.random() - 0.5)));
    // A heartbeat between two stays finds nobody, and a third person finds no seat.
    expect(Object.keys(ends).filter((end) => !['ok', 'FORBIDDEN', 'CAPACITY'].includes(end))).toEqual([]);
    const { counter, present, inSession } = await facts(id);
    expect([counter, present]).toEqual([inSession, inSession]);
  });
});

test('more devices of one person than there are connections', async ({ arena: { service, room, facts } }) => {
  const [userId = ''] = people(1);
  const { id } = await room({ started: true, invite: [userId] });
  const { participants } = service.as({ userId });
  const devices = Array.from({ length: 2 * poolSize }, (_, device) => ({ connectionId: `device-${device}` }));
  expect(await tally(devices.map((device) => participants.join(id, device)))).toEqual({ ok: devices.length });
  expect(await facts(id)).toMatchObject({ counter: 2, openSessions: 1 + devices.length });
  expect(await tally(devices.map((device) => participants.leave(id, device)))).toEqual({ ok: devices.length });
  expect(await facts(id)).toMatchObject({ counter: 1, openSessions: 1, events: { 'participant.left': 1 } });
});

test('who waits for the meeting comes and goes when the wait is over, not when it began', async ({ url, arena }) => {
  const [stays = '', comes = ''] = people(2);
  const { id } = await arena.room({ started: true, invite: [stays, comes], present: [stays] });
  const release = await hold(url, 'select 1 from convoke.meetings where id = $1 for update', [id]);
  const left = arena.service.as({ userId: stays }).participants.leave(id);
  const came = arena.service.as({ userId: comes }).participants.join(id);
  await waiting(arena, 2);
  await wait(20);
  const released = await release();
  expect((await left).leftAt?.getTime()).toBeGreaterThanOrEqual(released);
  expect((await came).joinedAt?.getTime()).toBeGreaterThanOrEqual(released);
});

test('a clock that is set back between coming and going makes the stay empty, not negative', async ({ url, arena }) => {
  const clock = fakeClock(new Date());
  await using service = await openService(url, { clock });
  const userId = newId();
  const { id } = await arena.room({ started: true, invite: [userId] });
  clock.advance(1_000);
  const { joinedAt } = await service.as({ userId }).participants.join(id);
  clock.advance(-500);
  const { leftAt } = await service.as({ userId }).participants.leave(id);
  expect(leftAt).toEqual(joinedAt);
});
