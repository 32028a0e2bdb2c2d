import type { Invariant } from './invariant.ts';

/** Attendance sessions against the roster and the totals derived from them. */
export const sessionInvariants: readonly Invariant[] = [
  {
    id: 'X01',
    level: 'error',
    needs: ['meeting_participant_sessions'],
    about: 'total_duration_minutes = floor(seconds of the union of sessions / 60) per person (devices may overlap)',
    sql: (t) => `
      select p.id, p.total_duration_minutes||' vs '||coalesce(u.mins,0) as detail
      from ${t.meeting_participants} p
      join ${t.meetings} m on m.id=p.meeting_id
      left join lateral (select floor(sum(extract(epoch from upper(r)-lower(r)))/60)::int mins
        from (select unnest(range_agg(tstzrange(s.joined_at,greatest(s.left_at,s.joined_at))
            * tstzrange(m.actual_start_time,
              case when m.actual_end_time is not null then greatest(m.actual_end_time,m.actual_start_time) end))) r
          from ${t.meeting_participant_sessions} s
          where s.meeting_id=p.meeting_id and s.auth_user_id=p.auth_user_id and s.left_at is not null) q) u on true
      where p.left_at is not null and p.total_duration_minutes <> coalesce(u.mins,0)`,
  },
  {
    id: 'X02',
    level: 'error',
    needs: ['meeting_participant_sessions'],
    about:
      'present <=> an open session; joined_at = first session (raw or clamped to the start); a session never ends before it began',
    sql: (t) => `
      select p.id::text as id, 'sessions disagree: open='||q.open||' first='||coalesce(q.f::text,'-') as detail
      from ${t.meeting_participants} p
      join ${t.meetings} m on m.id=p.meeting_id
      left join lateral (select count(*) filter (where s.left_at is null) open, min(s.joined_at) f
        from ${t.meeting_participant_sessions} s
        where s.meeting_id=p.meeting_id and s.auth_user_id=p.auth_user_id) q on true
      where (p.joined_at is not null and p.left_at is null) <> (q.open>0)
        or (p.joined_at is distinct from q.f
          and p.joined_at is distinct from case when q.f is not null then greatest(q.f,m.actual_start_time) end)
      union all
      select s.id::text, 'left '||s.left_at||' before joined '||s.joined_at
      from ${t.meeting_participant_sessions} s
      where s.left_at < s.joined_at`,
  },
  {
    id: 'X03',
    level: 'error',
    needs: ['meeting_participant_sessions'],
    about:
      'peak_concurrent_participants = sweep over sessions (distinct people, never connections; leave before join at ties)',
    sql: (t) => `
      select a.id, a.peak_concurrent_participants||' vs '||k.peak as detail
      from ${t.meeting_analytics} a
      join ${t.meetings} m on m.id=a.meeting_id
      cross join lateral (with x as (select unnest(range_agg(tstzrange(s.joined_at,case when s.left_at is not null then greatest(s.left_at,s.joined_at) end)
            * tstzrange(m.actual_start_time,
              case when m.actual_end_time is not null then greatest(m.actual_end_time,m.actual_start_time) end))) r
          from ${t.meeting_participant_sessions} s
          where s.meeting_id=a.meeting_id and s.auth_user_id is not null
          group by s.auth_user_id)
        select coalesce(max(c),0) peak
        from (select sum(d) over (order by t, d) c
          from (select lower(r) t, 1 d from x union all select upper(r), -1 from x) z) w) k
      where a.peak_concurrent_participants <> k.peak`,
  },
  {
    id: 'X11',
    level: 'error',
    needs: ['meeting_participant_sessions'],
    about: 'participants present = distinct users with an open session (users outside the roster included, guests not)',
    sql: (t) => `
      select m.id, 'present='||q.present||' with open session='||q.open as detail
      from ${t.meetings} m
      cross join lateral (select
          (select count(*) from ${t.meeting_participants} p
            where p.meeting_id=m.id and p.joined_at is not null and p.left_at is null) present,
          (select count(distinct s.auth_user_id) from ${t.meeting_participant_sessions} s
            where s.meeting_id=m.id and s.left_at is null and s.auth_user_id is not null) open) q
      where q.present <> q.open`,
  },
];
