/** What the votes of a choice poll come to, from alike votes counted together. */
import type { PollResults } from './operations.ts';

export interface PollFacts {
  readonly id: string;
  readonly meeting_id: string;
  readonly question: string;
  readonly poll_type: PollResults['pollType'];
  readonly options: readonly string[];
  readonly is_anonymous: boolean;
  readonly is_active: boolean;
  readonly closed_at: Date | null;
  readonly quorum_percent: number | null;
  readonly entitled_voters: number | null;
  readonly groups: readonly { readonly selected: readonly number[]; readonly votes: number }[];
}

export function pollResults(facts: PollFacts): PollResults {
  const counts = facts.options.map(() => 0);
  let votes = 0;
  let abstained = 0;
  for (const group of facts.groups) {
    votes += group.votes;
    if (group.selected.length === 0) abstained += group.votes;
    for (const index of group.selected) counts[index] = (counts[index] ?? 0) + group.votes;
  }
  const chosen = votes - abstained;
  const options = facts.options.map((option, index) => {
    const count = counts[index] ?? 0;
    return { option, votes: count, share: chosen === 0 ? 0 : count / chosen };
  });
  return {
    pollId: facts.id,
    meetingId: facts.meeting_id,
    question: facts.question,
    pollType: facts.poll_type,
    isAnonymous: facts.is_anonymous,
    isActive: facts.is_active,
    closedAt: facts.closed_at,
    totals: { votes, abstained, options, mean: null, median: null, correct: null },
    answers: null,
    distinctAnswers: null,
    correctOptions: null,
    entitledVoters: facts.entitled_voters,
    quorumPercent: facts.quorum_percent,
    quorumReached: null,
  };
}
