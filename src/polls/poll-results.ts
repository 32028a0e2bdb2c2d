import { z } from 'zod';
import { instantOf } from '../core/instant.ts';
import type { Kernel } from '../core/kernel.ts';
import { encodeCursor, type Page, page, type PagedList } from '../core/page.ts';
import { allowedRoles, authorise } from '../core/policy.ts';
import { id, instantText } from '../core/schema.ts';
import type { Work } from '../core/work.ts';
import { isCorrect, voteParts } from './ballot.rules.ts';
import { findPoll, noun, type PollAccess, visibleAnswers } from './poll-access.ts';
import type { AnswerGroup, PollResults, VoterView } from './poll.schema.ts';
import { closedAtOf } from './poll.statements.ts';
import { countsOf, isQuorumReached, isWithheld, totalsOf } from './tally.rules.ts';
import {
  answersOfPoll,
  tallyPoll,
  type TallyRow,
  type VoterRow,
  votersOfPoll,
  votesOfPoll,
} from './tally.statements.ts';

/** Groups of answers that are shown; there may be as many as people. */
const mostAnswers = 100;

/** What the votes have come to so far, or came to. */
export async function results(kernel: Kernel, work: Work, pollId: string): Promise<PollResults> {
  const found = await findPoll(kernel, work, pollId);
  const own = found.isOwn;
  const resultsVisibility = found.poll.results_visibility;
  if (found.state.isClosed) authorise('poll.resultsClosed', found.standing, { noun, own, resultsVisibility });
  else
    authorise('poll.resultsOpen', found.standing, {
      ...{ noun, own, resultsVisibility },
      conditions: { hasVoted: found.hasVoted },
    });
  return resultsOf(work, found);
}

/** The result of a poll, for whoever may see it. */
export async function resultsOf(work: Work, access: PollAccess): Promise<PollResults> {
  const { poll, state } = access;
  const { totals: counts, entitled_voters: entitled } = await tallyOf(work, access);
  const withheld = isWithheld(poll.is_anonymous, counts.votes);
  const answers = withheld ? null : await answersOf(work, access);
  const options = { pollType: poll.poll_type, options: poll.options, isClosed: state.isClosed };
  return Object.freeze({
    pollId: poll.id,
    meetingId: poll.meeting_id,
    question: poll.question,
    pollType: poll.poll_type,
    isAnonymous: poll.is_anonymous,
    isActive: state.isOpen,
    closedAt: closedAtOf(poll),
    totals: withheld ? null : totalsOf(options, counts),
    answers: answers?.groups ?? null,
    distinctAnswers: answers?.distinct ?? null,
    correctOptions: visibleAnswers(access),
    entitledVoters: entitled,
    quorumPercent: poll.quorum_percent,
    quorumReached: withheld ? null : isQuorumReached(poll.quorum_percent, counts.votes, entitled),
  });
}

async function tallyOf(work: Work, { poll, state }: PollAccess): Promise<TallyRow> {
  if (state.isClosed) {
    const roles = allowedRoles('poll.vote').always;
    return work.one(tallyPoll, [poll.id, work.clockParameter, [...roles]]);
  }
  const groups = await work.run(votesOfPoll, [poll.id]);
  return { totals: countsOf(poll.options, groups), entitled_voters: null };
}

async function answersOf(
  work: Work,
  { poll }: PollAccess,
): Promise<{ readonly groups: readonly AnswerGroup[]; readonly distinct: number } | null> {
  if (poll.poll_type !== 'OpenEnded') return null;
  const rows = await work.run(answersOfPoll, [poll.id, mostAnswers]);
  const groups = rows.map(({ text, votes }) => Object.freeze({ text, votes }));
  return { groups: Object.freeze(groups), distinct: rows[0]?.groups ?? 0 };
}

const cursorValues = z.tuple([instantText, id]);
export const voterList: PagedList<typeof cursorValues> = { kind: 'voters', values: cursorValues };

/** Who voted for what, in the order of the votes. */
export async function voters(
  kernel: Kernel,
  work: Work,
  pollId: string,
  { limit, after }: { limit: number; after: readonly [string, string] | null },
): Promise<Page<VoterView>> {
  const found = await findPoll(kernel, work, pollId);
  const { poll, standing, isOwn } = found;
  authorise('poll.voters', standing, { noun, own: isOwn, conditions: { notAnonymous: !poll.is_anonymous } });
  const rows = await work.run(votersOfPoll, [poll.id, ...(after ?? [null, null]), limit + 1]);
  return page(rows, limit, cursorOf, (one) => voterViewOf(found, one));
}

function cursorOf({ responded_text: time, id: vote }: VoterRow): string {
  return encodeCursor(voterList.kind, [time, vote]);
}

export function voterViewOf({ poll, state }: PollAccess, row: VoterRow): VoterView {
  const { selected_options: selectedOptions, response_text: responseText } = row;
  return Object.freeze({
    userId: row.respondent_id,
    ...voteParts(poll.poll_type, { selectedOptions, responseText }),
    respondedAt: instantOf(row.responded_at),
    isCorrect: state.isClosed ? isCorrect(poll.correct_options, selectedOptions) : null,
  });
}
