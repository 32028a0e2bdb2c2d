import { expect, test } from 'vitest';
import {
  countsOf,
  isQuorumReached,
  isWithheld,
  meanRating,
  medianRating,
  totalsOf,
} from '../../src/polls/tally.rules.ts';

test('alike votes are added up for each option that they name, and told apart from those that name none', () => {
  const groups = [
    { selected: [0], votes: 3, written: 0 },
    { selected: [0, 2], votes: 2, written: 0 },
    { selected: [2, 3], votes: 1, written: 0 },
    { selected: [], votes: 4, written: 0 },
  ];
  // The last index names no option of these.
  expect(countsOf(['a', 'b', 'c'], groups)).toEqual({ votes: 10, abstained: 4, counts: [5, 0, 3], correct: null });
});

test('whoever writes has not abstained, though the answer names no option', () => {
  expect(countsOf([], [{ selected: [], votes: 7, written: 5 }])).toEqual({
    ...{ votes: 7, abstained: 2, counts: [], correct: null },
  });
});

test('where nobody has voted, every option has nothing', () => {
  expect(countsOf(['a', 'b'], [])).toEqual({ votes: 0, abstained: 0, counts: [0, 0], correct: null });
});

test('the mean and the median are those of the ratings that a histogram counts', () => {
  expect([[0, 0, 0], []].map(meanRating)).toEqual([null, null]);
  expect([[0, 0, 0], []].map(medianRating)).toEqual([null, null]);
  expect(meanRating([1, 0, 3])).toBe(2.5);
  // 1 3 3 3 · 1 1 2 · 1 2 · 1 1 3 3
  expect(
    [
      [1, 0, 3],
      [2, 1, 0],
      [1, 1, 0],
      [2, 0, 2],
    ].map(medianRating),
  ).toEqual([3, 1, 1.5, 2]);
  expect(medianRating([0, 0, 0, 0, 1])).toBe(5);
});

test('shares are of those who did not abstain; what is right is told after the close', () => {
  const counts = { votes: 5, abstained: 1, counts: [3, 1], correct: 2 };
  const poll = { pollType: 'MultipleChoice', options: ['a', 'b'], isClosed: false } as const;
  expect(totalsOf(poll, counts)).toEqual({
    ...{ votes: 5, abstained: 1, mean: null, median: null, correct: null },
    options: [
      { option: 'a', votes: 3, share: 0.75 },
      { option: 'b', votes: 1, share: 0.25 },
    ],
  });
  expect(totalsOf({ ...poll, isClosed: true }, counts).correct).toBe(2);
  const nobody = { votes: 1, abstained: 1, counts: [0, 0], correct: null };
  expect(totalsOf(poll, nobody).options.map(({ share }) => share)).toEqual([0, 0]);
});

test('a quorum counts everybody who voted, and needs somebody who could', () => {
  expect(isQuorumReached(null, 5, 5)).toBeNull();
  expect(isQuorumReached(50, 5, null)).toBeNull();
  expect([1, 2].map((votes) => isQuorumReached(50, votes, 3))).toEqual([false, true]);
  expect(isQuorumReached(100, 3, 3)).toBe(true);
  expect(isQuorumReached(1, 0, 0)).toBe(false);
});

test('an anonymous poll of two says nothing', () => {
  expect([0, 1, 2, 3].map((votes) => isWithheld(true, votes))).toEqual([true, true, true, false]);
  expect(isWithheld(false, 0)).toBe(false);
});
