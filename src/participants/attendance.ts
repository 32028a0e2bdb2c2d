import { instantOf } from '../core/instant.ts';
import type { Kernel } from '../core/kernel.ts';
import { authorise, seesAll } from '../core/policy.ts';
import { statement } from '../core/statement.ts';
import type { Work } from '../core/work.ts';
import { attendanceOf } from './attendance.rules.ts';
import type { AttendanceView, SessionView } from './participant.schema.ts';

/** Sessions of people with a name: 1 meeting, 2 one person or null for all. */
const sessionsOf = statement<{
  id: string;
  auth_user_id: string;
  source: string;
  connection_id: string;
  joined_at: string;
  left_at: string | null;
  last_heartbeat_at: string | null;
}>(
  'attendance-sessions',
  (t) => `
  select id, auth_user_id, source, connection_id, joined_at, left_at, last_heartbeat_at
  from ${t.meeting_participant_sessions}
  where meeting_id = $1::uuid and auth_user_id is not null and ($2::uuid is null or auth_user_id = $2::uuid)
  order by joined_at, id`,
  { prepare: false },
);

const spanOf = statement<{ actual_start_time: string | null; actual_end_time: string | null }>(
  'attendance-span',
  (t) => `select actual_start_time, actual_end_time from ${t.meetings} where id = $1::uuid`,
);

/** Attendance as it stands: final after the end, up to now before it. */
export async function attendance(kernel: Kernel, work: Work, meetingId: string): Promise<AttendanceView> {
  const { standing, now } = await kernel.look(work, meetingId);
  authorise('participant.attendance', standing, { own: true });
  const all = seesAll('participant.attendance', standing.role);
  const rows = await work.run(sessionsOf, [meetingId, all ? null : work.actorId]);
  const span = await work.one(spanOf, [meetingId]);
  const start = instantOf(span.actual_start_time) ?? now;
  const end = instantOf(span.actual_end_time) ?? now;
  const sessions = rows.map((row) => ({
    userId: row.auth_user_id,
    joinedAt: instantOf(row.joined_at),
    leftAt: instantOf(row.left_at),
    lastHeartbeatAt: instantOf(row.last_heartbeat_at),
  }));
  const grace = kernel.ports.rules.heartbeatGraceSeconds * 1000;
  const { people, peak } = attendanceOf(
    sessions,
    { actualStartTime: start, actualEndTime: end },
    { heartbeatGraceMilliseconds: grace },
  );
  const stays = Map.groupBy(
    rows.map((row): SessionView => ({
      id: row.id,
      authUserId: row.auth_user_id,
      source: row.source,
      connectionId: row.connection_id,
      joinedAt: instantOf(row.joined_at),
      leftAt: instantOf(row.left_at),
    })),
    (session) => session.authUserId,
  );
  return Object.freeze({
    people: people.map(({ userId, seconds, minutes, share }) =>
      Object.freeze({ authUserId: userId, seconds, minutes, share, sessions: stays.get(userId) ?? [] }),
    ),
    peak: all ? peak : null,
    meetingSeconds: (end.getTime() - start.getTime()) / 1000,
  });
}
