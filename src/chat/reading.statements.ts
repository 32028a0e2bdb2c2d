import { isMeeting } from '../core/access.ts';
import type { MeetingStatus, ParticipantRole, ParticipationStatus } from '../core/enums.ts';
import { statement, type Tables } from '../core/statement.ts';
import { isReadable } from './message.statements.ts';

/** How many unread messages are counted; whoever has more to read needs no number. */
const mostUnread = 1_000;

/** How far somebody has read, and where they stand. No row: they have no place in the meeting, or there is none. */
export interface ReadingRow {
  readonly meeting_status: MeetingStatus;
  readonly actor_role: ParticipantRole;
  readonly removed: boolean;
  readonly participation: ParticipationStatus;
  readonly message_id: string | null;
  readonly read_at: string | null;
  readonly unread: number | null;
}

/** Parameters: 1 meeting, 2 person, 3 roles that may, 4 legal states. */
const me = (t: Tables) => `
  me as (
    select m.id as meeting_id, m.status as meeting_status, p.role as actor_role, p.removed_at is not null as removed,
           p.status as participation,
           p.removed_at is null and p.status <> 'Declined' and p.role::text = any($3::text[])
             and m.status::text = any($4::text[]) as may
    from ${t.meetings} m join ${t.meeting_participants} p on p.meeting_id = m.id and p.auth_user_id = $2::uuid
    where m.id = $1::uuid and ${isMeeting})`;

/** Where they stand, where their marker stands, and how much others wrote behind it; without a marker, how much at all. */
const reading = (t: Tables, marker: string) => `
  select me.meeting_status, me.actor_role, me.removed, me.participation, r.message_id, r.read_at,
         case when me.may then (
           select count(*)::int from (
             select from ${t.meeting_chat_messages} c
             where c.meeting_id = me.meeting_id and c.deleted_at is null and c.sender_id <> $2::uuid
               and ${isReadable('c', '$2')}
               and (c.sent_at, c.id) > (coalesce(r.sent_at, '-infinity'), coalesce(r.message_id, '${beforeAll}'))
             limit ${mostUnread}) u)
         end as unread
  from me left join ${marker} r on r.meeting_id = me.meeting_id and r.auth_user_id = $2::uuid`;
const beforeAll = '00000000-0000-0000-0000-000000000000';

/** Parameters: see above. */
export const readingOf = statement<ReadingRow>(
  'chat-unread',
  (t) => `with ${me(t)} ${reading(t, t.meeting_chat_read_markers)}`,
);

/**
 * Moves the marker to a message, unless it stands there or further on: two devices may tell of it in any order. No event, since
 * it is nobody else's business. Parameters: see above, 5 message, 6 now.
 */
export const markRead = statement<ReadingRow & { readonly known: boolean }>(
  'chat-mark-read',
  (t) => `
  with ${me(t)},
  message as (
    select c.id, c.sent_at from me join ${t.meeting_chat_messages} c on c.id = $5::uuid and c.meeting_id = me.meeting_id
    where ${isReadable('c', '$2')}),
  moved as (
    insert into ${t.meeting_chat_read_markers} as r (meeting_id, auth_user_id, message_id, sent_at, read_at)
    select me.meeting_id, $2::uuid, c.id, c.sent_at,
           coalesce($6::timestamptz, date_trunc('milliseconds', clock_timestamp()))
    from me cross join message c where me.may
    -- Written even where it stays, so that the answer is the marker as it stands and not as this statement saw it at first.
    on conflict (meeting_id, auth_user_id) do update set (message_id, sent_at, read_at) = (
      select place.message_id, place.sent_at, place.read_at
      from (values (r.message_id, r.sent_at, r.read_at), (excluded.message_id, excluded.sent_at, excluded.read_at))
        as place (message_id, sent_at, read_at)
      order by place.sent_at desc, place.message_id desc, place.read_at limit 1)
    returning r.meeting_id, r.auth_user_id, r.message_id, r.sent_at, r.read_at),
  answer as (${reading(t, 'moved')})
  select answer.*, exists (select from message) as known from answer`,
);
