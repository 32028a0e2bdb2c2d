import { type FoundActor, isMeeting } from '../core/access.ts';
import type { PollType } from '../core/enums.ts';
import { statement, type Tables } from '../core/statement.ts';
import { storeEvent, takeNumber, type ToldRow } from '../events/index.ts';

/** What casting or withdrawing a vote came to. */
export interface VotingRow extends ToldRow {
  /** The vote was stored, or taken away. */
  readonly done: boolean;
  readonly meeting_id: string | null;
  readonly is_anonymous: boolean | null;
  /** Of a vote that was stored; in an anonymous poll it is the poll's own. */
  readonly responded_at: string | null;
  /** What stood against it, where nothing was done. One column: each takes its time, though nobody looks at it. */
  readonly found: VotingFacts | null;
}

/** What a vote found that did not go through. */
export interface VotingFacts extends FoundActor {
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
           coalesce(l.is_active and (l.closes_at is null or l.closes_at > l.now), false) as is_open
    from target t left join me on true left join timed l on true),
  entitled as (
    select * from facts
    where present and not removed and role::text = any($6::text[]) and status::text = any($7::text[])
      and is_open and respondent_id is not null)`;
}

/**
 * The end of a statement that has changed a vote: the event in the voter's own stream, none of an anonymous poll, and the answer.
 * `changed` is a CTE with a row when the vote was stored, or taken away.
 */
function told(t: Tables, type: string, changed: string, data: string): string {
  const event = {
    ...{ id: '$5::uuid', type: `'${type}'`, users: 'array[$2::uuid]', actor: '$2::uuid', at: 'e.now' },
    data: `jsonb_build_object('meetingId', e.meeting_id, 'pollId', e.poll_id${data})`,
  };
  return `
  head as (${takeNumber(t, 'own', `select $2::uuid as stream_id from ${changed} cross join entitled e where not e.is_anonymous`)}),
  told as (${storeEvent(t, 'own', event, 'head cross join entitled e')})`;
}

function answer(t: Tables, changed: string, fits: string, respondedAt: string): string {
  return `
  select c.id is not null as done, e.meeting_id, e.is_anonymous, ${respondedAt} as responded_at,
         h.seq, h.prev, h.epoch, e.now as told_at, (
           select to_json(why) from (
             select f.status as meeting_status, f.settings, f.role as actor_role, f.removed, f.present, f.is_anonymous,
                    f.creator_id, f.is_draft, f.poll_type, f.options, f.allow_multiple_choices, f.min_choices, f.max_choices,
                    f.allow_abstain, f.allow_change, coalesce(f.is_open, false) as is_open,
                    exists (select from ${t.meeting_poll_responses} r
                            where r.poll_id = f.poll_id and r.respondent_id = f.respondent_id) as had_voted,
                    ${fits} as fits
             from (select 1) nothing left join facts f on true) why
           where c.id is null) as found
  from (select 1) one left join ${changed} c on true left join entitled e on c.id is not null left join head h on true`;
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
  ${told(t, 'poll.vote-received', 'written', `, 'selectedOptions', to_jsonb($9::int[])`)}
  ${answer(t, 'written', 'exists (select from fitting)', 'c.responded_at')}`,
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
  ${told(t, 'poll.vote-retracted', 'gone', '')}
  ${answer(t, 'gone', 'false', 'null::timestamptz')}`,
);
