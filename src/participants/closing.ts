import type { SessionLeftReason } from '../core/enums.ts';
import { meetingStream } from '../core/event.ts';
import type { Work } from '../core/work.ts';
import { screenShareEvents } from '../screen-share/index.ts';
import { type ClosedRow, closeSessions } from './closing.statements.ts';

/** An open session, and how it ends. */
export interface Closing {
  readonly id: string;
  readonly leftAt: Date | string;
  readonly reason: SessionLeftReason;
}

/**
 * Closes open sessions of a locked meeting, and tells of the shares that ended with them. That somebody is gone is for the caller to
 * tell, who knows what became of them.
 */
export async function endSessions(
  work: Work,
  meetingId: string,
  closing: readonly Closing[],
): Promise<readonly ClosedRow[]> {
  if (closing.length === 0) return [];
  const closed = await work.run(closeSessions, [meetingId, JSON.stringify(closing)]);
  for (const { auth_user_id: userId, was_sharing: wasSharing, left_reason: reason } of closed)
    if (wasSharing) work.emit(screenShareEvents, 'screen-share.stopped', meetingStream(meetingId), { userId, reason });
  return closed;
}
