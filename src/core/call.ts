import type { Principal } from './actor.ts';
import type { HostTransaction } from './database.ts';
import type { StreamEvent } from './event.ts';

/** Everything about one call but its input: who makes it, inside which transaction, and how it may be repeated. */
export interface Call {
  readonly principal: Principal;
  readonly host: HostTransaction | null;
  readonly signal: AbortSignal | null;
  /** At most 255 characters; the same key and input give the same answer for 24 hours. */
  readonly idempotencyKey: string | null;
  /** Is told what the call has brought about once that is committed, before the call is answered. Not inside a host's transaction. */
  readonly observe?: (events: readonly StreamEvent[]) => void;
}
