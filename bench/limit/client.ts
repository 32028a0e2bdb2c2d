/**
 * The limit: SQL written by hand for one operation at a time, one statement and one round trip wherever that keeps the
 * promises, prepared where it touches a few rows, on `pg` and nothing else. It names the roles and states that the SDK
 * takes from its policy, and asks why only after nothing was done.
 */
import pg from 'pg';
import { poolSize, Refused } from '../operations.ts';

/** What a row of parameters may hold. */
export type Value = string | number | boolean | Date | null | readonly string[];

export class LimitClient {
  readonly pool: pg.Pool;

  constructor(url: string) {
    this.pool = new pg.Pool({ connectionString: url, max: poolSize, idleTimeoutMillis: 0 });
  }

  /** One prepared statement: for a few rows found by their keys. */
  async named<Row extends pg.QueryResultRow>(name: string, text: string, values: readonly Value[]): Promise<Row[]> {
    const { rows } = await this.pool.query<Row>({ name, text, values: [...values] });
    return rows;
  }

  /** One statement planned for its parameters: for sets. */
  async planned<Row extends pg.QueryResultRow>(text: string, values: readonly Value[]): Promise<Row[]> {
    const { rows } = await this.pool.query<Row>(text, [...values]);
    return rows;
  }

  /** Several statements in a transaction. */
  async transaction<T>(body: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    try {
      await client.query('begin');
      const result = await body(client);
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  }

  /** Says why an operation found nothing to do, in the order in which every implementation says it. */
  async refuse(
    meetingId: string,
    userId: string,
    needs: { readonly roles?: readonly string[]; readonly states: readonly string[]; readonly otherwise: string },
  ): Promise<never> {
    const [found] = await this.planned<{ status: string; role: string | null; removed: boolean }>(
      `select m.status, p.role, p.removed_at is not null as removed from convoke.meetings m
       left join convoke.meeting_participants p on p.meeting_id = m.id and p.auth_user_id = $2
       where m.id = $1`,
      [meetingId, userId],
    );
    if (found === undefined || found.role === null || found.removed) throw new Refused('NOT_FOUND');
    if (needs.roles?.includes(found.role) === false) throw new Refused('FORBIDDEN');
    if (!needs.states.includes(found.status)) throw new Refused('INVALID_TRANSITION');
    throw new Refused(needs.otherwise);
  }
}

/** The hidden template row of a series is no meeting anybody can enter. */
export const isMeeting = 'not (m.series_id is not null and m.original_start_local is null and m.is_recurring)';
export const clock = `date_trunc('milliseconds', clock_timestamp())`;
export const participantColumns = [
  ...['id', 'meeting_id', 'auth_user_id', 'role', 'status', 'invited_at', 'joined_at', 'left_at'],
  ...['total_duration_minutes', 'is_presenter', 'can_share_screen', 'can_use_chat'],
]
  .map((column) => `p.${column}`)
  .join(', ');

/**
 * The CTEs `head` and `announced`: one event for everybody in the meeting, from a CTE `source (meeting_id, now)` of one row or
 * none. Locking the head gives gap-free numbers in the order of the commits, so it comes last.
 */
export function announce(source: string, type: string, data: string, eventId: string): string {
  return `
  head as (
    insert into convoke.meeting_event_heads as h (stream_kind, stream_id, seq, public_seq)
    select 0, s.meeting_id, 1, 1 from ${source} s
    on conflict (stream_kind, stream_id) do update
    set seq = h.seq + 1, public_seq = h.seq + 1, public_prev = h.public_seq, hosts_prev = h.hosts_seq
    returning h.stream_id, h.seq, h.public_prev),
  announced as (
    insert into convoke.meeting_events (stream_kind, stream_id, seq, id, prev, type, occurred_at, audience, actor_id, data)
    select 0, h.stream_id, h.seq, ${eventId}, h.public_prev, '${type}', s.now, 'all', $2, ${data}
    from head h cross join ${source} s)`;
}
