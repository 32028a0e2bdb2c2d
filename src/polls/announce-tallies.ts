import type { Call } from '../core/call.ts';
import { meetingStream } from '../core/event.ts';
import type { Kernel } from '../core/kernel.ts';
import { sweep } from '../core/sweep.ts';
import { pollEvents } from './poll.events.ts';
import { fewestAnonymousVotes } from './tally.rules.ts';
import { markTallied, pollsWithNews } from './tally.statements.ts';

/** A room full of voters is told once a second, not once a vote. */
const secondsBetween = 1;

/**
 * Tells what has been voted since the last time. Votes are counted before the poll is locked, so that nobody waits for the
 * counting; of several processes that sweep, one is first.
 */
export async function announceTallies(kernel: Kernel, call: Call, signal: AbortSignal): Promise<number> {
  const news = await kernel.read(call, (work) =>
    work.run(pollsWithNews, [work.clockParameter, secondsBetween, fewestAnonymousVotes]),
  );
  return sweep(news, signal, ({ id, totals }) =>
    kernel.run(call, async (work) => {
      const [poll] = await work.run(markTallied, [id, JSON.stringify(totals), work.clockParameter, secondsBetween]);
      if (poll === undefined) return 0;
      const { votes, abstained, counts } = totals;
      const data = { pollId: id, votes, abstained, counts: [...counts] };
      const audience = poll.results_visibility === 'always' ? 'all' : 'hosts';
      work.emit(pollEvents, 'poll.tallied', meetingStream(poll.meeting_id), data, { audience });
      return 1;
    }),
  );
}
