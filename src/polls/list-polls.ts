import { z } from 'zod';
import type { Kernel } from '../core/kernel.ts';
import { encodeCursor, type Page, page, type PagedList } from '../core/page.ts';
import { authorise, isLimited } from '../core/policy.ts';
import { id, instantText } from '../core/schema.ts';
import type { Work } from '../core/work.ts';
import { accessTo, findPoll, noun, ownPseudonym, visibleAnswers } from './poll-access.ts';
import type { PollView, VoteView } from './poll.schema.ts';
import { ownVotes, type PollRow, pollsOfMeeting, pollViewOf, voteViewOf } from './poll.statements.ts';

const cursorValues = z.tuple([instantText, id]);
export const pollList: PagedList<typeof cursorValues> = { kind: 'polls', values: cursorValues };

/** One poll, as the actor may see it. */
export async function getPoll(kernel: Kernel, work: Work, pollId: string): Promise<PollView> {
  const found = await findPoll(kernel, work, pollId);
  authorise('poll.read', found.standing, { noun });
  const votes = await votesIn(kernel, work, found.hasVoted ? [found.poll] : []);
  return pollViewOf(found.poll, visibleAnswers(found), votes.get(pollId) ?? null);
}

/** A meeting's polls, oldest first; the drafts of others are left out of a limited view. */
export async function listPolls(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  { limit, after }: { limit: number; after: readonly [string, string] | null },
): Promise<Page<PollView>> {
  const { standing } = await kernel.look(work, meetingId);
  authorise('poll.read', standing);
  const drafter = isLimited('poll.read', standing.role) === null ? null : work.actorId;
  const rows = await work.run(pollsOfMeeting, [
    meetingId,
    drafter,
    ...(after ?? [null, null]),
    limit + 1,
    work.clockParameter,
  ]);
  const votes = await votesIn(kernel, work, rows.slice(0, limit));
  return page(
    rows,
    limit,
    (row) => encodeCursor(pollList.kind, [row.created_text, row.id]),
    (row) => pollViewOf(row, visibleAnswers(accessTo(work, row, standing)), votes.get(row.id) ?? null),
  );
}

/** The actor's votes by poll. In an anonymous one they are found under the pseudonym, which is made for the question and kept nowhere. */
async function votesIn(kernel: Kernel, work: Work, polls: readonly PollRow[]): Promise<ReadonlyMap<string, VoteView>> {
  const known = new Map(polls.map((poll) => [poll.id, poll]));
  const mine = polls.flatMap((poll) => {
    const respondent = poll.is_anonymous ? ownPseudonym(kernel, work, poll.id) : work.actorId;
    return respondent === null ? [] : [{ poll, respondent }];
  });
  if (mine.length === 0) return new Map();
  const rows = await work.run(ownVotes, [mine.map(({ poll }) => poll.id), mine.map(({ respondent }) => respondent)]);
  return new Map(
    rows.flatMap((row) => {
      const poll = known.get(row.poll_id);
      return poll === undefined ? [] : [[row.poll_id, voteViewOf(poll, row)] as const];
    }),
  );
}
