import type { Invariant } from './invariant.ts';

/** Templates, series and the occurrences made from them. */
export const seriesInvariants: readonly Invariant[] = [
  {
    id: 'T01',
    level: 'error',
    about: 'template numbers and shapes',
    sql: (t) => `
      select id, default_duration_minutes||'/'||usage_count as detail
      from ${t.meeting_templates}
      where default_duration_minutes not between 1 and 1440
        or usage_count < 0
        or btrim(name)=''
        or (default_agenda is not null and jsonb_typeof(default_agenda)<>'array')
        or (default_settings is not null and jsonb_typeof(default_settings)<>'object')`,
  },
  {
    id: 'T02',
    level: 'error',
    about: 'template settings never carry privileged keys or secrets',
    withholdDetail: true,
    sql: (t) => `
      select id, left(default_settings::text,80) as detail
      from ${t.meeting_templates}
      where default_settings
        ?| array['id','creator_id','creatorId','status','meeting_password','meetingPassword','password','meeting_url','meetingUrl','__proto__','constructor']`,
  },
  {
    id: 'R01',
    level: 'error',
    about: 'series bounds and shape',
    sql: (t) => `
      select id, series_start_date||' .. '||coalesce(series_end_date::text,'-') as detail
      from ${t.recurring_meeting_series}
      where series_end_date < series_start_date
        or max_occurrences not between 1 and 1000
        or jsonb_typeof(recurrence_pattern)<>'object'`,
  },
  {
    id: 'R02',
    level: 'error',
    about: "a series' template meeting is recurring and owned by the series' creator",
    sql: (t) => `
      select s.id, 'template '||m.id as detail
      from ${t.recurring_meeting_series} s
      join ${t.meetings} m on m.id=s.template_meeting_id
      where not m.is_recurring or m.creator_id<>s.creator_id`,
  },
  {
    id: 'X09',
    level: 'error',
    needs: ['meetings.series_id', 'meetings.original_start_local'],
    about: 'one meeting per slot of a series; only the hidden template has no slot, and it is never started or joined',
    sql: (t) => `
      select min(m.id::text) as id, m.series_id||' slot '||m.original_start_local||' n='||count(*) as detail
      from ${t.meetings} m
      where m.series_id is not null and m.original_start_local is not null
      group by m.series_id, m.original_start_local
      having count(*)>1
      union all
      select m.id::text, case when m.is_recurring then 'template '||m.status else 'occurrence without a slot' end
      from ${t.meetings} m
      where m.series_id is not null
        and m.original_start_local is null
        and (not m.is_recurring
          or m.status in ('InProgress','Completed')
          or m.actual_start_time is not null
          or exists (select 1 from ${t.meeting_participants} p where p.meeting_id=m.id and p.joined_at is not null))`,
  },
  {
    id: 'X10',
    level: 'error',
    needs: ['meetings.series_id', 'meetings.original_start_local'],
    about: 'an inactive series has no future Scheduled occurrence (its hidden template may stay)',
    sql: (t) => `
      select m.id, m.scheduled_start_time::text as detail
      from ${t.meetings} m
      join ${t.recurring_meeting_series} s on s.id=m.series_id
      where not s.is_active
        and m.original_start_local is not null
        and m.status='Scheduled'
        and m.scheduled_start_time > now()`,
  },
];
