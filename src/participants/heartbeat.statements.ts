import { type Statement, statement } from '../core/statement.ts';

/**
 * Marks a person's open sessions alive; a row for each. An open session says that its person may: whatever takes the right away,
 * removal or the end, closes it. No lock but those of the sessions themselves: one that is being closed meanwhile is found
 * closed. Parameters: 1 meeting, 2 user, 3 now.
 */
const heartbeat = (name: string, and: string): Statement<{ alive: number }> =>
  statement<{ alive: number }>(
    name,
    (t) => `
  update ${t.meeting_participant_sessions} s
  set last_heartbeat_at = greatest(coalesce($3::timestamptz, date_trunc('milliseconds', clock_timestamp())), s.joined_at)
  where s.meeting_id = $1::uuid and s.auth_user_id = $2::uuid and s.left_at is null ${and}
  returning 1 as alive`,
  );

/** Of all connections. */
export const heartbeatOfAll = heartbeat('participant-heartbeat', '');

/** Of one connection: parameter 4. */
export const heartbeatOfOne = heartbeat('participant-heartbeat-one', 'and s.connection_id = $4::text');
