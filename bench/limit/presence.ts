import { newId } from '../../src/core/identifier.ts';
/** Coming, going, and signs of life. */
import type { ParticipantView } from '../../src/index.ts';
import { type Place, Refused } from '../operations.ts';
import { type ParticipantRow, participantView } from '../views.ts';
import { clock, isMeeting, type LimitClient, participantColumns } from './client.ts';

/**
 * `lock` serialises whoever changes seats; `me` and `host` are read anew by locking them. The Host matters only where
 * seats are limited, for the one that is kept. Parameters: 1 meeting, 2 user, 3 participant, 4 session, 5–7 events.
 */
const joinText = `
  with lock as (
    select m.id as meeting_id, m.status, m.max_participants, m.current_participants_count as present, m.meeting_password,
           m.settings, m.scheduled_start_time
    from convoke.meetings m where m.id = $1::uuid and ${isMeeting} for no key update),
  me as (
    select p.id, p.role, p.status, p.removed_at, p.joined_at is not null and p.left_at is null as was_present
    from lock l join convoke.meeting_participants p on p.meeting_id = l.meeting_id and p.auth_user_id = $2::uuid
    for no key update of p),
  host as (
    select h.joined_at is not null and h.left_at is null as present
    from lock l join convoke.meeting_participants h on h.meeting_id = l.meeting_id and h.role = 'Host'
    where l.max_participants is not null for share of h),
  allowed as (
    select l.*, me.id as participant_id, coalesce(me.was_present, false) as was_present, ${clock} as now
    from lock l left join me on true left join host on true
    where l.status = 'InProgress' and me.removed_at is null
      and (me.id is not null or (l.settings->>'openJoin')::boolean)
      and (l.meeting_password is null or me.role in ('Host', 'CoHost'))
      and (l.settings->>'limitAcceptances' is null or me.status = 'Accepted' or me.role = 'Host' or me.was_present)
      and (me.was_present is true or l.max_participants is null
           or l.present < l.max_participants - case when me.role = 'Host' or host.present then 0 else 1 end)),
  returned as (
    update convoke.meeting_participants p
    set status = case when p.status in ('Invited', 'Declined', 'Tentative') then 'Accepted' else p.status end,
        joined_at = coalesce(p.joined_at, a.now), left_at = null, upcoming_at = a.scheduled_start_time
    from allowed a where p.id = a.participant_id
    returning ${participantColumns}),
  walked_in as (
    insert into convoke.meeting_participants as p (id, meeting_id, auth_user_id, status, invited_at, joined_at, upcoming_at)
    select $3::uuid, a.meeting_id, $2::uuid, 'Accepted', a.now, a.now, a.scheduled_start_time
    from allowed a where a.participant_id is null
    on conflict (meeting_id, auth_user_id) do nothing
    returning ${participantColumns}),
  entered as (select * from returned union all select * from walked_in),
  session as (
    insert into convoke.meeting_participant_sessions (id, meeting_id, auth_user_id, joined_at, created_at)
    select $4::uuid, a.meeting_id, $2::uuid, a.now, a.now from entered cross join allowed a
    on conflict (meeting_id, auth_user_id, source, connection_id) where left_at is null do nothing),
  counted as (
    update convoke.meetings m set current_participants_count = a.present + 1, max_participants = a.max_participants
    from entered cross join allowed a where m.id = a.meeting_id and not a.was_present),
  accepted as (
    update convoke.meeting_invitations i set status = 'Accepted', responded_at = greatest(a.now, i.invited_at)
    from entered cross join allowed a
    where i.meeting_id = a.meeting_id and i.invitee_id = $2::uuid and i.status in ('Pending', 'Declined')
    returning i.id),
  told as (
    select a.meeting_id, a.now, (not a.was_present)::int as joined, (select count(*)::int from accepted) as accepted
    from entered cross join allowed a),
  head as (
    insert into convoke.meeting_event_heads as h (stream_kind, stream_id, seq, public_seq, hosts_seq)
    select 0, meeting_id, joined + accepted, joined, accepted * (joined + 1) from told where joined + accepted > 0
    on conflict (stream_kind, stream_id) do update
    set seq = h.seq + excluded.seq, public_prev = h.public_seq, hosts_prev = h.hosts_seq,
        public_seq = case when excluded.public_seq = 0 then h.public_seq else h.seq + excluded.public_seq end,
        hosts_seq = case when excluded.hosts_seq = 0 then h.hosts_seq else h.seq + excluded.hosts_seq end
    returning h.seq, h.public_prev, h.hosts_prev),
  own_head as (
    insert into convoke.meeting_event_heads as h (stream_kind, stream_id, seq)
    select 1, $2::uuid, 1 from told where accepted > 0
    on conflict (stream_kind, stream_id) do update
    set seq = h.seq + 1, public_prev = h.public_seq, hosts_prev = h.hosts_seq
    returning h.seq),
  announced as (
    insert into convoke.meeting_events
      (stream_kind, stream_id, seq, id, prev, type, occurred_at, audience, audience_users, actor_id, data)
    select 0, t.meeting_id, h.seq - t.accepted, $5::uuid, h.public_prev, 'participant.joined', t.now, 'all', null::uuid[],
           $2::uuid, jsonb_build_object('userId', $2::uuid, 'role', e.role)
    from told t cross join head h cross join entered e where t.joined > 0
    union all
    select 0, t.meeting_id, h.seq, $6::uuid, h.hosts_prev, 'invitation.accepted', t.now, 'hosts', null,
           $2::uuid, jsonb_build_object('inviteeId', $2::uuid, 'byJoining', true)
    from told t cross join head h where t.accepted > 0
    union all
    select 1, $2::uuid, o.seq, $7::uuid, o.seq - 1, 'invitation.accepted', t.now, 'users', array[$2::uuid],
           $2::uuid, jsonb_build_object('meetingId', t.meeting_id, 'inviteeId', $2::uuid, 'byJoining', true)
    from told t cross join own_head o)
  select e.*, t.was_present from entered e cross join (select was_present from allowed) t`;

type Joined = ParticipantRow & { readonly was_present: boolean };

export async function join(client: LimitClient, { meetingId, userId }: Place): Promise<ParticipantView> {
  const ids = [newId(), newId(), newId(), newId(), newId()];
  const [row] = await client.named<Joined>('join', joinText, [meetingId, userId, ...ids]);
  if (row !== undefined) return participantView(row, row.was_present ? await handOf(client, meetingId, userId) : null);
  return client.refuse(meetingId, userId, { states: ['InProgress'], otherwise: 'CAPACITY' });
}

/** Whoever comes with a second device may have raised a hand; whoever comes with the first has not. */
async function handOf(client: LimitClient, meetingId: string, userId: string): Promise<Date | null> {
  const text = `
    select started_at from convoke.meeting_media_intervals
    where meeting_id = $1 and auth_user_id = $2 and kind = 'hand' and ended_at is null`;
  const [hand] = await client.planned<{ started_at: Date }>(text, [meetingId, userId]);
  return hand?.started_at ?? null;
}

/**
 * All sessions of a person end, in one statement with the answer. `seen` tells whether the person's sessions may have changed
 * while the lock was waited for: then nothing is done, and asking again sees them. Parameters: 1 meeting, 2 user, 3 and 4 events.
 */
const leaveText = `
  with lock as (
    select m.id as meeting_id, m.status, m.actual_start_time
    from convoke.meetings m where m.id = $1::uuid and ${isMeeting} for no key update),
  me as (
    select ${participantColumns}, p.xmin::text as version
    from lock l join convoke.meeting_participants p on p.meeting_id = l.meeting_id and p.auth_user_id = $2::uuid
    where l.status = 'InProgress' and p.removed_at is null
    for no key update of p),
  seen as (
    select p.xmin::text as version from convoke.meeting_participants p
    where p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid),
  now as (select me.id, me.version is distinct from seen.version as stale, ${clock} as now from me left join seen on true),
  closed as (
    update convoke.meeting_participant_sessions s set left_at = greatest(n.now, s.joined_at), left_reason = 'left'
    from now n where not n.stale and s.meeting_id = $1::uuid and s.auth_user_id = $2::uuid and s.left_at is null
    returning s.joined_at, s.left_at),
  stays as (
    select s.joined_at, s.left_at from convoke.meeting_participant_sessions s
    where s.meeting_id = $1::uuid and s.auth_user_id = $2::uuid and s.left_at is not null and exists (select from closed)
    union all select joined_at, left_at from closed),
  total as (
    select max(s.left_at) as last_left, (
             select coalesce(floor(sum(extract(epoch from upper(r) - lower(r))) / 60), 0)::int
             from unnest(range_agg(tstzrange(s.joined_at, s.left_at) * tstzrange(l.actual_start_time, null))) r) as minutes
    from stays s cross join lock l having count(*) > 0),
  departed as (
    update convoke.meeting_participants p
    set left_at = greatest(t.last_left, p.joined_at), total_duration_minutes = t.minutes
    from total t cross join now n where p.id = n.id
    returning ${participantColumns}),
  lowered as (
    update convoke.meeting_media_intervals i set ended_at = greatest(d.left_at, i.started_at)
    from departed d where i.meeting_id = $1::uuid and i.auth_user_id = $2::uuid and i.ended_at is null
    returning i.kind),
  counted as (
    update convoke.meetings m set current_participants_count = m.current_participants_count - 1
    from departed d where m.id = d.meeting_id),
  told as (
    select d.meeting_id, n.now, (select count(*)::int from lowered where kind = 'screen') as shares
    from departed d cross join now n),
  head as (
    insert into convoke.meeting_event_heads as h (stream_kind, stream_id, seq, public_seq)
    select 0, meeting_id, 1 + shares, 1 + shares from told
    on conflict (stream_kind, stream_id) do update
    set seq = h.seq + excluded.seq, public_seq = h.seq + excluded.seq, public_prev = h.public_seq, hosts_prev = h.hosts_seq
    returning h.seq, h.public_prev),
  announced as (
    insert into convoke.meeting_events (stream_kind, stream_id, seq, id, prev, type, occurred_at, audience, actor_id, data)
    select 0, t.meeting_id, h.seq - t.shares + k, case k when 0 then $3::uuid else $4::uuid end,
           case when k = t.shares and t.shares = 1 then h.seq - 1 else h.public_prev end,
           case when k = t.shares then 'participant.left' else 'screen-share.stopped' end, t.now, 'all', $2::uuid,
           jsonb_build_object('userId', $2::uuid, 'reason', 'left')
    from told t cross join head h cross join generate_series(0, t.shares) k)
  select n.stale, ${participantColumns}
  from now n cross join lateral (
    select * from departed
    union all select id, meeting_id, auth_user_id, role, status, invited_at, joined_at, left_at, total_duration_minutes,
                     is_presenter, can_share_screen, can_use_chat
    from me where not exists (select from departed)) p`;

export async function leave(client: LimitClient, { meetingId, userId }: Place): Promise<ParticipantView> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const values = [meetingId, userId, newId(), newId()];
    const [row] = await client.named<ParticipantRow & { stale: boolean }>('leave', leaveText, values);
    if (row === undefined) return client.refuse(meetingId, userId, { states: ['InProgress'], otherwise: 'CONFLICT' });
    if (!row.stale) return participantView(row);
  }
  throw new Refused('BUSY');
}

/** An open session says all there is to know: whoever is removed, and whatever ends, closes it. */
const heartbeatText = `
  update convoke.meeting_participant_sessions s set last_heartbeat_at = greatest(${clock}, s.joined_at)
  where s.meeting_id = $1::uuid and s.auth_user_id = $2::uuid and s.left_at is null returning 1`;

export async function heartbeat(client: LimitClient, { meetingId, userId }: Place): Promise<void> {
  const beats = await client.named('heartbeat', heartbeatText, [meetingId, userId]);
  if (beats.length === 0) await client.refuse(meetingId, userId, { states: ['InProgress'], otherwise: 'FORBIDDEN' });
}
