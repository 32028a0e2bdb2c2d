import { isMeeting } from '../core/access.ts';
import type { MediaKind } from '../core/enums.ts';
import { allowedRoles, isLegalState, isRole } from '../core/policy.ts';
import { type Statement, statement, type Tables } from '../core/statement.ts';
import { storeEvent, takeNumber } from '../events/index.ts';
import type { FoundPerson } from './found-standing.ts';

/** What people switch by themselves. */
export const switchable = ['microphone', 'speaking', 'camera'] as const satisfies readonly MediaKind[];
export type Switchable = (typeof switchable)[number];

/** What is switched; what is in neither list stays as it is. Each form is a statement of its own: what it leaves alone costs nothing. */
export interface MediaForm {
  readonly on: readonly Switchable[];
  readonly off: readonly Switchable[];
}

/** What was on before; then, where that changed anything, what, and the place and the time of the event. */
export type MediaSet = readonly [
  before: readonly MediaKind[],
  changed: Readonly<Partial<Record<Switchable, boolean>>> | null,
  ...[seq: number | null, prev: number | null, epoch: string | null, at: string],
];

/** What came of it. No row: the person has no place in the meeting, or there is none. */
export interface MediaRow {
  /** Null where the person may not. One column, of whose parts none takes the time that a column of its own does. */
  readonly done: MediaSet | null;
  /** What stood against it, where they may not. */
  readonly found: MediaFacts | null;
}

export interface MediaFacts extends FoundPerson {
  /** Something of the person's changed while the statement waited for their row: nothing was done. */
  readonly stale: boolean;
  /** Whether speaking was asked for while the microphone is off and stays off: nothing was done. */
  readonly muted: boolean;
}

/** What somebody has on, as of the statement's beginning. */
const openIntervals = (t: Tables) => `
  from ${t.meeting_media_intervals} i where i.meeting_id = $1::uuid and i.auth_user_id = $2::uuid and i.ended_at is null`;

/** Begins or ends intervals, once the person may; `at` is when. The ids of what may begin come last among the parameters. */
const switching = {
  on: {
    at: 'i.started_at',
    write: (t: Tables, kinds: readonly Switchable[]) => `
    insert into ${t.meeting_media_intervals} as i (id, meeting_id, auth_user_id, kind, started_at)
    select w.id, $1::uuid, $2::uuid, w.kind, a.now
    from allowed a
    cross join (values ${kinds.map((kind, index) => `($${5 + index}::uuid, '${kind}')`).join(', ')}) w (id, kind)
    on conflict (meeting_id, auth_user_id, kind) where ended_at is null do nothing`,
  },
  off: {
    at: 'a.now',
    write: (t: Tables, kinds: readonly Switchable[]) => `
    update ${t.meeting_media_intervals} i set ended_at = greatest(a.now, i.started_at)
    from allowed a
    where i.meeting_id = $1::uuid and i.auth_user_id = $2::uuid and i.ended_at is null
      and i.kind in (${kinds.map((kind) => `'${kind}'`).join(', ')})`,
  },
};

/** The CTEs that switch, the last of which is `changed`: what they have switched, and when, where that is anything. */
function changing(t: Tables, form: MediaForm): string {
  const turns = (['on', 'off'] as const).flatMap((way) =>
    form[way].length === 0 ? [] : [{ way, ...switching[way], kinds: form[way] }],
  );
  const [only] = turns;
  // One thing at a time is the rule, and leaves nothing to put together.
  if (only !== undefined && turns.length === 1 && only.kinds.length === 1)
    return `
  changed as (${only.write(t, only.kinds)}
    returning jsonb_build_object(i.kind, ${only.way === 'on'}) as kinds, ${only.at} as now)`;
  const each = turns.map(
    ({ way, at, write, kinds }) => `
  turned_${way} as (${write(t, kinds)}
    returning i.kind, ${way === 'on'} as is_on, ${at} as now),`,
  );
  return `${each.join('')}
  changed as (
    select jsonb_object_agg(kind, is_on) as kinds, min(now) as now
    from (${turns.map(({ way }) => `select * from turned_${way}`).join(' union all ')}) c
    having count(*) > 0)`;
}

const switched = {
  ...{ id: '$4::uuid', type: `'media.changed'`, users: 'null::uuid[]', actor: '$2::uuid', at: 'c.now' },
  data: `jsonb_build_object('userId', $2::uuid, 'changed', c.kinds)`,
};

/**
 * Switches a person's microphone, voice and camera on or off: intervals begin and end, and the event tells what changed.
 *
 * The own row is locked, so that nobody removes the person or ends the meeting in between. What is on is read as of the
 * statement's beginning; every change of it writes the own row, so a row that is still the one that was seen then means that this
 * is current. Nobody waits for the meeting's row: a hundred people may switch at once.
 *
 * Parameters: 1 meeting, 2 user, 3 now, 4 event id, then an id for each interval that may begin.
 */
function mediaStatement(form: MediaForm): Statement<MediaRow> {
  const name = (['on', 'off'] as const).flatMap((way) => (form[way].length > 0 ? [way, ...form[way]] : []));
  return statement<MediaRow>(['participant-media', ...name].join('-'), (t) => {
    const stale = `me.row_version <> (
             select p.xmin from ${t.meeting_participants} p where p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid)`;
    const speaks = form.on.includes('speaking') && !form.on.includes('microphone');
    const muted = speaks ? `not exists (select ${openIntervals(t)} and i.kind = 'microphone')` : 'false';
    return `
  with me as (
    select p.id, p.xmin as row_version, p.role, p.removed_at is not null as removed,
           p.joined_at is not null and p.left_at is null as present, m.status
    from ${t.meeting_participants} p join ${t.meetings} m on m.id = p.meeting_id
    where p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid and ${isMeeting}
    for no key update of p),
  allowed as (
    -- The time is asked here: a query that locks computes its columns before it waits.
    select me.id, coalesce($3::timestamptz, date_trunc('milliseconds', clock_timestamp())) as now from me
    where me.present and not me.removed and ${isRole(allowedRoles('participant.setMedia').own, 'me.role')}
      and ${isLegalState('participant.setMedia', 'me.status')} and not (${stale}) and not ${muted}),
  ${changing(t, form)},
  noticed as (
    update ${t.meeting_participants} p set role = p.role from changed cross join allowed a where p.id = a.id),
  head as (${takeNumber(t, 'all', 'select $1::uuid as stream_id from changed')}),
  told as (${storeEvent(t, 'all', switched, 'head cross join changed c')})
  select case when a.id is not null then json_build_array(
           array(select i.kind ${openIntervals(t)}), c.kinds, h.seq, h.prev, h.epoch, a.now) end as done,
         case when a.id is null then json_build_object(
           'meeting_status', me.status, 'actor_role', me.role, 'removed', me.removed, 'present', me.present,
           'stale', ${stale}, 'muted', ${muted}) end as found
  from me left join allowed a on true left join changed c on true left join head h on true`;
  });
}

const forms = new Map<string, Statement<MediaRow>>();

/** The statement that switches so. */
export function setMediaOf(form: MediaForm): Statement<MediaRow> {
  const key = `${form.on.join()}/${form.off.join()}`;
  const known = forms.get(key) ?? mediaStatement(form);
  forms.set(key, known);
  return known;
}

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
