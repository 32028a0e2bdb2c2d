import type { FoundActor } from '../core/access.ts';
import { isMeeting } from '../core/access.ts';
import type { PollType, ResultsVisibility } from '../core/enums.ts';
import { instantOf } from '../core/instant.ts';
import { statement } from '../core/statement.ts';
import { voteParts } from './ballot.rules.ts';
import type { PollView, VoteView } from './poll.schema.ts';

/** A poll as statements give it back. */
export interface PollRow {
  readonly id: string;
  readonly meeting_id: string;
  readonly creator_id: string;
  readonly question: string;
  readonly poll_type: PollType;
  readonly options: readonly string[];
  readonly allow_multiple_choices: boolean;
  readonly is_anonymous: boolean;
  readonly is_active: boolean;
  readonly created_at: string;
  readonly closed_at: string | null;
  readonly opened_at: string | null;
  readonly closes_at: string | null;
  readonly results_visibility: ResultsVisibility;
  readonly allow_abstain: boolean;
  readonly allow_change: boolean;
  readonly min_choices: number | null;
  readonly max_choices: number | null;
  readonly correct_options: readonly number[] | null;
  readonly quorum_percent: number | null;
  /** Nobody may vote any more, but nothing has closed it yet. */
  readonly is_due: boolean;
}

const names = [
  ...['id', 'meeting_id', 'creator_id', 'question', 'poll_type', 'options', 'allow_multiple_choices', 'is_anonymous'],
  ...['is_active', 'created_at', 'closed_at', 'opened_at', 'closes_at', 'results_visibility', 'allow_abstain'],
  ...['allow_change', 'min_choices', 'max_choices', 'correct_options', 'quorum_percent'],
];

/** The columns of {@link PollRow}. @param now an expression for the time of the statement */
export function pollColumns(alias: string, now: string): string {
  const due = `coalesce(${alias}.is_active and ${alias}.closes_at <= ${now}, false) as is_due`;
  return [...names.map((name) => `${alias}.${name}`), due].join(', ');
}

/** What a poll is, in the terms of its life. A poll whose time is over is closed, whether or not anything has noticed. */
export interface PollState {
  readonly isDraft: boolean;
  readonly isOpen: boolean;
  readonly isClosed: boolean;
}

export function stateOf(row: PollRow): PollState {
  const isDraft = row.opened_at === null && row.closed_at === null;
  const isOpen = row.is_active && !row.is_due;
  return { isDraft, isOpen, isClosed: !isDraft && !isOpen };
}

/** When the poll closed; a due one closes at its time. */
export function closedAtOf(row: PollRow): Date | null {
  return instantOf(row.is_due ? row.closes_at : row.closed_at);
}

/** @param correctOptions as far as the viewer may know them */
export function pollViewOf(row: PollRow, correctOptions: readonly number[] | null, myVote: VoteView | null): PollView {
  return Object.freeze({
    id: row.id,
    meetingId: row.meeting_id,
    creatorId: row.creator_id,
    question: row.question,
    pollType: row.poll_type,
    options: Object.freeze([...row.options]),
    allowMultipleChoices: row.allow_multiple_choices,
    isAnonymous: row.is_anonymous,
    isActive: stateOf(row).isOpen,
    createdAt: instantOf(row.created_at),
    openedAt: instantOf(row.opened_at),
    closesAt: instantOf(row.closes_at),
    closedAt: closedAtOf(row),
    resultsVisibility: row.results_visibility,
    allowAbstain: row.allow_abstain,
    allowChange: row.allow_change,
    minChoices: row.min_choices,
    maxChoices: row.max_choices,
    correctOptions,
    quorumPercent: row.quorum_percent,
    myVote,
  });
}

/** One's own vote, where there is one. */
export interface OwnVoteRow {
  readonly poll_id: string;
  readonly selected_options: readonly number[];
  readonly response_text: string | null;
  readonly responded_at: string;
}

export function voteViewOf(poll: PollRow, vote: OwnVoteRow): VoteView {
  return Object.freeze({
    pollId: poll.id,
    ...voteParts(poll.poll_type, { selectedOptions: vote.selected_options, responseText: vote.response_text }),
    respondedAt: poll.is_anonymous ? null : instantOf(vote.responded_at),
  });
}

/** The time of a read: the injected clock's or the database's. */
const readingTime = (parameter: string) => `coalesce(${parameter}::timestamptz, clock_timestamp())`;

/** A poll, and where the actor stands in its meeting. */
export interface FoundPollRow extends PollRow, FoundActor {
  readonly has_voted: boolean;
}

/** A poll for a read of one person: 1 poll, 2 person, 3 their pseudonym in it or null, 4 now. */
export const pollAndActor = statement<FoundPollRow>(
  'poll-and-actor',
  (t) => `
  select ${pollColumns('l', readingTime('$4'))}, m.status as meeting_status, m.settings, p.role as actor_role,
         p.removed_at is not null as removed,
         exists (select from ${t.meeting_poll_responses} r
                 where r.poll_id = l.id and r.respondent_id = case when l.is_anonymous then $3::uuid else $2::uuid end)
           as has_voted
  from ${t.meeting_polls} l
  join ${t.meetings} m on m.id = l.meeting_id and ${isMeeting}
  left join ${t.meeting_participants} p on p.meeting_id = m.id and p.auth_user_id = $2::uuid
  where l.id = $1::uuid`,
);

/** Whose meeting a poll belongs to, and whether it keeps its voters secret; neither ever changes. 1 poll. */
export const originOfPoll = statement<{ meeting_id: string; is_anonymous: boolean }>(
  'poll-origin',
  (t) => `
  select l.meeting_id, l.is_anonymous
  from ${t.meeting_polls} l join ${t.meetings} m on m.id = l.meeting_id and ${isMeeting}
  where l.id = $1::uuid`,
);

/** A poll: 1 poll, 2 now. */
export const pollById = statement<PollRow>(
  'poll-by-id',
  (t) => `select ${pollColumns('l', readingTime('$2'))} from ${t.meeting_polls} l where l.id = $1::uuid`,
);

/** Opens a draft: 1 poll, 2 now. */
export const openDraft = statement<{ id: string }>(
  'poll-open',
  (t) => `
  update ${t.meeting_polls} l set is_active = true, opened_at = greatest($2::timestamptz, l.created_at)
  where l.id = $1::uuid and l.opened_at is null and l.closed_at is null
  returning l.id`,
);

/**
 * A page of a meeting's polls in the order in which they were made: 1 meeting, 2 whose drafts are shown, or null for all,
 * 3 and 4 time and id of the last row before, 5 limit, 6 now.
 */
export const pollsOfMeeting = statement<PollRow & { readonly created_text: string }>(
  'poll-list',
  (t) => `
  select ${pollColumns('l', readingTime('$6'))}, l.created_at::text as created_text
  from ${t.meeting_polls} l
  where l.meeting_id = $1::uuid
    and (l.opened_at is not null or l.closed_at is not null or $2::uuid is null or l.creator_id = $2::uuid)
    and ($3::timestamptz is null or (l.created_at, l.id) > ($3::timestamptz, $4::uuid))
  order by l.created_at, l.id limit $5::int`,
  { prepare: false },
);

/** Somebody's votes: 1 polls, 2 the person's id or pseudonym in each of them. */
export const ownVotes = statement<OwnVoteRow>(
  'poll-own-votes',
  (t) => `
  select r.poll_id, r.selected_options, r.response_text, r.responded_at
  from unnest($1::uuid[], $2::uuid[]) as mine(poll_id, respondent_id)
  join ${t.meeting_poll_responses} r using (poll_id, respondent_id)`,
);
