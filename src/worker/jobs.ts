import { systemPrincipal } from '../core/actor.ts';
import type { Call } from '../core/call.ts';
import type { Kernel } from '../core/kernel.ts';
import { statement } from '../core/statement.ts';
import { sweep } from '../core/sweep.ts';
import { expireDue, repairWaitlists } from '../invitations/index.ts';
import { endMeeting } from '../meetings/index.ts';
import { closeSilentSessions } from '../participants/index.ts';
import { announceTallies, closeDuePolls } from '../polls/index.ts';
import { reapNodes } from '../realtime/index.ts';
import type { Job } from './worker.ts';

const asSystem: Call = { principal: systemPrincipal, host: null, signal: null, idempotencyKey: null };
const sweepBatch = 100;

/** Running meetings past their time with nobody in them: 1 now, 2 minutes of overrun, 3 limit, 4 one of them or null. */
const abandoned = statement<{ id: string }>(
  'meeting-abandoned',
  (t) => `
  select m.id from ${t.meetings} m
  where m.status = 'InProgress' and m.current_participants_count = 0
    and m.scheduled_end_time < coalesce($1::timestamptz, clock_timestamp()) - make_interval(mins => $2::int)
    and ($4::uuid is null or m.id = $4::uuid)
  order by m.scheduled_end_time limit $3::int`,
  { prepare: false },
);

const expiredKeys = statement<{ removed: number }>(
  'idempotency-sweep',
  (t) => `
  with removed as (
    delete from ${t.meeting_idempotency_keys}
    where expires_at < coalesce($1::timestamptz, clock_timestamp()) returning 1)
  select count(*)::int as removed from removed`,
  { prepare: false },
);

/** The sweeps of the rooms, as the worker runs them. */
export function jobsOf(kernel: Kernel): readonly Job[] {
  return [
    { name: 'invitations.expire', everyMs: 60_000, run: (signal) => expireDue(kernel, asSystem, signal) },
    { name: 'sessions.reap', everyMs: 15_000, run: (signal) => closeSilentSessions(kernel, asSystem, signal) },
    { name: 'nodes.reap', everyMs: 5_000, run: (signal) => reapNodes(kernel, asSystem, signal) },
    { name: 'meetings.auto-end', everyMs: 60_000, run: (signal) => endAbandoned(kernel, signal) },
    { name: 'waitlist.repair', everyMs: 300_000, run: (signal) => repairWaitlists(kernel, asSystem, signal) },
    { name: 'polls.close', everyMs: 5_000, run: (signal) => closeDuePolls(kernel, asSystem, signal) },
    { name: 'polls.tally', everyMs: 1_000, run: (signal) => announceTallies(kernel, asSystem, signal) },
    { name: 'idempotency.sweep', everyMs: 3_600_000, run: () => sweepKeys(kernel) },
  ];
}

async function endAbandoned(kernel: Kernel, signal: AbortSignal): Promise<number> {
  const due = await kernel.read(asSystem, (work) =>
    work.run(abandoned, [work.clockParameter, kernel.ports.rules.overrunMinutes, sweepBatch, null]),
  );
  return sweep(due, signal, ({ id }) => endIfStillAbandoned(kernel, id));
}

async function endIfStillAbandoned(kernel: Kernel, meetingId: string): Promise<number> {
  return kernel.run(asSystem, async (work) => {
    // Under the lock: somebody may have come back, or ended it, since it was found.
    await kernel.enter(work, meetingId);
    const [still] = await work.run(abandoned, [work.clockParameter, kernel.ports.rules.overrunMinutes, 1, meetingId]);
    if (still === undefined) return 0;
    await endMeeting(kernel, work, meetingId);
    return 1;
  });
}

async function sweepKeys(kernel: Kernel): Promise<number> {
  return kernel.run(asSystem, async (work) => (await work.one(expiredKeys, [work.clockParameter])).removed);
}
