import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundedStay, checkStay } from '../../src/participants/stay.rules.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 2, 2, 9, minute));
const actualStartTime = at(2);
const running = { now: at(30), actualStartTime, actualEndTime: null, removedAt: null };
const over = { now: at(90), actualStartTime, actualEndTime: at(60), removedAt: null };
const removed = { ...running, removedAt: at(20) };

test.for([
  ['a stay in the past is as it was observed', [5, 10], running, [5, 10]],
  ['one that goes on goes on', [5, null], running, [5, null]],
  ['what ends ahead of now ends now', [5, 40], running, [5, 30]],
  ['what begins ahead of now begins now', [40, null], running, [30, null]],
  ['what lies ahead altogether has no length', [40, 50], running, [30, 30]],
  ['what goes on of somebody removed ended there', [5, null], removed, [5, 20]],
  ['what lasted beyond a removal ended there', [5, 25], removed, [5, 20]],
  ['what ended before a removal stays', [5, 10], removed, [5, 10]],
  ['the end of the meeting is not cut here: it bounds the minutes, not the fact', [50, 70], over, [50, 70]],
] as const)('%s', ([, [joined, left], bounds, [joinedThen, leftThen]]) => {
  const minute = (value: number | null) => (value === null ? null : at(value));
  expect(boundedStay({ joinedAt: at(joined), leftAt: minute(left) }, bounds)).toEqual({
    ...{ joinedAt: at(joinedThen), leftAt: minute(leftThen) },
  });
});

test('a stay that began before it ended still does so when it is cut, wherever it has a part', () => {
  const minute = fc.integer({ min: 0, max: 120 }).map(at);
  const bounds = fc.record({
    now: minute,
    removedAt: fc.option(minute),
    actualStartTime: fc.constant(actualStartTime),
    actualEndTime: fc.constant(null),
  });
  fc.assert(
    fc.property(minute, fc.option(minute), bounds, (joinedAt, leftAt, bound) => {
      fc.pre(leftAt === null || joinedAt <= leftAt);
      fc.pre(bound.removedAt === null || bound.removedAt <= bound.now);
      const stay = boundedStay({ joinedAt, leftAt }, bound);
      fc.pre(checkStay(stay, bound) === null);
      expect(stay.joinedAt <= (stay.leftAt ?? bound.now)).toBe(true);
      expect((stay.leftAt ?? stay.joinedAt) <= bound.now).toBe(true);
      expect(boundedStay(stay, bound)).toEqual(stay);
    }),
  );
});

test.for([
  ['while the meeting runs may go on', [5, null], running, null],
  ['after the end has to have ended', [5, null], over, 'VALIDATION'],
  ['has to begin before the end: a moment before', [59, 61], over, null],
  ['has to begin before the end: not at it', [60, 61], over, 'VALIDATION'],
  ['has to end after the start: a moment after', [0, 3], running, null],
  ['has to end after the start: not at it', [0, 2], running, 'VALIDATION'],
  ['of somebody removed has to begin before that: a moment before', [19, 20], removed, null],
  ['of somebody removed has to begin before that: not at it', [20, 20], removed, 'CONFLICT'],
] as const)('a stay %s', ([, [joined, left], bounds, code]) => {
  const stay = { joinedAt: at(joined), leftAt: left === null ? null : at(left) };
  expect(checkStay(stay, bounds)?.code ?? null).toBe(code);
});
