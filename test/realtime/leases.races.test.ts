/** Sweeping up after a dead process, against everything that may happen to its people meanwhile. */
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Arena, atOnce, endings, rounds, test } from '../races/arena.ts';
import { eventually } from './nodes.ts';
import { arrive, guest, joined, left, lost } from './presence-stage.ts';
import { comings, expire, nodeOf, openProcess, type Process, sessionsOf } from './processes.ts';

const never = 60_000;
const idle = { beatMs: never, leaveGraceMs: never };
const count = 50;

/** A running meeting with people in it, whose process has died. */
async function deathbed(arena: Arena, url: string) {
  const doomed = await openProcess(url, idle);
  const { id, host } = await arena.room({ started: true, settings: { openJoin: true } });
  const people = [];
  for (let n = 0; n < 3; n++) people.push(await arrive(doomed, guest(), id));
  const node = await nodeOf(doomed);
  await doomed.crash();
  await expire(arena, node);
  return { id, host, people, node };
}

/** Counters and presence say the same, and each coming is followed by one going at most. */
async function expectOrder(arena: Arena, id: string, people: readonly { readonly userId: string }[]): Promise<void> {
  const facts = await arena.facts(id);
  expect(facts.counter).toBe(facts.inSession);
  expect(facts.present).toBe(facts.inSession);
  for (const { userId } of people) {
    const told = await comings(arena, id, userId);
    expect(told.map((one) => one === joined)).toEqual(told.map((_, index) => index % 2 === 0));
    const open = (await sessionsOf(arena, id, userId)).filter(({ leftAt }) => leftAt === null);
    expect(open).toHaveLength(told.length % 2);
  }
}

function after(delay: number, act: () => Promise<unknown>): () => Promise<unknown> {
  return async () => {
    await wait(Math.max(0, delay));
    return act();
  };
}

/**
 * Two parties that set out at nearly the same time: whoever came first in one round sets out a little later in the next, so that they meet
 * where it hurts, however busy the machine is.
 */
class Meeting {
  readonly winners = new Set<'sweeper' | 'people'>();
  /** Milliseconds by which sweepers set out later. */
  #handicap = 0;

  set(sweepers: readonly (() => Promise<unknown>)[], people: readonly (() => Promise<unknown>)[]): Promise<unknown>[] {
    const handicap = this.#handicap;
    return [
      ...atOnce(sweepers.map((act) => after(handicap, act))),
      ...atOnce(people.map((act) => after(-handicap, act))),
    ];
  }

  won(winner: 'sweeper' | 'people'): void {
    this.winners.add(winner);
    this.#handicap += winner === 'sweeper' ? 2 : -2;
  }
}

/** Until the dead process is forgotten. */
async function buried(arena: Arena, sweeper: Process, node: string): Promise<void> {
  await eventually(async () => {
    await arena.sql(`update convoke.meeting_realtime_nodes set lost_at = now() - interval '1 minute' where id = $1`, [
      node,
    ]);
    await sweeper.reap();
    expect(await arena.sql('select from convoke.meeting_realtime_nodes where id = $1', [node])).toEqual([]);
  });
}

test('sweepers against one another', { timeout: 120_000 }, async ({ arena, url }) => {
  await using one = await openProcess(url, idle);
  await using two = await openProcess(url, idle);
  await using three = await openProcess(url, idle);
  await rounds(count, async () => {
    const { id, people, node } = await deathbed(arena, url);
    const ends = await Promise.all(atOnce([one, two, three].map((sweeper) => () => sweeper.reap())));
    expect(ends.map(Number).toSorted((a, b) => a - b)).toEqual([0, 0, 3]);
    expect(await arena.sql('select from convoke.meeting_realtime_nodes where id = $1', [node])).toEqual([]);
    for (const { userId } of people) expect(await comings(arena, id, userId)).toEqual([joined, lost]);
    await expectOrder(arena, id, people);
  });
});

test('a sweeper against people who come back elsewhere', { timeout: 120_000 }, async ({ arena, url }) => {
  await using sweeper = await openProcess(url, idle);
  await using other = await openProcess(url, idle);
  await using refuge = await openProcess(url, { ...idle, beatMs: 50 });
  const meeting = new Meeting();
  await rounds(count, async () => {
    const { id, people, node } = await deathbed(arena, url);
    const back = people.map(({ connectionId, userId }) => async () => {
      refuge.connections.opened(connectionId, userId);
    });
    await Promise.all(meeting.set([() => sweeper.reap(), () => other.reap()], back));
    await buried(arena, sweeper, node);
    const refugeId = await nodeOf(refuge);
    for (const { userId } of people) {
      const told = await comings(arena, id, userId);
      expect([[joined], [joined, lost]]).toContainEqual(told);
      meeting.won(told.length === 2 ? 'sweeper' : 'people');
      const [session] = await sessionsOf(arena, id, userId);
      expect(session?.leftAt === null).toBe(told.length === 1);
      expect(session?.nodeId).toBe(told.length === 1 ? refugeId : node);
    }
    await expectOrder(arena, id, people);
  });
  expect(meeting.winners.size).toBe(2); // or it was no race
});

test('a sweeper against people who leave by themselves', { timeout: 120_000 }, async ({ arena, url }) => {
  await using sweeper = await openProcess(url, idle);
  await using other = await openProcess(url, idle);
  const meeting = new Meeting();
  await rounds(count, async () => {
    const { id, people, node } = await deathbed(arena, url);
    const leave = people.map(
      ({ userId, connectionId }) =>
        () =>
          arena.service.as({ userId }).participants.leave(id, { connectionId }),
    );
    const ends = await endings(meeting.set([() => sweeper.reap(), () => other.reap()], leave));
    expect(ends).toEqual(ends.map(() => 'ok'));
    await buried(arena, sweeper, node);
    for (const { userId } of people) {
      const told = await comings(arena, id, userId);
      expect([
        [joined, left],
        [joined, lost],
      ]).toContainEqual(told);
      meeting.won(told[1] === lost ? 'sweeper' : 'people');
    }
    await expectOrder(arena, id, people);
  });
  expect(meeting.winners.size).toBe(2);
});

test('a sweeper against the end of the meeting', { timeout: 120_000 }, async ({ arena, url }) => {
  await using sweeper = await openProcess(url, idle);
  await using other = await openProcess(url, idle);
  const meeting = new Meeting();
  await rounds(count, async () => {
    const { id, host, people, node } = await deathbed(arena, url);
    const end = () => arena.service.as({ userId: host }).meetings.end(id);
    const ends = await endings(meeting.set([() => sweeper.reap(), () => other.reap()], [end]));
    expect(ends).toEqual(['ok', 'ok', 'ok']);
    await buried(arena, sweeper, node);
    expect(await arena.facts(id)).toMatchObject({ status: 'Completed', counter: 0, openSessions: 0 });
    for (const { userId } of people) {
      const [session] = await sessionsOf(arena, id, userId);
      expect(['node-lost', 'ended']).toContain(session?.reason);
      expect(await comings(arena, id, userId)).toEqual(session?.reason === 'ended' ? [joined] : [joined, lost]);
      meeting.won(session?.reason === 'node-lost' ? 'sweeper' : 'people');
    }
  });
  expect(meeting.winners.size).toBe(2);
});

test('a sweeper against a process that only stood still', { timeout: 120_000 }, async ({ arena, url }) => {
  await using sweeper = await openProcess(url, idle);
  await using other = await openProcess(url, idle);
  await using paused = await openProcess(url, { ...idle, beatMs: 20 });
  const { id } = await arena.room({ started: true, settings: { openJoin: true } });
  const people = [guest(), guest(), guest()];
  for (const one of people) await arrive(paused, one, id);
  const told = async () => (await Promise.all(people.map(({ userId }) => comings(arena, id, userId)))).flat().length;
  const meeting = new Meeting();
  await rounds(count, async () => {
    const former = await nodeOf(paused);
    const before = await told();
    const wake = await paused.pause();
    await expire(arena, former);
    await arena.sql(`update convoke.meeting_realtime_nodes set lost_at = now() - interval '1 minute' where id = $1`, [
      former,
    ]);
    await Promise.all(meeting.set([() => sweeper.reap(), () => other.reap()], [async () => wake()]));
    await eventually(async () => {
      const current = await nodeOf(paused);
      expect(current).not.toBe(former);
      for (const { userId } of people) {
        const open = (await sessionsOf(arena, id, userId)).filter(({ leftAt }) => leftAt === null);
        expect(open).toMatchObject([{ nodeId: current }]);
      }
    });
    meeting.won((await told()) > before ? 'sweeper' : 'people');
  });
  expect(meeting.winners.size).toBe(2);
  await expectOrder(arena, id, people);
});

test(
  'connections that are given up against clients who come back elsewhere',
  { timeout: 120_000 },
  async ({ arena, url }) => {
    const leaveGraceMs = 20;
    await using leaving = await openProcess(url, { ...idle, leaveGraceMs });
    await using refuge = await openProcess(url, { ...idle, beatMs: 50 });
    const { id } = await arena.room({ started: true, settings: { openJoin: true } });
    const meeting = new Meeting();
    await rounds(count, async () => {
      const one = await arrive(leaving, guest(), id);
      const back = async () => {
        await wait(leaveGraceMs);
        refuge.connections.opened(one.connectionId, one.userId);
      };
      await Promise.all(meeting.set([async () => one.close()], [back]));
      await eventually(async () => {
        const [session] = await sessionsOf(arena, id, one.userId);
        const told = await comings(arena, id, one.userId);
        expect(told).toEqual(session?.nodeId === (await nodeOf(refuge)) ? [joined] : [joined, left]);
        expect(session?.leftAt === null).toBe(told.length === 1);
      });
      await expectOrder(arena, id, [one]);
      meeting.won((await comings(arena, id, one.userId)).length === 2 ? 'sweeper' : 'people');
    });
    expect(meeting.winners.size).toBe(2);
  },
);
