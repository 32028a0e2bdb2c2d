import { statement } from '../core/statement.ts';

/**
 * Makes a person's row say what their sessions say, whatever happened to those: first join, last leave, whole minutes. And the
 * meeting counts who is present. Under the meeting's lock: 1 meeting, 2 person.
 */
export const settlePerson = statement<{ id: string }>(
  'participant-settle',
  (t) => `
  with stays as (
    select min(s.joined_at) as first_joined, max(s.left_at) as last_left, count(*) filter (where s.left_at is null) as open,
           range_agg(tstzrange(s.joined_at, s.left_at) * tstzrange(m.actual_start_time, m.actual_end_time))
             filter (where s.left_at is not null) as closed
    from ${t.meetings} m
    join ${t.meeting_participant_sessions} s on s.meeting_id = m.id and s.auth_user_id = $2::uuid
    where m.id = $1::uuid),
  settled as (
    update ${t.meeting_participants} p
    set joined_at = s.first_joined,
        left_at = case when s.open = 0 then s.last_left end,
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

/** Stores a stay that was observed: 1 id, 2 meeting, 3 person, 4 source, 5 connection, 6 event key, 7 joined, 8 left, 9 now. */
export const insertSession = statement<{ id: string }>(
  'session-record',
  (t) => `
  insert into ${t.meeting_participant_sessions}
    (id, meeting_id, auth_user_id, source, connection_id, external_event_key, joined_at, left_at, left_reason, created_at)
  select $1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::text, $7::timestamptz, $8::timestamptz,
         case when $8::timestamptz is not null then 'left' end, $9::timestamptz
  where not exists (
    select 1 from ${t.meeting_participant_sessions} s
    where s.meeting_id = $2::uuid and s.auth_user_id = $3::uuid and s.source = $4::text and s.connection_id = $5::text
      and s.joined_at = $7::timestamptz and s.left_at is not distinct from $8::timestamptz)
  on conflict do nothing
  returning id`,
);

/** Closes the open stay of a connection that is now known to have ended: 1 meeting, 2 person, 3 source, 4 connection, 5 joined, 6 left. */
export const finishSession = statement<{ id: string }>(
  'session-finish',
  (t) => `
  update ${t.meeting_participant_sessions} s set left_at = $6::timestamptz, left_reason = 'left'
  where s.meeting_id = $1::uuid and s.auth_user_id = $2::uuid and s.source = $3::text and s.connection_id = $4::text
    and s.joined_at = $5::timestamptz and s.left_at is null
  returning s.id`,
);

/** Somebody who was observed without being on the roster: 1 id, 2 meeting, 3 person, 4 now. */
export const addToRoster = statement<{ id: string }>(
  'participant-add',
  (t) => `
  insert into ${t.meeting_participants} (id, meeting_id, auth_user_id, status, invited_at)
  values ($1::uuid, $2::uuid, $3::uuid, 'Accepted', $4::timestamptz)
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
