import { statement } from '../core/statement.ts';

/*
 * A node lives by one lease, whatever the number of its connections. Whether it has run out is for the database's clock alone to say:
 * no two processes' clocks are compared, and a clock that a test has stopped keeps nobody alive and kills nobody.
 */

/** The times of a node that shows a sign of life: 2 now, 3 milliseconds of lease. */
const beaten = `coalesce($2::timestamptz, date_trunc('milliseconds', clock_timestamp()))`;
const expiry = `clock_timestamp() + make_interval(secs => $3::float8 / 1000)`;

/** Makes a node known. No row where it was known, and is lost: 1 node, 2 and 3 as above. */
export const registerNode = statement<{ id: string }>(
  'node-register',
  (t) => `
  insert into ${t.meeting_realtime_nodes} as n (id, beat_at, expires_at) values ($1::uuid, ${beaten}, ${expiry})
  on conflict (id) do update set beat_at = excluded.beat_at, expires_at = excluded.expires_at where n.lost_at is null
  returning id`,
);

/**
 * A sign of life, which lengthens the lease; also one that has run out, as long as nobody has drawn the consequences. No row where
 * somebody has: 1 node, 2 and 3 as above.
 */
export const beatNode = statement<{ id: string }>(
  'node-beat',
  (t) => `
  update ${t.meeting_realtime_nodes} set beat_at = ${beaten}, expires_at = ${expiry}, suspected_at = null
  where id = $1::uuid and lost_at is null
  returning id`,
);

/**
 * Nodes to be swept up after. Who finds a lease that has run out says so, and only where it still has, a beat later, the node is
 * lost: after a time in which the database was away everybody's lease has run out, and each has to be given the chance to say that
 * they live. Lost nodes are taken by one at a time, and again where whoever took them has not finished for some time.
 * 1 milliseconds of suspicion, 2 milliseconds after which a lost node is taken again.
 */
export const takeLostNodes = statement<{ id: string; beat_at: string }>(
  'nodes-take-lost',
  (t) => `
  with due as (
    select id from ${t.meeting_realtime_nodes}
    where expires_at <= clock_timestamp()
      and (lost_at is null or lost_at <= clock_timestamp() - make_interval(secs => $2::float8 / 1000))
    order by id for update skip locked),
  judged as (
    update ${t.meeting_realtime_nodes} n
    set suspected_at = coalesce(n.suspected_at, clock_timestamp()),
        lost_at = case when n.lost_at is not null
                         or n.suspected_at <= clock_timestamp() - make_interval(secs => $1::float8 / 1000)
                       then clock_timestamp() end
    from due where n.id = due.id
    returning n.id, n.beat_at, n.lost_at)
  select id, beat_at from judged where lost_at is not null`,
  { prepare: false },
);

/** Who was there through a node: 1 node. */
export const peopleOfNode = statement<{ meeting_id: string; auth_user_id: string }>(
  'node-people',
  (t) => `
  select distinct meeting_id, auth_user_id from ${t.meeting_participant_sessions}
  where node_id = $1::uuid and left_at is null and auth_user_id is not null
  order by meeting_id, auth_user_id`,
  { prepare: false },
);

/** Forgets a lost node that carries nothing any more. 1 node. */
export const forgetLostNode = statement<never>(
  'node-forget-lost',
  (t) => `
  delete from ${t.meeting_realtime_nodes} n
  where n.id = $1::uuid and n.lost_at is not null
    and not exists (select from ${t.meeting_participant_sessions} s where s.node_id = n.id and s.left_at is null)`,
  { prepare: false },
);

/**
 * A node goes in peace. What it still carries has one lease's time to open elsewhere; with nothing, it is gone at once.
 * 1 node, 2 now, 3 milliseconds.
 */
export const retireNode = statement<never>(
  'node-retire',
  (t) => `
  with carrying as (
    select exists (select from ${t.meeting_participant_sessions} s where s.node_id = $1::uuid and s.left_at is null) as yes),
  gone as (delete from ${t.meeting_realtime_nodes} n using carrying where n.id = $1::uuid and n.lost_at is null and not yes)
  update ${t.meeting_realtime_nodes} n set beat_at = ${beaten}, expires_at = ${expiry}
  from carrying where n.id = $1::uuid and n.lost_at is null and yes`,
  { prepare: false },
);
