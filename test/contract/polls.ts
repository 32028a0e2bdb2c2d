/** The Presenter's polls in every meeting on stage, and what is asked of them. */
import type { MeetingStatus } from '../../src/core/enums.ts';
import { newId } from '../../src/core/identifier.ts';
import type { Rooms } from '../../src/rooms.ts';
import type { FixtureActor } from '../core/permissions-fixture.ts';
import { execute } from '../setup/postgres.ts';
import type { Question, Stage } from './questions.ts';

export interface StagePolls {
  /** Open while the meeting runs; where it does not, there is none. */
  readonly open: string | null;
  readonly draft: string;
  readonly closed: string;
}

/** Made before the meeting is over, if it is. */
export async function buildPolls(
  presenter: Rooms,
  presenterId: string,
  meetingId: string,
  status: MeetingStatus,
  url: string,
): Promise<StagePolls> {
  const wish = { pollType: 'YesNo', question: 'Shall we?' } as const;
  const draft = await presenter.polls.create(meetingId, { ...wish, draft: true });
  const open = status === 'InProgress' ? await presenter.polls.create(meetingId, wish) : null;
  // Only a meeting that has run can have had a poll that is closed, but rows may also come from elsewhere.
  const closed = newId();
  const at = draft.createdAt.toISOString();
  await execute(
    url,
    `insert into convoke.meeting_polls
       (id, meeting_id, creator_id, question, poll_type, options, is_active, created_at, opened_at, closed_at)
     values ('${closed}', '${meetingId}', '${presenterId}', 'Did we?', 'YesNo', '["Yes","No"]', false, '${at}', '${at}', '${at}')`,
  );
  return { open: open?.id ?? null, draft: draft.id, closed };
}

const own = (actor: FixtureActor) => ({ own: actor === 'Presenter' });
/** Others' drafts are shown to hosts alone. */
const hidesDraft = (actor: FixtureActor) => actor === 'Participant' || actor === 'Observer';
const votable = ({ polls }: Stage) => polls.open ?? polls.closed;

export const pollQuestions: readonly Question[] = [
  {
    method: 'polls.create',
    op: 'poll.create',
    ask: (rooms, { id }) => rooms.polls.create(id, { pollType: 'Rating', question: 'How was it?', draft: true }),
  },
  {
    method: 'polls.open',
    op: 'poll.open',
    ask: (rooms, { polls }) => rooms.polls.open(polls.draft),
    world: own,
    hidden: hidesDraft,
  },
  {
    method: 'polls.vote',
    op: 'poll.vote',
    ask: (rooms, stage) => rooms.polls.vote(votable(stage), { selectedOptions: [0] }),
  },
  { method: 'polls.retract', op: 'poll.retract', ask: (rooms, stage) => rooms.polls.retract(votable(stage)) },
  { method: 'polls.close', op: 'poll.close', ask: (rooms, stage) => rooms.polls.close(votable(stage)), world: own },
  {
    method: 'polls.results',
    op: 'poll.resultsOpen',
    ask: (rooms, { polls }) => rooms.polls.results(polls.open ?? polls.draft),
    world: (actor) => ({ ...own(actor), setting: 'afterClose' }),
    hidden: (actor, { polls }) => polls.open === null && hidesDraft(actor),
  },
  {
    method: 'polls.results',
    op: 'poll.resultsClosed',
    ask: (rooms, { polls }) => rooms.polls.results(polls.closed),
    world: (actor) => ({ ...own(actor), setting: 'afterClose' }),
  },
  {
    method: 'polls.voters',
    op: 'poll.voters',
    ask: (rooms, { polls }) => rooms.polls.voters(polls.closed),
    world: own,
  },
  { method: 'polls.get', op: 'poll.read', ask: (rooms, { polls }) => rooms.polls.get(polls.closed) },
  { method: 'polls.list', op: 'poll.read', ask: (rooms, { id }) => rooms.polls.list(id) },
  {
    method: 'polls.exportCsv',
    op: 'poll.export',
    ask: (rooms, { polls }) => rooms.polls.exportCsv(polls.closed),
    world: own,
  },
];
