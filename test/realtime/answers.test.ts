import { expect, test } from 'vitest';
import { Answers } from '../../src/realtime/answers.ts';

test('a repeat is answered with what the first one has brought about', () => {
  const answers = new Answers();
  expect(answers.same('ada', 'one', 7)).toBe(7);
  expect(answers.same('ada', 'one', null)).toBe(7);
  expect(answers.same('bob', 'one', null)).toBeNull();
  expect(answers.same('ada', 'two', null)).toBeNull();
});

test('the oldest is forgotten first', () => {
  const answers = new Answers(2);
  for (const [seq, id] of ['one', 'two', 'three'].entries()) answers.same('ada', id, seq);
  expect(['one', 'two', 'three'].map((id) => answers.same('ada', id, null))).toEqual([null, 1, 2]);
});
