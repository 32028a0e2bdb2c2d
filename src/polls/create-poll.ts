import { MeetingError } from '../core/errors.ts';
import { meetingStream, userStream } from '../core/event.ts';
import { newId } from '../core/identifier.ts';
import { instantOf } from '../core/instant.ts';
import type { Kernel } from '../core/kernel.ts';
import { hostRoles } from '../core/permission-terms.ts';
import { authorise } from '../core/policy.ts';
import type { Standing } from '../core/standing.ts';
import type { Work } from '../core/work.ts';
import { Meeting } from '../meetings/index.ts';
import { accessTo, meetingOfPoll, noun, visibleAnswers } from './poll-access.ts';
import { Poll } from './poll.entity.ts';
import { pollEvents } from './poll.events.ts';
import { checkChoices, checkClosingTime, choicesOf } from './poll.rules.ts';
import type { PollView, PollWish } from './poll.schema.ts';
import { openDraft, pollById, type PollRow, pollViewOf } from './poll.statements.ts';

/** Makes a poll, and opens it unless it is a draft. */
export async function createPoll(kernel: Kernel, work: Work, meetingId: string, wish: PollWish): Promise<PollView> {
  const { standing, now } = await kernel.enter(work, meetingId, 'share');
  authorise('poll.create', standing, {
    conditions: {
      draftOnly: wish.draft,
      secretIfAnonymous: !wish.isAnonymous || kernel.ports.secrets.anonymousPolls !== null,
    },
  });
  const choices = choicesOf(wish);
  const refusal = checkChoices(choices) ?? checkClosingTime(wish.closesAt, now);
  if (refusal) throw refusal;
  const pollId = newId();
  work.em.create(Poll, {
    ...choices,
    id: pollId,
    meeting: work.em.getReference(Meeting, meetingId),
    creatorId: work.actorId,
    question: wish.question,
    pollType: wish.pollType,
    isAnonymous: wish.isAnonymous,
    isActive: !wish.draft,
    createdAt: now,
    openedAt: wish.draft ? null : now,
    closesAt: wish.closesAt ?? null,
    resultsVisibility: wish.resultsVisibility,
    allowAbstain: wish.allowAbstain,
    allowChange: wish.allowChange,
    quorumPercent: wish.quorumPercent ?? null,
  });
  await work.flush();
  const poll = await work.one(pollById, [pollId, now]);
  announceCreated(work, standing, poll, wish.draft);
  if (!wish.draft) announceOpened(work, poll);
  return fresh(work, standing, poll);
}

/** Opens a draft. */
export async function openPoll(kernel: Kernel, work: Work, pollId: string): Promise<PollView> {
  const meetingId = await meetingOfPoll(work, pollId);
  const { standing, now } = await kernel.enter(work, meetingId, 'share');
  const { poll, state, isOwn } = accessTo(work, await work.one(pollById, [pollId, now]), standing);
  const permit = (pollDraft: boolean) =>
    authorise('poll.open', standing, { noun, own: isOwn, conditions: { pollDraft } });
  permit(state.isDraft);
  const closesAt = instantOf(poll.closes_at);
  if (closesAt !== null && closesAt <= now)
    throw new MeetingError('CONFLICT', 'The time at which this poll closes has passed; create a new one.', {
      details: { closesAt },
    });
  permit((await work.run(openDraft, [pollId, now])).length > 0);
  const opened = await work.one(pollById, [pollId, now]);
  announceOpened(work, opened);
  return fresh(work, standing, opened);
}

/** Nobody has voted in it yet. */
function fresh(work: Work, standing: Standing, poll: PollRow): PollView {
  return pollViewOf(poll, visibleAnswers(accessTo(work, poll, standing)), null);
}

/** A draft is nobody's business but its maker's and the hosts', and some makers are not among the hosts. */
function announceCreated(work: Work, standing: Standing, poll: PollRow, draft: boolean): void {
  const data = { pollId: poll.id, question: poll.question, pollType: poll.poll_type, draft };
  work.emit(pollEvents, 'poll.created', meetingStream(poll.meeting_id), data, { audience: 'hosts' });
  if (hostRoles.some((role) => role === standing.role)) return;
  work.emit(pollEvents, 'poll.created', userStream(poll.creator_id), { ...data, meetingId: poll.meeting_id });
}

function announceOpened(work: Work, poll: PollRow): void {
  work.emit(pollEvents, 'poll.opened', meetingStream(poll.meeting_id), {
    pollId: poll.id,
    question: poll.question,
    pollType: poll.poll_type,
    options: [...poll.options],
    allowMultipleChoices: poll.allow_multiple_choices,
    minChoices: poll.min_choices,
    maxChoices: poll.max_choices,
    allowAbstain: poll.allow_abstain,
    allowChange: poll.allow_change,
    isAnonymous: poll.is_anonymous,
    resultsVisibility: poll.results_visibility,
    closesAt: instantOf(poll.closes_at)?.toISOString() ?? null,
  });
}
