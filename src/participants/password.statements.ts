import { isMeeting, type StoredSettings } from '../core/access.ts';
import type { ParticipantRole } from '../core/enums.ts';
import { statement } from '../core/statement.ts';

/**
 * How many tries a person has, and a meeting as a whole, within the window. Inside a transaction of the host's, where a
 * rollback may undo what is counted here, a person has `unsaved` more by the rate limiter, which nothing undoes.
 */
export const passwordLimits = { perPerson: 5, perMeeting: 50, unsaved: 20, windowMinutes: 15 } as const;

/** The stored hash, and whether this person may know that the meeting is there. */
export const meetingSecret = statement<{
  password_hash: string | null;
  role: ParticipantRole | null;
  removed: boolean | null;
  settings: StoredSettings;
}>(
  'meeting-secret',
  (t) => `
  select m.meeting_password as password_hash, p.role, p.removed_at is not null as removed, m.settings
  from ${t.meetings} m left join ${t.meeting_participants} p on p.meeting_id = m.id and p.auth_user_id = $2::uuid
  where m.id = $1::uuid and ${isMeeting}`,
);

/**
 * Takes one try, before any hashing: rivals that run at once each take their own. No row means that none is left.
 * Parameters: 1 meeting, 2 user, 3 now.
 */
export const takePasswordTry = statement<{ attempts: number }>(
  'password-take-try',
  (t) => `
  with clock as (select coalesce($3::timestamptz, date_trunc('milliseconds', clock_timestamp())) as now),
  recent as (
    select coalesce(sum(a.attempts), 0) as n from ${t.meeting_password_attempts} a, clock c
    where a.meeting_id = $1::uuid and a.window_started_at > c.now - interval '${passwordLimits.windowMinutes} minutes')
  insert into ${t.meeting_password_attempts} as a (meeting_id, auth_user_id, attempts, window_started_at)
  select $1::uuid, $2::uuid, 1, c.now from clock c, recent r where r.n < ${passwordLimits.perMeeting}
  on conflict (meeting_id, auth_user_id) do update set
    attempts = case when a.window_started_at > excluded.window_started_at - interval '${passwordLimits.windowMinutes} minutes'
                    then a.attempts + 1 else 1 end,
    window_started_at = case when a.window_started_at > excluded.window_started_at - interval '${passwordLimits.windowMinutes} minutes'
                             then a.window_started_at else excluded.window_started_at end
    where a.attempts < ${passwordLimits.perPerson}
       or a.window_started_at <= excluded.window_started_at - interval '${passwordLimits.windowMinutes} minutes'
  returning a.attempts`,
);

/** Whole seconds until there is a try again: 1 meeting, 2 user, 3 now. */
export const passwordRetryAfter = statement<{ seconds: number | null }>(
  'password-retry-after',
  (t) => `
  with clock as (select coalesce($3::timestamptz, date_trunc('milliseconds', clock_timestamp())) as now),
  recent as (
    select a.window_started_at + interval '${passwordLimits.windowMinutes} minutes' - c.now as remaining,
           a.auth_user_id = $2::uuid and a.attempts >= ${passwordLimits.perPerson} as own
    from ${t.meeting_password_attempts} a, clock c
    where a.meeting_id = $1::uuid and a.window_started_at > c.now - interval '${passwordLimits.windowMinutes} minutes')
  select ceil(extract(epoch from coalesce(min(remaining) filter (where own), min(remaining))))::int as seconds
  from recent`,
);

/** A right password gives the tries back. */
export const forgivePasswordTries = statement<never>(
  'password-forgive-tries',
  (t) => `delete from ${t.meeting_password_attempts} where meeting_id = $1::uuid and auth_user_id = $2::uuid`,
);

/** Replaces a hash by a better one of the same password, unless somebody has set another meanwhile: 1 meeting, 2 old, 3 new. */
export const renewHash = statement<{ id: string }>(
  'password-renew-hash',
  (t) => `
  update ${t.meetings} set meeting_password = $3 where id = $1::uuid and meeting_password = $2 returning id`,
);
