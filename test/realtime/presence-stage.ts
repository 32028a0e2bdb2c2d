/** A running meeting, processes around it, and people who join it over connections. */
import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { type Arena, test as base } from '../races/arena.ts';
import { eventually } from './nodes.ts';
import { comings, openProcess, type Process, type ProcessOptions, sessionsOf } from './processes.ts';

export const joined = 'participant.joined';
export const left = 'participant.left left';
export const lost = 'participant.left node-lost';

export interface Guest {
  readonly userId: string;
  readonly connectionId: string;
}

/** Somebody whose connection has joined. */
export interface Arrived extends Guest {
  close(): void;
}

export function guest(): Guest {
  return { userId: newId(), connectionId: newId() };
}

export interface Stage {
  readonly id: string;
  readonly host: string;
  readonly process: (options?: ProcessOptions) => Promise<Process>;
  /** Connects to a process and joins with that connection. */
  readonly comes: (process: Process, guest?: Guest, meetingId?: string) => Promise<Arrived>;
  /** What the meeting's stream says of their coming and going. */
  readonly told: (guest: Guest) => Promise<unknown[]>;
  /** Until they are told to have left. */
  readonly gone: (guest: Guest) => Promise<void>;
  readonly sessions: (guest: Guest) => ReturnType<typeof sessionsOf>;
  /** The ids of the processes that are known to the database. */
  readonly nodes: () => Promise<string[]>;
}

/** `test` with a stage; its processes are closed after each test, and whatever died in it is forgotten. */
export const test = base.extend<{ stage: Stage }>({
  stage: async ({ arena, url }, use) => {
    const { id, host } = await arena.room({ started: true, settings: { openJoin: true } });
    const processes: Process[] = [];
    const told = ({ userId }: Guest) => comings(arena, id, userId);
    await use({
      ...{ id, host, told },
      async process(options) {
        const process = await openProcess(url, options);
        processes.push(process);
        return process;
      },
      comes: (process, one = guest(), meetingId = id) => arrive(process, one, meetingId),
      gone: (one) => eventually(async () => expect(await told(one)).toContain(left)),
      sessions: ({ userId }) => sessionsOf(arena, id, userId),
      nodes: () => nodesOf(arena),
    });
    for (const process of processes) await process.close();
    await arena.sql('delete from convoke.meeting_realtime_nodes');
  },
});

/** Somebody connects to a process and joins a meeting with that connection. */
export async function arrive(process: Process, { userId, connectionId }: Guest, meetingId: string): Promise<Arrived> {
  const open = process.connections.opened(connectionId, userId);
  await process.as(userId).participants.join(meetingId, { connectionId });
  await open.joined();
  return { userId, connectionId, close: () => open.closed() };
}

async function nodesOf({ sql }: Arena): Promise<string[]> {
  const rows = await sql<{ id: string }>('select id from convoke.meeting_realtime_nodes order by id');
  return rows.map(({ id }) => id);
}
