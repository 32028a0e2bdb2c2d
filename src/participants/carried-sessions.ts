import { person } from '../core/actor.ts';
import type { Call } from '../core/call.ts';
import type { SessionLeftReason } from '../core/enums.ts';
import { isMeetingError } from '../core/errors.ts';
import { meetingStream } from '../core/event.ts';
import type { Kernel } from '../core/kernel.ts';
import type { Work } from '../core/work.ts';
import {
  type CarriedRow,
  lockPeople,
  moveSessions,
  sessionsLost,
  sessionsOfConnections,
  sessionsOfNode,
  storedPassword,
} from './carried-sessions.statements.ts';
import { endSessions } from './closing.ts';
import { participantEvents } from './participant.events.ts';
import { Presence } from './presence.ts';

/** A connection as sessions name it: only together with its person, because a client may have made up the name. */
export interface NamedConnection {
  readonly userId: string;
  readonly connectionId: string;
}

/** A node whose lease ran out. */
export interface LostNode {
  readonly id: string;
  /** Its last sign of life. */
  readonly beatAt: string;
}

/** A node, before and after it had to take another id. */
export interface RenamedNode {
  readonly former: string;
  readonly current: string;
}

/**
 * Ends what a lost node carried in a meeting, at its last sign of life.
 * @returns how many people are gone
 */
export function endWithNode(
  kernel: Kernel,
  call: Call,
  meetingId: string,
  node: LostNode,
  people: readonly string[],
): Promise<number> {
  return end(kernel, call, meetingId, people, 'node-lost', (work, now) =>
    work.run(sessionsOfNode, [meetingId, node.id, people, node.beatAt, now]),
  );
}

/**
 * Lets connections of a node leave a meeting now, those that are not open anywhere else.
 * @returns how many people are gone
 */
export function endWithConnections(
  kernel: Kernel,
  call: Call,
  meetingId: string,
  nodeId: string,
  gone: readonly NamedConnection[],
): Promise<number> {
  const { people, connections } = columnsOf(gone);
  return end(kernel, call, meetingId, [...new Set(people)], 'left', (work, now) =>
    work.run(sessionsOfConnections, [meetingId, nodeId, people, connections, now]),
  );
}

async function end(
  kernel: Kernel,
  call: Call,
  meetingId: string,
  people: readonly string[],
  reason: Extract<SessionLeftReason, 'left' | 'node-lost'>,
  sessions: (work: Work, now: Date) => Promise<readonly CarriedRow[]>,
): Promise<number> {
  return kernel.run(call, async (work) => {
    const { now } = await kernel.enter(work, meetingId);
    await work.run(lockPeople, [meetingId, people]);
    const closing = (await sessions(work, now)).map(({ id, left_at: leftAt }) => ({ id, leftAt, reason }));
    const left = (await endSessions(work, meetingId, closing)).filter((one) => !one.still_present);
    for (const { auth_user_id: userId } of left)
      work.emit(
        participantEvents,
        'participant.left',
        meetingStream(meetingId),
        { userId, reason },
        { actorId: reason === 'left' ? userId : null },
      );
    return left.length;
  });
}

/**
 * Takes the sessions of open connections over from what the node was called before, as far as nobody has ended them.
 * @returns the connections whose session was ended, with nothing since: see {@link joinAgain}
 */
export async function followNode(
  kernel: Kernel,
  call: Call,
  meetingId: string,
  { former, current }: RenamedNode,
  open: readonly NamedConnection[],
): Promise<readonly NamedConnection[]> {
  const { people, connections } = columnsOf(open);
  const parameters = [meetingId, former, current, people, connections];
  const lost = await kernel.run(call, async (work) => {
    await kernel.enter(work, meetingId);
    await work.run(moveSessions, parameters);
    return work.run(sessionsLost, parameters);
  });
  return lost.map(({ auth_user_id: userId, connection_id: connectionId }) => ({ userId, connectionId }));
}

/**
 * Joins with a connection that never knew it was gone, as its person would: the others were told that they left, and are told that they are
 * back. Where they may not come in any more, they stay away.
 * @returns whether they are in
 */
export async function joinAgain(
  kernel: Kernel,
  meetingId: string,
  { userId, connectionId }: NamedConnection,
): Promise<boolean> {
  const call: Call = { principal: person({ userId }), host: null, signal: null, idempotencyKey: null };
  const presence = new Presence(kernel, call);
  const [meeting] = await kernel.read(call, (work) => work.run(storedPassword, [meetingId]));
  const join = (work: Work) => presence.join(work, meetingId, { connectionId }, meeting?.meeting_password ?? null);
  try {
    return ((await kernel.run(call, join, { singleStatement: true })) ?? (await kernel.run(call, join))) !== null;
  } catch (error) {
    if (isMeetingError(error) && !error.retryable) return false;
    throw error;
  }
}

function columnsOf(named: readonly NamedConnection[]): { people: string[]; connections: string[] } {
  return {
    people: named.map(({ userId }) => userId),
    connections: named.map(({ connectionId }) => connectionId),
  };
}
