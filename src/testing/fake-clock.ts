import type { Clock } from '../core/clock.ts';

/** A clock that moves only when a test says so. */
export interface FakeClock extends Clock {
  /** Jumps to an instant, earlier or later. */
  set(instant: Date | string): void;
  /** Moves on by this many milliseconds; a negative number is a clock that was set back. */
  advance(milliseconds: number): void;
}

/**
 * @param start a `Date` or an ISO 8601 text; the time stands still there
 * @throws RangeError for an instant that is none, here and from its methods
 */
export function fakeClock(start: Date | string): FakeClock {
  let current = millisecondsOf(start);
  return {
    now: () => new Date(current), // a new one each time: a Date can be changed by whoever holds it
    set: (instant) => {
      current = millisecondsOf(instant);
    },
    advance: (milliseconds) => {
      current = millisecondsOf(new Date(current + milliseconds));
    },
  };
}

function millisecondsOf(instant: Date | string): number {
  const milliseconds = new Date(instant).getTime();
  if (Number.isNaN(milliseconds)) throw new RangeError('fakeClock: this is no instant.');
  return milliseconds;
}
