import { statement, type Tables } from '../core/statement.ts';
import { pollColumns, type PollRow } from './poll.statements.ts';
import type { AlikeVotes, VoteCounts } from './tally.rules.ts';

/**
 * The CTEs `grouped`, `named` and `counted (id, totals, newest)`, which count the votes of `chosen (id, options, correct_options)`
 * as {@link VoteCounts}. Votes are counted alike by alike first: thousands of rows become a few dozen, and only those are taken apart.
 */
function countCtes(t: Tables): string {
  return `
  grouped as (
    select c.id as poll_id, v.selected_options, v.n, v.newest,
           case when v.selected_options = '[]'::jsonb then v.n - v.written else 0 end as abstained
    from chosen c cross join lateral (
      select r.selected_options, count(*) as n, count(r.response_text) as written, max(r.responded_at) as newest
      from ${t.meeting_poll_responses} r where r.poll_id = c.id
      group by r.selected_options) v),
  named as (
    select g.poll_id, o.option::int as option, sum(g.n)::int as n
    from grouped g cross join lateral jsonb_array_elements_text(g.selected_options) as o(option)
    group by g.poll_id, o.option),
  counted as (
    select c.id, jsonb_build_object(
      'votes', coalesce(sum(g.n), 0),
      'abstained', coalesce(sum(g.abstained), 0),
      'correct', case when c.correct_options is not null then coalesce(sum(g.n) filter (
        where g.selected_options @> c.correct_options and c.correct_options @> g.selected_options), 0) end,
      'counts', coalesce((
        select jsonb_agg(coalesce(n.n, 0) order by i.option)
        from generate_series(0, jsonb_array_length(c.options) - 1) as i(option)
        left join named n on n.poll_id = c.id and n.option = i.option), '[]'::jsonb)) as totals,
           max(g.newest) as newest
    from chosen c left join grouped g on g.poll_id = c.id
    group by c.id, c.options, c.correct_options)`;
}

/**
 * The CTE `able (id, n)`: how many people could have voted in the polls of `ended (id, meeting_id, is_anonymous, opened_at, closed_at)`:
 * those with a role in the list who were in the meeting while the poll was open, and in any case those who did vote.
 */
function entitledCte(t: Tables, roles: string): string {
  return `
  able as (
    select e.id, v.n
    from ended e cross join lateral (
      select count(*)::int as n
      from (
        select s.auth_user_id
        from ${t.meeting_participant_sessions} s
        join ${t.meeting_participants} p on p.meeting_id = s.meeting_id and p.auth_user_id = s.auth_user_id
        where s.meeting_id = e.meeting_id and p.role::text = any(${roles}::text[])
          -- Whoever stays to the end is there while the last polls are open, whatever the clock says of the two.
          and s.joined_at <= e.closed_at and (s.left_at is null or s.left_at > e.opened_at or s.left_reason = 'ended')
        union
        select r.respondent_id from ${t.meeting_poll_responses} r where r.poll_id = e.id and not e.is_anonymous) people) v)`;
}

/** What the votes in a poll come to. */
export interface TallyRow {
  readonly totals: VoteCounts;
  /** Null while the poll is open. */
  readonly entitled_voters: number | null;
}

/**
 * The votes of an open poll, alike ones together, for `countsOf`: adding them up here as `countCtes` does would take a fifth of the
 * time just to be planned. The poll is a parameter, not a row's column, because then the planner knows how many votes this very poll
 * has, and reads the table in its order. 1 poll.
 */
export const votesOfPoll = statement<AlikeVotes>(
  'poll-votes',
  (t) => `
  select r.selected_options as selected, count(*)::int as votes, count(r.response_text)::int as written
  from ${t.meeting_poll_responses} r where r.poll_id = $1::uuid
  group by r.selected_options`,
  { prepare: false },
);

/**
 * The result of a poll that is over: what was fixed at the close, or the votes as they are now. One whose time is over is counted as
 * it will be closed. Parameters: 1 poll, 2 now, 3 roles that may vote.
 */
export const tallyPoll = statement<TallyRow>(
  'poll-tally',
  (t) => `
  with found as (
    select l.id, l.meeting_id, l.options, l.correct_options, l.is_anonymous, l.opened_at, l.closed_at, l.closes_at, l.is_active,
           l.totals, l.entitled_voters
    from ${t.meeting_polls} l where l.id = $1::uuid),
  -- Only a close that counted the entitled counted the votes for good.
  chosen as (select * from found where entitled_voters is null),
  ${countCtes(t)},
  ended as (
    select id, meeting_id, is_anonymous, opened_at, coalesce(closed_at, closes_at) as closed_at
    from chosen
    where opened_at is not null
      and (closed_at is not null or closes_at <= coalesce($2::timestamptz, clock_timestamp()))),
  ${entitledCte(t, '$3')}
  select coalesce(c.totals, f.totals) as totals,
         case when f.entitled_voters is not null then f.entitled_voters
              when a.id is not null then greatest(a.n, (c.totals->>'votes')::int) end as entitled_voters
  from found f left join counted c using (id) left join able a using (id)`,
  { prepare: false },
);

/** Only UTF-8 has more than one way to write a letter, and PostgreSQL refuses to ask of another encoding. */
const composed = (text: string) => `case when getdatabaseencoding() = 'UTF8' then normalize(${text}) else ${text} end`;

/** A group of answers to an open question. */
export interface AnswerRow {
  readonly text: string;
  readonly votes: number;
  /** How many groups there are, also those beyond the limit. */
  readonly groups: number;
}

/**
 * What people wrote, most frequent first; alike is what differs only in case, in white space and in how letters with
 * marks are composed. In an anonymous poll no time tells which is the newest. Parameters: 1 poll, 2 limit.
 */
export const answersOfPoll = statement<AnswerRow>(
  'poll-answers',
  (t) => String.raw`
  select g.text, g.votes, count(*) over ()::int as groups
  from (
    select (array_agg(r.response_text order by r.responded_at desc, r.id desc))[1] as text, count(*)::int as votes,
           max(r.responded_at) as newest
    from ${t.meeting_poll_responses} r
    where r.poll_id = $1::uuid and r.response_text is not null
    group by lower(btrim(regexp_replace(${composed('r.response_text')}, '\s+', ' ', 'g')))) g
  order by g.votes desc, g.newest desc, g.text limit $2::int`,
  { prepare: false },
);

/** A vote with its voter's name. */
export interface VoterRow {
  readonly id: string;
  readonly respondent_id: string;
  readonly selected_options: readonly number[];
  readonly response_text: string | null;
  readonly responded_at: string;
  readonly responded_text: string;
}

/**
 * Votes with names, in the order in which they came in: 1 poll, 2 and 3 time and id of the last row before, 4 limit or null for all.
 * An anonymous poll has no names to give, so it has no rows here.
 */
export const votersOfPoll = statement<VoterRow>(
  'poll-voters',
  (t) => `
  select r.id, r.respondent_id, r.selected_options, r.response_text, r.responded_at, r.responded_at::text as responded_text
  from ${t.meeting_polls} l join ${t.meeting_poll_responses} r on r.poll_id = l.id
  where l.id = $1::uuid and not l.is_anonymous
    and ($2::timestamptz is null or (r.responded_at, r.id) > ($2::timestamptz, $3::uuid))
  order by r.responded_at, r.id limit $4::int`,
  { prepare: false },
);

/** Locks polls before they are closed, so that the next statement sees every vote there is: 1 meeting, 2 one poll or null for all. */
export const lockOpenPolls = statement<{ id: string }>(
  'poll-lock-open',
  (t) => `
  select l.id from ${t.meeting_polls} l
  where l.meeting_id = $1::uuid and l.is_active and ($2::uuid is null or l.id = $2::uuid)
  order by l.id for update`,
  { prepare: false },
);

/** A poll that has just been closed. */
export interface ClosedPollRow extends PollRow {
  readonly closed_at: string;
  readonly totals: VoteCounts;
  readonly entitled_voters: number;
}

/**
 * Closes locked polls for good: counts the votes, and the people who could have voted. A poll with a closing time that has passed
 * closes at that time, whenever this happens. Parameters: 1 polls, 2 now (null: the database's clock), 3 roles that may vote.
 */
export const closePolls = statement<ClosedPollRow>(
  'poll-close',
  (t) => `
  with clock as (select coalesce($2::timestamptz, date_trunc('milliseconds', clock_timestamp())) as now),
  chosen as (
    select l.id, l.meeting_id, l.options, l.correct_options, l.is_anonymous, l.opened_at, l.closes_at
    from ${t.meeting_polls} l where l.id = any($1::uuid[]) and l.is_active),
  ${countCtes(t)},
  ended as (
    -- A vote may have been stored after the time at which its meeting is said to have ended, but before it had.
    select c.id, c.meeting_id, c.is_anonymous, c.opened_at, n.totals,
           greatest(least(c.closes_at, k.now), c.opened_at, n.newest) as closed_at
    from chosen c join counted n using (id) cross join clock k),
  ${entitledCte(t, '$3')},
  closed as (
    update ${t.meeting_polls} l
    set is_active = false, closed_at = e.closed_at, totals = e.totals,
        entitled_voters = greatest(a.n, (e.totals->>'votes')::int)
    from ended e join able a using (id)
    where l.id = e.id
    returning ${pollColumns('l', 'l.closed_at')}, l.totals, l.entitled_voters)
  select * from closed order by id`,
  { prepare: false },
);

/**
 * Gives the votes of closed anonymous polls one age and a new place each, in the order of their pseudonyms: until then, the rows
 * lie in the order in which they were cast. 1 polls.
 */
export const shuffleBallots = statement<never>(
  'poll-shuffle-ballots',
  (t) => `
  with taken as (
    delete from ${t.meeting_poll_responses} r using ${t.meeting_polls} l
    where l.id = any($1::uuid[]) and l.is_anonymous and r.poll_id = l.id
    returning r.id, r.poll_id, r.respondent_id, r.selected_options, r.response_text, r.responded_at)
  insert into ${t.meeting_poll_responses} (id, poll_id, respondent_id, selected_options, response_text, responded_at)
  select id, poll_id, respondent_id, selected_options, response_text, responded_at
  from taken order by poll_id, respondent_id`,
  { prepare: false },
);

/** Polls whose time is over and that nothing has closed: 1 now, 2 limit. */
export const duePolls = statement<{ id: string; meeting_id: string }>(
  'poll-due',
  (t) => `
  select l.id, l.meeting_id from ${t.meeting_polls} l
  where l.is_active and l.closes_at <= coalesce($1::timestamptz, clock_timestamp())
  order by l.closes_at limit $2::int`,
  { prepare: false },
);

/** A poll with votes that nobody has been told of. */
export interface NewsRow {
  readonly id: string;
  readonly meeting_id: string;
  readonly totals: VoteCounts;
}

/**
 * Open polls whose votes differ from what was last announced. Of anonymous ones only when so many more or fewer have voted that
 * the difference speaks of nobody. Parameters: 1 now, 2 seconds between two announcements, 3 fewest votes.
 */
export const pollsWithNews = statement<NewsRow>(
  'poll-news',
  (t) => `
  with chosen as (
    select l.id, l.meeting_id, l.options, null::jsonb as correct_options, l.is_anonymous, l.totals
    from ${t.meeting_polls} l join ${t.meetings} m on m.id = l.meeting_id
    where l.is_active and m.status = 'InProgress'
      and (l.tallied_at is null
           or l.tallied_at <= coalesce($1::timestamptz, clock_timestamp()) - make_interval(secs => $2::int))),
  ${countCtes(t)},
  votes as (
    select c.id, c.totals, (c.totals->>'votes')::int as n, coalesce((h.totals->>'votes')::int, 0) as told,
           h.meeting_id, h.is_anonymous, h.totals as last
    from counted c join chosen h using (id))
  select v.id, v.meeting_id, v.totals from votes v
  where v.totals is distinct from v.last and (v.n > 0 or v.last is not null)
    and (not v.is_anonymous or (v.n >= $3::int and abs(v.n - v.told) >= $3::int))
  order by v.id`,
  { prepare: false },
);

/**
 * Remembers what is announced, unless the poll has closed or another process was first: 1 poll, 2 counts as JSON, 3 now,
 * 4 seconds between two announcements.
 */
export const markTallied = statement<PollRow>(
  'poll-mark-tallied',
  (t) => `
  update ${t.meeting_polls} l
  set totals = $2::jsonb, tallied_at = coalesce($3::timestamptz, date_trunc('milliseconds', clock_timestamp()))
  where l.id = $1::uuid and l.is_active
    and (l.tallied_at is null
         or l.tallied_at <= coalesce($3::timestamptz, clock_timestamp()) - make_interval(secs => $4::int))
  returning ${pollColumns('l', 'l.tallied_at')}`,
);
