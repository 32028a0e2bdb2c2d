/** The facts of a meeting counted by the database itself, with its own ranges: what the rules have to agree with. */
import { streamKinds } from '../../src/core/event.ts';
import type { Tables } from '../../src/core/statement.ts';
import type { Work } from '../../src/core/work.ts';
import type { CountedMeeting, CountedPerson } from '../../src/engagement/engagement.facts.rules.ts';
import { run } from './recorded-meeting.ts';

/**
 * `meeting` and `attendance (auth_user_id, stays)`: for each person the union of their sessions as a multirange, clamped
 * to the meeting's actual time. Half-open ranges, so sessions that touch merge and one of no length is empty.
 * A guest's session (no user) belongs to nobody yet.
 */
function attendanceCtes(t: Tables): string {
  return `
  -- A meeting that never started has no span, and so no attendance; one in progress lasts until now.
  meeting as materialized (
    select id, tstzrange(actual_start_time, greatest(actual_start_time,
             coalesce(actual_end_time, $2::timestamptz, date_trunc('milliseconds', clock_timestamp())))) as span
    from ${t.meetings} where id = $1::uuid and actual_start_time is not null),
  attendance as materialized (
    select s.auth_user_id, range_agg(tstzrange(s.joined_at, s.left_at) * m.span) as stays
    from ${t.meeting_participant_sessions} s join meeting m on m.id = s.meeting_id
    where s.auth_user_id is not null
    group by s.auth_user_id)`;
}

const lengthOf = (range: string) => `extract(epoch from upper(${range}) - lower(${range}))`;

/** Exact length of a multirange in seconds. Nearly always it is a single range: only others are worth taking apart. */
function secondsOf(multirange: string): string {
  // "offset 0" keeps the multirange from being computed for every mention of it.
  return `(
    select case when x = range_merge(x)::tstzmultirange then coalesce(${lengthOf('x')}, 0)
                else (select sum(${lengthOf('r')}) from unnest(x) as r) end
    from (select ${multirange} as x offset 0) one)`;
}

const people = (t: Tables) => `
  with ${attendanceCtes(t)},
  -- Two devices with the camera on are one camera, and nothing counts while its owner was not there.
  media as (
    select i.auth_user_id, i.kind, ${secondsOf('i.spans * a.stays')} as seconds
    from (
      select auth_user_id, kind, range_agg(tstzrange(started_at, ended_at)) as spans
      from ${t.meeting_media_intervals} where meeting_id = $1::uuid and kind <> 'hand'
      group by auth_user_id, kind) i
    join attendance a using (auth_user_id)),
  -- A hand counts when it goes up, however long it stays up.
  hands as (
    select i.auth_user_id, count(*) as times
    from ${t.meeting_media_intervals} i join attendance a using (auth_user_id)
    where i.meeting_id = $1::uuid and i.kind = 'hand' and a.stays @> i.started_at
    group by i.auth_user_id),
  chat as (
    select sender_id, count(*) as messages, count(*) filter (where not is_private) as public_messages
    from ${t.meeting_chat_messages} where meeting_id = $1::uuid and message_type <> 'System'
    group by sender_id),
  -- The respondent of an anonymous poll is a pseudonym: counting it would count for nobody, or unmask somebody.
  votes as (
    select r.respondent_id, count(*) as polls
    from ${t.meeting_polls} l join ${t.meeting_poll_responses} r on r.poll_id = l.id
    where l.meeting_id = $1::uuid and not l.is_anonymous
    group by r.respondent_id),
  facts (auth_user_id, attended, kind, amount, public_amount) as (
    select auth_user_id, true, 'attendance', ${secondsOf('stays')}, 0 from attendance
    union all select auth_user_id, false, kind, seconds, 0 from media
    union all select auth_user_id, false, 'hand', times, 0 from hands
    union all select sender_id, false, 'chat', messages, public_messages from chat
    union all select respondent_id, false, 'polls', polls, 0 from votes),
  -- Who wrote or voted without ever having been there has no row.
  people as (
    select auth_user_id,
           coalesce(sum(amount) filter (where kind = 'attendance'), 0) as attendance,
           coalesce(sum(amount) filter (where kind = 'chat'), 0) as chat,
           sum(public_amount) as public_chat,
           coalesce(sum(amount) filter (where kind = 'polls'), 0) as polls,
           coalesce(sum(amount) filter (where kind = 'speaking'), 0) as speaking,
           coalesce(sum(amount) filter (where kind = 'microphone'), 0) as microphone,
           coalesce(sum(amount) filter (where kind = 'camera'), 0) as camera,
           coalesce(sum(amount) filter (where kind = 'screen'), 0) as screen,
           coalesce(sum(amount) filter (where kind = 'hand'), 0) as hands
    from facts group by auth_user_id having bool_or(attended))
  select f.auth_user_id as "userId", p.role as "role",
         f.attendance::float8 as "attendanceSeconds", floor(f.attendance / 60)::int as "attendanceMinutes",
         f.chat::int as "chatMessages", f.public_chat::int as "publicChatMessages", f.polls::int as "pollsParticipated",
         f.speaking::float8 as "speakingSeconds", f.microphone::float8 as "microphoneSeconds",
         f.camera::float8 as "cameraSeconds", f.screen::float8 as "screenShareSeconds", f.hands::int as "handsRaised",
         p.can_use_chat as "canUseChat", p.can_share_screen as "canShareScreen"
  from people f
  join ${t.meeting_participants} p on p.meeting_id = $1::uuid and p.auth_user_id = f.auth_user_id
  order by f.auth_user_id`;

const meeting = (t: Tables) => `
  with ${attendanceCtes(t)},
  people as materialized (select auth_user_id, ${secondsOf('stays')} as seconds from attendance),
  -- Unions, not sessions, are swept, so a person with two devices is one; at a tie -1 sorts before 1.
  steps as (
    select lower(r) as at, 1 as change from attendance, unnest(stays) as r
    union all select upper(r), -1 from attendance, unnest(stays) as r),
  sweep as (select sum(change) over (order by at, change) as present from steps),
  roster as (
    select count(*) as attended, avg(p.total_duration_minutes) as minutes, avg(coalesce(s.seconds, 0)) as seconds
    from ${t.meeting_participants} p left join people s using (auth_user_id)
    where p.meeting_id = $1::uuid and p.status = 'Attended'),
  chat as (
    select count(*) as messages from ${t.meeting_chat_messages}
    where meeting_id = $1::uuid and message_type <> 'System'),
  -- A draft is neither active nor closed: nobody was asked anything.
  polls as (
    select count(*) as created,
           count(*) filter (where is_active or closed_at is not null) as opened,
           count(*) filter (where (is_active or closed_at is not null) and not is_anonymous) as named
    from ${t.meeting_polls} where meeting_id = $1::uuid),
  media as (
    select count(*) filter (where kind = 'screen') as screen, count(*) filter (where kind = 'speaking') as speaking,
           count(*) filter (where kind = 'microphone') as microphone, count(*) filter (where kind = 'camera') as camera,
           count(*) filter (where kind = 'hand') as hand
    from ${t.meeting_media_intervals} where meeting_id = $1::uuid),
  -- What somebody reported, and every connection that was lost without anybody having to report it.
  issues as (
    select (select count(*) from ${t.meeting_events}
            where stream_kind = ${streamKinds.meeting} and stream_id = $1::uuid and type = 'participant.issue-reported')
         + (select count(*) from ${t.meeting_participant_sessions}
            where meeting_id = $1::uuid and left_reason = 'timed-out') as found)
  select coalesce((select extract(epoch from upper(span) - lower(span)) from meeting), 0)::float8 as "durationSeconds",
         coalesce((select max(present) from sweep), 0)::int as "peakConcurrentParticipants",
         roster.attended::int as "totalParticipants",
         round(roster.minutes, 2)::float8 as "averageAttendanceDurationMinutes",
         round(roster.seconds, 3)::float8 as "averageAttendanceSeconds",
         chat.messages::int as "totalChatMessages",
         media.screen::int as "totalScreenShares",
         polls.created::int as "totalPollsCreated",
         issues.found::int as "technicalIssuesCount",
         polls.named::int as "namedPolls",
         polls.opened::int as "openedPolls",
         jsonb_build_object('chat', chat.messages > 0, 'speaking', media.speaking > 0,
           'microphone', media.microphone > 0, 'camera', media.camera > 0, 'hands', media.hand > 0,
           'screenShare', media.screen > 0) as "used"
  from ${t.meetings} m, roster, chat, polls, media, issues
  where m.id = $1::uuid`;

export async function factsInSql(
  work: Work,
  meetingId: string,
  now: Date | null,
): Promise<{ meeting: CountedMeeting | undefined; people: readonly CountedPerson[] }> {
  const found = await run<CountedMeeting>(work, meeting, [meetingId, now]);
  return { meeting: found[0], people: await run<CountedPerson>(work, people, [meetingId, now]) };
}
