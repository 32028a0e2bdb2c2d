import { AsyncLocalStorage } from 'node:async_hooks';
import { MeetingError } from './errors.ts';

interface Turn {
  /** Null once the turn has ended: what was begun in it and goes on may call again. */
  connection: object | null;
  readonly outer: Turn | undefined;
}

const held = new AsyncLocalStorage<Turn>();
/** The last turn on each connection, whichever service took it. */
const last = new WeakMap<object, Promise<unknown>>();

/**
 * One call after another: on one connection, the savepoints of two at once would undo each other.
 * @throws MeetingError CONFLICT when the turn is wanted from within: a port that calls back would wait for the call that waits
 * for the port
 */
export async function inTurn<T>(connection: object, work: () => Promise<T>): Promise<T> {
  const outer = held.getStore();
  if (isHeld(connection, outer)) throw calledBack();
  const take = async () => {
    const turn: Turn = { connection, outer };
    try {
      return await held.run(turn, work);
    } finally {
      turn.connection = null;
    }
  };
  const turn = (last.get(connection) ?? Promise.resolve()).then(take, take);
  last.set(connection, turn);
  return turn;
}

function isHeld(connection: object, turn: Turn | undefined): boolean {
  return turn !== undefined && (turn.connection === connection || isHeld(connection, turn.outer));
}

function calledBack(): MeetingError {
  return new MeetingError(
    'CONFLICT',
    'The call that is waiting for this port stands in the same transaction; let the port answer without calling back into it.',
  );
}
