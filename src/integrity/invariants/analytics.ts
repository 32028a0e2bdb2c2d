import type { Invariant } from './invariant.ts';

/** Stored totals against the facts they were computed from. */
export const analyticsInvariants: readonly Invariant[] = [
  {
    id: 'S01',
    level: 'error',
    about: 'at most one analytics row a meeting, and none before it ended',
    sql: (t) => `
      select a.meeting_id as id, count(*)||' rows, '||min(m.status::text) as detail
      from ${t.meeting_analytics} a
      join ${t.meetings} m on m.id=a.meeting_id
      group by a.meeting_id
      having count(*)>1 or min(m.status::text)<>'Completed'`,
  },
  {
    id: 'S02',
    level: 'error',
    about: 'every Completed meeting has its analytics row (10 min grace)',
    sql: (t) => `
      select m.id, 'no analytics' as detail
      from ${t.meetings} m
      where m.status='Completed'
        and m.actual_end_time < now()-interval '10 minutes'
        and not exists (select 1 from ${t.meeting_analytics} a where a.meeting_id=m.id)`,
  },
  {
    id: 'S03',
    level: 'error',
    about: 'totals equal the facts',
    sql: (t) => `
      select a.id, 'participants '||a.total_participants||'/'||f.att||' chat '||a.total_chat_messages||'/'||f.chat||' polls '||a.total_polls_created||'/'||f.polls as detail
      from ${t.meeting_analytics} a
      cross join lateral (select
          (select count(*) from ${t.meeting_participants} p where p.meeting_id=a.meeting_id and p.status='Attended') att,
          (select count(*) from ${t.meeting_chat_messages} c where c.meeting_id=a.meeting_id and c.message_type<>'System') chat,
          (select count(*) from ${t.meeting_polls} l where l.meeting_id=a.meeting_id) polls) f
      where (a.total_participants,a.total_chat_messages,a.total_polls_created)
        is distinct from (f.att::int,f.chat::int,f.polls::int)`,
  },
  {
    id: 'S04',
    level: 'error',
    about:
      'peak is at most the number who joined (some may be NoShow), and at least 1 when anybody attended a minute (capacity may be lowered after the peak: M06, X03)',
    sql: (t) => `
      select a.id, 'peak='||a.peak_concurrent_participants||' joined='||j.n as detail
      from ${t.meeting_analytics} a
      cross join lateral (select count(*) n,
          coalesce(max(p.total_duration_minutes) filter (where p.status='Attended'),0) mins
        from ${t.meeting_participants} p
        where p.meeting_id=a.meeting_id and p.joined_at is not null) j
      where a.peak_concurrent_participants > j.n or (j.mins>0 and a.peak_concurrent_participants<1)`,
  },
  {
    id: 'S05',
    level: 'error',
    about: 'scores are 0..100, counts are not negative',
    sql: (t) => `
      select id::text as id, 'score '||engagement_score as detail
      from ${t.meeting_analytics}
      where engagement_score not between 0 and 100
        or least(total_participants,peak_concurrent_participants,total_chat_messages,total_screen_shares,total_polls_created,technical_issues_count,coalesce(recording_duration_minutes,0)) < 0
      union all
      select id::text, 'participant score '||engagement_score
      from ${t.participant_engagement_metrics}
      where engagement_score not between 0 and 100
        or least(attendance_duration_minutes,chat_messages_sent,polls_participated,screen_share_duration_minutes,microphone_active_minutes,camera_active_minutes) < 0`,
  },
  {
    id: 'S06',
    level: 'error',
    about: 'mean attendance = mean of the stored minutes of those who attended (0.01)',
    sql: (t) => `
      select a.id, coalesce(a.average_attendance_duration_minutes::text,'null')||' vs '||round(avg(p.total_duration_minutes),2) as detail
      from ${t.meeting_analytics} a
      join ${t.meeting_participants} p on p.meeting_id=a.meeting_id and p.status='Attended'
      group by a.id
      having coalesce(abs(a.average_attendance_duration_minutes-avg(p.total_duration_minutes)) > 0.01, true)`,
  },
  {
    id: 'S07',
    level: 'error',
    about: 'per-person metrics equal the facts (anonymous polls never counted per person)',
    sql: (t) => `
      select e.id, 'att '||e.attendance_duration_minutes||'/'||p.total_duration_minutes||' chat '||e.chat_messages_sent||'/'||f.chat||' polls '||e.polls_participated||'/'||f.polls as detail
      from ${t.participant_engagement_metrics} e
      join ${t.meetings} m on m.id=e.meeting_id and m.status='Completed'
      join ${t.meeting_participants} p on p.meeting_id=e.meeting_id and p.auth_user_id=e.auth_user_id
      cross join lateral (select
          (select count(*) from ${t.meeting_chat_messages} c
            where c.meeting_id=e.meeting_id and c.sender_id=e.auth_user_id and c.message_type<>'System') chat,
          (select count(*) from ${t.meeting_poll_responses} r join ${t.meeting_polls} l on l.id=r.poll_id
            where l.meeting_id=e.meeting_id and not l.is_anonymous and r.respondent_id=e.auth_user_id) polls) f
      where (e.attendance_duration_minutes,e.chat_messages_sent,e.polls_participated)
        is distinct from (p.total_duration_minutes,f.chat::int,f.polls::int)`,
  },
  {
    id: 'S08',
    level: 'error',
    about: 'nobody shares/speaks/films longer than they attended (1 min rounding); metrics only for attendees',
    sql: (t) => `
      select e.id, 'minutes' as detail
      from ${t.participant_engagement_metrics} e
      left join ${t.meeting_participants} p
        on p.meeting_id=e.meeting_id and p.auth_user_id=e.auth_user_id and p.joined_at is not null
      where p.id is null
        or greatest(e.screen_share_duration_minutes,e.microphone_active_minutes,e.camera_active_minutes)
          > e.attendance_duration_minutes+1`,
  },
];
