/** Votes, and what they come to. */
import { newId } from '../../src/core/identifier.ts';
import { type InputOf, type PollResults, Refused, type VoteView } from '../operations.ts';
import { type PollFacts, pollResults } from '../tally.ts';
import { clock, type LimitClient } from './client.ts';

/**
 * The own row, then the poll stand still while the vote is written: whoever closes the poll waits, or comes first. Only the voter
 * is told. Parameters: 1 poll, 2 voter, 3 choice, 4 response, 5 event.
 */
const voteText = `
  with me as (
    select p.meeting_id, p.auth_user_id
    from convoke.meeting_polls l
    join convoke.meetings m on m.id = l.meeting_id
    join convoke.meeting_participants p on p.meeting_id = m.id and p.auth_user_id = $2::uuid
    where l.id = $1::uuid and p.removed_at is null and p.joined_at is not null and p.left_at is null
      and p.role <> 'Observer' and m.status = 'InProgress'
    for share of p),
  poll as (
    select l.id, l.meeting_id, l.allow_change
    from me join convoke.meeting_polls l on l.id = $1::uuid and l.meeting_id = me.meeting_id
    where l.is_active and (l.closes_at is null or l.closes_at > clock_timestamp()) and l.poll_type = 'SingleChoice'
      and not l.is_anonymous and $3::int between 0 and jsonb_array_length(l.options) - 1
    for share of l),
  voted as (
    insert into convoke.meeting_poll_responses as r (id, poll_id, respondent_id, selected_options, responded_at)
    select $4::uuid, p.id, $2::uuid, jsonb_build_array($3::int), ${clock} from poll p
    on conflict (poll_id, respondent_id) do update
    set selected_options = excluded.selected_options, response_text = null, responded_at = excluded.responded_at
    where (select allow_change from poll)
    returning r.responded_at),
  head as (
    insert into convoke.meeting_event_heads as h (stream_kind, stream_id, seq)
    select 1, $2::uuid, 1 from voted
    on conflict (stream_kind, stream_id) do update
    set seq = h.seq + 1, public_prev = h.public_seq, hosts_prev = h.hosts_seq
    returning h.seq),
  announced as (
    insert into convoke.meeting_events
      (stream_kind, stream_id, seq, id, prev, type, occurred_at, audience, audience_users, actor_id, data)
    select 1, $2::uuid, h.seq, $5::uuid, h.seq - 1, 'poll.vote-received', v.responded_at, 'users', array[$2::uuid], $2::uuid,
           jsonb_build_object('meetingId', p.meeting_id, 'pollId', p.id, 'selectedOptions', jsonb_build_array($3::int))
    from head h cross join voted v cross join poll p)
  select responded_at from voted`;

const voters = ['Host', 'CoHost', 'Presenter', 'Participant'];

export async function vote(client: LimitClient, { pollId, userId, choice }: InputOf<'vote'>): Promise<VoteView> {
  const values = [pollId, userId, choice, newId(), newId()];
  const [row] = await client.named<{ responded_at: Date }>('vote', voteText, values);
  if (row === undefined) return refuseVote(client, pollId, userId);
  return { pollId, selectedOptions: [choice], rating: null, responseText: null, respondedAt: row.responded_at };
}

async function refuseVote(client: LimitClient, pollId: string, userId: string): Promise<never> {
  const [found] = await client.planned<{ meeting_id: string; present: boolean; open: boolean; voted: boolean }>(
    `select l.meeting_id, coalesce(p.joined_at is not null and p.left_at is null, false) as present,
            l.is_active and (l.closes_at is null or l.closes_at > clock_timestamp()) as open, r.id is not null as voted
     from convoke.meeting_polls l
     left join convoke.meeting_participants p on p.meeting_id = l.meeting_id and p.auth_user_id = $2
     left join convoke.meeting_poll_responses r on r.poll_id = l.id and r.respondent_id = $2
     where l.id = $1`,
    [pollId, userId],
  );
  if (found === undefined) throw new Refused('NOT_FOUND');
  const { present, open, voted } = found;
  const otherwise = !present ? 'FORBIDDEN' : !open ? 'POLL_CLOSED' : voted ? 'ALREADY_VOTED' : 'VALIDATION';
  return client.refuse(found.meeting_id, userId, { roles: voters, states: ['InProgress'], otherwise });
}

/** Alike votes are counted before any is taken apart: ten thousand votes come to a handful of groups. 1 poll, 2 reader. */
const tallyText = `
  select l.id, l.meeting_id, l.question, l.poll_type, l.options, l.is_anonymous, l.is_active, l.closed_at, l.quorum_percent,
         l.entitled_voters, l.results_visibility, l.creator_id = $2::uuid as own, p.role, m.status as meeting_status,
         exists (select from convoke.meeting_poll_responses r where r.poll_id = l.id and r.respondent_id = $2::uuid) as voted,
         (select coalesce(jsonb_agg(jsonb_build_object('selected', g.selected_options, 'votes', g.votes)), '[]')
          from (select r.selected_options, count(*) as votes from convoke.meeting_poll_responses r
                where r.poll_id = $1::uuid group by r.selected_options) g) as groups
  from convoke.meeting_polls l
  join convoke.meetings m on m.id = l.meeting_id
  join convoke.meeting_participants p on p.meeting_id = m.id and p.auth_user_id = $2::uuid and p.removed_at is null
  where l.id = $1::uuid and l.opened_at is not null`;

interface TallyRow extends PollFacts {
  readonly results_visibility: 'always' | 'afterVote' | 'afterClose' | 'hostsOnly';
  readonly own: boolean;
  readonly role: string;
  readonly voted: boolean;
}

export async function tally(client: LimitClient, { pollId, userId }: InputOf<'tally'>): Promise<PollResults> {
  const [row] = await client.planned<TallyRow>(tallyText, [pollId, userId]);
  if (row === undefined) throw new Refused('NOT_FOUND');
  if (!maySee(row)) throw new Refused('FORBIDDEN');
  return pollResults(row);
}

function maySee({ role, own, is_active, results_visibility: when, voted }: TallyRow): boolean {
  if (role === 'Host' || role === 'CoHost' || own) return true;
  if (when === 'hostsOnly' || (is_active && role === 'Observer')) return false;
  return !is_active || when === 'always' || (when === 'afterVote' && voted);
}
