import { describe, expect, test } from 'vitest';
import { checkChoices, checkClosingTime, choiceLimits, choicesOf, span } from '../../src/polls/poll.rules.ts';
import { pollInput, type PollInput } from '../../src/polls/poll.schema.ts';
import { multiple, open, rating, single, yesNo } from './ballots.ts';

const stored = (input: PollInput) => choicesOf(pollInput.parse(input));
const faults = (input: PollInput) => checkChoices(stored(input))?.details['fields'] ?? null;

describe('what is stored of the choices', () => {
  test('follows from the type', () => {
    expect(stored({ ...single, correctOptions: [2] })).toEqual({
      ...{ options: ['red', 'green', 'blue'], allowMultipleChoices: false },
      ...{ minChoices: null, maxChoices: null, correctOptions: [2] },
    });
    expect(stored({ ...multiple, maxChoices: 3, correctOptions: [3, 0, 1] })).toMatchObject({
      ...{ allowMultipleChoices: true, minChoices: null, maxChoices: 3, correctOptions: [0, 1, 3] },
    });
    expect(stored(yesNo)).toMatchObject({ options: ['Yes', 'No'], correctOptions: null });
    expect(stored({ ...rating, scale: 3 })).toMatchObject({ options: ['1', '2', '3'], correctOptions: null });
    expect(stored(open)).toMatchObject({ options: [], correctOptions: null });
  });

  test('is refused where its numbers contradict each other', () => {
    expect(faults({ ...multiple, minChoices: 2, maxChoices: 4, correctOptions: [0, 1] })).toBeNull();
    expect(faults({ ...multiple, minChoices: 3, maxChoices: 2 })).toMatchObject([{ path: 'minChoices' }]);
    expect(faults({ ...multiple, minChoices: 6, maxChoices: 5 })).toMatchObject([
      { path: 'maxChoices' },
      { path: 'minChoices' },
    ]);
    expect(faults({ ...multiple, minChoices: 2, correctOptions: [0] })).toMatchObject([{ path: 'correctOptions' }]);
    expect(faults({ ...yesNo, correctOptions: [2] })).toMatchObject([{ path: 'correctOptions' }]);
  });
});

test('a vote names one option, or as many as the poll says, or all', () => {
  expect(choiceLimits(stored(single))).toEqual({ min: 1, max: 1 });
  expect(choiceLimits(stored(multiple))).toEqual({ min: 1, max: 4 });
  expect(choiceLimits(stored({ ...multiple, minChoices: 2, maxChoices: 3 }))).toEqual({ min: 2, max: 3 });
  expect([span(2, 2), span(1, 4)]).toEqual(['2', '1 to 4']);
});

test('a poll closes after now, if ever', () => {
  const now = new Date(1_000);
  expect([null, undefined, new Date(1_001)].map((time) => checkClosingTime(time, now))).toEqual([null, null, null]);
  for (const time of [now, new Date(999)])
    expect(checkClosingTime(time, now)?.details['fields']).toMatchObject([{ path: 'closesAt' }]);
});
