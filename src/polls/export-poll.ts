import { csv, type CsvCell } from '../core/csv.ts';
import type { Kernel } from '../core/kernel.ts';
import { authorise, judge } from '../core/policy.ts';
import type { Work } from '../core/work.ts';
import { findPoll, type FoundPoll, noun } from './poll-access.ts';
import { resultsOf, voterViewOf } from './poll-results.ts';
import type { VoterView } from './poll.schema.ts';
import { votersOfPoll } from './tally.statements.ts';

/** A poll as a table: who voted for what, where that may be known; else how often each option was chosen. */
export async function exportPoll(kernel: Kernel, work: Work, pollId: string): Promise<string> {
  const found = await findPoll(kernel, work, pollId);
  const { poll, standing, isOwn } = found;
  authorise('poll.export', standing, { noun, own: isOwn });
  const conditions = { notAnonymous: !poll.is_anonymous };
  const named = judge('poll.voters', standing, { noun, own: isOwn, conditions }) === null;
  return csv(named ? await votesTable(work, found) : await totalsTable(work, found));
}

/** A row for each vote. Every option has a column of its own, so that nothing needs to be taken apart again. */
async function votesTable(work: Work, found: FoundPoll): Promise<CsvCell[][]> {
  const { poll } = found;
  const rows = await work.run(votersOfPoll, [poll.id, null, null, null]);
  const isQuiz = found.state.isClosed && poll.correct_options !== null;
  const heading = ['userId', 'respondedAt', ...choiceHeading(found), 'abstained', ...(isQuiz ? ['isCorrect'] : [])];
  return [
    heading,
    ...rows.map((row) => {
      const vote = voterViewOf(found, row);
      const choices = choiceCells(found, vote);
      const abstained = vote.responseText === null && vote.selectedOptions.length === 0;
      return [vote.userId, vote.respondedAt, ...choices, abstained, ...(isQuiz ? [vote.isCorrect] : [])];
    }),
  ];
}

function choiceHeading({ poll }: FoundPoll): readonly string[] {
  if (poll.poll_type === 'Rating') return ['rating'];
  return poll.poll_type === 'OpenEnded' ? ['answer'] : poll.options;
}

function choiceCells({ poll }: FoundPoll, vote: VoterView): CsvCell[] {
  if (poll.poll_type === 'Rating') return [vote.rating];
  if (poll.poll_type === 'OpenEnded') return [vote.responseText];
  return poll.options.map((_, index) => vote.selectedOptions.includes(index));
}

/** A row for each option or answer. Without enough votes in an anonymous poll, the numbers are missing. */
async function totalsTable(work: Work, found: FoundPoll): Promise<CsvCell[][]> {
  const { totals, answers } = await resultsOf(work, found);
  const heading = [found.poll.poll_type === 'OpenEnded' ? 'answer' : 'option', 'votes', 'share'];
  if (totals === null) return [heading, ...found.poll.options.map((option) => [option, null, null])];
  const answered = totals.votes - totals.abstained;
  const written = (answers ?? []).map(({ text, votes }) => [text, votes, votes / answered]);
  const chosen = totals.options.map(({ option, votes, share }) => [option, votes, share]);
  return [heading, ...chosen, ...written];
}
