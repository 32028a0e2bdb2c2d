import { statement } from '../core/statement.ts';
import { hostSource } from './join.statements.ts';

/*
 * Sessions that join with the name of a connection are carried by it, and by the process that holds it. Every statement here comes
 * after the lock of the meeting; those that end sessions, after the locks of their people.
 */

/** Locks people, in the order of their ids, as everybody does: 1 meeting, 2 people. */
export const lockPeople = statement<{ id: string }>(
  'participants-lock-these',
  (t) => `
  select id from ${t.meeting_participants}
  where meeting_id = $1::uuid and auth_user_id = any($2::uuid[])
  order by id for no key update`,
  { prepare: false },
);

export interface CarriedRow {
  readonly id: string;
  readonly left_at: string;
}

/**
 * What a lost node carried, and when it ended: with the node's last sign of life, or a later one of its own, and not in the future.
 * 1 meeting, 2 node, 3 people, 4 the node's last sign of life, 5 now.
 */
export const sessionsOfNode = statement<CarriedRow>(
  'sessions-of-node',
  (t) => `
  select id, least(greatest($4::timestamptz, last_heartbeat_at), $5::timestamptz) as left_at
  from ${t.meeting_participant_sessions}
  where meeting_id = $1::uuid and node_id = $2::uuid and left_at is null and auth_user_id = any($3::uuid[])
  order by id for no key update`,
  { prepare: false },
);

/** What connections of a node still carry, unless another node has taken it over: 1 meeting, 2 node, 3 people, 4 their connections, 5 now. */
export const sessionsOfConnections = statement<CarriedRow>(
  'sessions-of-connections',
  (t) => `
  select s.id, $5::timestamptz as left_at
  from unnest($3::uuid[], $4::text[]) as c (auth_user_id, connection_id)
  join ${t.meeting_participant_sessions} s using (auth_user_id, connection_id)
  where s.meeting_id = $1::uuid and s.source = '${hostSource}' and s.left_at is null
    and (s.node_id is null or s.node_id = $2::uuid)
  order by s.id for no key update of s`,
  { prepare: false },
);

/**
 * Sessions of a node that came back under another id: those that are still open go with it. 1 meeting, 2 the former node, 3 the new
 * one, 4 people, 5 their connections.
 */
export const moveSessions = statement<never>(
  'sessions-move',
  (t) => `
  update ${t.meeting_participant_sessions} s set node_id = $3::uuid
  from unnest($4::uuid[], $5::text[]) as c (auth_user_id, connection_id)
  where s.meeting_id = $1::uuid and s.node_id = $2::uuid and s.left_at is null
    and s.auth_user_id = c.auth_user_id and s.connection_id = c.connection_id`,
  { prepare: false },
);

/** Those that were ended meanwhile, and that nobody has followed up with another since: 1 to 5 as above. */
export const sessionsLost = statement<{ auth_user_id: string; connection_id: string }>(
  'sessions-lost',
  (t) => `
  select s.auth_user_id, s.connection_id
  from unnest($4::uuid[], $5::text[]) as c (auth_user_id, connection_id)
  join ${t.meeting_participant_sessions} s using (auth_user_id, connection_id)
  where s.meeting_id = $1::uuid and s.node_id = $2::uuid and s.node_id <> $3::uuid and s.left_reason = 'node-lost'
    and not exists (
      select from ${t.meeting_participant_sessions} later
      where later.meeting_id = s.meeting_id and later.auth_user_id = s.auth_user_id and later.source = s.source
        and later.connection_id = s.connection_id and later.id <> s.id and later.joined_at >= s.left_at)`,
  { prepare: false },
);

/** Whoever was in needs no password to be back. Parameter: the meeting. */
export const storedPassword = statement<{ meeting_password: string | null }>(
  'meeting-stored-password',
  (t) => `select meeting_password from ${t.meetings} where id = $1::uuid`,
);
