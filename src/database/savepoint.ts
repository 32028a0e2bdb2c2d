import type { ControlledTransaction } from 'kysely';

/** Not one of the ORM's, which names its own by depth: through two entity managers of one transaction, one name would mean two. */
const name = 'convoke';

/** Does the work under a savepoint and leaves none behind. On one connection, one at a time. */
export async function underSavepoint<T>(
  transaction: ControlledTransaction<unknown>,
  work: (savepoint: ControlledTransaction<unknown>) => Promise<T>,
): Promise<T> {
  const savepoint = await transaction.savepoint(name).execute();
  try {
    const result = await work(savepoint);
    await savepoint.releaseSavepoint(name).execute();
    return result;
  } catch (error) {
    // Where the connection is lost this fails too, and that it was lost is what matters.
    await undo(savepoint).catch(() => {});
    throw error;
  }
}

async function undo(savepoint: ControlledTransaction<unknown, [typeof name]>): Promise<void> {
  await savepoint.rollbackToSavepoint(name).execute();
  await savepoint.releaseSavepoint(name).execute();
}

/** The one connection beneath a transaction and all savepoints in it, whichever entity manager they are reached by. */
export function connectionOf(transaction: ControlledTransaction<unknown>): Promise<object> {
  return transaction.getExecutor().provideConnection((connection) => Promise.resolve(connection));
}
