import { isMeeting, type StoredSettings } from '../core/access.ts';
import type { MediaKind, MeetingStatus, ParticipantRole } from '../core/enums.ts';
import { statement } from '../core/statement.ts';
import { storeEvent, takeNumber, type ToldRow } from '../events/index.ts';

/** What switching microphone, voice or camera found, and what is on afterwards. */
export interface MediaRow extends ToldRow {
  /** Null for whoever has no place in the meeting. */
  readonly meeting_status: MeetingStatus | null;
  readonly actor_role: ParticipantRole | null;
  readonly removed: boolean | null;
  readonly present: boolean | null;
  readonly settings: StoredSettings | null;
  /** Something of the person's changed while the statement waited for their row: nothing was done. */
  readonly stale: boolean;
  /** Whether speaking was asked for while the microphone is off and stays off: nothing was done. */
  readonly muted: boolean;
  readonly microphone: boolean;
  readonly speaking: boolean;
  readonly camera: boolean;
  /** What was switched; null where nothing was. */
  readonly changed: Readonly<Partial<Record<MediaKind, boolean>>> | null;
}

const switched = {
  ...{ id: '$4::uuid', type: `'media.changed'`, users: 'null::uuid[]', actor: '$2::uuid', at: 'a.now' },
  data: `jsonb_build_object('userId', $2::uuid, 'changed', c.kinds)`,
};

/**
 * Switches a person's microphone, voice and camera on or off: intervals begin and end, and the event tells what changed.
 *
 * The own row is locked, so that nobody removes the person or ends the meeting in between. What is on is read as of the
 * statement's beginning; every change of it writes the own row, so a row that is still the one that was `seen` means that this is
 * current. Nobody waits for the meeting's row: a hundred people may switch at once.
 *
 * Parameters: 1 meeting, 2 user, 3 now, 4 event id, 5 allowed roles, 6 legal states, 7–9 microphone, speaking and camera as wanted,
 * null to leave them, 10–12 ids of intervals that may begin.
 */
export const setMedia = statement<MediaRow>(
  'participant-set-media',
  (t) => `
  with me as (
    select p.id as participant_id, p.xmin::text as row_version, p.role, p.removed_at is not null as removed,
           p.joined_at is not null and p.left_at is null as present, m.status, m.settings, m.id as meeting_id
    from ${t.meeting_participants} p join ${t.meetings} m on m.id = p.meeting_id and ${isMeeting}
    where p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid
    for no key update of p),
  seen as (
    select p.xmin::text as row_version from ${t.meeting_participants} p
    where p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid),
  -- Whoever mutes is heard no more.
  wanted (kind, turned_on, interval_id) as (
    values ('microphone', $7::boolean, $10::uuid),
           ('speaking', case when $7::boolean = false then false else $8::boolean end, $11::uuid),
           ('camera', $9::boolean, $12::uuid)),
  media as (
    select w.kind, w.turned_on, w.interval_id, i.id as open_id, coalesce(w.turned_on, i.id is not null) as is_on
    from wanted w
    left join ${t.meeting_media_intervals} i
      on i.meeting_id = $1::uuid and i.auth_user_id = $2::uuid and i.kind = w.kind and i.ended_at is null),
  verdict as (
    -- The time is asked here: a query that locks computes its columns before it waits.
    select me.*, coalesce($3::timestamptz, date_trunc('milliseconds', clock_timestamp())) as now,
           me.row_version is distinct from seen.row_version as stale,
           $7::boolean is null and coalesce($8::boolean, false)
             and not (select is_on from media where kind = 'microphone') as muted
    from me left join seen on true),
  allowed as (
    select * from verdict
    where present and not removed and not stale and not muted and role::text = any($5::text[]) and status::text = any($6::text[])),
  begun as (
    insert into ${t.meeting_media_intervals} (id, meeting_id, auth_user_id, kind, started_at)
    select d.interval_id, a.meeting_id, $2::uuid, d.kind, a.now from media d cross join allowed a
    where d.turned_on and d.open_id is null
    on conflict do nothing
    returning kind),
  ended as (
    update ${t.meeting_media_intervals} i set ended_at = greatest(a.now, i.started_at)
    from media d cross join allowed a
    where not d.turned_on and i.id = d.open_id and i.ended_at is null
    returning i.kind),
  changed as (
    select jsonb_object_agg(kind, turned_on) as kinds
    from (select kind, true as turned_on from begun union all select kind, false from ended) c
    having count(*) > 0),
  noticed as (
    update ${t.meeting_participants} p set role = p.role from changed cross join allowed a where p.id = a.participant_id),
  head as (${takeNumber(t, 'all', 'select a.meeting_id as stream_id from changed cross join allowed a')}),
  told as (${storeEvent(t, 'all', switched, 'head cross join changed c cross join allowed a')})
  select v.status as meeting_status, v.role as actor_role, v.removed, v.present, v.settings,
         coalesce(v.stale, false) as stale, coalesce(v.muted, false) as muted,
         on_now.microphone, on_now.speaking, on_now.camera, c.kinds as changed, h.seq, h.prev, h.epoch, v.now as told_at
  from (select bool_or(is_on and kind = 'microphone') as microphone, bool_or(is_on and kind = 'speaking') as speaking,
               bool_or(is_on and kind = 'camera') as camera from media) on_now
  left join verdict v on true left join changed c on true left join head h on true`,
);

/**
 * Switches off what somebody may not have on any more: 1 meeting, 2 person, 3 now, 4 kinds. Under the person's own lock, after
 * their row was written.
 */
export const switchOff = statement<{ kind: MediaKind }>(
  'participant-switch-off',
  (t) => `
  update ${t.meeting_media_intervals} set ended_at = greatest($3::timestamptz, started_at)
  where meeting_id = $1::uuid and auth_user_id = $2::uuid and kind = any($4::text[]) and ended_at is null
  returning kind`,
);
