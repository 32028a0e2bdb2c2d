import { standingOf } from '../core/access.ts';
import { notFound } from '../core/errors.ts';
import type { Kernel } from '../core/kernel.ts';
import { isLimited, judge } from '../core/policy.ts';
import type { Standing } from '../core/standing.ts';
import type { Work } from '../core/work.ts';
import {
  type FoundPollRow,
  originOfPoll,
  pollAndActor,
  type PollRow,
  type PollState,
  stateOf,
} from './poll.statements.ts';
import { pseudonymOf } from './pseudonym.ts';

/** What a poll is called where there is none: all the ways of not finding one read alike. */
export const noun = 'poll';

/** A poll, and where the actor stands. */
export interface PollAccess {
  readonly poll: PollRow;
  readonly state: PollState;
  readonly standing: Standing;
  readonly isOwn: boolean;
}

/** As {@link PollAccess}, for a read. */
export interface FoundPoll extends PollAccess {
  /** Whether the actor has a vote in it. */
  readonly hasVoted: boolean;
}

/** The actor's pseudonym in a poll; null without a secret, and for the system, which has none. */
export function ownPseudonym(kernel: Kernel, work: Work, pollId: string): string | null {
  const secret = kernel.ports.secrets.anonymousPolls;
  return secret === null || work.principal.kind === 'system' ? null : pseudonymOf(secret, pollId, work.actorId);
}

/**
 * A poll as the actor meets it in a read.
 * @throws MeetingError NOT_FOUND when there is none, or it is a draft that is none of theirs
 */
export async function findPoll(kernel: Kernel, work: Work, pollId: string): Promise<FoundPoll> {
  const pseudonym = ownPseudonym(kernel, work, pollId);
  const [row] = await work.run(pollAndActor, [pollId, work.actorId, pseudonym, work.clockParameter]);
  if (row === undefined) throw notFound(noun);
  const standing = standingOf(work, row, kernel.ports.switches);
  return { ...accessTo(work, pollOf(row), standing), hasVoted: row.has_voted };
}

/** The meeting a poll belongs to. */
export async function meetingOfPoll(work: Work, pollId: string): Promise<string> {
  const [origin] = await work.run(originOfPoll, [pollId]);
  if (origin === undefined) throw notFound(noun);
  return origin.meeting_id;
}

/** @throws MeetingError NOT_FOUND for a draft that is hidden from the actor */
export function accessTo(work: Work, poll: PollRow, standing: Standing): PollAccess {
  const state = stateOf(poll);
  const isOwn = poll.creator_id === work.actorId;
  if (isHiddenDraft(standing, state.isDraft, isOwn)) throw notFound(noun);
  return { poll, state, standing, isOwn };
}

/** Drafts are shown to whoever made them, and to those whose view is not limited. */
export function isHiddenDraft(standing: Standing, isDraft: boolean, isOwn: boolean): boolean {
  return isDraft && !isOwn && (standing.role === 'Outsider' || isLimited('poll.read', standing.role) !== null);
}

/** The right answers of a quiz, as far as the actor may know them: nobody does while it is open. */
export function visibleAnswers({ poll, state, standing, isOwn }: PollAccess): readonly number[] | null {
  if (poll.correct_options === null || state.isOpen) return null;
  if (state.isDraft) return isOwn ? poll.correct_options : null;
  const refusal = judge('poll.resultsClosed', standing, { own: isOwn, resultsVisibility: poll.results_visibility });
  return refusal === null ? poll.correct_options : null;
}

function pollOf({ has_voted: _mine, ...row }: FoundPollRow): PollRow {
  return row;
}
