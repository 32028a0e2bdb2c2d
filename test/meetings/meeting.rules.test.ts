import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  changedFields,
  checkSchedule,
  isWithin,
  later,
  mergeSettings,
  startWindow,
} from '../../src/meetings/meeting.rules.ts';

const now = new Date('2026-03-02T09:00:00.000Z');
const minute = 60_000;
const day = 24 * 60 * minute;

function times(startsIn: number, length: number) {
  const scheduledStartTime = new Date(now.getTime() + startsIn);
  return { scheduledStartTime, scheduledEndTime: new Date(scheduledStartTime.getTime() + length) };
}

function fieldOf(schedule: ReturnType<typeof times>, imported = false): unknown {
  return checkSchedule(schedule, now, imported)?.details['fields'];
}

describe('a schedule', () => {
  test.for([
    ['ends as it starts', 0, 'must be after scheduledStartTime'],
    ['ends before it starts', -1, 'must be after scheduledStartTime'],
    ['lasts a millisecond', 1, undefined],
    ['lasts seven days', 7 * day, undefined],
    ['lasts a millisecond longer', 7 * day + 1, 'must be at most 7 days after scheduledStartTime'],
  ] as const)('that %s', ([, length, message]) => {
    expect(fieldOf(times(0, length))).toEqual(message && [{ path: 'scheduledEndTime', message }]);
  });

  test('may start five minutes ago and not a millisecond earlier', () => {
    expect(checkSchedule(times(-5 * minute, day), now, false)).toBeNull();
    const message = 'must not lie in the past';
    expect(fieldOf(times(-5 * minute - 1, day))).toEqual([{ path: 'scheduledStartTime', message }]);
  });

  test('that is imported may lie in the past, and still has a length', () => {
    expect(checkSchedule(times(-400 * day, minute), now, true)).toBeNull();
    expect(fieldOf(times(-400 * day, 0), true)).toEqual([
      { path: 'scheduledEndTime', message: 'must be after scheduledStartTime' },
    ]);
  });

  test('that is refused says so as a validation error', () => {
    const error = checkSchedule(times(0, -1), now, false);
    expect(error).toMatchObject({ code: 'VALIDATION', message: expect.stringContaining('scheduledEndTime') });
  });
});

describe('the window to start in', () => {
  const rules = { startEarlyMinutes: 15, startLateMinutes: 60 };
  const window = startWindow(times(0, 30 * minute), rules);

  test('reaches from before the start to after the end', () => {
    expect(window).toEqual({ opens: new Date('2026-03-02T08:45:00Z'), closes: new Date('2026-03-02T10:30:00Z') });
  });

  test.for([
    ['a millisecond before it opens', window.opens.getTime() - 1, false],
    ['as it opens', window.opens.getTime(), true],
    ['as it closes', window.closes.getTime(), true],
    ['a millisecond after it has closed', window.closes.getTime() + 1, false],
  ] as const)('is judged %s', ([, at, within]) => {
    expect(isWithin(window, new Date(at))).toBe(within);
  });
});

test('of two instants the later one is taken, whichever comes first', () => {
  const [one, other] = [new Date(1), new Date(2)];
  expect([later(one, other), later(other, one), later(one, one)]).toEqual([other, other, one]);
});

describe('settings', () => {
  test('keep what a change does not name, take what it names, and lose what it sets to null', () => {
    const current = { openJoin: true, privateChat: 'off', limitAcceptances: 5 };
    const merged = mergeSettings(current, { privateChat: null, limitAcceptances: 7 });
    expect(merged).toEqual({ openJoin: true, limitAcceptances: 7 });
    expect(current).toEqual({ openJoin: true, privateChat: 'off', limitAcceptances: 5 });
  });

  test('do not change by a change that names nothing', () => {
    const settings = fc.dictionary(
      fc.string().filter((name) => name !== '__proto__'),
      fc.oneof(fc.boolean(), fc.nat()),
    );
    fc.assert(
      fc.property(settings, (current) => {
        expect(mergeSettings(current, {})).toEqual(current);
        expect(mergeSettings(current, current)).toEqual(current);
      }),
    );
  });

  test('given as undefined count as not given a value', () => {
    expect(mergeSettings({ openJoin: true }, { openJoin: undefined })).toEqual({});
  });
});

describe('changed fields', () => {
  test('are those whose value differs, by their names', () => {
    const current = { title: 'Graphs', maxParticipants: null, settings: { openJoin: true } };
    expect(changedFields(current, { title: 'Trees', maxParticipants: null, settings: { openJoin: true } })).toEqual([
      'title',
    ]);
    expect(changedFields(current, { settings: { openJoin: true, privateChat: 'off' } })).toEqual(['settings']);
  });

  test('take absent and null for the same', () => {
    expect(changedFields({ description: undefined }, { description: null })).toEqual([]);
    expect(changedFields({}, { description: null })).toEqual([]);
    expect(changedFields({ description: 'x' }, { description: null })).toEqual(['description']);
  });

  test('leave out what the change does not name', () => {
    expect(changedFields({ title: 'Graphs', description: 'x' }, {})).toEqual([]);
  });
});
