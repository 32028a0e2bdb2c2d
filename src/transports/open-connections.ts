import { within } from '../core/within.ts';

/**
 * Waits until all of them are closed, but not for ever.
 * @param watch calls `closed` once a connection is
 */
export async function closeAll<Each>(
  graceMs: number,
  connections: Iterable<Each>,
  watch: (connection: Each, closed: () => void) => void,
): Promise<void> {
  const closing = [...connections].map((connection) => new Promise<void>((resolve) => watch(connection, resolve)));
  await within(graceMs, Promise.all(closing));
}
