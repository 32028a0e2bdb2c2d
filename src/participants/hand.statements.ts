import { isMeeting, type StoredSettings } from '../core/access.ts';
import type { MeetingStatus, ParticipantRole } from '../core/enums.ts';
import { statement } from '../core/statement.ts';
import { appendCtes, appendedEvents, type EventRow } from '../events/index.ts';

/** What raising or lowering a hand found. */
export interface HandRow {
  readonly meeting_status: MeetingStatus | null;
  readonly actor_role: ParticipantRole | null;
  readonly removed: boolean | null;
  readonly present: boolean | null;
  readonly settings: StoredSettings | null;
  readonly events: readonly EventRow[];
}

/**
 * The own row, locked so that nobody can remove the person or end the meeting in between: both write that row first. The time is
 * asked outside the query that locks, which computes its columns before it waits.
 * Parameters of both statements: 1 meeting, 2 user, 3 now, 4 event id, 5 allowed roles, 6 legal states.
 */
const me = (meetings: string, participants: string) => `
  me as (
    select p.id as participant_id, p.role, p.removed_at is not null as removed,
           p.joined_at is not null and p.left_at is null as present, m.status, m.settings, m.id as meeting_id
    from ${participants} p join ${meetings} m on m.id = p.meeting_id and ${isMeeting}
    where p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid
    for no key update of p),
  allowed as (
    select me.*, coalesce($3::timestamptz, date_trunc('milliseconds', clock_timestamp())) as now from me
    where present and not removed and role::text = any($5::text[]) and status::text = any($6::text[]))`;

const drafts = (type: string, changed: string) => `
  drafts as (
    select 1 as position, 0::smallint as stream_kind, a.meeting_id as stream_id, $4::uuid as id, '${type}' as type,
           'all' as audience, null::uuid[] as audience_users, $2::uuid as actor_id,
           jsonb_build_object('userId', $2::uuid) as data, a.now as occurred_at
    from ${changed} cross join allowed a)`;

const answer = (meetings: string) => `
  select coalesce(me.status, m.status) as meeting_status, me.role as actor_role, me.removed, me.present,
         coalesce(me.settings, m.settings) as settings, ${appendedEvents} as events
  from (select 1) one left join ${meetings} m on m.id = $1::uuid and ${isMeeting} left join me on true`;

/** Raising a raised hand changes nothing. Parameter 7: the interval's id. */
export const raiseHand = statement<HandRow>(
  'participant-raise-hand',
  (t) => `
  with ${me(t.meetings, t.meeting_participants)},
  raised as (
    insert into ${t.meeting_media_intervals} (id, meeting_id, auth_user_id, kind, started_at)
    select $7::uuid, a.meeting_id, $2::uuid, 'hand', a.now from allowed a
    on conflict (meeting_id, auth_user_id, kind) where ended_at is null do nothing
    returning id),
  -- Written, not only locked: whoever leaves and waits for the row must learn that there is something to take down.
  noticed as (
    update ${t.meeting_participants} p set role = p.role from raised cross join allowed a where p.id = a.participant_id),
  ${drafts('participant.hand-raised', 'raised')},
  ${appendCtes(t)}
  ${answer(t.meetings)}`,
);

/** Lowering a lowered hand changes nothing. */
export const lowerHand = statement<HandRow>(
  'participant-lower-hand',
  (t) => `
  with ${me(t.meetings, t.meeting_participants)},
  lowered as (
    update ${t.meeting_media_intervals} i set ended_at = greatest(a.now, i.started_at)
    from allowed a
    where i.meeting_id = a.meeting_id and i.auth_user_id = $2::uuid and i.kind = 'hand' and i.ended_at is null
    returning i.id),
  ${drafts('participant.hand-lowered', 'lowered')},
  ${appendCtes(t)}
  ${answer(t.meetings)}`,
);
