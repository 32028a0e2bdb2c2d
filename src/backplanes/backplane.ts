import type { Audience, StreamRef } from '../core/event.ts';

/** What one process tells the others. */
export type Hint =
  /** There are events in a stream, up to this number at least. */
  | { readonly kind: 'wake'; readonly stream: StreamRef; readonly seq: number }
  /** Something said in passing. */
  | {
      readonly kind: 'signal' | 'state';
      readonly stream: StreamRef;
      readonly from: string;
      readonly type: string;
      readonly data: unknown;
      readonly audience: Audience;
    }
  /** Somebody new wants to know the states that hold in a stream. */
  | { readonly kind: 'states-wanted'; readonly stream: StreamRef };

/** Who hears the other processes. */
export interface BackplaneListener {
  hint(hint: Hint): void;
  /** The connection was away: whatever was said meanwhile is lost, and has to be looked for in the log. */
  gap(): void;
}

/**
 * The port between processes. A hint may be lost, doubled, late, or out of order, and may come back to its sender: the log is what is
 * true, and a hint only makes it known sooner.
 */
export interface Backplane {
  /** Version of this contract. An adapter written for another is refused when the service is opened. */
  readonly specVersion: 1;
  /** Rejects where the settings are wrong; a network that is away is waited for, and told of by `health`. */
  start(listener: BackplaneListener): Promise<void>;
  /** Never throws, never waits: what cannot be sent soon is dropped and counted. */
  publish(hints: readonly Hint[]): void;
  health(): { readonly connected: boolean; readonly dropped: number; readonly queued: number };
  stop(): Promise<void>;
}
