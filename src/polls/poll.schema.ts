import { z } from 'zod';
import { pollTypes, resultsVisibilities } from '../core/enums.ts';
import { boundedArray, id, instant, int32, label, pageInput, text } from '../core/schema.ts';

/** How many options a poll may have. */
const mostOptions = 50;
const isDistinct = (list: readonly unknown[]) => new Set(list).size === list.length;

/** Indices into the options, from 0; the order in which they are given means nothing. */
function indices(min: number) {
  return boundedArray(int32(0, mostOptions - 1), mostOptions, min).refine(isDistinct, 'must name no option twice');
}

const common = {
  question: text(1_000),
  /** Voters may answer with none of it: `selectedOptions: []`. @default false */
  allowAbstain: z.boolean().default(false),
  /** While the poll is open, a later vote replaces the former, and a vote can be withdrawn. @default true */
  allowChange: z.boolean().default(true),
  /** Votes are stored under pseudonyms; nobody can ever see who voted for what, nor who voted. @default false */
  isAnonymous: z.boolean().default(false),
  /** Who sees totals, and when. Host, CoHost and whoever created the poll always do. @default 'afterClose' */
  resultsVisibility: z.enum(resultsVisibilities).default('afterClose'),
  /** No vote counts from then on. */
  closesAt: instant.nullish(),
  /** Not shown to others before it is opened. The only kind that can be made before the meeting starts. @default false */
  draft: z.boolean().default(false),
  /** The share of those entitled who have to vote, 1 to 100, for the result to stand. */
  quorumPercent: int32(1, 100).nullish(),
};

const options = boundedArray(label(200), mostOptions, 2).refine(
  (list) => isDistinct(list.map((option) => option.normalize().trim())),
  'must be distinct',
);
/** Indices of the right answers make the poll a quiz. They are told to nobody before it is closed. */
const correctOptions = indices(1).nullish();

/** Input of `polls.create`: what can be said depends on the type. */
export const pollInput = z.discriminatedUnion('pollType', [
  z.strictObject({ pollType: z.literal('SingleChoice'), ...common, options, correctOptions }),
  z.strictObject({
    pollType: z.literal('MultipleChoice'),
    ...{ ...common, options, correctOptions },
    /** How many options a vote names at least. @default 1 */
    minChoices: int32(1, mostOptions).nullish(),
    /** How many options a vote names at most. @default all */
    maxChoices: int32(1, mostOptions).nullish(),
  }),
  z.strictObject({ pollType: z.literal('YesNo'), ...common, correctOptions }),
  z.strictObject({
    ...{ pollType: z.literal('Rating'), ...common },
    /** Ratings go from 1 to this, 2 to 10. @default 5 */
    scale: int32(2, 10).default(5),
  }),
  z.strictObject({ pollType: z.literal('OpenEnded'), ...common }),
]);
export type PollInput = z.input<typeof pollInput>;
export type PollWish = z.output<typeof pollInput>;

/** Input of `polls.vote`: one of the three, as the poll's type asks; `selectedOptions: []` abstains from any. */
export const voteInput = z
  .strictObject({
    selectedOptions: indices(0).optional(),
    /** From 1 to the poll's scale. */
    rating: int32(1, 10).optional(),
    responseText: text(2_000).optional(),
  })
  .refine((vote) => Object.values(vote).filter((part) => part !== undefined).length === 1, {
    error: 'must have exactly one of selectedOptions, rating and responseText',
  });
export type VoteInput = z.input<typeof voteInput>;
export type VoteWish = z.output<typeof voteInput>;

/** A vote, as its voter sees it. */
export interface VoteView {
  readonly pollId: string;
  /** Indices into the poll's options, ascending; empty for a text, and for whoever abstained. */
  readonly selectedOptions: readonly number[];
  readonly rating: number | null;
  readonly responseText: string | null;
  /** Null in anonymous polls, which keep no time. */
  readonly respondedAt: Date | null;
}

/** What a keyed vote keeps: the rest of the answer follows from what was voted. */
export const voteReceipt = z.strictObject({ respondedAt: instant.nullable() });

/** A poll, without its result. */
export const pollView = z.strictObject({
  id,
  meetingId: id,
  creatorId: id,
  question: z.string(),
  pollType: z.enum(pollTypes),
  options: z.array(z.string()).readonly(),
  allowMultipleChoices: z.boolean(),
  isAnonymous: z.boolean(),
  /** Open for votes. */
  isActive: z.boolean(),
  createdAt: instant,
  /** Null for a draft. */
  openedAt: instant.nullable(),
  /** When it will close, or would have closed, by itself. */
  closesAt: instant.nullable(),
  closedAt: instant.nullable(),
  resultsVisibility: z.enum(resultsVisibilities),
  allowAbstain: z.boolean(),
  allowChange: z.boolean(),
  minChoices: z.number().nullable(),
  maxChoices: z.number().nullable(),
  /** Of a quiz: once it is closed, for those who see the result; in a draft, for whoever created it. Else null. */
  correctOptions: z.array(z.number()).readonly().nullable(),
  quorumPercent: z.number().nullable(),
});

/** A poll, and what the caller has voted in it. */
export type PollView = Readonly<z.output<typeof pollView>> & { readonly myVote: VoteView | null };

const optionTotal = z.strictObject({
  option: z.string(),
  votes: z.number(),
  /** Of those who did not abstain, 0 to 1. Where several options may be chosen, shares add up to more than 1. */
  share: z.number(),
});

/** What the votes came to. */
export const pollTotals = z.strictObject({
  /** People who voted, those who abstained among them. */
  votes: z.number(),
  abstained: z.number(),
  /** In the order of the options; of a rating, its histogram; of an open question, empty. */
  options: z.array(optionTotal).readonly(),
  /** Of a rating somebody has given. */
  mean: z.number().nullable(),
  median: z.number().nullable(),
  /** Of a closed quiz: how many chose exactly the right options. */
  correct: z.number().nullable(),
});
export type PollTotals = Readonly<z.output<typeof pollTotals>>;

/** What people have written, alike in all but case, white space and the composition of letters (Unicode NFC). */
const answerGroup = z.strictObject({
  /** The newest of them, as it was written. */
  text: z.string(),
  votes: z.number(),
});
export type AnswerGroup = Readonly<z.output<typeof answerGroup>>;

/** Answer of `polls.results` and `polls.close`. */
export const pollResults = z.strictObject({
  pollId: id,
  meetingId: id,
  question: z.string(),
  pollType: z.enum(pollTypes),
  isAnonymous: z.boolean(),
  isActive: z.boolean(),
  closedAt: instant.nullable(),
  /** Null in an anonymous poll of fewer than three votes, where they would tell too much; so is what else rests on them. */
  totals: pollTotals.nullable(),
  /** Of an open question, the hundred most frequent answers. */
  answers: z.array(answerGroup).readonly().nullable(),
  /** How many different answers there are. */
  distinctAnswers: z.number().nullable(),
  /** Of a closed quiz. */
  correctOptions: z.array(z.number()).readonly().nullable(),
  /** How many people could have voted: counted when the poll closed, null before. */
  entitledVoters: z.number().nullable(),
  quorumPercent: z.number().nullable(),
  /** Whether enough of them voted; null before the close, and where no quorum was asked for. */
  quorumReached: z.boolean().nullable(),
});
export type PollResults = Readonly<z.output<typeof pollResults>>;

/** Who voted for what. */
export interface VoterView {
  readonly userId: string;
  readonly selectedOptions: readonly number[];
  readonly rating: number | null;
  readonly responseText: string | null;
  readonly respondedAt: Date;
  /** In a closed quiz: whether exactly the right options were chosen. Else null. */
  readonly isCorrect: boolean | null;
}

export const pollPageInput = pageInput;
export type PollPageInput = z.input<typeof pollPageInput>;
