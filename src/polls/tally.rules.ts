import type { PollType } from '../core/enums.ts';
import type { PollTotals } from './poll.schema.ts';

/** Fewer votes than this in an anonymous poll would tell who voted for what. */
export const fewestAnonymousVotes = 3;

/** A count of the votes, as it is stored. */
export interface VoteCounts {
  /** All of them, abstentions included. */
  readonly votes: number;
  readonly abstained: number;
  /** For each option, how many votes name it. */
  readonly counts: readonly number[];
  /** Votes that name exactly the right options; null where there are none. */
  readonly correct: number | null;
}

/** Votes that name the same options. */
export interface AlikeVotes {
  readonly selected: readonly number[];
  readonly votes: number;
  /** How many of them are written answers. */
  readonly written: number;
}

interface CountedPoll {
  readonly pollType: PollType;
  readonly options: readonly string[];
  readonly isClosed: boolean;
}

/** Whether so few have voted that the numbers would speak about persons. */
export function isWithheld(isAnonymous: boolean, votes: number): boolean {
  return isAnonymous && votes < fewestAnonymousVotes;
}

/** What the votes in an open poll come to; as long as it is open, nobody learns how many are right. */
export function countsOf(options: readonly string[], groups: readonly AlikeVotes[]): VoteCounts {
  const votes = (some: readonly AlikeVotes[]) => sum(some.map((group) => group.votes));
  const empty = groups.filter(({ selected }) => selected.length === 0);
  return {
    votes: votes(groups),
    abstained: votes(empty) - sum(empty.map(({ written }) => written)),
    counts: options.map((_, index) => votes(groups.filter(({ selected }) => selected.includes(index)))),
    correct: null,
  };
}

/** Everything that follows from the counts. */
export function totalsOf(poll: CountedPoll, { votes, abstained, counts, correct }: VoteCounts): PollTotals {
  const answered = votes - abstained;
  const options = poll.options.map((option, index) => {
    const named = counts[index] ?? 0;
    return Object.freeze({ option, votes: named, share: answered === 0 ? 0 : named / answered });
  });
  const ratings = poll.pollType === 'Rating' ? counts : [];
  return Object.freeze({
    ...{ votes, abstained, options: Object.freeze(options) },
    ...{ mean: meanRating(ratings), median: medianRating(ratings) },
    // While it is open, how many are right would tell which option is.
    correct: poll.isClosed ? correct : null,
  });
}

/** Mean of ratings given as a histogram, the first of which counts the ones; null of none. */
export function meanRating(histogram: readonly number[]): number | null {
  const given = sum(histogram);
  return given === 0 ? null : sum(histogram.map((count, index) => count * (index + 1))) / given;
}

/** Their median: the middle one, or halfway between the two in the middle; null of none. */
export function medianRating(histogram: readonly number[]): number | null {
  const given = sum(histogram);
  if (given === 0) return null;
  return (ratingAt(histogram, Math.ceil(given / 2)) + ratingAt(histogram, Math.floor(given / 2) + 1)) / 2;
}

/** The rating at a place, from 1, among all in ascending order. */
function ratingAt(histogram: readonly number[], place: number): number {
  let before = 0;
  return 1 + histogram.findIndex((count) => (before += count) >= place);
}

/** Whether enough of those who could vote have; null where nobody asked for a quorum. */
export function isQuorumReached(
  quorumPercent: number | null,
  votes: number,
  entitledVoters: number | null,
): boolean | null {
  if (quorumPercent === null || entitledVoters === null) return null;
  return entitledVoters > 0 && votes * 100 >= quorumPercent * entitledVoters;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
