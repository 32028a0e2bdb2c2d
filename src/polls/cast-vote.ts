import { standingOf } from '../core/access.ts';
import { MeetingError, notFound } from '../core/errors.ts';
import { userStream } from '../core/event.ts';
import type { KeySeal } from '../core/idempotency.ts';
import { newId } from '../core/identifier.ts';
import { instantOf } from '../core/instant.ts';
import type { Kernel } from '../core/kernel.ts';
import { conditionMessages } from '../core/permission-messages.ts';
import { authorise } from '../core/policy.ts';
import type { Parameter } from '../core/statement.ts';
import type { Work } from '../core/work.ts';
import { told } from '../events/index.ts';
import { type Ballot, type BallotTerms, checkBallot } from './ballot.rules.ts';
import { isHiddenDraft, noun, ownPseudonym } from './poll-access.ts';
import type { pollEvents } from './poll.events.ts';
import { originOfPoll } from './poll.statements.ts';
import { sealOf } from './pseudonym.ts';
import { castVote, retractVote, type VotingRow, whyNotVoted } from './vote.statements.ts';

type Voting = 'poll.vote' | 'poll.retract';

/** What stood against a vote may be gone when one asks for it, and the vote is cast anew; somebody else's doing each time. */
const mostAttempts = 5;

/** Stores a vote. @returns when it was stored; null in an anonymous poll, which does not keep that */
export async function vote(kernel: Kernel, work: Work, pollId: string, ballot: Ballot): Promise<Date | null> {
  const eventId = newId();
  const pseudonym = ownPseudonym(kernel, work, pollId);
  const given = [
    pollId,
    work.actorId,
    work.clockParameter,
    eventId,
    newId(),
    ...givenBy(ballot),
    ...present(pseudonym),
  ];
  for (let attempt = 1; attempt <= mostAttempts; attempt++) {
    const [row] = await work.run(castVote[ballot.kind][formOf(pseudonym)], given);
    if (row !== undefined) {
      const data = { pollId, selectedOptions: Object.freeze([...ballot.selected]) };
      const at = tell(work, row, eventId, 'poll.vote-received', data);
      return at === null ? null : instantOf(at);
    }
    const terms = await standsAgainst(kernel, work, pollId, 'poll.vote');
    const fault = checkBallot(terms, ballot);
    if (fault !== null) throw fault;
  }
  throw new MeetingError('INTERNAL', 'A vote was neither stored nor refused.');
}

/** Takes the actor's vote back. Where there is none, nothing happens. */
export async function retract(kernel: Kernel, work: Work, pollId: string): Promise<void> {
  const eventId = newId();
  const pseudonym = ownPseudonym(kernel, work, pollId);
  const given = [pollId, work.actorId, work.clockParameter, eventId, ...present(pseudonym)];
  const [row] = await work.run(retractVote[formOf(pseudonym)], given);
  if (row === undefined) await standsAgainst(kernel, work, pollId, 'poll.retract');
  else tell(work, row, eventId, 'poll.vote-retracted', { pollId });
}

/** How a keyed vote is to be remembered; null where it is no secret who votes. Asked before the write, which it decides about. */
export async function sealFor(kernel: Kernel, work: Work, pollId: string): Promise<KeySeal | null> {
  const secret = kernel.ports.secrets.anonymousPolls;
  if (secret === null) return null;
  const [origin] = await work.run(originOfPoll, [pollId]);
  return origin?.is_anonymous === true ? sealOf(secret, pollId, work.actorId) : null;
}

/**
 * Only the voter is told; of an anonymous poll nobody, and then the statement has stored no event.
 * @returns when it was done, where that is told
 */
function tell(work: Work, row: VotingRow, id: string, type: keyof typeof pollEvents, data: object): string | null {
  const [meetingId, at, seq, prev, epoch] = row.changed;
  if (seq === null) return null;
  const { actorId } = work;
  const audience = Object.freeze({ users: Object.freeze([actorId]) });
  const about = { stream: userStream(actorId), type, audience, actorId };
  told(work, { seq, prev, epoch, told_at: at }, { id, ...about, data: { meetingId, ...data } });
  return at;
}

function formOf(pseudonym: string | null): 'named' | 'any' {
  return pseudonym === null ? 'named' : 'any';
}

function present(pseudonym: string | null): Parameter[] {
  return pseudonym === null ? [] : [pseudonym];
}

function givenBy({ kind, selected, text }: Ballot): Parameter[] {
  if (kind === 'choice') return [[...selected]];
  return kind === 'text' ? [text] : [...selected];
}

/**
 * Words what stands against a vote, in the order in which errors come.
 * @returns what a vote has to fit, where nothing else is wrong
 */
async function standsAgainst(kernel: Kernel, work: Work, pollId: string, operation: Voting): Promise<BallotTerms> {
  const [found] = await work.run(whyNotVoted, [
    ...[pollId, work.actorId, ownPseudonym(kernel, work, pollId), work.clockParameter],
  ]);
  if (found === undefined) throw notFound(noun);
  const standing = standingOf(work, found, kernel.ports.switches);
  if (isHiddenDraft(standing, found.is_draft, found.creator_id === work.actorId)) throw notFound(noun);
  authorise(operation, standing, {
    noun,
    conditions: {
      present: found.present === true,
      pollOpen: found.is_open,
      mayChangeVote: found.allow_change || !found.has_voted,
    },
  });
  if (found.is_anonymous && kernel.ports.secrets.anonymousPolls === null)
    throw new MeetingError('NOT_CONFIGURED', conditionMessages.secretIfAnonymous);
  return {
    ...{ pollType: found.poll_type, options: [...found.options], allowAbstain: found.allow_abstain },
    ...{ allowMultipleChoices: found.allow_multiple_choices },
    ...{ minChoices: found.min_choices, maxChoices: found.max_choices },
  };
}
