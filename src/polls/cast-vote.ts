import { standingOf } from '../core/access.ts';
import { MeetingError, notFound } from '../core/errors.ts';
import { userStream } from '../core/event.ts';
import type { KeySeal } from '../core/idempotency.ts';
import { newId } from '../core/identifier.ts';
import { instantOf } from '../core/instant.ts';
import type { Kernel } from '../core/kernel.ts';
import { conditionMessages } from '../core/permission-messages.ts';
import { authorise } from '../core/policy.ts';
import type { Parameter, Statement } from '../core/statement.ts';
import type { Work } from '../core/work.ts';
import { told } from '../events/index.ts';
import { type Ballot, checkBallot } from './ballot.rules.ts';
import { isHiddenDraft, noun, ownPseudonym } from './poll-access.ts';
import type { pollEvents } from './poll.events.ts';
import { originOfPoll } from './poll.statements.ts';
import { sealOf } from './pseudonym.ts';
import { castVote, retractVote, type VotingFacts, type VotingRow } from './vote.statements.ts';

type Voting = 'poll.vote' | 'poll.retract';

/** Stores a vote. @returns when it was stored; null in an anonymous poll, which does not keep that */
export async function vote(kernel: Kernel, work: Work, pollId: string, ballot: Ballot): Promise<Date | null> {
  const eventId = newId();
  const given = [...parameters(kernel, work, pollId, eventId), newId(), ...givenBy(ballot)];
  const row = await cast(work, castVote[ballot.kind], given);
  tell(work, row, eventId, 'poll.vote-received', { pollId, selectedOptions: Object.freeze([...ballot.selected]) });
  // Without an event, the poll is anonymous.
  if (row.found === null) return row.seq === null ? null : instantOf(row.told_at);
  const terms = refuse(kernel, work, row.found, 'poll.vote');
  throw checkBallot(terms, ballot) ?? new MeetingError('INTERNAL', 'A vote was refused without a reason.');
}

/** Takes the actor's vote back. Where there is none, nothing happens. */
export async function retract(kernel: Kernel, work: Work, pollId: string): Promise<void> {
  const eventId = newId();
  const row = await cast(work, retractVote, parameters(kernel, work, pollId, eventId));
  tell(work, row, eventId, 'poll.vote-retracted', { pollId });
  if (row.found !== null) refuse(kernel, work, row.found, 'poll.retract');
}

/** How a keyed vote is to be remembered; null where it is no secret who votes. Asked before the write, which it decides about. */
export async function sealFor(kernel: Kernel, work: Work, pollId: string): Promise<KeySeal | null> {
  const secret = kernel.ports.secrets.anonymousPolls;
  if (secret === null) return null;
  const [origin] = await work.run(originOfPoll, [pollId]);
  return origin?.is_anonymous === true ? sealOf(secret, pollId, work.actorId) : null;
}

/** Only the voter is told; of an anonymous poll nobody, and then the statement has stored no event. */
function tell(work: Work, row: VotingRow, id: string, type: keyof typeof pollEvents, data: object): void {
  const { actorId } = work;
  const audience = Object.freeze({ users: Object.freeze([actorId]) });
  const about = { meetingId: row.meeting_id, ...data };
  told(work, row, { id, stream: userStream(actorId), type, audience, actorId, data: about });
}

async function cast(work: Work, of: Statement<VotingRow>, given: readonly Parameter[]): Promise<VotingRow> {
  const [row] = await work.run(of, given);
  if (row === undefined) throw notFound(noun);
  return row;
}

function parameters(kernel: Kernel, work: Work, pollId: string, eventId: string): Parameter[] {
  return [pollId, work.actorId, ownPseudonym(kernel, work, pollId), work.clockParameter, eventId];
}

function givenBy({ kind, selected, text }: Ballot): Parameter[] {
  switch (kind) {
    case 'choice':
      return [[...selected]];
    case 'rating':
      return [...selected];
    case 'text':
      return [text];
    case 'abstention':
      return [];
  }
}

/** Words what the statement found, in the order in which errors come. Gives what a vote has to fit where nothing else is wrong. */
function refuse(kernel: Kernel, work: Work, row: VotingFacts, operation: Voting) {
  const { poll_type: pollType, options } = row;
  const standing = standingOf(work, row, kernel.ports.switches);
  if (isHiddenDraft(standing, row.is_draft === true, row.creator_id === work.actorId)) throw notFound(noun);
  authorise(operation, standing, {
    noun,
    conditions: {
      present: row.present === true,
      pollOpen: row.is_open === true,
      // Of many votes at once, the one that came first may not have been there yet when this one looked: it was in the way.
      mayChangeVote: row.allow_change === true || !(row.had_voted || row.fits),
    },
  });
  if (row.is_anonymous && kernel.ports.secrets.anonymousPolls === null)
    throw new MeetingError('NOT_CONFIGURED', conditionMessages.secretIfAnonymous);
  if (pollType === null || options === null) throw new MeetingError('INTERNAL', 'A vote found no poll.');
  return {
    ...{ pollType, options: [...options], allowAbstain: row.allow_abstain === true },
    ...{ allowMultipleChoices: row.allow_multiple_choices === true },
    ...{ minChoices: row.min_choices, maxChoices: row.max_choices },
  };
}
