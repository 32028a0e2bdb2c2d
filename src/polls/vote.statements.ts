import { type FoundActor, isMeeting } from '../core/access.ts';
import type { PollType } from '../core/enums.ts';
import { allowedRoles, isLegalState, isRole } from '../core/policy.ts';
import { type Statement, statement, type Tables } from '../core/statement.ts';
import { storeEvent, takeNumber } from '../events/index.ts';
import { type BallotKind, ballotTypes } from './ballot.rules.ts';

/** Where and when, and the place of the event: an anonymous poll has none. */
export type VoteChange = readonly [
  ...[meetingId: string, at: string],
  ...[seq: number | null, prev: number | null, epoch: string | null],
];

/** No row where nothing was stored or taken away. One column, of whose parts none takes the time that a column of its own does. */
export interface VotingRow {
  readonly changed: VoteChange;
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
 * The CTEs `named`, `poll` and `entitled`, each empty for whom or what may not. Parameters of all statements: 1 poll, 2 user, 3 now,
 * 4 event id; the last one, where there is a secret, is their pseudonym in this poll.
 *
 * What guards what: `named` share-locks the voter's own row, which removal, leaving, a change of role and the end of the meeting
 * all write. `poll` share-locks the poll, which whoever closes it locks for itself: votes stored before are in its count, later ones
 * find it closed. Both judge their row anew once the lock is granted, and the time is taken after that.
 *
 * The row of somebody who votes anonymously is not locked: a lock leaves the transaction's number in the row, the vote carries
 * the same number, and anybody with access to the tables could join the two. Their right is that of the moment when the statement began; the end
 * of the meeting still stops them, because it closes the poll.
 */
function ballotCtes(
  t: Tables,
  operation: 'poll.vote' | 'poll.retract',
  pseudonym: string | null,
  condition: string,
): string {
  const mine = (respondent: string, anonymity: string) => `
    select l.meeting_id, l.is_anonymous, ${respondent} as respondent_id
    from ${t.meeting_polls} l join ${t.meetings} m on m.id = l.meeting_id
    join ${t.meeting_participants} p on p.meeting_id = m.id and p.auth_user_id = $2::uuid
    where l.id = $1::uuid and ${anonymity} and ${isMeeting} and ${isLegalState(operation, 'm.status')}
      and ${isRole(allowedRoles(operation).always, 'p.role')} and p.removed_at is null
      and p.joined_at is not null and p.left_at is null`;
  return `
  named as (${mine('$2::uuid', 'not l.is_anonymous')}
    for share of p),
  ${pseudonym === null ? '' : `me as (select * from named union all ${mine(pseudonym, 'l.is_anonymous')}),`}
  poll as (
    select me.*, p.opened_at, p.closes_at, p.allow_change
    from ${pseudonym === null ? 'named me' : 'me'} join ${t.meeting_polls} p on p.id = $1::uuid
    where p.is_active and ${condition}
    for share of p),
  entitled as (
    select p.*, case when p.is_anonymous then p.opened_at
           -- No vote is older than its poll, though clocks step back, nor younger than its end.
           else greatest(least(coalesce($3::timestamptz, date_trunc('milliseconds', clock_timestamp())), p.closes_at), p.opened_at)
           end as at
    from poll p where p.closes_at is null or p.closes_at > coalesce($3::timestamptz, clock_timestamp()))`;
}

/**
 * The end of a statement: the event in the voter's own stream, none of an anonymous poll, and the answer. `changed` is a CTE with a row
 * when a vote was stored or taken away.
 */
function answer(t: Tables, secret: boolean, changed: string, type: string, data: string): string {
  const event = {
    ...{ id: '$4::uuid', type: `'${type}'`, users: 'array[$2::uuid]', actor: '$2::uuid', at: 'e.at' },
    data: `jsonb_build_object('meetingId', e.meeting_id, 'pollId', $1::uuid${data})`,
  };
  const told = secret ? `${changed} cross join entitled e where not e.is_anonymous` : changed;
  return `
  head as (${takeNumber(t, 'own', `select $2::uuid as stream_id from ${told}`)}),
  told as (${storeEvent(t, 'own', event, 'head cross join entitled e')})
  select json_build_array(e.meeting_id, e.at, h.seq, h.prev, h.epoch) as changed
  from entitled e ${secret ? `cross join ${changed} left join head h on true` : 'cross join head h'}`;
}

/** What a vote of each kind has to find in a poll `p`, and what is stored of it. Parameter 6, where there is one, is what was given. */
const ballots = {
  choice: {
    condition: `
      case when p.allow_multiple_choices
           then cardinality($6::int[]) between coalesce(p.min_choices, 1) and coalesce(p.max_choices, 50)
           else cardinality($6::int[]) = 1 end
      and ($6::int[])[cardinality($6::int[])] < jsonb_array_length(p.options)`,
    selected: 'to_jsonb($6::int[])',
    text: 'null::text',
    pseudonym: '$7::uuid',
  },
  rating: {
    condition: '$6::int < jsonb_array_length(p.options)',
    selected: 'jsonb_build_array($6::int)',
    text: 'null::text',
    pseudonym: '$7::uuid',
  },
  text: { condition: 'true', selected: `'[]'::jsonb`, text: '$6::text', pseudonym: '$7::uuid' },
  abstention: { condition: 'p.allow_abstain', selected: `'[]'::jsonb`, text: 'null::text', pseudonym: '$6::uuid' },
} as const satisfies Record<BallotKind, object>;

/**
 * Casts a vote, or replaces one where the poll allows it. Who votes many times at once meets their own row: the unique key lets
 * one in, and the others find it there. Further parameters: 5 row id, 6 what was given: indices, ascending, an index, or a text.
 */
const voteStatement = (kind: BallotKind) => (secret: boolean) => {
  const { condition, selected, text, pseudonym } = ballots[kind];
  const types = ballotTypes[kind].map((type) => `'${type}'`).join(', ');
  const fitting = `p.poll_type in (${types}) and ${condition}`;
  return statement<VotingRow>(
    `poll-vote-${kind}${secret ? '' : '-named'}`,
    (t) => `
  with ${ballotCtes(t, 'poll.vote', secret ? pseudonym : null, fitting)},
  written as (
    insert into ${t.meeting_poll_responses} as r (id, poll_id, respondent_id, selected_options, response_text, responded_at)
    select case when e.is_anonymous then gen_random_uuid() else $5::uuid end, $1::uuid, e.respondent_id, ${selected}, ${text}, e.at
    from entitled e
    on conflict (poll_id, respondent_id) do update
      set selected_options = excluded.selected_options, response_text = excluded.response_text,
          responded_at = excluded.responded_at
      where (select e.allow_change from entitled e)
    returning true),
  ${answer(t, secret, 'written', 'poll.vote-received', `, 'selectedOptions', ${selected}`)}`,
  );
};

const retractStatement = (secret: boolean) =>
  statement<VotingRow>(
    `poll-retract${secret ? '' : '-named'}`,
    (t) => `
  with ${ballotCtes(t, 'poll.retract', secret ? '$5::uuid' : null, 'p.allow_change')},
  gone as (
    delete from ${t.meeting_poll_responses} r using entitled e
    where r.poll_id = $1::uuid and r.respondent_id = e.respondent_id
    returning true),
  ${answer(t, secret, 'gone', 'poll.vote-retracted', '')}`,
  );

/** The forms of a statement: without a secret there are no anonymous polls, and nothing has to be done for them. */
interface Forms {
  readonly named: Statement<VotingRow>;
  readonly any: Statement<VotingRow>;
}

const formsOf = (make: (secret: boolean) => Statement<VotingRow>): Forms => ({ named: make(false), any: make(true) });

/** Casts a vote, by the kind of what was given. */
export const castVote: Readonly<Record<BallotKind, Forms>> = {
  choice: formsOf(voteStatement('choice')),
  rating: formsOf(voteStatement('rating')),
  text: formsOf(voteStatement('text')),
  abstention: formsOf(voteStatement('abstention')),
};

/** Takes one's own vote back, where the poll allows votes to change. */
export const retractVote = formsOf(retractStatement);

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
