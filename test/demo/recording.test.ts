import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isId } from '../../src/core/identifier.ts';
import { castOf } from '../../src/demo/cast.ts';
import { fillerText } from '../../src/demo/play.ts';
import { passagesOf, recordedClass } from '../../src/demo/recording.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const recording = recordedClass();
const passages = passagesOf(recording);

test('the class that is shown is the class that the tests know', () => {
  const shown: unknown = JSON.parse(read('../../src/demo/class-session.json'));
  expect(shown).toEqual(JSON.parse(read('../fixtures/real/class-session-2019.json')));
  expect(read('../../src/demo/SOURCES.md')).toContain('bigbluebutton/bbb-events');
});

test('a recording is read with instants, people and everything that happened, in order', () => {
  expect(recording).toMatchObject({ timezone: 'America/New_York', host: 'Teacher A' });
  expect(recording.startedAt.toISOString()).toBe('2019-03-15T15:49:04.034Z');
  expect(recording.endedAt.getTime() - recording.startedAt.getTime()).toBe(3_196_909);
  expect(recording.others).toHaveLength(9);
  const times = recording.happenings.map(({ at }) => at.getTime());
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  const kinds = Object.groupBy(recording.happenings, ({ kind }) => kind);
  const counts = Object.entries(kinds).map(([kind, all]) => [kind, all.length]);
  expect(Object.fromEntries(counts)).toEqual({
    ...{ join: 23, leave: 18, chat: 38, 'poll.open': 5, 'poll.vote': 33, 'poll.close': 5 },
    media: 383 + 367 + 54 + 30 + 33 + 25 + 2 - 3, // talking, silent, muted, unmuted, join and leave of voice, camera; echoes
  });
});

test('every leave of the recording closes a connection that is open, and five stay open', () => {
  const open = new Set<string>();
  for (const { kind, connectionId } of passages) {
    expect(open.has(connectionId)).toBe(kind === 'leave');
    if (kind === 'leave') open.delete(connectionId);
    else open.add(connectionId);
  }
  expect(open.size).toBe(5);
});

test('nobody is switched on or off while they are away', () => {
  const here = new Map<string, string>();
  const strays = recording.happenings.filter((one) => {
    if (one.kind === 'join') here.set(one.connectionId, one.person);
    if (one.kind === 'leave') here.delete(one.connectionId);
    return one.kind === 'media' && ![...here.values()].includes(one.person);
  });
  expect(strays).toEqual([]);
});

test('what others counted is told by person and by poll', () => {
  expect(recording.countedTalk.get('Teacher A')).toBe(1_737_470);
  expect(recording.countedTalk.size).toBe(7);
  expect(recording.countedVotes.map((votes) => [...votes])).toEqual([[[0, 6]], [[0, 6]], [[0, 7]], [[0, 8]], [[1, 6]]]);
});

test('filler has the length it is asked for, and something to read', () => {
  for (const { length } of recording.happenings.filter((one) => one.kind === 'chat')) {
    expect(fillerText(length)).toHaveLength(length);
    expect(fillerText(length).trim()).not.toBe('');
  }
});

test('people have ids that follow from their names', () => {
  const cast = castOf(recording);
  const ids = cast.everybody.map(({ userId }) => userId);
  expect(ids).toHaveLength(14);
  expect(new Set(ids).size).toBe(14);
  expect(ids.every(isId)).toBe(true);
  expect(ids.every((id) => /^.{14}5.{4}[89ab]/.test(id))).toBe(true);
  expect(castOf(recordedClass()).host.userId).toBe('fc337b6f-d753-5918-a10a-09a7c85f27ac');
  expect(cast.nameOf(cast.added.silent.userId)).toBe('Student M (added)');
  expect(() => cast.nameOf('somebody')).toThrow(RangeError);
});
