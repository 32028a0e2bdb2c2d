import { toMeetingError } from '../core/driver-error.ts';
import { MeetingError } from '../core/errors.ts';
import type { StreamEvent } from '../core/event.ts';
import type { Logger } from '../core/logger.ts';
import type { methods } from '../core/permission-methods.ts';
import type { Rooms } from '../rooms.ts';
import type { Answers } from './answers.ts';
import type { Frame } from './frame.ts';
import type { CommandMessage } from './message.schema.ts';

/** What comes over a connection is what people do while they are in a meeting; everything else has time for a request of its own. */
export const commands = {
  'participants.join': 2,
  'participants.leave': 2,
  'participants.heartbeat': 2,
  'participants.raiseHand': 1,
  'participants.lowerHand': 1,
  'participants.setMedia': 2,
  'participants.reportIssue': 2,
  'chat.send': 2,
  'chat.edit': 2,
  'chat.delete': 1,
  'chat.markRead': 2,
  'polls.vote': 2,
  'polls.retract': 1,
  'screenShare.start': 1,
  'screenShare.stop': 1,
} as const satisfies Partial<Record<keyof typeof methods, number>>;
type CommandName = keyof typeof commands;

/**
 * Done by nature once, however often it is sent. With a key it would be another call when it is sent again over the next connection,
 * because it names that one.
 */
export const joining: CommandName = 'participants.join';

/** Whose command it is. */
export interface Commander {
  readonly userId: string;
  readonly connectionId: string;
}

export interface CommandPorts {
  /** The rooms as this person has them, for one call. */
  readonly rooms: (
    userId: string,
    call: { readonly idempotencyKey: string | null; readonly observe: (events: readonly StreamEvent[]) => void },
  ) => Rooms;
  readonly answers: Answers;
  readonly logger: Logger;
}

/** Does what a command asks for, once under its id, and words the answer. Never throws. */
export async function perform(command: CommandMessage, by: Commander, ports: CommandPorts): Promise<Frame> {
  const { id, operation } = command;
  try {
    if (!isCommand(operation))
      throw new MeetingError('VALIDATION', 'operation must be one that can be called over a connection.', {
        details: { fields: [{ path: 'operation', message: 'must be one that can be called over a connection' }] },
      });
    const input = inputOf(command, operation, by);
    let seq: number | null = null;
    const observe = (events: readonly StreamEvent[]) => {
      for (const event of events) if (event.stream.kind === 'meeting') seq = event.seq;
    };
    const rooms = ports.rooms(by.userId, { idempotencyKey: operation === joining ? null : id, observe });
    const result = await call(rooms, operation, input);
    // A repeat brings about nothing: what it is answered is what the first one was.
    return { kind: 'done', id, result: result ?? null, seq: ports.answers.same(by.userId, id, seq) };
  } catch (error) {
    const { code, message, details } = toMeetingError(error);
    if (code === 'INTERNAL') ports.logger.error('a command failed', { operation, error });
    return { kind: 'failed', id, code, message, details };
  }
}

function isCommand(operation: string): operation is CommandName {
  return Object.hasOwn(commands, operation);
}

function inputOf({ input }: CommandMessage, operation: CommandName, { connectionId }: Commander): unknown[] {
  const most = commands[operation];
  if (input.length > most) {
    const fields = [{ path: 'input', message: `must have at most ${most} items` }];
    throw new MeetingError('VALIDATION', `input must have at most ${most} items.`, { details: { fields } });
  }
  const given = input.map((item) => item ?? undefined); // so does what is left out travel in a list
  if (operation !== joining) return given;
  const [meetingId, how = {}] = given;
  return [meetingId, typeof how === 'object' && !Array.isArray(how) ? { connectionId, ...how } : how];
}

/** The inputs come from outside, and every method checks its own. */
function call(rooms: Rooms, operation: CommandName, input: readonly unknown[]): unknown {
  const [room = '', name = ''] = operation.split('.');
  const service: unknown = Reflect.get(rooms, room);
  const method: unknown = typeof service === 'object' && service !== null ? Reflect.get(service, name) : null;
  if (typeof method !== 'function') throw new MeetingError('INTERNAL', `There is no ${operation}.`);
  return Reflect.apply(method, service, input);
}
