import { statement } from '../core/statement.ts';

/**
 * Makes a person's row say what their sessions say, whatever happened to those: first join, last leave, whole minutes, each
 * within the meeting's actual time. And the meeting counts who is present. Under the meeting's lock: 1 meeting, 2 person.
 */
export const settlePerson = statement<{ id: string }>(
  'participant-settle',
  (t) => `
  with stays as (
    select greatest(min(s.joined_at), min(m.actual_start_time)) as first_joined,
           least(max(s.left_at), min(m.actual_end_time)) as last_left,
           count(*) filter (where s.left_at is null) as open,
           range_agg(tstzrange(s.joined_at, s.left_at) * tstzrange(m.actual_start_time, m.actual_end_time))
             filter (where s.left_at is not null) as closed
    from ${t.meetings} m
    join ${t.meeting_participant_sessions} s on s.meeting_id = m.id and s.auth_user_id = $2::uuid
    where m.id = $1::uuid),
  settled as (
    update ${t.meeting_participants} p
    set joined_at = s.first_joined,
        left_at = case when s.open = 0 then greatest(s.last_left, s.first_joined) end,
        -- Whoever was seen before they were asked was asked no later than that.
        invited_at = least(p.invited_at, s.first_joined),
        total_duration_minutes = coalesce(
          (select floor(sum(extract(epoch from upper(r) - lower(r))) / 60)::int from unnest(s.closed) r), 0)
    from stays s where p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid
    returning p.id, p.auth_user_id, p.joined_at is not null and p.left_at is null as present)
  update ${t.meetings} m
  set current_participants_count = (
    select count(distinct s.auth_user_id) from ${t.meeting_participant_sessions} s
    where s.meeting_id = m.id and s.left_at is null and s.auth_user_id is not null)
  from settled where m.id = $1::uuid
  returning settled.id`,
);

/**
 * Stores a stay that was observed, unless it is known: that it began is known from a stay that has ended, and what was taken
 * from a person stays theirs in this. 1 id, 2 meeting, 3 person, 4 source, 5 connection, 6 event key, 7 joined, 8 left, 9 now.
 */
export const insertSession = statement<{ id: string }>(
  'session-record',
  (t) => `
  insert into ${t.meeting_participant_sessions}
    (id, meeting_id, auth_user_id, source, connection_id, external_event_key, joined_at, left_at, left_reason, created_at)
  select $1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::text, $7::timestamptz, $8::timestamptz,
         case when $8::timestamptz is not null then 'left' end, $9::timestamptz
  where not exists (
    select 1 from ${t.meeting_participant_sessions} s
    where s.meeting_id = $2::uuid and s.source = $4::text and s.connection_id = $5::text
      and (s.auth_user_id = $3::uuid or s.auth_user_id is null and s.external_identity->>'disownedBy' = $3::text)
      and s.joined_at = $7::timestamptz and ($8::timestamptz is null or s.left_at = $8::timestamptz))
  on conflict do nothing
  returning id`,
);

/**
 * The open stay of a connection that is now known to have ended; a later one of the same connection is another. 1 meeting,
 * 2 person, 3 source, 4 connection, 5 left.
 */
export const endedStay = statement<{ id: string }>(
  'session-ended',
  (t) => `
  select s.id from ${t.meeting_participant_sessions} s
  where s.meeting_id = $1::uuid and s.auth_user_id = $2::uuid and s.source = $3::text and s.connection_id = $4::text
    and s.left_at is null and s.joined_at <= $5::timestamptz`,
);

/** What bounds a stay of a person: 1 meeting, 2 person, 3 the Host's role. */
export const stayBounds = statement<{
  actual_start_time: string;
  actual_end_time: string | null;
  removed_at: string | null;
  present: boolean;
  seat_free: boolean;
}>(
  'session-bounds',
  (t) => `
  select m.actual_start_time, m.actual_end_time, p.removed_at, coalesce(p.joined_at is not null and p.left_at is null, false) as present,
         m.max_participants is null or m.current_participants_count < m.max_participants
           - case when p.role::text = $3::text or h.joined_at is not null and h.left_at is null then 0 else 1 end as seat_free
  from ${t.meetings} m
  left join ${t.meeting_participants} p on p.meeting_id = m.id and p.auth_user_id = $2::uuid
  left join ${t.meeting_participants} h on h.meeting_id = m.id and h.role::text = $3::text
  where m.id = $1::uuid`,
);

/** Somebody who was observed without being on the roster: 1 id, 2 meeting, 3 person, 4 when they were first seen. */
export const addToRoster = statement<{ id: string }>(
  'participant-add',
  (t) => `
  insert into ${t.meeting_participants} (id, meeting_id, auth_user_id, status, invited_at, upcoming_at)
  select $1::uuid, m.id, $3::uuid, 'Accepted', $4::timestamptz,
         case when m.status in ('Scheduled', 'InProgress') then m.scheduled_start_time end
  from ${t.meetings} m where m.id = $2::uuid
  on conflict (meeting_id, auth_user_id) do nothing
  returning id`,
);

/**
 * Stays that turned out not to be this person's: they remain on record and belong to nobody. 1 meeting, 2 person.
 * {@link reclaimSessions} gives them back.
 */
export const disownSessions = statement<{ id: string }>(
  'session-disown',
  (t) => `
  update ${t.meeting_participant_sessions}
  set auth_user_id = null, external_identity = jsonb_build_object('disownedBy', $2::text)
  where meeting_id = $1::uuid and auth_user_id = $2::uuid
  returning id`,
);

export const reclaimSessions = statement<{ id: string }>(
  'session-reclaim',
  (t) => `
  update ${t.meeting_participant_sessions} set auth_user_id = $2::uuid, external_identity = null
  where meeting_id = $1::uuid and auth_user_id is null and external_identity->>'disownedBy' = $2::text
  returning id`,
);

export const setAttendance = statement<{ id: string }>(
  'participant-set-attendance',
  (t) => `
  update ${t.meeting_participants} set status = $3::${t.type('participation_status')}
  where meeting_id = $1::uuid and auth_user_id = $2::uuid
  returning id`,
);
