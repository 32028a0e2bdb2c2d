import { isMeeting, type StoredSettings } from '../core/access.ts';
import type { MeetingStatus, ParticipantRole } from '../core/enums.ts';
import { instantOf } from '../core/instant.ts';
import { statement, type Tables } from '../core/statement.ts';
import { appendCtes, appendedEvents, type EventRow } from '../events/index.ts';
import type { ScreenShareView } from './screen-share.schema.ts';

/** An open share. */
export interface ShareRow {
  readonly id: string;
  readonly meeting_id: string;
  readonly auth_user_id: string;
  readonly started_at: string;
}

/** What starting or taking over found, whether or not a share began. */
export interface BeginRow {
  /** Null when there is no such meeting. */
  readonly meeting_status: MeetingStatus | null;
  readonly actor_role: ParticipantRole | null;
  readonly removed: boolean | null;
  readonly settings: StoredSettings | null;
  readonly present: boolean | null;
  readonly can_share_screen: boolean | null;
  /** Nothing stood against it but perhaps a share that is open already. */
  readonly allowed: boolean;
  readonly share: ShareRow | null;
  readonly events: readonly EventRow[];
}

/** What stopping found. */
export interface StopRow {
  readonly meeting_status: MeetingStatus | null;
  readonly actor_role: ParticipantRole | null;
  readonly removed: boolean | null;
  readonly settings: StoredSettings | null;
  /** Whose share was open; null when nobody's was. */
  readonly sharer_id: string | null;
  /** The share that was open when the statement began is another's by now, or nobody's. */
  readonly stale: boolean;
  readonly events: readonly EventRow[];
}

const lock = (t: Tables) => `
  lock as (
    select m.id, m.status, m.settings from ${t.meetings} m where m.id = $1::uuid and ${isMeeting}
    for no key update)`;

const now = `coalesce($3::timestamptz, date_trunc('milliseconds', clock_timestamp()))`;

/**
 * There is one screen to share as there are so many seats to take: whoever begins or ends a share holds the meeting's row, and
 * the unique index has the last word. Leaving, removal and the end hold that row too. The own row is locked, so that role
 * and flag are current.
 * Parameters of both ways to begin: 1 meeting, 2 user, 3 now, 4 legal states, 5 roles that may, 6 roles that may with their
 * flag, 7 the share's id, 8 event id.
 */
const me = (t: Tables) => `
  ${lock(t)},
  me as (
    select p.id as participant_id, p.role, p.removed_at is not null as removed, p.can_share_screen,
           p.joined_at is not null and p.left_at is null as present
    from lock l join ${t.meeting_participants} p on p.meeting_id = l.id and p.auth_user_id = $2::uuid
    for no key update of p),
  verdict as (
    select l.id, l.status, l.settings, me.participant_id, me.role, me.removed, me.present, me.can_share_screen, ${now} as now
    from lock l left join me on true),
  allowed as (
    select * from verdict
    where present and not removed and status::text = any($4::text[])
      and (role::text = any($5::text[]) or role::text = any($6::text[]) and can_share_screen))`;

const started = (t: Tables, condition: string) => `
  started as (
    insert into ${t.meeting_media_intervals} (id, meeting_id, auth_user_id, kind, started_at)
    select $7::uuid, a.id, $2::uuid, 'screen', a.now from allowed a ${condition}
    on conflict do nothing
    returning id, meeting_id, auth_user_id, started_at),
  -- Written, not only locked: whoever leaves and waits for the row must learn that there is something to stop.
  noticed as (
    update ${t.meeting_participants} p set role = p.role from started cross join allowed a
    where p.id = a.participant_id)`;

const drafts = (rows: readonly string[]) => `drafts as (${rows.join(' union all ')})`;

const draft = (position: number, type: string, id: string, data: string, from: string) => `
    select ${position} as position, 0::smallint as stream_kind, a.id as stream_id, ${id}::uuid as id, '${type}' as type,
           'all' as audience, null::uuid[] as audience_users, $2::uuid as actor_id, ${data} as data, a.now as occurred_at
    from ${from} c cross join allowed a`;

const startedDraft = draft(2, 'screen-share.started', '$8', `jsonb_build_object('userId', c.auth_user_id)`, 'started');

const begun = `
  select v.status as meeting_status, v.role as actor_role, v.removed, v.settings, v.present, v.can_share_screen,
         exists (select from allowed) as allowed, to_jsonb(s) as share, ${appendedEvents} as events
  from (select 1) one left join verdict v on true left join started s on true`;

/** Begins a share unless one is open. */
export const startShare = statement<BeginRow>(
  'screen-share-start',
  (t) => `
  with ${me(t)},
  ${started(t, '')},
  ${drafts([startedDraft])},
  ${appendCtes(t)}
  ${begun}`,
);

/**
 * Ends whatever share of somebody else's is open and begins one's own. Parameter 9: the id of the event about the share that ended.
 * A share that was begun while this waited is not seen and stands in the way: then nothing has begun, and nothing ended.
 */
export const takeOverShare = statement<BeginRow>(
  'screen-share-take-over',
  (t) => `
  with ${me(t)},
  ended as (
    update ${t.meeting_media_intervals} i set ended_at = greatest(a.now, i.started_at)
    from allowed a
    where i.meeting_id = a.id and i.kind = 'screen' and i.ended_at is null and i.auth_user_id <> $2::uuid
    returning i.auth_user_id),
  -- Asked for, so that the other share has ended before the index is asked.
  ${started(t, 'where (select count(*) from ended) >= 0')},
  ${drafts([
    draft(
      1,
      'screen-share.stopped',
      '$9',
      `jsonb_build_object('userId', c.auth_user_id, 'reason', 'taken-over')`,
      'ended',
    ),
    startedDraft,
  ])},
  ${appendCtes(t)}
  ${begun}`,
);

/**
 * Stops the open share: one's own, or anybody's for who may. `seen` is the share as the statement saw it at first, `running` the
 * same one read anew under the lock; where it is gone, another may have come that this statement cannot see.
 * Parameters: 1 meeting, 2 user, 3 now, 4 legal states, 5 roles that may stop any share, 6 roles that may stop their own, 7 the
 * role of an actor who is nobody in the meeting, 8 event id, 9 who did it, or null.
 */
export const stopShare = statement<StopRow>(
  'screen-share-stop',
  (t) => `
  with ${lock(t)},
  me as (
    select p.role, p.removed_at is not null as removed
    from lock l join ${t.meeting_participants} p on p.meeting_id = l.id and p.auth_user_id = $2::uuid
    for share of p),
  seen as (
    select i.id from ${t.meeting_media_intervals} i
    where i.meeting_id = $1::uuid and i.kind = 'screen' and i.ended_at is null),
  running as (
    select i.id as share_id, i.auth_user_id as sharer_id
    from lock l join ${t.meeting_media_intervals} i on i.meeting_id = l.id and i.kind = 'screen' and i.ended_at is null
    for no key update of i),
  verdict as (
    select l.id, l.status, l.settings, me.role, me.removed, r.share_id, r.sharer_id,
           exists (select from seen) and r.share_id is null as stale,
           case when me.removed then null else coalesce(me.role::text, $7::text) end as acts_as, ${now} as now
    from lock l left join me on true left join running r on true),
  allowed as (
    select * from verdict
    where status::text = any($4::text[])
      and (acts_as = any($5::text[]) or acts_as = any($6::text[]) and sharer_id = $2::uuid)),
  stopped as (
    update ${t.meeting_media_intervals} i set ended_at = greatest(a.now, i.started_at)
    from allowed a where i.id = a.share_id
    returning i.auth_user_id),
  drafts as (
    select 1 as position, 0::smallint as stream_kind, a.id as stream_id, $8::uuid as id, 'screen-share.stopped' as type,
           'all' as audience, null::uuid[] as audience_users, $9::uuid as actor_id,
           jsonb_build_object('userId', s.auth_user_id, 'reason', 'stopped') as data, a.now as occurred_at
    from stopped s cross join allowed a),
  ${appendCtes(t)}
  select v.status as meeting_status, v.role as actor_role, v.removed, v.settings, v.sharer_id,
         coalesce(v.stale, false) as stale, ${appendedEvents} as events
  from (select 1) one left join verdict v on true`,
);

/** The share that is open. */
export const openShare = statement<ShareRow>(
  'screen-share-open',
  (t) => `
  select id, meeting_id, auth_user_id, started_at from ${t.meeting_media_intervals}
  where meeting_id = $1::uuid and kind = 'screen' and ended_at is null`,
);

export function screenShareViewOf(row: ShareRow): ScreenShareView {
  return Object.freeze({
    id: row.id,
    meetingId: row.meeting_id,
    authUserId: row.auth_user_id,
    startedAt: instantOf(row.started_at),
  });
}
