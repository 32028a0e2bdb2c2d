/** Presence that hangs by a process: what becomes of it when the process dies, stands still, or goes. */
import { Client } from 'pg';
import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { type Arena, hold, waiting } from '../races/arena.ts';
import { eventually } from './nodes.ts';
import { guest, joined, left, lost, test } from './presence-stage.ts';
import { comings, expire, nodeOf } from './processes.ts';

const never = 60_000;
/** It does nothing by itself: what happens to it is for the test to say. */
const idle = { beatMs: never, leaveGraceMs: never };

async function databaseNow({ sql }: Arena): Promise<number> {
  const [row] = await sql<{ now: Date }>(`select date_trunc('milliseconds', clock_timestamp()) as now`);
  return row?.now.getTime() ?? 0;
}

test('a process shows one sign of life, whatever the number of its connections', async ({ stage }) => {
  const process = await stage.process();
  process.connections.opened(newId(), newId());
  await nodeOf(process);
  /** Statements for each sign of life, over some of them. */
  const perBeat = async () => {
    process.statements.length = 0;
    const beats = () => process.statements.filter((text) => text.includes('suspected_at = null')).length;
    await eventually(() => expect(beats()).toBeGreaterThanOrEqual(8));
    return process.statements.length / beats();
  };
  const forOne = await perBeat();
  for (let n = 0; n < 100; n++) process.connections.opened(newId(), newId());
  await eventually(async () => expect(Math.round(await perBeat())).toBe(Math.round(forOne)));
});

test('of three sweepers one tells that the people of a dead process are gone, as of its last sign of life', async ({
  stage,
  arena,
}) => {
  const doomed = await stage.process({ beatMs: 100, leaseMs: 1_000 });
  const sweepers = [await stage.process(), await stage.process(), await stage.process()] as const;
  for (const { connections } of sweepers) connections.opened(newId(), newId());
  const guests = await Promise.all(Array.from({ length: 6 }, () => stage.comes(doomed)));
  const stays = await stage.comes(sweepers[0]);
  const id = await nodeOf(doomed);
  const lastBeat = async () => {
    const [row] = await arena.sql<{ at: Date }>(
      'select beat_at as at from convoke.meeting_realtime_nodes where id = $1',
      [id],
    );
    return row?.at.getTime() ?? 0;
  };
  const begun = await lastBeat();
  await eventually(async () => expect(await lastBeat()).toBeGreaterThan(begun));
  await doomed.crash();
  const diedAt = await lastBeat();

  await eventually(async () => expect(await stage.nodes()).not.toContain(id));
  for (const one of guests) {
    expect(await stage.told(one)).toEqual([joined, lost]);
    const [session, ...more] = await stage.sessions(one);
    expect(more).toEqual([]);
    expect(session).toMatchObject({ reason: 'node-lost', nodeId: id });
    expect(session?.leftAt?.getTime()).toBe(Math.max(diedAt, session?.joinedAt.getTime() ?? 0));
  }
  expect(await stage.told(stays)).toEqual([joined]);
  expect(await arena.facts(stage.id)).toMatchObject({ counter: 2, present: 2, inSession: 2, openSessions: 2 });
  const told = sweepers.flatMap(({ events }) => events.filter(({ type }) => type === 'participant.left'));
  expect(told.map(({ actorId }) => actorId)).toEqual(guests.map(() => null));
  const { people } = await arena.service.as({ userId: stage.host }).participants.attendance(stage.id);
  for (const one of guests) {
    const person = people.find(({ authUserId }) => authUserId === one.userId);
    const [session] = person?.sessions ?? [];
    expect(person?.seconds).toBe(((session?.leftAt?.getTime() ?? 0) - (session?.joinedAt.getTime() ?? 0)) / 1000);
  }
});

test('minutes are counted up to the last sign of life', async ({ stage, arena }) => {
  const [doomed, sweeper] = [await stage.process(idle), await stage.process(idle)];
  const bob = await stage.comes(doomed);
  const node = await nodeOf(doomed);
  const now = await databaseNow(arena);
  const began = new Date(now - 600_000);
  for (const [table, columns, key] of [
    ['meetings', 'actual_start_time = $2', 'id = $1'],
    ['meeting_participants', 'joined_at = $2, invited_at = $2', 'meeting_id = $1'],
    ['meeting_participant_sessions', 'joined_at = $2', 'meeting_id = $1'],
  ])
    await arena.sql(`update convoke.${table} set ${columns} where ${key}`, [stage.id, began]);
  await arena.sql('update convoke.meeting_realtime_nodes set beat_at = $2 where id = $1', [
    node,
    new Date(now - 30_000),
  ]);
  await expire(arena, node);
  expect(await sweeper.reap()).toBe(1);
  const rows = await arena.sql<{ minutes: number }>(
    `select total_duration_minutes as minutes from convoke.meeting_participants where meeting_id = $1 and auth_user_id = $2`,
    [stage.id, bob.userId],
  );
  expect(rows).toEqual([{ minutes: 9 }]);
});

test.for([
  ['before the join, where the clock was set back', '-1 hour'],
  ['in the future, where the clock was set forward', '1 hour'],
] as const)('nobody is said to have left %s', async ([, offset], { stage, arena }) => {
  const [doomed, sweeper] = [await stage.process(idle), await stage.process(idle)];
  const bob = await stage.comes(doomed);
  const node = await nodeOf(doomed);
  await arena.sql(`update convoke.meeting_realtime_nodes set beat_at = now() + $2::interval where id = $1`, [
    node,
    offset,
  ]);
  await expire(arena, node);
  await sweeper.reap();
  const [session] = await stage.sessions(bob);
  const leftAt = session?.leftAt?.getTime() ?? 0;
  expect(leftAt).toBeGreaterThanOrEqual(session?.joinedAt.getTime() ?? Infinity);
  expect(leftAt).toBeLessThanOrEqual(await databaseNow(arena));
});

test('a later heartbeat of a session is a later sign of life', async ({ stage, arena }) => {
  const [doomed, sweeper] = [await stage.process(idle), await stage.process(idle)];
  const bob = await stage.comes(doomed);
  await doomed.as(bob.userId).participants.heartbeat(stage.id, { connectionId: bob.connectionId });
  const [row] = await arena.sql<{ at: Date }>(
    `select last_heartbeat_at as at from convoke.meeting_participant_sessions where meeting_id = $1 and auth_user_id = $2`,
    [stage.id, bob.userId],
  );
  await expire(arena, await nodeOf(doomed));
  await sweeper.reap();
  expect((await stage.sessions(bob))[0]?.leftAt).toEqual(row?.at);
});

test('whoever is there with another device stays when a process dies', async ({ stage, arena }) => {
  const [doomed, sweeper] = [await stage.process(idle), await stage.process(idle)];
  const bob = await stage.comes(doomed);
  await sweeper.as(bob.userId).participants.join(stage.id, { connectionId: 'phone' });
  await expire(arena, await nodeOf(doomed));
  expect(await sweeper.reap()).toBe(0);
  expect(await stage.told(bob)).toEqual([joined]);
  expect(await arena.facts(stage.id)).toMatchObject({ counter: 2, openSessions: 2 });
});

test('a screen that was shared through a dead process is shared no more', async ({ stage, arena }) => {
  const [doomed, sweeper] = [await stage.process(idle), await stage.process(idle)];
  const bob = await stage.comes(doomed);
  await doomed.as(bob.userId).screenShare.start(stage.id);
  await expire(arena, await nodeOf(doomed));
  expect(await sweeper.reap()).toBe(1);
  expect(sweeper.events.map(({ type, data }) => [type, data['reason']])).toEqual([
    ['screen-share.stopped', 'node-lost'],
    ['participant.left', 'node-lost'],
  ]);
});

test('whose lease ran out while the database was away lives on with the next sign of life', async ({
  stage,
  arena,
}) => {
  const [process, sweeper] = [await stage.process(idle), await stage.process(idle)];
  const bob = await stage.comes(process);
  const node = await nodeOf(process);
  await arena.sql(`update convoke.meeting_realtime_nodes set expires_at = now() - interval '1 hour' where id = $1`, [
    node,
  ]);
  // Whoever is back first suspects the others; they have a beat's time to contradict.
  expect(await sweeper.reap(never)).toBe(0);
  const suspected = () => arena.sql('select id from convoke.meeting_realtime_nodes where suspected_at is not null');
  expect(await suspected()).toEqual([{ id: node }]);
  expect(await sweeper.reap(never)).toBe(0);
  expect(await stage.told(bob)).toEqual([joined]);
});

test('a sign of life clears a suspicion', async ({ stage, arena }) => {
  const process = await stage.process();
  const bob = await stage.comes(process);
  await arena.sql('update convoke.meeting_realtime_nodes set suspected_at = now()');
  const suspected = () => arena.sql('select id from convoke.meeting_realtime_nodes where suspected_at is not null');
  await eventually(async () => expect(await suspected()).toEqual([]));
  expect(await stage.told(bob)).toEqual([joined]);
});

test('a process that stood still for too long comes back under another name, and its people with it', async ({
  stage,
  arena,
}) => {
  const [paused, sweeper] = [await stage.process({ leaveGraceMs: never }), await stage.process(idle)];
  const { id: locked } = await arena.room({ started: true, settings: { openJoin: true } });
  const [bob, eve, ada] = [await stage.comes(paused), await stage.comes(paused), await stage.comes(paused)];
  const dan = await stage.comes(paused, guest(), locked);
  await arena.sql(`update convoke.meetings set meeting_password = '$scrypt$of-another-time' where id = $1`, [locked]);
  const former = await nodeOf(paused);
  const wake = await paused.pause();
  await expire(arena, former);
  await sweeper.reap();
  // Meanwhile one of them leaves for good from elsewhere, and one closes the tab.
  await sweeper.as(eve.userId).participants.join(stage.id, { connectionId: eve.connectionId });
  await sweeper.as(eve.userId).participants.leave(stage.id, { connectionId: eve.connectionId });
  ada.close();
  wake();
  await eventually(async () => expect(await stage.told(bob)).toEqual([joined, lost, joined]));
  await eventually(async () => expect(await comings(arena, locked, dan.userId)).toEqual([joined, lost, joined]));
  const current = await nodeOf(paused);
  expect(current).not.toBe(former);
  await eventually(async () =>
    expect(await stage.sessions(bob)).toMatchObject([
      { nodeId: former, reason: 'node-lost' },
      { nodeId: current, leftAt: null, connectionId: bob.connectionId },
    ]),
  );
  expect(await stage.told(eve)).toEqual([joined, lost, joined, left]);
  expect(await stage.told(ada)).toEqual([joined, lost]);
  expect(await stage.nodes()).toEqual([current]);
  await arena.sql(`update convoke.meetings set meeting_password = null where id = $1`, [locked]);
});

test('what nobody had ended yet goes along without a word', async ({ stage, arena }) => {
  const paused = await stage.process({ leaveGraceMs: never });
  const [bob, eve] = [await stage.comes(paused), await stage.comes(paused)];
  const former = await nodeOf(paused);
  const wake = await paused.pause();
  // Whoever declared it lost died of it.
  await arena.sql('update convoke.meeting_realtime_nodes set expires_at = now(), lost_at = now() where id = $1', [
    former,
  ]);
  wake();
  for (const one of [bob, eve])
    await eventually(async () => {
      const [session] = await stage.sessions(one);
      expect(session).toMatchObject({ nodeId: await nodeOf(paused), leftAt: null });
      expect(session?.nodeId).not.toBe(former);
    });
  expect(await stage.told(bob)).toEqual([joined]);
  expect(await stage.told(eve)).toEqual([joined]);
});

test('who may not come in again stays away', async ({ stage, arena }) => {
  const [paused, sweeper] = [await stage.process({ leaveGraceMs: never }), await stage.process(idle)];
  const [bob, eve] = [await stage.comes(paused), await stage.comes(paused)];
  const former = await nodeOf(paused);
  const wake = await paused.pause();
  await expire(arena, former);
  await sweeper.reap();
  await sweeper.as(stage.host).participants.remove(stage.id, bob.userId);
  wake();
  await eventually(async () => expect(await stage.told(eve)).toEqual([joined, lost, joined]));
  await eventually(async () => expect(await stage.nodes()).toEqual([await nodeOf(paused)]));
  expect(await stage.told(bob)).toEqual([joined, lost]);
});

test('the people of a process that goes in peace have time to come back elsewhere', async ({ stage }) => {
  const [going, next] = [await stage.process({ leaseMs: 3_000 }), await stage.process()];
  next.connections.opened(newId(), newId());
  const [bob, eve] = [await stage.comes(going), await stage.comes(going)];
  const former = await nodeOf(going);
  await going.close();
  next.connections.opened(bob.connectionId, bob.userId);
  expect(await stage.nodes()).toContain(former);
  await eventually(async () => expect(await stage.told(eve)).toEqual([joined, lost]));
  await eventually(async () => expect(await stage.nodes()).not.toContain(former));
  expect(await stage.told(bob)).toEqual([joined]);
  expect(await stage.sessions(bob)).toMatchObject([{ nodeId: await nodeOf(next), leftAt: null }]);
});

test('a client who comes back while the sweep waits for the meeting stays', async ({ stage, arena, url }) => {
  const [doomed, sweeper, refuge] = [await stage.process(idle), await stage.process(idle), await stage.process(idle)];
  const [bob, witness] = [await stage.comes(doomed), await stage.comes(doomed)];
  await expire(arena, await nodeOf(doomed));
  const release = await hold(url, 'select from convoke.meetings where id = $1 for update', [stage.id]);
  const reaped = sweeper.reap();
  await waiting(arena, 1);
  refuge.connections.opened(bob.connectionId, bob.userId);
  const node = await nodeOf(refuge);
  await eventually(async () => expect(await stage.sessions(bob)).toMatchObject([{ nodeId: node }]));
  await release();
  expect(await reaped).toBe(1);
  expect(await stage.told(bob)).toEqual([joined]);
  expect(await stage.told(witness)).toEqual([joined, lost]);
});

test('a session that is just being taken over is not ended', async ({ stage, arena, url }) => {
  const [doomed, sweeper] = [await stage.process(idle), await stage.process(idle)];
  const bob = await stage.comes(doomed);
  await expire(arena, await nodeOf(doomed));
  const refuge = new Client({ connectionString: url });
  await refuge.connect();
  await refuge.query('begin');
  const other = newId();
  await refuge.query('update convoke.meeting_participant_sessions set node_id = $1 where connection_id = $2', [
    other,
    bob.connectionId,
  ]);
  const reaped = sweeper.reap();
  await waiting(arena, 1);
  await refuge.query('commit');
  await refuge.end();
  expect(await reaped).toBe(0);
  expect(await stage.told(bob)).toEqual([joined]);
  expect(await stage.sessions(bob)).toMatchObject([{ nodeId: other, leftAt: null }]);
});

test('what connects to a process that was declared lost waits for its new name', async ({ stage, arena }) => {
  const process = await stage.process(idle);
  process.connections.opened(newId(), newId());
  const node = await nodeOf(process);
  await arena.sql('update convoke.meeting_realtime_nodes set lost_at = now() where id = $1', [node]);
  const bob = await stage.comes(process);
  expect(await stage.sessions(bob)).toMatchObject([{ nodeId: null }]);
});

test('a sweep that is stopped half-way leaves the rest to the next', async ({ stage, arena }) => {
  const stopping = new AbortController();
  const doomed = await stage.process(idle);
  const sweeper = await stage.process({ ...idle, heard: () => stopping.abort() });
  const { id } = await arena.room({ started: true, settings: { openJoin: true } });
  const [bob, eve] = [await stage.comes(doomed), await stage.comes(doomed, guest(), id)];
  const node = await nodeOf(doomed);
  await expire(arena, node);
  expect(await sweeper.reap(0, stopping.signal)).toBe(1);
  expect(await stage.nodes()).toEqual([node]);
  await arena.sql(`update convoke.meeting_realtime_nodes set lost_at = now() - interval '1 minute'`);
  expect(await sweeper.reap()).toBe(1);
  expect(await stage.nodes()).toEqual([]);
  expect(await stage.told(bob)).toEqual([joined, lost]);
  expect(await comings(arena, id, eve.userId)).toEqual([joined, lost]);
});

test('sweeping up that was interrupted is gone on with by another', async ({ stage, arena }) => {
  const [doomed, sweeper] = [await stage.process(idle), await stage.process(idle)];
  const bob = await stage.comes(doomed);
  const node = await nodeOf(doomed);
  await expire(arena, node);
  await arena.sql('update convoke.meeting_realtime_nodes set lost_at = now() where id = $1', [node]);
  expect(await sweeper.reap()).toBe(0); // somebody is at it
  await arena.sql(`update convoke.meeting_realtime_nodes set lost_at = now() - interval '1 minute' where id = $1`, [
    node,
  ]);
  expect(await sweeper.reap()).toBe(1);
  expect(await stage.told(bob)).toEqual([joined, lost]);
  expect(await stage.nodes()).toEqual([]);
});

test('a worker sweeps up where no process has connections any more', async ({ stage, arena }) => {
  const doomed = await stage.process(idle);
  const bob = await stage.comes(doomed);
  await expire(arena, await nodeOf(doomed));
  await arena.sql(`update convoke.meeting_realtime_nodes set suspected_at = now() - interval '1 minute'`);
  expect(await arena.service.worker.runOnce('nodes.reap')).toEqual({ done: { 'nodes.reap': 1 }, failed: [] });
  expect(await stage.told(bob)).toEqual([joined, lost]);
  expect(await stage.nodes()).toEqual([]);
});
