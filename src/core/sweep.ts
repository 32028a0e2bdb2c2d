/**
 * Deals with what a background sweep has found, one after another. One that fails keeps none of the others waiting; the sweep as
 * a whole then fails, so that somebody hears of it.
 * @returns the sum of what `act` did
 * @throws AggregateError with what went wrong, after everything was tried
 */
export async function sweep<Item>(
  items: readonly Item[],
  signal: AbortSignal,
  act: (item: Item) => Promise<number>,
): Promise<number> {
  let done = 0;
  const failures: unknown[] = [];
  for (const item of items) {
    if (signal.aborted) break;
    try {
      done += await act(item);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} of ${items.length} could not be dealt with`);
  return done;
}
