import { describe, expect, test } from 'vitest';
import { ballotOf, type BallotTerms, checkBallot, isCorrect, voteParts } from '../../src/polls/ballot.rules.ts';
import type { VoteWish } from '../../src/polls/poll.schema.ts';

const choice: BallotTerms = {
  ...{ pollType: 'SingleChoice', options: ['a', 'b', 'c'], allowMultipleChoices: false, allowAbstain: false },
  ...{ minChoices: null, maxChoices: null },
};
const several: BallotTerms = { ...choice, pollType: 'MultipleChoice', allowMultipleChoices: true };
const stars: BallotTerms = { ...choice, pollType: 'Rating', options: ['1', '2', '3'] };
const words: BallotTerms = { ...choice, pollType: 'OpenEnded', options: [] };

describe('a ballot', () => {
  test('is stored as ascending indices, or as words', () => {
    expect(ballotOf({ selectedOptions: [2, 0, 10] })).toMatchObject({
      selected: [0, 2, 10],
      text: null,
      kind: 'choice',
    });
    expect(ballotOf({ rating: 5 })).toEqual({ selected: [4], text: null, kind: 'rating' });
    expect(ballotOf({ responseText: 'x' })).toEqual({ selected: [], text: 'x', kind: 'text' });
    expect(ballotOf({ selectedOptions: [] })).toEqual({ selected: [], text: null, kind: 'abstention' });
  });

  test.each<[BallotTerms, VoteWish]>([
    [choice, { selectedOptions: [2] }],
    [several, { selectedOptions: [0, 1, 2] }],
    [{ ...several, minChoices: 2, maxChoices: 2 }, { selectedOptions: [0, 1] }],
    [stars, { rating: 3 }],
    [words, { responseText: 'x' }],
    ...[choice, several, stars, words].map((poll): [BallotTerms, VoteWish] => [
      { ...poll, allowAbstain: true },
      { selectedOptions: [] },
    ]),
  ])('fits %o as %o', (poll, vote) => {
    expect(checkBallot(poll, ballotOf(vote))).toBeNull();
  });

  test.each<[BallotTerms, VoteWish, string]>([
    [choice, { selectedOptions: [3] }, 'selectedOptions must name options by their index, 0 to 2.'],
    [choice, { selectedOptions: [0, 1] }, 'selectedOptions must name 1 of the options.'],
    [{ ...several, minChoices: 2 }, { selectedOptions: [1] }, 'selectedOptions must name 2 to 3 of the options.'],
    [{ ...several, maxChoices: 2 }, { selectedOptions: [0, 1, 2] }, 'selectedOptions must name 1 to 2 of the options.'],
    [stars, { rating: 4 }, 'rating must be 1 to 3.'],
    [stars, { selectedOptions: [1] }, 'rating must be given instead: this poll asks for it.'],
    [words, { rating: 1 }, 'responseText must be given instead: this poll asks for it.'],
    [choice, { responseText: 'a' }, 'selectedOptions must be given instead: this poll asks for it.'],
    [words, { selectedOptions: [] }, 'selectedOptions must not be empty: nobody can abstain from this poll.'],
  ])('does not fit %o as %o', (poll, vote, message) => {
    expect(checkBallot(poll, ballotOf(vote))).toMatchObject({ code: 'VALIDATION', message });
  });
});

test('a stored vote is shown with its rating', () => {
  const vote = { selectedOptions: [2], responseText: null };
  expect(voteParts('Rating', vote)).toEqual({ selectedOptions: [2], rating: 3, responseText: null });
  expect(voteParts('SingleChoice', vote)).toEqual({ selectedOptions: [2], rating: null, responseText: null });
  expect(voteParts('Rating', { selectedOptions: [], responseText: null }).rating).toBeNull();
});

test('right is exactly right', () => {
  expect(isCorrect(null, [1])).toBeNull();
  expect([[0, 2], [2, 0], [0], [0, 1], [0, 1, 2], []].map((selected) => isCorrect([0, 2], selected))).toEqual([
    ...[true, true, false, false, false, false],
  ]);
});
