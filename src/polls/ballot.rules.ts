import { type PollType, pollTypes } from '../core/enums.ts';
import type { MeetingError } from '../core/errors.ts';
import { type FieldError, invalid } from '../core/validate.ts';
import { choiceLimits, span, type StoredChoices } from './poll.rules.ts';
import type { VoteView, VoteWish } from './poll.schema.ts';

/** A vote as it is stored. */
export interface Ballot {
  /** Ascending, so that equal votes are equal rows. A rating is the index of its label. */
  readonly selected: readonly number[];
  readonly text: string | null;
  readonly kind: BallotKind;
}

/** Types of poll that a vote can be one in, by what was given. */
export const ballotTypes = {
  choice: ['SingleChoice', 'MultipleChoice', 'YesNo'],
  rating: ['Rating'],
  text: ['OpenEnded'],
  abstention: pollTypes,
} as const satisfies Record<string, readonly PollType[]>;
export type BallotKind = keyof typeof ballotTypes;

/** How a vote in a poll of each type is given. */
const fields = {
  SingleChoice: 'selectedOptions',
  MultipleChoice: 'selectedOptions',
  YesNo: 'selectedOptions',
  Rating: 'rating',
  OpenEnded: 'responseText',
} as const satisfies Record<PollType, keyof VoteWish>;

export function ballotOf({ selectedOptions = [], rating, responseText }: VoteWish): Ballot {
  if (responseText !== undefined) return { selected: [], text: responseText, kind: 'text' };
  if (rating !== undefined) return { selected: [rating - 1], text: null, kind: 'rating' };
  const selected = selectedOptions.toSorted((one, other) => one - other);
  return { selected, text: null, kind: selected.length === 0 ? 'abstention' : 'choice' };
}

/** What decides whether a vote can be one in this poll. */
export interface BallotTerms extends Omit<StoredChoices, 'correctOptions'> {
  readonly pollType: PollType;
  readonly allowAbstain: boolean;
}

/** What is wrong with a vote in this poll; the statement that stores votes stores only those with which nothing is. */
export function checkBallot(poll: BallotTerms, ballot: Ballot): MeetingError | null {
  const fault = ballotFault(poll, ballot);
  return fault === null ? null : invalid([fault]);
}

function ballotFault(poll: BallotTerms, { selected, kind }: Ballot): FieldError | null {
  const path = fields[poll.pollType];
  if (kind === 'abstention' && poll.allowAbstain) return null;
  if (kind === 'abstention')
    return { path: 'selectedOptions', message: 'must not be empty: nobody can abstain from this poll' };
  const fits: readonly PollType[] = ballotTypes[kind];
  if (!fits.includes(poll.pollType)) return { path, message: 'must be given instead: this poll asks for it' };
  if (poll.pollType === 'OpenEnded') return null;
  const last = poll.options.length - 1;
  if (selected.some((option) => option > last))
    return poll.pollType === 'Rating'
      ? { path, message: `must be 1 to ${poll.options.length}` }
      : { path, message: `must name options by their index, 0 to ${last}` };
  const { min, max } = choiceLimits(poll);
  if (selected.length >= min && selected.length <= max) return null;
  return { path, message: `must name ${span(min, max)} of the options` };
}

/** A stored vote, as its voter is shown it. */
export interface StoredVote {
  readonly selectedOptions: readonly number[];
  readonly responseText: string | null;
}

/** The parts of a vote that callers are shown. */
export function voteParts(pollType: PollType, vote: StoredVote): Omit<VoteView, 'pollId' | 'respondedAt'> {
  const [first] = vote.selectedOptions;
  return {
    selectedOptions: Object.freeze([...vote.selectedOptions]),
    rating: pollType === 'Rating' && first !== undefined ? first + 1 : null,
    responseText: vote.responseText,
  };
}

/** Whether a vote names exactly the right options; null where there are none. */
export function isCorrect(correctOptions: readonly number[] | null, selected: readonly number[]): boolean | null {
  if (correctOptions === null) return null;
  return correctOptions.length === selected.length && correctOptions.every((option) => selected.includes(option));
}
