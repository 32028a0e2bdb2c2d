import { MeetingError } from '../core/errors.ts';
import { invalid } from '../core/validate.ts';

/** A stay as another system observed it. */
export interface ObservedStay {
  readonly joinedAt: Date;
  /** Null while it goes on. */
  readonly leftAt: Date | null;
}

export interface StayBounds {
  readonly now: Date;
  /** A meeting that has stays has begun. */
  readonly actualStartTime: Date;
  /** Null while the meeting runs. */
  readonly actualEndTime: Date | null;
  /** Null for whoever has not been removed. */
  readonly removedAt: Date | null;
}

/** Cuts off what cannot have been: what lies ahead, because the observer's clock is fast, and what came after a removal. */
export function boundedStay({ joinedAt, leftAt }: ObservedStay, { now, removedAt }: StayBounds): ObservedStay {
  const last = earliest(leftAt, removedAt);
  return { joinedAt: earliest(joinedAt, now) ?? joinedAt, leftAt: last === null ? null : earliest(last, now) };
}

/**
 * A stay has a part in the meeting, and one that goes on belongs to a meeting that does.
 * @returns the error to throw, or null
 */
export function checkStay(
  stay: ObservedStay,
  { actualStartTime, actualEndTime, removedAt }: StayBounds,
): MeetingError | null {
  if (actualEndTime !== null && stay.leftAt === null)
    return invalid([{ path: 'leftAt', message: 'is required once the meeting is over' }]);
  if (actualEndTime !== null && stay.joinedAt >= actualEndTime)
    return invalid([{ path: 'joinedAt', message: 'must lie before the end of the meeting' }]);
  if (removedAt !== null && stay.joinedAt >= removedAt)
    return new MeetingError('CONFLICT', 'The person was removed before this stay; invite them again first.');
  if (stay.leftAt !== null && stay.leftAt <= actualStartTime)
    return invalid([{ path: 'leftAt', message: 'must lie after the start of the meeting' }]);
  return null;
}

function earliest(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}
