import type { Call } from '../core/call.ts';
import { notFound } from '../core/errors.ts';
import { meetingStream } from '../core/event.ts';
import { instantOf } from '../core/instant.ts';
import type { Kernel } from '../core/kernel.ts';
import { allowedRoles, authorise } from '../core/policy.ts';
import { sweep } from '../core/sweep.ts';
import type { Work } from '../core/work.ts';
import { accessTo, meetingOfPoll, noun } from './poll-access.ts';
import { resultsOf } from './poll-results.ts';
import { pollEvents } from './poll.events.ts';
import type { PollResults } from './poll.schema.ts';
import { pollById } from './poll.statements.ts';
import { isQuorumReached, isWithheld } from './tally.rules.ts';
import { type ClosedPollRow, closePolls, duePolls, lockOpenPolls, shuffleBallots } from './tally.statements.ts';

/** Polls a sweep closes in one go; the rest wait for the next. */
const sweepBatch = 100;

/** Closes a poll by hand, or settles one whose time is over. */
export async function closePoll(kernel: Kernel, work: Work, pollId: string): Promise<PollResults> {
  const meetingId = await meetingOfPoll(work, pollId);
  const { standing } = await kernel.enter(work, meetingId, 'share');
  const access = accessTo(work, await work.one(pollById, [pollId, work.clockParameter]), standing);
  const permit = (pollOpen: boolean) =>
    authorise('poll.close', standing, { noun, own: access.isOwn, conditions: { pollOpen } });
  // Before the lock, which keeps people from voting: whoever may not close a poll must not be able to hold it up either.
  permit(access.poll.is_active);
  const open = await work.run(lockOpenPolls, [meetingId, pollId]);
  permit(open.length > 0);
  const [closed] = await closeLocked(work, [pollId], work.clockParameter);
  if (closed === undefined) throw notFound(noun);
  return resultsOf(work, { ...access, poll: closed, state: { isDraft: false, isOpen: false, isClosed: true } });
}

/** The meeting is over or cancelled, and so is every poll that is open in it. Under the meeting's lock, after its people's. */
export async function closeOpenPolls(work: Work, meetingId: string, at: Date): Promise<void> {
  const open = await work.run(lockOpenPolls, [meetingId, null]);
  if (open.length === 0) return;
  const ids = open.map(({ id }) => id);
  await closeLocked(work, ids, at);
}

/** Settles polls whose time is over. Votes have been refused from that time on; this says so to everybody and counts the result. */
export async function closeDuePolls(kernel: Kernel, call: Call, signal: AbortSignal): Promise<number> {
  const due = await kernel.read(call, (work) => work.run(duePolls, [work.clockParameter, sweepBatch]));
  return sweep(due, signal, ({ id, meeting_id: meetingId }) =>
    kernel.run(call, async (work) => {
      await kernel.enter(work, meetingId, 'share');
      const open = await work.run(lockOpenPolls, [meetingId, id]);
      if (open.length === 0) return 0;
      return (await closeLocked(work, [id], work.clockParameter)).length;
    }),
  );
}

/** A statement of its own, so that it sees the votes that were stored while the lock was waited for. */
async function closeLocked(work: Work, ids: readonly string[], at: Date | null): Promise<readonly ClosedPollRow[]> {
  const closed = await work.run(closePolls, [ids, at, allowedRoles('poll.vote').always]);
  const secret = closed.filter((poll) => poll.is_anonymous).map(({ id }) => id);
  if (secret.length > 0) await work.run(shuffleBallots, [secret]);
  for (const poll of closed) announceClosed(work, poll);
  return closed;
}

function announceClosed(work: Work, poll: ClosedPollRow): void {
  const { votes, abstained, counts } = poll.totals;
  const isPublic = poll.results_visibility !== 'hostsOnly' && !isWithheld(poll.is_anonymous, votes);
  work.emit(pollEvents, 'poll.closed', meetingStream(poll.meeting_id), {
    pollId: poll.id,
    closedAt: instantOf(poll.closed_at).toISOString(),
    totals: isPublic ? { votes, abstained, counts: [...counts] } : null,
    quorumReached: isPublic ? isQuorumReached(poll.quorum_percent, votes, poll.entitled_voters) : null,
  });
}
