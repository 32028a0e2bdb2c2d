/** Answers to invitations, and asking many people at once. */
import { newId } from '../../src/core/identifier.ts';
import type { InviteResult, RespondResult } from '../../src/index.ts';
import { type InputOf, Refused } from '../operations.ts';
import { clock, isMeeting, type LimitClient } from './client.ts';

/**
 * The meeting's state stands still while many answer at once; invitation and participation follow together; hosts and the person
 * are told. Parameters: 1 meeting, 2 user, 3 answer, 4 and 5 events.
 */
const respondText = `
  with lock as (
    select m.id, m.scheduled_start_time, m.status in ('Scheduled', 'InProgress') as ahead
    from convoke.meetings m
    where m.id = $1::uuid and ${isMeeting} and m.status in ('Scheduled', 'Postponed', 'InProgress')
      and m.settings->>'limitAcceptances' is null
    for share),
  me as (
    select l.*, p.id as participant_id
    from lock l join convoke.meeting_participants p on p.meeting_id = l.id and p.auth_user_id = $2::uuid
    where p.removed_at is null and (p.role <> 'Host' or $3::text = 'Accepted')
    for no key update of p),
  mine as (
    select me.*, i.id as invitation_id, i.invited_at, ${clock} as now
    from me join convoke.meeting_invitations i on i.meeting_id = me.id and i.invitee_id = $2::uuid
    where i.status <> 'Expired' and (i.responded_at is not null or i.expires_at is null or i.expires_at > clock_timestamp())
    for no key update of i),
  answered as (
    update convoke.meeting_invitations i
    set status = case $3::text when 'Tentative' then 'Pending' else $3::text end::convoke.invitation_status,
        responded_at = greatest(a.now, a.invited_at), response_message = null
    from mine a where i.id = a.invitation_id),
  waiting as (
    update convoke.meeting_waitlist_entries w set left_at = greatest(a.now, w.entered_at)
    from mine a where w.meeting_id = a.id and w.auth_user_id = $2::uuid and w.promoted_at is null and w.left_at is null),
  followed as (
    update convoke.meeting_participants p
    set status = $3::convoke.participation_status,
        upcoming_at = case when a.ahead and $3::text <> 'Declined' then a.scheduled_start_time end
    from mine a where p.id = a.participant_id
    returning p.status),
  heads as (
    insert into convoke.meeting_event_heads as h (stream_kind, stream_id, seq, hosts_seq)
    select s.kind, s.id, 1, 1 - s.kind from (select 0 as kind, id from mine union all select 1, $2::uuid from mine) s
    on conflict (stream_kind, stream_id) do update
    set seq = h.seq + 1, public_prev = h.public_seq, hosts_prev = h.hosts_seq,
        hosts_seq = case when h.stream_kind = 0 then h.seq + 1 else h.hosts_seq end
    returning h.stream_kind, h.stream_id, h.seq, h.hosts_prev),
  announced as (
    insert into convoke.meeting_events
      (stream_kind, stream_id, seq, id, prev, type, occurred_at, audience, audience_users, actor_id, data)
    select h.stream_kind, h.stream_id, h.seq, case h.stream_kind when 0 then $4::uuid else $5::uuid end,
           case h.stream_kind when 0 then h.hosts_prev else h.seq - 1 end, 'invitation.' || lower($3::text), a.now,
           case h.stream_kind when 0 then 'hosts' else 'users' end, case h.stream_kind when 1 then array[$2::uuid] end,
           $2::uuid, case h.stream_kind when 0 then jsonb_build_object('inviteeId', $2::uuid)
                     else jsonb_build_object('meetingId', a.id, 'inviteeId', $2::uuid) end
    from heads h cross join mine a)
  select status as "participationStatus" from followed`;

const notOver = ['Scheduled', 'Postponed', 'InProgress'];

export async function rsvp(
  client: LimitClient,
  { meetingId, userId, response }: InputOf<'rsvp'>,
): Promise<RespondResult> {
  const values = [meetingId, userId, response, newId(), newId()];
  const [row] = await client.named<Pick<RespondResult, 'participationStatus'>>('rsvp', respondText, values);
  if (row !== undefined) return { participationStatus: row.participationStatus, waitlistPosition: null };
  return client.refuse(meetingId, userId, { states: notOver, otherwise: 'EXPIRED' });
}

/** 1 meeting, 2 inviter. */
const enterText = `
  with lock as (
    select m.id, m.status from convoke.meetings m where m.id = $1::uuid and ${isMeeting} for no key update),
  me as (
    select p.role from lock l join convoke.meeting_participants p on p.meeting_id = l.id and p.auth_user_id = $2::uuid
    where p.removed_at is null for share of p)
  select lock.status, me.role, ${clock} as now from lock cross join me`;

/** Who of these has a place or was asked before: 1 meeting, 2 people. Everybody else is new. */
const knownText = `
  select p.auth_user_id as "userId", p.role, p.joined_at is null as never, p.invited_at as "invitedAt",
         p.removed_at is not null as removed,
         p.removed_at is null and not (p.status = 'Invited' and coalesce(i.status = 'Expired'
           or i.status = 'Pending' and i.responded_at is null and i.expires_at <= $3::timestamptz, false)) as stays
  from convoke.meeting_participants p
  left join convoke.meeting_invitations i on i.meeting_id = p.meeting_id and i.invitee_id = p.auth_user_id
  where p.meeting_id = $1::uuid and p.auth_user_id = any($2::uuid[])`;

/**
 * Four statements, each planned for itself over the same arrays: as one statement they are estimated wrongly and cost more.
 * Parameters of the first two: 1 meeting, 2 now, 3 people, 4 their new ids, 5 roles, 6 times of asking; then 7 the inviter.
 */
const rosterText = `
  insert into convoke.meeting_participants as p (id, meeting_id, auth_user_id, role, status, invited_at, upcoming_at)
  select w.id, m.id, w.user_id, w.role::convoke.participant_role, 'Invited', w.invited_at,
         case when m.status in ('Scheduled', 'InProgress') then m.scheduled_start_time end
  from convoke.meetings m cross join unnest($2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[]) as w(user_id, id, role, invited_at)
  where m.id = $1::uuid
  on conflict (meeting_id, auth_user_id) do update set
    is_presenter = p.is_presenter and p.removed_at is null, can_share_screen = p.can_share_screen or p.removed_at is not null,
    can_use_chat = p.can_use_chat or p.removed_at is not null, role = excluded.role, status = 'Invited',
    removed_at = null, removed_by = null, upcoming_at = excluded.upcoming_at, invited_at = excluded.invited_at`;

const askText = `
  insert into convoke.meeting_invitations (id, meeting_id, inviter_id, invitee_id, role, invited_at)
  select w.id, $1::uuid, $6::uuid, w.user_id, w.role::convoke.participant_role, w.invited_at
  from unnest($2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[]) as w(user_id, id, role, invited_at)
  on conflict (meeting_id, invitee_id) do update set
    inviter_id = excluded.inviter_id, role = excluded.role, status = 'Pending', message = null, revoked_at = null,
    invited_at = excluded.invited_at, responded_at = null, response_message = null, reminder_sent_at = null, expires_at = null`;

/** The meeting's head and everybody's own: 1 meeting, 2 people, in order. */
const headsText = `
  insert into convoke.meeting_event_heads as h (stream_kind, stream_id, seq, hosts_seq)
  select 0, $1::uuid, cardinality($2::uuid[]), cardinality($2::uuid[])
  union all select 1, user_id, 1, 0 from unnest($2::uuid[]) user_id
  on conflict (stream_kind, stream_id) do update
  set seq = h.seq + excluded.seq, public_prev = h.public_seq, hosts_prev = h.hosts_seq,
      hosts_seq = case h.stream_kind when 0 then h.seq + excluded.seq else h.hosts_seq end
  returning h.stream_kind as kind, h.stream_id as id, h.seq::float8 as seq, h.hosts_prev::float8 as "hostsPrev"`;

/** 1 actor, 2 time; then kinds, streams, numbers, ids, predecessors and data. */
const eventsText = `
  insert into convoke.meeting_events
    (stream_kind, stream_id, seq, id, prev, type, occurred_at, audience, audience_users, actor_id, data)
  select e.kind, e.stream_id, e.seq, e.id, e.prev, 'invitation.sent', $2::timestamptz,
         case e.kind when 0 then 'hosts' else 'users' end, case e.kind when 1 then array[e.stream_id] end, $1::uuid, e.data
  from unnest($3::smallint[], $4::uuid[], $5::bigint[], $6::uuid[], $7::bigint[], $8::jsonb[]) as e(kind, stream_id, seq, id, prev, data)`;

interface Known {
  readonly userId: string;
  readonly role: string;
  readonly never: boolean;
  readonly invitedAt: Date;
  readonly removed: boolean;
  readonly stays: boolean;
}

interface Head {
  readonly kind: number;
  readonly id: string;
  readonly seq: number;
  readonly hostsPrev: number;
}

export async function invite(
  client: LimitClient,
  { meetingId, userId, inviteeIds }: InputOf<'invite'>,
): Promise<InviteResult> {
  const people = [...new Set(inviteeIds)].filter((invitee) => invitee !== userId).toSorted();
  const failed = inviteeIds.includes(userId) ? [{ userId, reason: 'self' as const }] : [];
  return client.transaction(async (connection) => {
    const entered = { name: 'enter', text: enterText, values: [meetingId, userId] };
    const [found] = (await connection.query<{ status: string; role: string; now: Date }>(entered)).rows;
    if (found === undefined) throw new Refused('NOT_FOUND');
    if (!['Host', 'CoHost'].includes(found.role)) throw new Refused('FORBIDDEN');
    if (!notOver.includes(found.status)) throw new Refused('INVALID_TRANSITION');
    const { now } = found;
    const { rows } = await connection.query<Known>(knownText, [meetingId, people, now]);
    const known = new Map(rows.map((row) => [row.userId, row]));
    const invited = people.filter((person) => known.get(person)?.stays !== true);
    if (invited.length === 0) return { invited, alreadyInvited: people, failed };
    const wanted = invited.map((person) => {
      const row = known.get(person);
      const role = row === undefined || row.removed ? 'Participant' : row.role;
      return { person, role, at: row === undefined || row.never ? now : row.invitedAt, again: row !== undefined };
    });
    const roles = wanted.map(({ role }) => role);
    const times = wanted.map(({ at }) => at);
    await connection.query(rosterText, [meetingId, invited, invited.map(newId), roles, times]);
    await connection.query(askText, [meetingId, invited, invited.map(newId), roles, times, userId]);
    const heads = (await connection.query<Head>(headsText, [meetingId, invited])).rows;
    await connection.query(eventsText, [userId, now, ...eventValues(heads, wanted, meetingId, userId)]);
    return { invited, alreadyInvited: people.filter((person) => known.get(person)?.stays === true), failed };
  });
}

/** Two events for each person, as columns. */
function eventValues(
  heads: readonly Head[],
  wanted: readonly { readonly person: string; readonly role: string; readonly again: boolean }[],
  meetingId: string,
  inviterId: string,
): unknown[] {
  const own = new Map(heads.map((head) => [`${head.kind} ${head.id}`, head]));
  const { seq: last = 0, hostsPrev = 0 } = own.get(`0 ${meetingId}`) ?? {};
  const rows = wanted.flatMap(({ person, role, again }, index) => {
    const data = { inviteeId: person, inviterId, role, again };
    const seq = last - wanted.length + index + 1;
    const ownSeq = own.get(`1 ${person}`)?.seq ?? 0;
    return [
      [0, meetingId, seq, newId(), index === 0 ? hostsPrev : seq - 1, JSON.stringify(data)],
      [1, person, ownSeq, newId(), ownSeq - 1, JSON.stringify({ meetingId, ...data })],
    ];
  });
  return [0, 1, 2, 3, 4, 5].map((column) => rows.map((row) => row[column]));
}
