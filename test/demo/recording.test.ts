import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isId } from '../../src/core/identifier.ts';
import { castOf } from '../../src/demo/cast.ts';
import { recordedClass } from '../../src/demo/recording.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const recording = recordedClass();

test('the class that is shown is the class that the tests know', () => {
  const shown: unknown = JSON.parse(read('../../src/demo/class-session.json'));
  expect(shown).toEqual(JSON.parse(read('../fixtures/real/class-session-2019.json')));
  expect(read('../../src/demo/SOURCES.md')).toContain('bigbluebutton/bbb-events');
});

test('a recording is read with instants, people and passages in order', () => {
  expect(recording).toMatchObject({ timezone: 'America/New_York', host: 'Teacher A' });
  expect(recording.startedAt.toISOString()).toBe('2019-03-15T15:49:04.034Z');
  expect(recording.endedAt.getTime() - recording.startedAt.getTime()).toBe(3_196_909);
  expect(recording.others).toHaveLength(9);
  expect(recording.passages).toHaveLength(41);
  const times = recording.passages.map(({ at }) => at.getTime());
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(recording.besides).toEqual({ messages: 38, polls: 5, votes: 33, voice: 834 });
});

test('every leave of the recording closes a connection that is open, and five stay open', () => {
  const open = new Set<string>();
  for (const { kind, connectionId } of recording.passages) {
    expect(open.has(connectionId)).toBe(kind === 'leave');
    if (kind === 'leave') open.delete(connectionId);
    else open.add(connectionId);
  }
  expect(open.size).toBe(5);
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
