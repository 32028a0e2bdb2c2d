import { type FoundActor, isMeeting } from '../core/access.ts';
import type { PollType } from '../core/enums.ts';
import { statement, type Tables } from '../core/statement.ts';
import { appendCtes, appendedEvents, type EventRow } from '../events/index.ts';

/** What casting or withdrawing a vote found, whether or not it went through. */
export interface VotingRow extends FoundActor {
  readonly present: boolean | null;
  readonly is_anonymous: boolean | null;
  readonly creator_id: string | null;
  readonly is_draft: boolean | null;
  readonly poll_type: PollType | null;
  readonly options: readonly string[] | null;
  readonly allow_multiple_choices: boolean | null;
  readonly min_choices: number | null;
  readonly max_choices: number | null;
  readonly allow_abstain: boolean | null;
  readonly allow_change: boolean | null;
  readonly is_open: boolean;
  /** The actor had a vote in the poll before this. */
  readonly had_voted: boolean;
  /** Nothing but a vote of the actor's can have been in the way. */
  readonly fits: boolean;
  /** The vote was stored, or taken away. */
  readonly done: boolean;
  /** Of a vote that was stored; in an anonymous poll it is the poll's own. */
  readonly responded_at: string | null;
  readonly events: readonly EventRow[];
}

/**
 * The CTEs `target`, `me`, `poll`, `facts` and `entitled`. Parameters of both statements: 1 poll, 2 user, 3 their pseudonym in this
 * poll, or null without a secret, 4 now, 5 event id, 6 allowed roles, 7 legal states.
 *
 * What guards what: `named` share-locks the voter's own row, which removal, leaving, a change of role and the end of the meeting
 * all write. `poll` share-locks the poll, which whoever closes it locks for itself: votes stored before are in its count, later ones
 * find it closed. Both read their row anew once the lock is granted, and the time is taken after that.
 *
 * The row of somebody who votes anonymously is not locked: a lock leaves the transaction's number in the row, the vote carries
 * the same number, and anybody with access to the tables could join the two. Their right is that of the moment when the statement began; the end
 * of the meeting still stops them, because it closes the poll.
 */
function ballotCtes(t: Tables): string {
  const row = `p.role, p.removed_at is not null as removed, p.joined_at is not null and p.left_at is null as present`;
  return `
  target as (
    select l.id, l.meeting_id, l.is_anonymous, m.status, m.settings,
           case when l.is_anonymous then $3::uuid else $2::uuid end as respondent_id
    from ${t.meeting_polls} l join ${t.meetings} m on m.id = l.meeting_id and ${isMeeting}
    where l.id = $1::uuid),
  named as (
    select ${row} from target t join ${t.meeting_participants} p on p.meeting_id = t.meeting_id and p.auth_user_id = $2::uuid
    where not t.is_anonymous
    for share of p),
  unnamed as (
    select ${row} from target t join ${t.meeting_participants} p on p.meeting_id = t.meeting_id and p.auth_user_id = $2::uuid
    where t.is_anonymous),
  me as (select * from named union all select * from unnamed),
  poll as (
    select l.creator_id, l.poll_type, l.options, l.is_active, l.opened_at, l.closed_at, l.closes_at,
           l.allow_multiple_choices, l.min_choices, l.max_choices, l.allow_abstain, l.allow_change
    from me cross join ${t.meeting_polls} l where l.id = $1::uuid
    for share of l),
  timed as (
    select l.*, coalesce($4::timestamptz, date_trunc('milliseconds', clock_timestamp())) as now from poll l),
  facts as (
    select t.id as poll_id, t.meeting_id, t.is_anonymous, t.status, t.settings, t.respondent_id,
           me.role, me.removed, me.present, l.creator_id, l.poll_type, l.options, l.opened_at, l.now,
           l.allow_multiple_choices, l.min_choices, l.max_choices, l.allow_abstain, l.allow_change,
           l.opened_at is null and l.closed_at is null as is_draft,
           coalesce(l.is_active and (l.closes_at is null or l.closes_at > l.now), false) as is_open,
           exists (select from ${t.meeting_poll_responses} r
                   where r.poll_id = t.id and r.respondent_id = t.respondent_id) as had_voted
    from target t left join me on true left join timed l on true),
  entitled as (
    select * from facts
    where present and not removed and role::text = any($6::text[]) and status::text = any($7::text[])
      and is_open and respondent_id is not null)`;
}

/** An event in the voter's own stream, for each row of `changed`; of anonymous polls there is none. */
function draftCte(type: string, changed: string, data: string): string {
  return `
  drafts as (
    select 1 as position, 1::smallint as stream_kind, $2::uuid as stream_id, $5::uuid as id, '${type}' as type,
           'users' as audience, array[$2::uuid] as audience_users, $2::uuid as actor_id,
           jsonb_build_object('meetingId', e.meeting_id, 'pollId', e.poll_id${data}) as data, e.now as occurred_at
    from ${changed} cross join entitled e where not e.is_anonymous)`;
}

function answer(changed: string, fits: string, respondedAt: string): string {
  return `
  select f.status as meeting_status, f.settings, f.role as actor_role, f.removed, f.present, f.is_anonymous, f.creator_id,
         f.is_draft, f.poll_type, f.options, f.allow_multiple_choices, f.min_choices, f.max_choices, f.allow_abstain,
         f.allow_change, coalesce(f.is_open, false) as is_open, coalesce(f.had_voted, false) as had_voted,
         ${fits} as fits, c.id is not null as done, ${respondedAt} as responded_at, ${appendedEvents} as events
  from (select 1) one left join facts f on true left join ${changed} c on true`;
}

/**
 * Casts a vote, or replaces one where the poll allows it. Who votes many times at once meets their own row: the unique key lets
 * one in, and the others find it there.
 *
 * Further parameters: 8 row id, 9 selected indices, ascending, 10 text, 11 types of poll that such a vote fits, 12 whether it abstains.
 */
export const castVote = statement<VotingRow>(
  'poll-vote',
  (t) => `
  with ${ballotCtes(t)},
  fitting as (
    select e.* from entitled e
    where case when $12::boolean then e.allow_abstain
          else e.poll_type::text = any($11::text[])
            and coalesce(($9::int[])[cardinality($9::int[])] < jsonb_array_length(e.options), true)
            and ($10::text is not null
                 or cardinality($9::int[]) between case when e.allow_multiple_choices then coalesce(e.min_choices, 1) else 1 end
                    and case when e.allow_multiple_choices then coalesce(e.max_choices, 50) else 1 end)
          end),
  written as (
    insert into ${t.meeting_poll_responses} as r (id, poll_id, respondent_id, selected_options, response_text, responded_at)
    select case when f.is_anonymous then gen_random_uuid() else $8::uuid end, f.poll_id, f.respondent_id,
           to_jsonb($9::int[]), $10::text,
           -- No vote is older than its poll, though clocks step back.
           case when f.is_anonymous then f.opened_at else greatest(f.now, f.opened_at) end
    from fitting f
    on conflict (poll_id, respondent_id) do update
      set selected_options = excluded.selected_options, response_text = excluded.response_text,
          responded_at = excluded.responded_at
      where (select f.allow_change from fitting f)
    returning r.id, r.responded_at),
  ${draftCte('poll.vote-received', 'written', `, 'selectedOptions', to_jsonb($9::int[])`)},
  ${appendCtes(t)}
  ${answer('written', 'exists (select from fitting)', 'c.responded_at')}`,
);

/** Takes one's own vote back, where the poll allows votes to change. */
export const retractVote = statement<VotingRow>(
  'poll-retract',
  (t) => `
  with ${ballotCtes(t)},
  gone as (
    delete from ${t.meeting_poll_responses} r using entitled e
    where r.poll_id = e.poll_id and r.respondent_id = e.respondent_id and e.allow_change
    returning r.id),
  ${draftCte('poll.vote-retracted', 'gone', '')},
  ${appendCtes(t)}
  ${answer('gone', 'false', 'null::timestamptz')}`,
);
