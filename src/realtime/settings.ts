/** Numbers of the live streams. */
export interface RealtimeSettings {
  /** Milliseconds between two looks at the log for events that no hint has told of. */
  readonly headCheckMs: number;
  /** Bytes waiting for one connection above which it is given no more until they have drained. */
  readonly highWaterBytes: number;
  /** Bytes waiting at which it is given more again; above it, what is said in passing is left out. */
  readonly lowWaterBytes: number;
  /** Events that a connection may be behind. */
  readonly maxLagEvents: number;
  /** Milliseconds for which a connection may be behind without reading. */
  readonly maxLagMs: number;
  /** Events that are sent one by one to whoever comes back; who has missed more begins anew. */
  readonly recoverMax: number;
}

export const defaultRealtimeSettings: RealtimeSettings = Object.freeze({
  headCheckMs: 1_000,
  highWaterBytes: 262_144,
  lowWaterBytes: 16_384,
  maxLagEvents: 5_000,
  maxLagMs: 30_000,
  recoverMax: 5_000,
});
