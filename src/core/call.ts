import type { Principal } from './actor.ts';
import type { HostTransaction } from './database.ts';

/** Everything about one call but its input: who makes it, inside which transaction, and how it may be repeated. */
export interface Call {
  readonly principal: Principal;
  readonly host: HostTransaction | null;
  readonly signal: AbortSignal | null;
  /** At most 255 characters; the same key and input give the same answer for 24 hours. */
  readonly idempotencyKey: string | null;
}
