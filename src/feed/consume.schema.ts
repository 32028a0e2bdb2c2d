import { z } from 'zod';
import { boundedArray, id, instant, int32, label, strict } from '../core/schema.ts';

const milliseconds = (max: number) => int32(1, max);
const hour = 3_600_000;

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'must be 1 to 100 letters, digits, dots, dashes and underscores');

/** How a consumer reads the log. */
export const consumeInput = strict({
  /** Events of other types are passed over. @default all */
  types: boundedArray(label(100), 200, 1).optional(),
  /** How many events the handler gets at most at once, 1 to 1000. @default 100 */
  batchSize: int32(1, 1_000).default(100),
  /** How often an event is tried before it counts as poison, 1 to 100. @default 10 */
  maxAttempts: int32(1, 100).default(10),
  /** What becomes of poison: set aside, so that the others go on, or everything stands still until `resume`. @default 'park' */
  onPoison: z.enum(['park', 'halt']).default('park'),
  /** Where a name that was never used begins: with what is committed from here on, or with the first event there is. @default 'now' */
  from: z.enum(['now', 'beginning']).default('now'),
  /** Milliseconds between two looks at the log when nothing wakes the consumer. @default 1000 */
  pollMs: milliseconds(hour).default(1_000),
  /** Milliseconds after which another process takes over from one that is gone. @default 15000 */
  leaseMs: int32(100, hour).default(15_000),
  /** Upper bound of the wait after the first failure, in milliseconds; it doubles with each further one. @default 1000 */
  retryMs: milliseconds(hour).default(1_000),
  /** Most that is waited between two attempts, in milliseconds. @default 300000 */
  maxRetryMs: milliseconds(24 * hour).default(300_000),
});

/** What `consume` may be told besides the name and the handler. */
export type ConsumeOptions = z.input<typeof consumeInput>;
export type ConsumeSettings = z.output<typeof consumeInput>;

export const consumerName = strict({
  name,
  handler: z.custom((value) => typeof value === 'function', 'must be a function'),
});

/** What is to be handled again. */
export const replayInput = z.union([
  boundedArray(id, 1_000, 1),
  z.literal('parked'),
  strict({ from: z.union([z.literal('beginning'), instant]) }),
]);

/** Parked events by their ids, all of them (`'parked'`), or everything since an instant (a text is ISO 8601) or `'beginning'`. */
export type ReplayInput = readonly string[] | 'parked' | { readonly from: Date | string };

export const stopInput = strict({
  /** Milliseconds to wait for the handler. @default 5000 */
  graceMs: int32(0, hour).default(5_000),
});
