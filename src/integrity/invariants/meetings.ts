import type { Invariant } from './invariant.ts';

/** The meeting row: its times, its status, its counter, what it may hold. */
export const meetingInvariants: readonly Invariant[] = [
  {
    id: 'M01',
    level: 'error',
    about: 'schedule is a positive span of at most 7 days',
    sql: (t) => `
      select id, scheduled_start_time||' .. '||scheduled_end_time as detail
      from ${t.meetings}
      where scheduled_end_time <= scheduled_start_time or scheduled_end_time > scheduled_start_time + interval '7 days'`,
  },
  {
    id: 'M02',
    level: 'error',
    about: 'actual times: end needs start, end >= start',
    sql: (t) => `
      select id, 'actual '||coalesce(actual_start_time::text,'-')||' .. '||actual_end_time as detail
      from ${t.meetings}
      where actual_end_time is not null and (actual_start_time is null or actual_end_time < actual_start_time)`,
  },
  {
    id: 'M03',
    level: 'error',
    about: 'status agrees with actual times',
    sql: (t) => `
      select id, status||' start='||coalesce(actual_start_time::text,'null')||' end='||coalesce(actual_end_time::text,'null') as detail
      from ${t.meetings}
      where (status='InProgress' and (actual_start_time is null or actual_end_time is not null))
        or (status='Completed' and (actual_start_time is null or actual_end_time is null))
        or (status in ('Scheduled','Postponed','Cancelled')
          and (actual_start_time is not null or actual_end_time is not null))`,
  },
  {
    id: 'M04',
    level: 'error',
    about: 'capacity is null or >= 1',
    sql: (t) => `
      select id, 'max='||max_participants as detail
      from ${t.meetings}
      where max_participants < 1`,
  },
  {
    id: 'M05',
    level: 'error',
    about: 'counter never negative',
    sql: (t) => `
      select id, 'count='||current_participants_count as detail
      from ${t.meetings}
      where current_participants_count < 0`,
  },
  {
    id: 'M06',
    level: 'error',
    about: 'counter never above capacity',
    sql: (t) => `
      select id, current_participants_count||' > '||max_participants as detail
      from ${t.meetings}
      where current_participants_count > max_participants`,
  },
  {
    id: 'M07',
    level: 'error',
    about: 'counter = distinct participants present, never connections (THE drift check)',
    sql: (t) => `
      select m.id, 'counter='||m.current_participants_count||' present='||count(distinct p.auth_user_id) as detail
      from ${t.meetings} m
      left join ${t.meeting_participants} p on p.meeting_id=m.id and p.joined_at is not null and p.left_at is null
      group by m.id
      having m.current_participants_count <> count(distinct p.auth_user_id)`,
  },
  {
    id: 'M08',
    level: 'error',
    about: 'nobody is present unless InProgress',
    sql: (t) => `
      select p.id, m.status||' but '||p.auth_user_id||' present' as detail
      from ${t.meetings} m
      join ${t.meeting_participants} p on p.meeting_id=m.id
      where m.status<>'InProgress' and p.joined_at is not null and p.left_at is null`,
  },
  {
    id: 'M09',
    level: 'error',
    about: 'timezone is a known IANA name',
    sql: (t) => `
      select m.id, m.timezone as detail
      from ${t.meetings} m
      where not exists (select 1 from pg_timezone_names z where lower(z.name)=lower(m.timezone))`,
  },
  {
    id: 'M10',
    level: 'error',
    about: 'title is not blank, has no control characters',
    sql: (t) => String.raw`
      select id, 'title' as detail
      from ${t.meetings}
      where btrim(title)='' or title ~ '[\x01-\x1f\x7f]'`,
  },
  {
    id: 'M11',
    level: 'error',
    about: 'is_recurring <=> a recurrence object',
    sql: (t) => `
      select id, 'is_recurring='||is_recurring as detail
      from ${t.meetings}
      where is_recurring <> (recurrence_pattern is not null and jsonb_typeof(recurrence_pattern)='object')`,
  },
  {
    id: 'M12',
    level: 'error',
    about: 'password column never holds plain text (PHC-style string only)',
    sql: (t) => String.raw`
      select id, 'password not hashed' as detail
      from ${t.meetings}
      where meeting_password is not null and meeting_password !~ '^\$(scrypt|argon2id)\$'`,
  },
  {
    id: 'M13',
    level: 'error',
    about: 'URLs are http(s) without credentials',
    withholdDetail: true,
    sql: (t) => String.raw`
      select id, coalesce(meeting_url,recording_url) as detail
      from ${t.meetings}
      where (meeting_url is not null and meeting_url !~* '^https?://[^/@\s]+(/|$|\?)')
        or (recording_url is not null and recording_url !~* '^https?://[^/@\s]+(/|$|\?)')`,
  },
  {
    id: 'M14',
    level: 'error',
    about: 'a recording exists only for a meeting that ran',
    sql: (t) => `
      select id, status::text as detail
      from ${t.meetings}
      where recording_url is not null and actual_start_time is null`,
  },
  {
    id: 'M15',
    level: 'error',
    about: 'updated_at >= created_at, neither in the future (1 min skew)',
    sql: (t) => `
      select id, created_at||' / '||updated_at as detail
      from ${t.meetings}
      where updated_at < created_at or created_at > now()+interval '1 minute' or updated_at > now()+interval '1 minute'`,
  },
  {
    id: 'M16',
    level: 'error',
    about: 'exactly one Host per meeting',
    sql: (t) => `
      select m.id, 'hosts='||count(p.id) as detail
      from ${t.meetings} m
      left join ${t.meeting_participants} p on p.meeting_id=m.id and p.role='Host'
      group by m.id
      having count(p.id)<>1`,
  },
  {
    id: 'M17',
    level: 'error',
    about: 'creator has a participant row',
    sql: (t) => `
      select m.id, 'creator '||m.creator_id as detail
      from ${t.meetings} m
      where not exists (select 1 from ${t.meeting_participants} p where p.meeting_id=m.id and p.auth_user_id=m.creator_id)`,
  },
  {
    id: 'M18',
    level: 'warn',
    about: 'overrun: still InProgress 24 h after scheduled end (auto-end job missed it)',
    sql: (t) => `
      select id, scheduled_end_time::text as detail
      from ${t.meetings}
      where status='InProgress' and scheduled_end_time < now()-interval '24 hours'`,
  },
];
