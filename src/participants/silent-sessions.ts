import type { Call } from '../core/call.ts';
import { meetingStream } from '../core/event.ts';
import type { Kernel } from '../core/kernel.ts';
import { statement } from '../core/statement.ts';
import { sweep } from '../core/sweep.ts';
import { lockPresent } from './closing.statements.ts';
import { endSessions } from './closing.ts';
import { participantEvents } from './participant.events.ts';

const sweepBatch = 100;

/** Meetings with sessions that have fallen silent: 1 now, 2 seconds of grace, 3 limit. */
const meetingsWithSilence = statement<{ meeting_id: string }>(
  'sessions-silent-meetings',
  (t) => `
  select distinct meeting_id from ${t.meeting_participant_sessions}
  where left_at is null
    and last_heartbeat_at < coalesce($1::timestamptz, clock_timestamp()) - make_interval(secs => $2::int)
  limit $3::int`,
  { prepare: false },
);

const silentSessions = statement<{ id: string; left_at: string }>(
  'sessions-silent',
  (t) => `
  select id, last_heartbeat_at + make_interval(secs => $3::int) as left_at from ${t.meeting_participant_sessions}
  where meeting_id = $1::uuid and left_at is null
    and last_heartbeat_at < $2::timestamptz - make_interval(secs => $3::int)
  order by id`,
  { prepare: false },
);

/**
 * Ends sessions that sent a heartbeat once and then stopped, at the last one plus the grace. Sessions that never sent any
 * belong to hosts that do not use heartbeats: they stay.
 * @returns how many people are gone
 */
export async function closeSilentSessions(kernel: Kernel, call: Call, signal: AbortSignal): Promise<number> {
  const grace = kernel.ports.rules.heartbeatGraceSeconds;
  const meetings = await kernel.read(call, (work) =>
    work.run(meetingsWithSilence, [work.clockParameter, grace, sweepBatch]),
  );
  return sweep(meetings, signal, ({ meeting_id: meetingId }) =>
    kernel.run(call, async (work) => {
      const { now } = await kernel.enter(work, meetingId);
      await work.run(lockPresent, [meetingId]);
      const silent = await work.run(silentSessions, [meetingId, now, grace]);
      if (silent.length === 0) return 0;
      const closing = silent.map(({ id, left_at: leftAt }) => ({ id, leftAt, reason: 'timed-out' as const }));
      const left = (await endSessions(work, meetingId, closing)).filter((person) => !person.still_present);
      for (const { auth_user_id: userId } of left)
        work.emit(participantEvents, 'participant.left', meetingStream(meetingId), { userId, reason: 'timed-out' });
      return left.length;
    }),
  );
}
