import { statement } from '../core/statement.ts';
import { hostSource } from '../participants/index.ts';

/** What became of connections whose sessions should name a node. */
export interface Attached {
  /** Whether the node's lease holds; if not, nothing was done. */
  readonly alive: boolean;
  /** Sessions that should name the node and do not yet, because somebody holds them this moment. */
  readonly left_over: number;
}

/**
 * Writes on the sessions that connections carry which node holds those: on sessions of no node, and where a connection has just opened
 * here, on those of another.
 *
 * The lock on the node keeps it from being declared lost meanwhile. Sessions that somebody else holds are left for another time: so
 * this waits for nobody while it holds several, and needs none of the locks that come before those of sessions.
 * 1 node, 2 people, 3 their connections, 4 for each whether to take over from other nodes (1) or not (0).
 */
export const attach = statement<Attached>(
  'realtime-attach',
  (t) => `
  with node as (select id from ${t.meeting_realtime_nodes} where id = $1::uuid and lost_at is null for key share),
  found as (
    select s.id
    from unnest($2::uuid[], $3::text[], $4::int[]) as c (auth_user_id, connection_id, takes_over)
    join ${t.meeting_participant_sessions} s using (auth_user_id, connection_id)
    where s.left_at is null and s.connection_id <> '' and s.source = '${hostSource}'
      and (s.node_id is null or s.node_id <> $1::uuid and c.takes_over = 1)),
  free as (
    select s.id from ${t.meeting_participant_sessions} s
    where s.id in (select id from found) and s.left_at is null and exists (select from node)
    for no key update skip locked),
  attached as (
    update ${t.meeting_participant_sessions} s set node_id = $1::uuid from free where s.id = free.id returning s.id)
  select exists (select from node) as alive,
         (select count(*) from found)::int - (select count(*) from attached)::int as left_over`,
  { prepare: false },
);

/** In which meetings connections of a node carry something: 1 node, 2 people, 3 their connections. */
export const carriedBy = statement<{ meeting_id: string; auth_user_id: string; connection_id: string }>(
  'realtime-carried',
  (t) => `
  select s.meeting_id, s.auth_user_id, s.connection_id
  from unnest($2::uuid[], $3::text[]) as c (auth_user_id, connection_id)
  join ${t.meeting_participant_sessions} s using (auth_user_id, connection_id)
  where s.left_at is null and s.connection_id <> '' and s.source = '${hostSource}'
    and (s.node_id is null or s.node_id = $1::uuid)
  order by s.meeting_id`,
  { prepare: false },
);

/** What names a node that is called otherwise by now: open, or ended because it was lost. 1 the former name. */
export const namingNode = statement<{ meeting_id: string; auth_user_id: string; connection_id: string }>(
  'realtime-naming-node',
  (t) => `
  select distinct meeting_id, auth_user_id, connection_id from ${t.meeting_participant_sessions}
  where node_id = $1::uuid and (left_at is null or left_reason = 'node-lost') and auth_user_id is not null
  order by meeting_id`,
  { prepare: false },
);
