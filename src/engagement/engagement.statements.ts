import { streamKinds } from '../core/event.ts';
import { statement } from '../core/statement.ts';
import type { MeetingRecords } from './engagement.facts.rules.ts';

export interface MeetingRecordsRow extends MeetingRecords {
  readonly scoreHosts: boolean;
  /** Of the score that is stored. */
  readonly formulaVersion: string | null;
}

/** Seconds are of a double's fifteen digits: so near to the origin they are exact to the microsecond. */
const secondsFromOrigin = (column: string) => `date_part('epoch', ${column} - meeting.origin)`;

const list = (query: string) => `coalesce((select json_agg(record) from (${query}) record), '[]'::json)`;

/**
 * What a meeting's facts are counted from, in one statement and so as of one moment: each source is read once and as it is. Ranges are
 * united and compared in plain code, which takes a fraction of what the database does with its own; and nothing is joined: the
 * planner cannot know how many rows an aggregate leaves, and would loop over them.
 *
 * One row, or none when there is no such meeting. Counts on stored status and minutes: store those first.
 * Parameters: 1 meeting, 2 now (null: the database's clock).
 */
export const meetingRecords = statement<MeetingRecordsRow>(
  'engagement-records',
  (t) => `
  with meeting as materialized (
    select m.id, m.actual_start_time as started,
           -- What moments are counted from; of a meeting that never started any will do.
           coalesce(m.actual_start_time, m.created_at) as origin,
           -- A meeting in progress lasts until now.
           greatest(m.actual_start_time,
             coalesce(m.actual_end_time, $2::timestamptz, date_trunc('milliseconds', clock_timestamp()))) as ended,
           coalesce((m.settings->>'scoreHosts')::boolean, false) as score_hosts
    from ${t.meetings} m where m.id = $1::uuid),
  -- A draft is neither active nor closed: nobody was asked anything.
  polls as (
    select count(*)::int as created,
           (count(*) filter (where is_active or closed_at is not null))::int as opened,
           (count(*) filter (where (is_active or closed_at is not null) and not is_anonymous))::int as named
    from ${t.meeting_polls} where meeting_id = $1::uuid)
  select date_part('epoch', meeting.ended - meeting.started) as "durationSeconds",
         polls.created as "createdPolls", polls.opened as "openedPolls", polls.named as "namedPolls",
         -- What somebody reported, and every connection that was lost without anybody having to report it.
         ((select count(*) from ${t.meeting_events}
           where stream_kind = ${streamKinds.meeting} and stream_id = $1::uuid and type = 'participant.issue-reported')
          + (select count(*) from ${t.meeting_participant_sessions}
             where meeting_id = $1::uuid and left_reason = 'timed-out'))::int as "technicalIssues",
         meeting.score_hosts as "scoreHosts",
         (select formula_version from ${t.meeting_analytics} where meeting_id = $1::uuid) as "formulaVersion",
         ${list(`
           select auth_user_id as "userId", role, status = 'Attended' as attended, total_duration_minutes as minutes,
                  can_use_chat as "canUseChat", can_share_screen as "canShareScreen"
           from ${t.meeting_participants} where meeting_id = $1::uuid order by auth_user_id`)} as roster,
         ${list(`
           select auth_user_id as "userId", ${secondsFromOrigin('joined_at')} as "from", ${secondsFromOrigin('left_at')} as "to"
           from ${t.meeting_participant_sessions} where meeting_id = $1::uuid and auth_user_id is not null`)} as stays,
         ${list(`
           select auth_user_id as "userId", kind, ${secondsFromOrigin('started_at')} as "from", ${secondsFromOrigin('ended_at')} as "to"
           from ${t.meeting_media_intervals} where meeting_id = $1::uuid`)} as media,
         ${list(`
           select sender_id as "userId", count(*) as messages, count(*) filter (where not is_private) as "publicMessages"
           from ${t.meeting_chat_messages} where meeting_id = $1::uuid and message_type <> 'System'
           group by sender_id`)} as chat,
         -- The respondent of an anonymous poll is a pseudonym: counting it would count for nobody, or unmask somebody.
         ${list(`
           select r.respondent_id as "userId", count(*) as polls
           from ${t.meeting_polls} l join ${t.meeting_poll_responses} r on r.poll_id = l.id
           where l.meeting_id = $1::uuid and not l.is_anonymous
           group by r.respondent_id`)} as votes
  from meeting cross join polls`,
  { prepare: false },
);
