/** People who come, stay and go while the ground shakes, and a record of what they were told. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { isMeetingError, type MeetingErrorCode } from '../../src/core/errors.ts';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import type { Cluster } from './cluster.ts';

export const limits = { poolSize: 8, connectTimeoutMs: 2_000, queryTimeoutMs: 5_000, lockTimeoutMs: 3_000 };

/** What a caller may hear of a database in trouble. Anything else is a defect. */
const troubles: readonly MeetingErrorCode[] = ['UNAVAILABLE', 'OUTCOME_UNKNOWN', 'BUSY', 'CONFLICT', 'TIMEOUT'];

export interface OpenMeeting {
  readonly id: string;
  readonly host: string;
}

/** A running meeting that everybody may walk into. */
export async function openMeeting(service: MeetingService): Promise<OpenMeeting> {
  const host = newId();
  const { meetings, participants } = service.as({ userId: host });
  const { id } = await meetings.schedule({
    title: 'On shaking ground',
    meetingType: 'Social',
    scheduledStartTime: new Date(Date.now() + 60_000),
    scheduledEndTime: new Date(Date.now() + 3_660_000),
    settings: { openJoin: true },
  });
  await meetings.start(id);
  await participants.join(id);
  return { id, host };
}

export class Crowd {
  readonly #service: MeetingService;
  readonly #meetingId: string;
  readonly #inside = new Set<string>();
  readonly #outside = new Set<string>();
  readonly #workers: Promise<void>[] = [];
  #stopped = false;
  /** Calls that went through. */
  acknowledged = 0;
  /** How often each trouble was reported. */
  readonly heard: Partial<Record<MeetingErrorCode, number>> = {};

  constructor(service: MeetingService, meetingId: string) {
    this.#service = service;
    this.#meetingId = meetingId;
  }

  /** So many people at a time, each of whom comes, lives, and half of whom go. */
  gather(workers: number): void {
    for (let n = 0; n < workers; n++) this.#workers.push(this.#work(n % 2 === 0));
  }

  /** Resolves when everybody has heard an answer to the last call, which must not take for ever. */
  async disperse(withinMs: number): Promise<void> {
    this.#stopped = true;
    const late = pause(withinMs).then(() => {
      throw new Error(`somebody still has no answer after ${withinMs} ms`);
    });
    await Promise.race([Promise.all(this.#workers), late]);
  }

  /** Waits until so many more calls have gone through: the service goes on. */
  async goesOn(calls: number): Promise<void> {
    const goal = this.acknowledged + calls;
    await expect.poll(() => this.acknowledged, { timeout: 20_000, interval: 20 }).toBeGreaterThanOrEqual(goal);
  }

  /** Nobody who was told to be in is out, nor the other way round; the counter counts the rows. */
  async expectKept(cluster: Cluster, database: string): Promise<void> {
    const rows = await cluster.query<{ user: string; present: boolean }>(
      `select auth_user_id as user, joined_at is not null and left_at is null as present
       from convoke.meeting_participants where meeting_id = '${this.#meetingId}'`,
      database,
    );
    const present = new Map(rows.map((row) => [row.user, row.present]));
    expect([...this.#inside].filter((userId) => present.get(userId) !== true)).toEqual([]);
    expect([...this.#outside].filter((userId) => present.get(userId) !== false)).toEqual([]);
    const [meeting] = await cluster.query<{ counter: number }>(
      `select current_participants_count as counter from convoke.meetings where id = '${this.#meetingId}'`,
      database,
    );
    expect(meeting?.counter).toBe(rows.filter((row) => row.present).length);
    expect(this.#inside.size).toBeGreaterThan(0);
  }

  async #work(leaves: boolean): Promise<void> {
    while (!this.#stopped) {
      const userId = newId();
      const rooms = this.#service.as({ userId });
      // A key needs a transaction, and a connection may die inside one in more ways than under a lone statement.
      const { participants } = leaves ? rooms.with({ idempotencyKey: 'arrival' }) : rooms;
      if (!(await this.#told(participants.join(this.#meetingId)))) continue;
      this.#inside.add(userId);
      await this.#told(participants.heartbeat(this.#meetingId));
      if (!leaves) continue;
      this.#inside.delete(userId); // until there is an answer, nobody knows
      if (await this.#told(rooms.participants.leave(this.#meetingId))) this.#outside.add(userId);
    }
  }

  async #told(call: Promise<unknown>): Promise<boolean> {
    try {
      await call;
      this.acknowledged++;
      return true;
    } catch (error) {
      if (!isMeetingError(error) || !troubles.includes(error.code)) throw error;
      this.heard[error.code] = (this.heard[error.code] ?? 0) + 1;
      await pause(10);
      return false;
    }
  }
}

/** As many calls at once as there are connections, soon: no slot of the pool is lost. */
export async function expectWholePool(service: MeetingService, cluster: Cluster, database: string): Promise<void> {
  const began = performance.now();
  const sleepers = Array.from({ length: limits.poolSize }, () => service.check());
  await Promise.all(sleepers);
  expect(performance.now() - began).toBeLessThan(limits.connectTimeoutMs);
  const [row] = await cluster.query<{ n: number }>(
    `select count(*)::int as n from pg_stat_activity where application_name = 'convoke' and datname = '${database}'`,
  );
  expect(row?.n).toBeLessThanOrEqual(limits.poolSize);
}
