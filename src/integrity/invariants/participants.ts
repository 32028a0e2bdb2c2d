import type { Invariant } from './invariant.ts';

/** The roster: attendance, answers, roles. */
export const participantInvariants: readonly Invariant[] = [
  {
    id: 'P01',
    level: 'error',
    about: 'left_at needs joined_at and is not before it',
    sql: (t) => `
      select id, coalesce(joined_at::text,'null')||' .. '||left_at as detail
      from ${t.meeting_participants}
      where left_at is not null and (joined_at is null or left_at < joined_at)`,
  },
  {
    id: 'P02',
    level: 'error',
    about: 'duration is >= 0 and cannot exceed wall clock since first join (1 min rounding)',
    sql: (t) => `
      select id, total_duration_minutes||' min' as detail
      from ${t.meeting_participants}
      where total_duration_minutes < 0
        or (joined_at is null and total_duration_minutes<>0)
        or total_duration_minutes > extract(epoch from coalesce(left_at,now())-joined_at)/60 + 1`,
  },
  {
    id: 'P03',
    level: 'error',
    needs: ['meetings.settings'],
    about: 'Attended needs a join; whoever joined is NoShow only under a threshold in settings',
    sql: (t) => `
      select p.id, p.status||' joined='||(p.joined_at is not null) as detail
      from ${t.meeting_participants} p
      join ${t.meetings} m on m.id=p.meeting_id
      where (p.status='Attended' and p.joined_at is null)
        or (p.status='NoShow' and p.joined_at is not null
          and coalesce(jsonb_typeof(m.settings->'attendanceThreshold'),'null')='null')`,
  },
  {
    id: 'P04',
    level: 'error',
    about: 'Attended and NoShow only in a Completed meeting',
    sql: (t) => `
      select p.id, p.status||' in '||m.status as detail
      from ${t.meeting_participants} p
      join ${t.meetings} m on m.id=p.meeting_id
      where p.status in ('Attended','NoShow') and m.status<>'Completed'`,
  },
  {
    id: 'P05',
    level: 'error',
    about: 'a Completed meeting has nobody Accepted or Tentative (absent Invited and Declined stay)',
    sql: (t) => `
      select p.id, p.status::text as detail
      from ${t.meeting_participants} p
      join ${t.meetings} m on m.id=p.meeting_id
      where m.status='Completed' and p.status in ('Accepted','Tentative')`,
  },
  {
    id: 'P06',
    level: 'error',
    about: 'role/flag agreement: Presenter => is_presenter; Observer => no presenting, no screen share, no chat',
    sql: (t) => `
      select id, role::text as detail
      from ${t.meeting_participants}
      where (role='Presenter' and not is_presenter)
        or (role='Observer' and (is_presenter or can_share_screen or can_use_chat))`,
  },
  {
    id: 'P07',
    level: 'error',
    about: 'invited_at is not after the first join',
    sql: (t) => `
      select id, invited_at||' > '||joined_at as detail
      from ${t.meeting_participants}
      where joined_at < invited_at`,
  },
  {
    id: 'P08',
    level: 'error',
    about: "joins and leaves fall inside the meeting's actual span (5 s skew)",
    sql: (t) => `
      select p.id, p.joined_at||' .. '||coalesce(p.left_at::text,'-') as detail
      from ${t.meeting_participants} p
      join ${t.meetings} m on m.id=p.meeting_id
      where p.joined_at is not null
        and (m.actual_start_time is null
          or p.joined_at < m.actual_start_time-interval '5 s'
          or p.left_at > m.actual_end_time+interval '5 s')`,
  },
];
