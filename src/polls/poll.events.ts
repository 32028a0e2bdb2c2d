import { z } from 'zod';
import { pollTypes, resultsVisibilities } from '../core/enums.ts';
import { defineEvents } from '../core/event.ts';

const pollId = z.string();
const time = z.iso.datetime();
const question = { pollId, question: z.string(), pollType: z.enum(pollTypes) };
/** Named by its poll and numbers only: what people wrote is in the results. */
const totals = { votes: z.number(), abstained: z.number(), counts: z.array(z.number()) };
/** In a person's own stream the meeting is named; in the meeting's stream it is the stream. */
const meetingId = z.string().optional();

/** What happens to polls. No event of an anonymous poll is about a voter, and none carries the right answers of a quiz. */
export const pollEvents = defineEvents({
  'poll.created': {
    about: 'A poll was made; a draft is not open yet.',
    audience: 'hosts, its creator',
    data: z.strictObject({ ...question, meetingId, draft: z.boolean() }),
  },
  'poll.opened': {
    about: 'People may vote.',
    audience: 'all',
    data: z.strictObject({
      ...question,
      options: z.array(z.string()),
      allowMultipleChoices: z.boolean(),
      minChoices: z.number().nullable(),
      maxChoices: z.number().nullable(),
      allowAbstain: z.boolean(),
      allowChange: z.boolean(),
      isAnonymous: z.boolean(),
      resultsVisibility: z.enum(resultsVisibilities),
      closesAt: time.nullable(),
    }),
  },
  'poll.vote-received': {
    about: 'A vote was stored, the first or one in its place. Never told of anonymous polls.',
    audience: 'the voter',
    data: z.strictObject({ meetingId: z.string(), pollId, selectedOptions: z.array(z.number()) }),
  },
  'poll.vote-retracted': {
    about: 'A vote was withdrawn. Never told of anonymous polls.',
    audience: 'the voter',
    data: z.strictObject({ meetingId: z.string(), pollId }),
  },
  'poll.tallied': {
    about: 'Votes have come in since the last time, at most once a second. Anonymous polls are told in steps of three.',
    audience: 'all where results are always visible, else hosts',
    data: z.strictObject({ pollId, ...totals }),
  },
  'poll.closed': {
    about: 'Nothing more goes in. Totals are null where not everybody may see them.',
    audience: 'all',
    data: z.strictObject({
      pollId,
      closedAt: time,
      totals: z.strictObject(totals).nullable(),
      quorumReached: z.boolean().nullable(),
    }),
  },
});
