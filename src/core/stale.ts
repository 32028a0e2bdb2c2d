import type { z } from 'zod';
import type { Call } from './call.ts';
import { MeetingError } from './errors.ts';
import type { Kernel } from './kernel.ts';
import type { Work } from './work.ts';

/** What a statement says of itself that may have read something before it waited for a lock. */
export interface MayBeStale {
  /** Something that the decision rests on changed during the wait: nothing was done. */
  readonly stale: boolean;
}

/**
 * Repeats a statement that found its grounds changed while it waited. In a transaction once is enough: the lock is held by then.
 * Alone it might be overtaken again and again, so that is not tried.
 * @returns null when there is no transaction to hold the lock meanwhile: see {@link writeCurrent}
 */
export async function current<Row extends MayBeStale>(work: Work, attempt: () => Promise<Row>): Promise<Row | null> {
  const row = await attempt();
  if (!row.stale) return row;
  if (!work.inTransaction) return null;
  const again = await attempt();
  if (again.stale) throw new MeetingError('INTERNAL', 'The meeting changed under its own lock, or has no Host.');
  return again;
}

/**
 * A write in one statement if that will do, else all over again in a transaction.
 * @param body answers null when it needs the transaction, as {@link current} does
 */
export async function writeCurrent<T>(
  kernel: Kernel,
  call: Call,
  command: { operation: string; input: unknown; output: z.ZodType<T> },
  body: (work: Work) => Promise<T | null>,
): Promise<T> {
  const { operation, input } = command;
  const nullable = {
    operation,
    input,
    // Only a key has use for it, and to make it takes longer than all the rest.
    get output() {
      return command.output.nullable();
    },
  };
  const done =
    (await kernel.write(call, nullable, body, { singleStatement: true })) ?? (await kernel.write(call, nullable, body));
  if (done === null) throw new MeetingError('INTERNAL', 'What was asked was neither done nor refused.');
  return done;
}
