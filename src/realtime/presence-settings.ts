/** Numbers of how long presence outlives a connection, or a process. */
export interface PresenceSettings {
  /** Milliseconds between two signs of life of this process. */
  readonly beatMs: number;
  /** Milliseconds without one after which the process counts as lost. Three beats at least: one or two may fail. */
  readonly leaseMs: number;
  /** Milliseconds that a person whose connection closed may take to come back before they have left. */
  readonly leaveGraceMs: number;
}

export const defaultPresenceSettings: PresenceSettings = Object.freeze({
  beatMs: 5_000,
  leaseMs: 15_000,
  leaveGraceMs: 15_000,
});
