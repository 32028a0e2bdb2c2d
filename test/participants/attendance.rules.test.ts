import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AttendanceSession,
  type AttendanceSignal,
  attendanceOf,
  isAttended,
  pairSignals,
  sessionEnd,
} from '../../src/participants/attendance.rules.ts';

const grace = { heartbeatGraceMilliseconds: 90_000 };
const window = { actualStartTime: new Date(0), actualEndTime: new Date(3_600_000) };

function session(
  userId: string | null,
  joinedAt: number,
  leftAt: number | null,
  heartbeat?: number,
): AttendanceSession {
  return {
    userId,
    joinedAt: new Date(joinedAt),
    leftAt: leftAt === null ? null : new Date(leftAt),
    lastHeartbeatAt: heartbeat === undefined ? null : new Date(heartbeat),
  };
}

function signal(kind: 'join' | 'leave', at: number, connectionId = 'laptop', userId = 'ada'): AttendanceSignal {
  return { kind, userId, source: 'video', connectionId, at: new Date(at) };
}

/** Everything twice, in any order. */
function shuffledTwice<T>(items: T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...items, ...items], { minLength: items.length * 2, maxLength: items.length * 2 });
}

/** Lengths of the paired sessions in milliseconds, open ones as null. */
function lengths(signals: readonly AttendanceSignal[]): (number | null)[] {
  return pairSignals(signals).sessions.map(({ joinedAt, leftAt }) =>
    leftAt === null ? null : leftAt.getTime() - joinedAt.getTime(),
  );
}

describe('attendance of one person', () => {
  test('two devices at once count once', () => {
    const { people, peak } = attendanceOf([session('ada', 0, 60_000), session('ada', 10_000, 50_000)], window, grace);
    expect(people).toMatchObject([{ userId: 'ada', milliseconds: 60_000, seconds: 60, minutes: 1 }]);
    expect(peak).toBe(1);
  });

  test('ten stays of 59 seconds are nine minutes, rounded once', () => {
    const stays = Array.from({ length: 10 }, (_, index) => session('ada', index * 120_000, index * 120_000 + 59_000));
    expect(attendanceOf(stays, window, grace).people).toMatchObject([{ seconds: 590, minutes: 9 }]);
  });

  test('time before the start and after the end does not count', () => {
    const { people } = attendanceOf([session('ada', -50_000, 4_000_000)], window, grace);
    expect(people).toMatchObject([{ milliseconds: 3_600_000, share: 1 }]);
    expect(people[0]?.intervals).toEqual([{ startedAt: window.actualStartTime, endedAt: window.actualEndTime }]);
  });

  test('somebody who only stood at the closed door is listed with nothing', () => {
    const { people, peak } = attendanceOf([session('ada', -50_000, 0), session('bob', 3_600_000, null)], window, grace);
    expect(people.map(({ userId, milliseconds }) => [userId, milliseconds])).toEqual([
      ['ada', 0],
      ['bob', 0],
    ]);
    expect(peak).toBe(0);
  });

  test('sessions that touch are one interval', () => {
    const { people } = attendanceOf([session('ada', 20_000, 30_000), session('ada', 10_000, 20_000)], window, grace);
    expect(people[0]?.intervals).toEqual([{ startedAt: new Date(10_000), endedAt: new Date(30_000) }]);
  });

  test('guests count nowhere until they are claimed', () => {
    expect(attendanceOf([session(null, 0, 60_000)], window, grace)).toEqual({ people: [], peak: 0 });
  });

  test('a meeting without length has attendees without a share', () => {
    const instant = { actualStartTime: new Date(5), actualEndTime: new Date(5) };
    expect(attendanceOf([session('ada', 5, null)], instant, grace).people).toMatchObject([{ seconds: 0, share: 0 }]);
  });
});

describe('open sessions', () => {
  test('without any heartbeat they last until the meeting ends', () => {
    expect(sessionEnd(session('ada', 0, null), window.actualEndTime, 90_000)).toEqual(window.actualEndTime);
  });

  test('with heartbeats they end a grace after the last one', () => {
    expect(sessionEnd(session('ada', 0, null, 60_000), window.actualEndTime, 90_000)).toEqual(new Date(150_000));
  });

  test('a heartbeat shortly before the end lends no time beyond it', () => {
    expect(sessionEnd(session('ada', 0, null, 3_590_000), window.actualEndTime, 90_000)).toEqual(window.actualEndTime);
  });

  test('a recorded leave beats the heartbeat, and nothing ends before it began', () => {
    expect(sessionEnd(session('ada', 0, 300_000, 60_000), window.actualEndTime, 90_000)).toEqual(new Date(300_000));
    expect(sessionEnd(session('ada', 500_000, 300_000), window.actualEndTime, 90_000)).toEqual(new Date(500_000));
  });
});

describe('peak', () => {
  test('who leaves as another joins is gone before', () => {
    expect(attendanceOf([session('ada', 0, 10_000), session('bob', 10_000, 20_000)], window, grace).peak).toBe(1);
  });

  test('counts people, not connections', () => {
    const sessions = [session('ada', 0, 30_000), session('ada', 0, 30_000), session('bob', 5000, 6000)];
    expect(attendanceOf(sessions, window, grace).peak).toBe(2);
  });
});

describe('pairing signals', () => {
  test('a leave that arrives before its join is paired by time', () => {
    expect(lengths([signal('leave', 30_000), signal('join', 10_000)])).toEqual([20_000]);
  });

  test('a leave alone is held and gives no session', () => {
    const alone = signal('leave', 30_000);
    expect(pairSignals([alone])).toEqual({ sessions: [], heldLeaves: [alone] });
  });

  test('a stale leave of the old connection leaves the rejoin open', () => {
    expect(lengths([signal('join', 0), signal('join', 50_000, 'phone'), signal('leave', 90_000)])).toEqual([
      90_000,
      null,
    ]);
  });

  test('a repeated delivery changes nothing', () => {
    const once = [signal('join', 0), signal('leave', 10_000), signal('join', 20_000)];
    expect(pairSignals([...once, ...once])).toEqual(pairSignals(once));
  });

  test('leaving and rejoining at one instant are two sessions; joining and leaving at one instant is one without length', () => {
    expect(lengths([signal('join', 0), signal('join', 10), signal('leave', 10)])).toEqual([10, null]);
    expect(lengths([signal('leave', 10), signal('join', 10)])).toEqual([0]);
  });

  test('connections of different sources or people are never paired', () => {
    const other: AttendanceSignal = { ...signal('leave', 10_000), source: 'embedded' };
    const { sessions, heldLeaves } = pairSignals([signal('join', 0), other, signal('leave', 10_000, 'laptop', 'bob')]);
    expect(sessions).toMatchObject([{ userId: 'ada', leftAt: null }]);
    expect(heldLeaves).toHaveLength(2);
  });
});

describe('the threshold for having attended', () => {
  test('without one any presence is enough, even without length; without a session none is', () => {
    expect(isAttended(0, 3600, null)).toBe(true);
    expect(isAttended(null, 3600, null)).toBe(false);
    expect(isAttended(null, 0, { share: 0 })).toBe(false);
  });

  test('meeting it exactly is enough, a millisecond less is not', () => {
    expect(isAttended(600, 3600, { minutes: 10 })).toBe(true);
    expect(isAttended(599.999, 3600, { minutes: 10 })).toBe(false);
    expect(isAttended(1800, 3600, { share: 0.5 })).toBe(true);
    expect(isAttended(1799.999, 3600, { share: 0.5 })).toBe(false);
  });

  test('a share that binary fractions cannot hold is met exactly', () => {
    expect(isAttended(0.3, 3, { share: 0.1 })).toBe(true);
  });

  test('minutes are meant literally in a meeting that ended early', () => {
    expect(isAttended(1200, 1200, { minutes: 30 })).toBe(false);
  });
});

describe('properties', () => {
  const instant = fc.integer({ min: -600_000, max: 4_200_000 });
  const anySession = fc
    .tuple(
      fc.constantFrom('ada', 'bob', 'cyd', null),
      instant,
      fc.option(fc.integer({ min: 0, max: 4_200_000 })),
      fc.option(instant),
    )
    .map(([userId, at, stay, heartbeat]) =>
      session(userId, at, stay === null ? null : at + stay, heartbeat ?? undefined),
    );
  const sessionsOf = (size: number) => fc.array(anySession, { maxLength: size });

  test('order and repetition of sessions never matter', () => {
    const cases = sessionsOf(25).chain((sessions) => fc.tuple(fc.constant(sessions), shuffledTwice(sessions)));
    fc.assert(
      fc.property(cases, ([sessions, shuffled]) => {
        expect(attendanceOf(shuffled, window, grace)).toEqual(attendanceOf(sessions, window, grace));
      }),
    );
  });

  test('the union agrees with counting second by second', () => {
    const second = fc.integer({ min: -20, max: 140 });
    const stays = fc.array(fc.tuple(fc.constantFrom('ada', 'bob', 'cyd'), second, fc.nat(60)), { maxLength: 20 });
    const twoMinutes = { actualStartTime: new Date(0), actualEndTime: new Date(120_000) };
    fc.assert(
      fc.property(stays, (rows) => {
        const sessions = rows.map(([userId, from, stay]) => session(userId, from * 1000, (from + stay) * 1000));
        const { people, peak } = attendanceOf(sessions, twoMinutes, grace);
        const presentAt = (userId: string, at: number) =>
          rows.some(([id, from, stay]) => id === userId && from <= at && at < from + stay);
        const seconds = Array.from({ length: 120 }, (_, at) => at);
        for (const { userId, seconds: counted } of people)
          expect(counted).toBe(seconds.filter((at) => presentAt(userId, at)).length);
        const counts = seconds.map((at) => people.filter(({ userId }) => presentAt(userId, at)).length);
        expect(peak).toBe(Math.max(...counts));
      }),
    );
  });

  test('nobody is longer there than the meeting, and intervals are disjoint and ascending', () => {
    fc.assert(
      fc.property(sessionsOf(30), (sessions) => {
        const { people, peak } = attendanceOf(sessions, window, grace);
        expect(peak).toBeLessThanOrEqual(people.length);
        for (const { milliseconds, share, intervals } of people) {
          expect(share).toBe(milliseconds / 3_600_000);
          expect(share).toBeLessThanOrEqual(1);
          const edges = intervals.flatMap(({ startedAt, endedAt }) => [startedAt.getTime(), endedAt.getTime()]);
          expect(edges).toEqual([...new Set(edges)].toSorted((a, b) => a - b));
        }
      }),
    );
  });

  test('order and repetition of signals never matter', () => {
    const anySignal = fc
      .tuple(fc.constantFrom('join' as const, 'leave' as const), fc.nat(20), fc.constantFrom('laptop', 'phone'))
      .map(([kind, at, connection]) => signal(kind, at, connection));
    const cases = fc
      .array(anySignal, { maxLength: 15 })
      .chain((signals) => fc.tuple(fc.constant(signals), shuffledTwice(signals)));
    fc.assert(
      fc.property(cases, ([signals, shuffled]) => {
        expect(pairSignals(shuffled)).toEqual(pairSignals(signals));
      }),
    );
  });
});

describe('a real class', () => {
  interface RealClass {
    events: { at: number; type: string; connection?: string; person?: string }[];
    facts: {
      people: number;
      connections: number;
      joins: number;
      peakPeople: number;
      durationMs: number;
      stillOpenAtEnd: string[];
      presenceMsByPersonUnion: Record<string, number>;
    };
  }
  const file = new URL('../fixtures/real/class-session-2019.json', import.meta.url);
  const { events, facts }: RealClass = JSON.parse(readFileSync(file, 'utf8'));
  const signals = events.flatMap(({ at, type, connection = '', person = '' }) =>
    type === 'join' || type === 'leave' ? [signal(type, at, connection, person)] : [],
  );
  const lesson = { actualStartTime: new Date(0), actualEndTime: new Date(facts.durationMs) };

  test('its signals give a session for each join, open where nobody had left', () => {
    const { sessions, heldLeaves } = pairSignals(signals);
    expect(heldLeaves).toEqual([]);
    expect(sessions).toHaveLength(facts.joins);
    expect(new Set(sessions.map(({ connectionId }) => connectionId)).size).toBe(facts.connections);
    const open = sessions.filter(({ leftAt }) => leftAt === null).map(({ connectionId }) => connectionId);
    expect(open.toSorted()).toEqual(facts.stillOpenAtEnd.toSorted());
  });

  test('ten people over twelve connections were present to the recorded millisecond', () => {
    const { people, peak } = attendanceOf(pairSignals(signals.toReversed()).sessions, lesson, grace);
    expect(people).toHaveLength(10);
    expect(peak).toBe(facts.peakPeople);
    const presence = Object.fromEntries(people.map(({ userId, milliseconds }) => [userId, milliseconds]));
    expect(presence).toEqual(facts.presenceMsByPersonUnion);
  });
});
