import { isMeeting, type StoredSettings } from '../core/access.ts';
import type { MeetingStatus, ParticipantRole } from '../core/enums.ts';
import { statement, type Tables } from '../core/statement.ts';
import { storeEvent, takeNumber, type ToldRow } from '../events/index.ts';
import { type ParticipantRow, participantColumns } from './participant.statements.ts';

/** What raising or lowering a hand found, and the person after a change; all null for whoever has no place in the meeting. */
export interface HandRow extends Partial<ParticipantRow>, ToldRow {
  readonly meeting_status: MeetingStatus | null;
  readonly actor_role: ParticipantRole | null;
  readonly removed: boolean | null;
  readonly present: boolean | null;
  readonly settings: StoredSettings | null;
}

/**
 * The own row, locked so that nobody can remove the person or end the meeting in between: both write that row first. The time is
 * asked outside the query that locks, which computes its columns before it waits.
 * Parameters of both statements: 1 meeting, 2 user, 3 now, 4 event id, 5 allowed roles, 6 legal states.
 */
const me = (t: Tables) => `
  me as (
    select ${participantColumns('p')}, p.removed_at is not null as removed,
           p.joined_at is not null and p.left_at is null as present, m.status as meeting_status, m.settings
    from ${t.meeting_participants} p join ${t.meetings} m on m.id = p.meeting_id and ${isMeeting}
    where p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid
    for no key update of p),
  allowed as (
    select me.*, coalesce($3::timestamptz, date_trunc('milliseconds', clock_timestamp())) as now from me
    where present and not removed and role::text = any($5::text[]) and meeting_status::text = any($6::text[]))`;

/** The event, where `changed` has a row, and the answer. */
const announced = (t: Tables, type: string, changed: string, raisedAt: string) => {
  const event = {
    ...{ id: '$4::uuid', type: `'${type}'`, users: 'null::uuid[]', actor: '$2::uuid', at: 'a.now' },
    data: `jsonb_build_object('userId', $2::uuid)`,
  };
  return `
  head as (${takeNumber(t, 'all', `select meeting_id as stream_id from ${changed}`)}),
  told as (${storeEvent(t, 'all', event, 'head cross join allowed a')})
  select me.meeting_status, me.role as actor_role, me.removed, me.present, me.settings, ${participantColumns('me')},
         ${raisedAt} as hand_raised_at, h.seq, h.prev, h.epoch, a.now as told_at
  from (select 1) one left join me on true left join allowed a on true left join head h on true`;
};

/** Raising a raised hand changes nothing. Parameter 7: the interval's id. */
export const raiseHand = statement<HandRow>(
  'participant-raise-hand',
  (t) => `
  with ${me(t)},
  raised as (
    insert into ${t.meeting_media_intervals} (id, meeting_id, auth_user_id, kind, started_at)
    select $7::uuid, a.meeting_id, $2::uuid, 'hand', a.now from allowed a
    on conflict (meeting_id, auth_user_id, kind) where ended_at is null do nothing
    returning meeting_id, started_at),
  -- Written, not only locked: whoever leaves and waits for the row must learn that there is something to take down.
  noticed as (
    update ${t.meeting_participants} p set role = p.role from raised cross join allowed a where p.id = a.id),
  ${announced(t, 'participant.hand-raised', 'raised', '(select started_at from raised)')}`,
);

/** Lowering a lowered hand changes nothing. */
export const lowerHand = statement<HandRow>(
  'participant-lower-hand',
  (t) => `
  with ${me(t)},
  lowered as (
    update ${t.meeting_media_intervals} i set ended_at = greatest(a.now, i.started_at)
    from allowed a
    where i.meeting_id = a.meeting_id and i.auth_user_id = $2::uuid and i.kind = 'hand' and i.ended_at is null
    returning i.meeting_id),
  ${announced(t, 'participant.hand-lowered', 'lowered', 'null::timestamptz')}`,
);
