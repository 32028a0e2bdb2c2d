import { type FoundActor, isMeeting } from '../core/access.ts';
import type { PollType } from '../core/enums.ts';
import { allowedRoles, isLegalState, isRole } from '../core/policy.ts';
import { type Statement, statement, type Tables } from '../core/statement.ts';
import { storeEvent, takeNumber, type ToldRow } from '../events/index.ts';
import { type BallotKind, ballotTypes } from './ballot.rules.ts';

/** What was stored or taken away; no row where nothing was. Of an anonymous poll there is no event. */
export interface VotingRow extends ToldRow {
  readonly meeting_id: string;
}

/** What may stand against a vote. */
export interface VotingFacts extends FoundActor {
  readonly present: boolean | null;
  readonly is_anonymous: boolean;
  readonly creator_id: string;
  readonly is_draft: boolean;
  readonly poll_type: PollType;
  readonly options: readonly string[];
  readonly allow_multiple_choices: boolean;
  readonly min_choices: number | null;
  readonly max_choices: number | null;
  readonly allow_abstain: boolean;
  readonly allow_change: boolean;
  readonly is_open: boolean;
  /** The actor has a vote in the poll. */
  readonly has_voted: boolean;
}

/**
 * The CTEs `target`, `me`, `poll` and `entitled`. Parameters of all statements: 1 poll, 2 user, 3 their pseudonym in this poll, or null
 * without a secret, 4 now, 5 event id.
 *
 * What guards what: `named` share-locks the voter's own row, which removal, leaving, a change of role and the end of the meeting
 * all write. `locked` share-locks the poll, which whoever closes it locks for itself: votes stored before are in its count, later ones
 * find it closed. Both read their row anew once the lock is granted, and the time is taken after that.
 *
 * The row of somebody who votes anonymously is not locked: a lock leaves the transaction's number in the row, the vote carries
 * the same number, and anybody with access to the tables could join the two. Their right is that of the moment when the statement began; the end
 * of the meeting still stops them, because it closes the poll.
 */
function ballotCtes(t: Tables, operation: 'poll.vote' | 'poll.retract', condition: string): string {
  const mine = (locking: string) => `
    select p.role, p.removed_at is not null as removed, p.joined_at is not null and p.left_at is null as present
    from target t join ${t.meeting_participants} p on p.meeting_id = t.meeting_id and p.auth_user_id = $2::uuid
    where ${locking}`;
  return `
  target as (
    select l.meeting_id, l.is_anonymous, m.status, case when l.is_anonymous then $3::uuid else $2::uuid end as respondent_id
    from ${t.meeting_polls} l join ${t.meetings} m on m.id = l.meeting_id and ${isMeeting}
    where l.id = $1::uuid),
  named as (${mine('not t.is_anonymous')} for share of p),
  unnamed as (${mine('t.is_anonymous')}),
  me as (select * from named union all select * from unnamed),
  locked as (
    select l.poll_type, l.options, l.is_active, l.opened_at, l.closes_at, l.allow_multiple_choices, l.min_choices, l.max_choices,
           l.allow_abstain, l.allow_change
    from me cross join ${t.meeting_polls} l where l.id = $1::uuid
    for share of l),
  poll as (
    select l.*, coalesce($4::timestamptz, date_trunc('milliseconds', clock_timestamp())) as now from locked l),
  entitled as (
    select t.respondent_id, t.is_anonymous, p.opened_at, p.allow_change, p.now
    from target t cross join me cross join poll p
    where me.present and not me.removed and ${isRole(allowedRoles(operation).always, 'me.role')}
      and ${isLegalState(operation, 't.status')} and p.is_active and (p.closes_at is null or p.closes_at > p.now)
      and t.respondent_id is not null and ${condition})`;
}

/**
 * The end of a statement: the event in the voter's own stream, none of an anonymous poll, and the answer. `changed` is a CTE that
 * gives the time (`at`) when a vote was stored or taken away.
 */
function answer(t: Tables, changed: string, type: string, data: string): string {
  const event = {
    ...{ id: '$5::uuid', type: `'${type}'`, users: 'array[$2::uuid]', actor: '$2::uuid', at: 'c.at' },
    data: `jsonb_build_object('meetingId', t.meeting_id, 'pollId', $1::uuid${data})`,
  };
  return `
  head as (${takeNumber(t, 'own', `select $2::uuid as stream_id from ${changed} cross join target t where not t.is_anonymous`)}),
  told as (${storeEvent(t, 'own', event, `head cross join ${changed} c cross join target t`)})
  select t.meeting_id, c.at as told_at, h.seq, h.prev, h.epoch from ${changed} c cross join target t left join head h on true`;
}

/** What a vote of each kind has to find in a poll `p`, and what is stored of it. Parameter 7, where there is one, is what was given. */
const ballots = {
  choice: {
    condition: `
      case when p.allow_multiple_choices
           then cardinality($7::int[]) between coalesce(p.min_choices, 1) and coalesce(p.max_choices, 50)
           else cardinality($7::int[]) = 1 end
      and ($7::int[])[cardinality($7::int[])] < jsonb_array_length(p.options)`,
    selected: 'to_jsonb($7::int[])',
    text: 'null::text',
  },
  rating: {
    condition: '$7::int < jsonb_array_length(p.options)',
    selected: 'jsonb_build_array($7::int)',
    text: 'null::text',
  },
  text: { condition: 'true', selected: `'[]'::jsonb`, text: '$7::text' },
  abstention: { condition: 'p.allow_abstain', selected: `'[]'::jsonb`, text: 'null::text' },
} as const satisfies Record<BallotKind, object>;

/**
 * Casts a vote, or replaces one where the poll allows it. Who votes many times at once meets their own row: the unique key lets
 * one in, and the others find it there. Further parameters: 6 row id, 7 what was given: indices, ascending, an index, or a text.
 */
function voteStatement(kind: BallotKind): Statement<VotingRow> {
  const { condition, selected, text } = ballots[kind];
  const types = ballotTypes[kind].map((type) => `'${type}'`).join(', ');
  return statement<VotingRow>(
    `poll-vote-${kind}`,
    (t) => `
  with ${ballotCtes(t, 'poll.vote', `p.poll_type in (${types}) and ${condition}`)},
  written as (
    insert into ${t.meeting_poll_responses} as r (id, poll_id, respondent_id, selected_options, response_text, responded_at)
    select case when e.is_anonymous then gen_random_uuid() else $6::uuid end, $1::uuid, e.respondent_id, ${selected}, ${text},
           -- No vote is older than its poll, though clocks step back.
           case when e.is_anonymous then e.opened_at else greatest(e.now, e.opened_at) end
    from entitled e
    on conflict (poll_id, respondent_id) do update
      set selected_options = excluded.selected_options, response_text = excluded.response_text,
          responded_at = excluded.responded_at
      where (select e.allow_change from entitled e)
    returning r.responded_at as at),
  ${answer(t, 'written', 'poll.vote-received', `, 'selectedOptions', ${selected}`)}`,
  );
}

/** Casts a vote, by the kind of what was given. */
export const castVote: Readonly<Record<BallotKind, Statement<VotingRow>>> = {
  choice: voteStatement('choice'),
  rating: voteStatement('rating'),
  text: voteStatement('text'),
  abstention: voteStatement('abstention'),
};

/** Takes one's own vote back, where the poll allows votes to change. */
export const retractVote = statement<VotingRow>(
  'poll-retract',
  (t) => `
  with ${ballotCtes(t, 'poll.retract', 'p.allow_change')},
  gone as (
    delete from ${t.meeting_poll_responses} r using entitled e
    where r.poll_id = $1::uuid and r.respondent_id = e.respondent_id
    returning e.now as at),
  ${answer(t, 'gone', 'poll.vote-retracted', '')}`,
);

/**
 * Asks why a vote was not stored, or none was taken away. No row: there is no such poll. Parameters: 1 poll, 2 user, 3 their pseudonym
 * or null, 4 now.
 */
export const whyNotVoted = statement<VotingFacts>(
  'poll-why-not-voted',
  (t) => `
  select m.status as meeting_status, m.settings, p.role as actor_role, p.removed_at is not null as removed,
         p.joined_at is not null and p.left_at is null as present, l.is_anonymous, l.creator_id,
         l.opened_at is null and l.closed_at is null as is_draft, l.poll_type, l.options, l.allow_multiple_choices,
         l.min_choices, l.max_choices, l.allow_abstain, l.allow_change,
         l.is_active and (l.closes_at is null or l.closes_at > coalesce($4::timestamptz, clock_timestamp())) as is_open,
         exists (select from ${t.meeting_poll_responses} r
                 where r.poll_id = l.id and r.respondent_id = case when l.is_anonymous then $3::uuid else $2::uuid end) as has_voted
  from ${t.meeting_polls} l join ${t.meetings} m on m.id = l.meeting_id and ${isMeeting}
  left join ${t.meeting_participants} p on p.meeting_id = m.id and p.auth_user_id = $2::uuid
  where l.id = $1::uuid`,
);
