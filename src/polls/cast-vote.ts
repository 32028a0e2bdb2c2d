import { standingOf } from '../core/access.ts';
import { MeetingError, notFound } from '../core/errors.ts';
import { userStream } from '../core/event.ts';
import type { KeySeal } from '../core/idempotency.ts';
import { newId } from '../core/identifier.ts';
import { instantOf } from '../core/instant.ts';
import type { Kernel } from '../core/kernel.ts';
import { conditionMessages } from '../core/permission-messages.ts';
import { allowedRoles, authorise, legalStates } from '../core/policy.ts';
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
  const row = await work.one(castVote, [
    ...parameters(kernel, work, pollId, 'poll.vote', eventId),
    ...[newId(), [...ballot.selected], ballot.text, [...ballot.fits], ballot.abstains],
  ]);
  tell(work, row, eventId, 'poll.vote-received', { pollId, selectedOptions: Object.freeze([...ballot.selected]) });
  if (row.done) return row.is_anonymous === true ? null : instantOf(row.responded_at);
  const terms = refuse(kernel, work, row.found, 'poll.vote');
  throw checkBallot(terms, ballot) ?? new MeetingError('INTERNAL', 'A vote was refused without a reason.');
}

/** Takes the actor's vote back. Where there is none, nothing happens. */
export async function retract(kernel: Kernel, work: Work, pollId: string): Promise<void> {
  const eventId = newId();
  const row = await work.one(retractVote, parameters(kernel, work, pollId, 'poll.retract', eventId));
  tell(work, row, eventId, 'poll.vote-retracted', { pollId });
  if (!row.done) refuse(kernel, work, row.found, 'poll.retract');
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

function parameters(kernel: Kernel, work: Work, pollId: string, operation: Voting, eventId: string) {
  const roles = [...allowedRoles(operation).always];
  const states = [...legalStates(operation)];
  return [
    ...[pollId, work.actorId, ownPseudonym(kernel, work, pollId), work.clockParameter],
    ...[eventId, roles, states],
  ];
}

/** Words what the statement found, in the order in which errors come. Gives what a vote has to fit where nothing else is wrong. */
function refuse(kernel: Kernel, work: Work, row: VotingFacts | null, operation: Voting) {
  if (row === null) throw new MeetingError('INTERNAL', 'A vote was neither stored nor refused.');
  const { poll_type: pollType, options } = row;
  if (row.meeting_status === null) throw notFound(noun);
  const standing = standingOf(work, row, kernel.ports.switches);
  if (isHiddenDraft(standing, row.is_draft === true, row.creator_id === work.actorId)) throw notFound(noun);
  authorise(operation, standing, {
    noun,
    conditions: {
      present: row.present === true,
      pollOpen: row.is_open,
      // Of many votes at once, the one that came first may not have been there yet when this one looked: it was in the way.
      mayChangeVote: row.allow_change === true || !(row.had_voted || row.fits),
    },
  });
  if (row.is_anonymous === true && kernel.ports.secrets.anonymousPolls === null)
    throw new MeetingError('NOT_CONFIGURED', conditionMessages.secretIfAnonymous);
  if (pollType === null || options === null) throw new MeetingError('INTERNAL', 'A vote found no poll.');
  return {
    ...{ pollType, options: [...options], allowAbstain: row.allow_abstain === true },
    ...{ allowMultipleChoices: row.allow_multiple_choices === true },
    ...{ minChoices: row.min_choices, maxChoices: row.max_choices },
  };
}
