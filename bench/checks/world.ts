/** Small meetings to check implementations in, and ways to look at what they did. */
import assert from 'node:assert/strict';
import type pg from 'pg';
import { make } from '../database/fill.ts';
import { idOf, perMeeting, personOf } from '../database/ids.ts';
import { type MeetingBatch, meetingBatch } from '../database/meetings.ts';
import type { Operations } from '../operations.ts';

export interface SmallMeeting {
  readonly id: string;
  readonly host: string;
  /** Besides the Host. */
  readonly people: readonly string[];
  readonly poll: string;
}

export interface StoredEvent {
  readonly seq: number;
  readonly prev: number;
  readonly type: string;
  readonly audience: string;
  readonly audience_users: string[] | null;
  readonly actor_id: string | null;
  readonly data: Record<string, unknown>;
}

/** A place that exists in no meeting. */
export const nobody = '5ca1ab1e-0000-4000-8000-000000000001';
export const nowhere = '5ca1ab1e-0000-4000-8000-000000000002';

export class World {
  readonly #admin: pg.Client;
  #next = 1;

  constructor(admin: pg.Client) {
    this.#admin = admin;
  }

  async meeting(of: Partial<MeetingBatch> = {}): Promise<SmallMeeting> {
    // Nobody is in two meetings, so that everybody's own stream begins with the meeting.
    const batch = meetingBatch({ first: this.#next++ * 10, count: 1, users: 1_000_000_007, ...of });
    await make(this.#admin, batch);
    const person = (place: number) => personOf(batch.first, place, batch.users);
    return {
      id: idOf('meeting', batch.first),
      host: person(0),
      people: Array.from({ length: batch.people }, (_, index) => person(index + 1)),
      poll: idOf('poll', batch.first * perMeeting),
    };
  }

  async rows<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.#admin.query<Row>(text, [...values])).rows;
  }

  async row<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row> {
    const rows = await this.rows<Row>(text, values);
    const [row] = rows;
    assert.ok(row !== undefined && rows.length === 1, `one row expected, ${rows.length} found: ${text}`);
    return row;
  }

  async count(table: string, condition: string, values: readonly unknown[]): Promise<number> {
    const { n } = await this.row<{ n: number }>(`select count(*)::int as n from ${table} where ${condition}`, values);
    return n;
  }

  participant(meeting: SmallMeeting, userId: string): Promise<Record<string, unknown>> {
    return this.row('select * from meeting_participants where meeting_id = $1 and auth_user_id = $2', [
      meeting.id,
      userId,
    ]);
  }

  async presentIn(meeting: SmallMeeting): Promise<number> {
    const { n } = await this.row<{ n: number }>('select current_participants_count as n from meetings where id = $1', [
      meeting.id,
    ]);
    const open = await this.count('meeting_participant_sessions', 'meeting_id = $1 and left_at is null', [meeting.id]);
    assert.equal(n, open, 'the counter is the number of people with an open session');
    return n;
  }

  async set(table: string, change: string, condition: string, values: readonly unknown[]): Promise<void> {
    await this.#admin.query(`update ${table} set ${change} where ${condition}`, [...values]);
  }

  /** What a stream tells since the meeting was scheduled, proved to be numbered without a gap and to agree with its head. */
  async told(kind: 'meeting' | 'user', id: string): Promise<StoredEvent[]> {
    const key = [kind === 'meeting' ? 0 : 1, id];
    const events = await this.rows<StoredEvent>(
      `select seq::int, prev::int, type, audience, audience_users, actor_id, data from meeting_events
       where stream_kind = $1 and stream_id = $2 order by seq`,
      key,
    );
    const [head] = await this.rows<{ seq: number; all: number; hosts: number }>(
      `select seq::int, public_seq::int as all, hosts_seq::int as hosts from meeting_event_heads
       where stream_kind = $1 and stream_id = $2`,
      key,
    );
    assert.deepEqual(
      events.map(({ seq }) => seq),
      events.map((_, index) => index + 1),
      'events are numbered without a gap',
    );
    assert.equal(head?.seq ?? 0, events.length, 'the head is where the stream ends');
    const lanes = { all: 0, hosts: 0, users: 0 } as Record<string, number>;
    for (const { seq, prev, audience } of events) {
      const before = kind === 'user' ? seq - 1 : audience === 'users' ? 0 : lanes[audience];
      assert.equal(prev, before, `event ${seq} names the one before it that the same people may see`);
      lanes[audience] = seq;
    }
    assert.deepEqual([head?.all ?? 0, head?.hosts ?? 0], [lanes['all'], lanes['hosts']], 'the head knows its lanes');
    return kind === 'meeting' ? events.slice(1) : events;
  }
}

export interface Check {
  readonly about: string;
  run(operations: Operations, world: World): Promise<void>;
}

/** Refused with this code, by whatever class of error. */
export async function refuses(code: string, call: Promise<unknown>): Promise<void> {
  const outcome = await call.then(
    () => 'success',
    (error: unknown) =>
      typeof error === 'object' && error !== null && 'code' in error
        ? String(error.code)
        : `an untyped error: ${String(error)}`,
  );
  assert.equal(outcome, code);
}

/** How many of the calls went through; the others were refused with this code. */
export async function succeeded(calls: readonly Promise<unknown>[], code: string): Promise<number> {
  const outcomes = await Promise.allSettled(calls);
  const failures = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [Promise.reject(outcome.reason as Error)] : [],
  );
  for (const failure of failures) await refuses(code, failure);
  return outcomes.length - failures.length;
}

/** The same few facts of each event, for comparing. */
export function heard(
  events: readonly StoredEvent[],
): [type: string, audience: string, actor: string | null, data: unknown][] {
  return events.map(({ type, audience, actor_id: actor, data }) => [type, audience, actor, data]);
}
