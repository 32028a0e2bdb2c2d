import { isMeeting } from '../core/access.ts';
import type { ParticipantRole, ParticipationStatus } from '../core/enums.ts';
import { allowedRoles, isLegalState, isRole } from '../core/policy.ts';
import { statement, type Tables } from '../core/statement.ts';
import { storeEvent, takeNumber } from '../events/index.ts';
import type { FoundPerson } from './found-standing.ts';

/** The place and the time of the event, and the person whose hand it is. */
export type HandSet = readonly [
  ...[seq: number, prev: number, epoch: string, at: string],
  ...[id: string, role: ParticipantRole, status: ParticipationStatus, invitedAt: string, joinedAt: string],
  ...[minutes: number, isPresenter: boolean, canShareScreen: boolean, canUseChat: boolean],
];

/** What came of it. No row: the person has no place in the meeting, or there is none. */
export interface HandRow {
  /** Null where nothing was done. One column, of whose parts none takes the time that a column of its own does. */
  readonly done: HandSet | null;
  /** What stood against it, where nothing was done: perhaps nothing, where nothing had to be. */
  readonly found: FoundPerson | null;
}

/**
 * The own row, locked so that nobody can remove the person or end the meeting in between: both write that row first. The time is
 * asked outside the query that locks, which computes its columns before it waits.
 * Parameters of both statements: 1 meeting, 2 user, 3 now, 4 event id.
 */
const me = (t: Tables) => `
  me as (
    select p.id, p.role, p.status, p.invited_at, p.joined_at, p.total_duration_minutes, p.is_presenter, p.can_share_screen,
           p.can_use_chat, p.removed_at is not null as removed, p.joined_at is not null and p.left_at is null as present,
           m.status as meeting_status
    from ${t.meeting_participants} p join ${t.meetings} m on m.id = p.meeting_id
    where p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid and ${isMeeting}
    for no key update of p)`;

/** Whether the person may. */
const allowed = () => `
    me.present and not me.removed and ${isRole(allowedRoles('participant.raiseHand').own, 'me.role')}
      and ${isLegalState('participant.raiseHand', 'me.meeting_status')}`;
const now = `coalesce($3::timestamptz, date_trunc('milliseconds', clock_timestamp()))`;

/** The event about `changed`, which gives `meeting_id` and `now` where something did, and the answer. */
const announced = (t: Tables, type: string, changed: string) => {
  const event = {
    ...{ id: '$4::uuid', type: `'${type}'`, users: 'null::uuid[]', actor: '$2::uuid', at: 'c.now' },
    data: `jsonb_build_object('userId', $2::uuid)`,
  };
  return `
  head as (${takeNumber(t, 'all', `select meeting_id as stream_id from ${changed}`)}),
  told as (${storeEvent(t, 'all', event, `head cross join ${changed} c`)})
  select case when h.seq is not null then json_build_array(
           h.seq, h.prev, h.epoch, c.now, me.id, me.role, me.status, me.invited_at, me.joined_at, me.total_duration_minutes,
           me.is_presenter, me.can_share_screen, me.can_use_chat) end as done,
         case when h.seq is null then json_build_object(
           'meeting_status', me.meeting_status, 'actor_role', me.role, 'removed', me.removed, 'present', me.present) end as found
  from me left join ${changed} c on true left join head h on true`;
};

/** Raising a raised hand changes nothing. Parameter 5: the interval's id. */
export const raiseHand = statement<HandRow>(
  'participant-raise-hand',
  (t) => `
  with ${me(t)},
  raised as (
    insert into ${t.meeting_media_intervals} as i (id, meeting_id, auth_user_id, kind, started_at)
    select $5::uuid, $1::uuid, $2::uuid, 'hand', ${now} from me where ${allowed()}
    on conflict (meeting_id, auth_user_id, kind) where ended_at is null do nothing
    returning i.meeting_id, i.started_at as now),
  -- Written, not only locked: whoever leaves and waits for the row must learn that there is something to take down.
  noticed as (
    update ${t.meeting_participants} p set role = p.role from raised cross join me where p.id = me.id),
  ${announced(t, 'participant.hand-raised', 'raised')}`,
);

/** Lowering a lowered hand changes nothing. */
export const lowerHand = statement<HandRow>(
  'participant-lower-hand',
  (t) => `
  with ${me(t)},
  allowed as (select ${now} as now from me where ${allowed()}),
  lowered as (
    update ${t.meeting_media_intervals} i set ended_at = greatest(a.now, i.started_at)
    from allowed a
    where i.meeting_id = $1::uuid and i.auth_user_id = $2::uuid and i.kind = 'hand' and i.ended_at is null
    returning i.meeting_id, a.now),
  ${announced(t, 'participant.hand-lowered', 'lowered')}`,
);
