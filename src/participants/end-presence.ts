import { z } from 'zod';
import { instantOf } from '../core/instant.ts';
import type { Kernel } from '../core/kernel.ts';
import { statement } from '../core/statement.ts';
import type { Work } from '../core/work.ts';
import { isAttended, sessionEnd } from './attendance.rules.ts';
import { lockRoster, openSessions } from './closing.statements.ts';
import { endSessions } from './closing.ts';

/**
 * People who were ever there, with the exact length of their union of stays, inside the meeting's actual time: 1 meeting,
 * 2 one of them or null for all.
 */
const unions = statement<{ auth_user_id: string; seconds: number; meeting_seconds: number }>(
  'attendance-unions',
  (t) => `
  select s.auth_user_id,
         coalesce((select sum(extract(epoch from upper(r) - lower(r)))
                   from unnest(range_agg(tstzrange(s.joined_at, s.left_at) * tstzrange(m.actual_start_time, m.actual_end_time))) r),
                  0)::float8 as seconds,
         extract(epoch from m.actual_end_time - m.actual_start_time)::float8 as meeting_seconds
  from ${t.meeting_participant_sessions} s join ${t.meetings} m on m.id = s.meeting_id
  where s.meeting_id = $1::uuid and s.auth_user_id is not null and s.left_at is not null
    and ($2::uuid is null or s.auth_user_id = $2::uuid)
  group by s.auth_user_id, m.id`,
  { prepare: false },
);

/**
 * Attendance is decided: 1 meeting, 2 people who count as having attended, 3 the only person it is decided for, or null for all.
 * Who came but not for long enough, or said yes or maybe and did not come, is a no-show; who never answered, or said no, stays
 * as they are. Whoever came has accepted, even if they said something else afterwards.
 */
const settleAttendance = statement<never>(
  'attendance-settle',
  (t) => `
  with accepted as (
    update ${t.meeting_invitations} i
    set status = 'Accepted', responded_at = coalesce(i.responded_at, greatest(m.actual_end_time, i.invited_at))
    from ${t.meetings} m join ${t.meeting_participants} p on p.meeting_id = m.id
    where m.id = $1::uuid and i.meeting_id = m.id and i.invitee_id = p.auth_user_id and p.joined_at is not null
      and i.status in ('Pending', 'Declined') and ($3::uuid is null or p.auth_user_id = $3::uuid))
  update ${t.meeting_participants} p
  set status = case when p.auth_user_id = any($2::uuid[]) then 'Attended'
                    when p.joined_at is not null or p.status in ('Accepted', 'Tentative') then 'NoShow'
                    else p.status end::${t.type('participation_status')},
      upcoming_at = null
  where p.meeting_id = $1::uuid and ($3::uuid is null or p.auth_user_id = $3::uuid)`,
  { prepare: false },
);

const threshold = z
  .union([z.object({ minutes: z.number() }), z.object({ share: z.number() })])
  .nullish()
  .catch(null);

/** Everybody leaves, and what they were becomes what they did. The meeting's actual end is already stored. */
export async function endPresence(
  kernel: Kernel,
  work: Work,
  ended: { meetingId: string; actualEndTime: Date; settings: Readonly<Record<string, unknown>> },
): Promise<void> {
  const { meetingId, actualEndTime } = ended;
  const grace = kernel.ports.rules.heartbeatGraceSeconds * 1000;
  await work.run(lockRoster, [meetingId]);
  const open = await work.run(openSessions, [meetingId, null]);
  const closing = open.map((session) => {
    const joinedAt = instantOf(session.joined_at);
    const lastHeartbeatAt = instantOf(session.last_heartbeat_at);
    const stay = { userId: session.auth_user_id, joinedAt, leftAt: null, lastHeartbeatAt };
    const leftAt = sessionEnd(stay, actualEndTime, grace);
    // Whether a sweep came by before the end or not: a connection that had fallen silent was lost, not ended.
    return { id: session.id, leftAt, reason: leftAt < actualEndTime ? 'timed-out' : 'ended' } as const;
  });
  await endSessions(work, meetingId, closing);
  await decideAttendance(work, meetingId, ended.settings);
}

/**
 * Decides who attended, from the sessions as they are stored: of everybody at the end; of one person after a correction of
 * their sessions, so that what hosts have decided about others stands.
 */
export async function decideAttendance(
  work: Work,
  meetingId: string,
  settings: Readonly<Record<string, unknown>>,
  userId: string | null = null,
): Promise<void> {
  const needed = threshold.parse(settings['attendanceThreshold']) ?? null;
  const came = await work.run(unions, [meetingId, userId]);
  const attended = came.filter((person) => isAttended(person.seconds, person.meeting_seconds, needed));
  await work.run(settleAttendance, [meetingId, attended.map((person) => person.auth_user_id), userId]);
}
