/** Polls as they are stored, looked at and written past the service. */
import type { Observer } from '../races/arena.ts';
import type { Stage } from './commands.ts';
import type { PollSummary } from './poll-model.ts';

/** A row with nothing but what it must have, while the meeting is not over. */
const written = `
  with lock as (select id, creator_id from convoke.meetings
    where id = $1 and status in ('Scheduled', 'Postponed', 'InProgress') for update)
  insert into convoke.meeting_polls (meeting_id, creator_id, question, poll_type, options)
  select id, creator_id, 'Which?', 'SingleChoice', '["a","b","c"]' from lock returning id`;

/** @returns its id, or nothing where the meeting is over */
export async function writePoll({ sql }: Observer, meetingId: string): Promise<string[]> {
  return (await sql<{ id: string }>(written, [meetingId])).map(({ id }) => id);
}

interface PollRow {
  readonly id: string;
  readonly state: PollSummary['state'];
  readonly anonymous: boolean;
  readonly totals: PollSummary['totals'];
  readonly votes: readonly { readonly who: string; readonly option: number }[];
}

const polls = `
  select l.id, case when l.is_active then 'open' when l.closed_at is null then 'draft' else 'closed' end as state,
    l.is_anonymous as anonymous, case when l.closed_at is not null then l.totals end as totals,
    coalesce((select jsonb_agg(jsonb_build_object('who', r.respondent_id, 'option', r.selected_options->0))
      from convoke.meeting_poll_responses r where r.poll_id = l.id), '[]') as votes
  from convoke.meeting_polls l where l.meeting_id = $1`;

/** A meeting's polls in the words of their model. */
export async function foundPolls({ sql }: Observer, stage: Stage): Promise<PollSummary[]> {
  const rows = await sql<PollRow>(polls, [stage.id]);
  return rows
    .toSorted((one, other) => stage.polls.indexOf(one.id) - stage.polls.indexOf(other.id))
    .map(({ state, anonymous, totals, votes }) => {
      const voters = votes.map(({ who, option }) => [stage.people.indexOf(who), option] as const);
      return {
        state,
        voters: anonymous ? [] : voters.toSorted(([one], [other]) => one - other),
        chosen: votes.map(({ option }) => option).toSorted((one, other) => one - other),
        totals: totals && { votes: totals.votes, counts: totals.counts },
      };
    });
}
