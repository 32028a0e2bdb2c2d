/** Tells the time. Tests and replays give their own; without one the database's clock decides what is written. */
export interface Clock {
  now(): Date;
}

/** The clock of this process. */
export const systemClock: Clock = Object.freeze({ now: () => new Date() });
