import { isMeeting, type StoredSettings } from '../core/access.ts';
import type { MeetingStatus, ParticipantRole } from '../core/enums.ts';
import { isLegalState } from '../core/policy.ts';
import { statement } from '../core/statement.ts';
import { storeEvent, takeNumbers, type ToldRow } from '../events/index.ts';
import { closingOneCtes } from './closing.statements.ts';
import { type OwnRow, ownColumns } from './participant.statements.ts';

/** What leaving came to. No row: there is no such meeting. */
export type LeaveRow = Gone | NotGone;

/** Somebody who is gone, with the event that they are. */
export interface Gone extends OwnRow, ToldRow {
  readonly left_at: string;
  /** What comes before the event about the share that ended with it, which comes first; null where nothing was shared. */
  readonly share_prev: ToldRow['prev'];
  readonly found: null;
}

interface NotGone {
  /** What stood against it: perhaps nothing, where another device stays or none was there. */
  readonly found: LeaveFacts;
}

export interface LeaveFacts {
  readonly meeting_status: MeetingStatus;
  readonly actor_role: ParticipantRole | null;
  readonly removed: boolean;
  readonly settings: StoredSettings;
  /** The person's sessions may have changed while the statement waited for its locks: ask again. */
  readonly stale: boolean;
}

const reason = `'left'`;
const byPerson = {
  ...{ users: 'null::uuid[]', actor: '$2::uuid', at: 'p.now' },
  data: `jsonb_build_object('userId', $2::uuid, 'reason', ${reason})`,
};
const stopped = { ...byPerson, id: '$6::uuid', type: `'screen-share.stopped'` };
const left = { ...byPerson, id: '$5::uuid', type: `'participant.left'` };

/**
 * Closes one connection of a person, or all of them, and announces it when it was the last, after the share that ended with it.
 * The guards are those of joining, and one more: `seen` is the own row as the statement saw it at first, compared with the one
 * that is locked and so read anew. Had it changed, the person's sessions may have too, and nothing is done but to say so. Every
 * change of a person's sessions writes their row, so this finds them all.
 *
 * Parameters: 1 meeting, 2 user, 3 connection or null for all, 4 now, 5 event id, 6 the id of the event about a share.
 */
export const leave = statement<LeaveRow>(
  'participant-leave',
  (t) => `
  with lock as (
    select m.id, m.status, m.actual_start_time, m.settings
    from ${t.meetings} m where m.id = $1::uuid and ${isMeeting}
    for no key update),
  me as (
    select p.id, p.role, p.removed_at is not null as removed, p.xmin as row_version
    from lock l join ${t.meeting_participants} p on p.meeting_id = l.id and p.auth_user_id = $2::uuid
    for no key update of p),
  verdict as (
    select me.id, me.role, coalesce(me.removed, false) as removed, coalesce(me.row_version <> seen.xmin, false) as stale
    from lock l left join me on true
    left join ${t.meeting_participants} seen on seen.meeting_id = $1::uuid and seen.auth_user_id = $2::uuid),
  leaver as (
    select l.id as meeting_id, v.id as participant_id, $2::uuid as user_id,
           coalesce($4::timestamptz, date_trunc('milliseconds', clock_timestamp())) as now
    from verdict v cross join lock l
    where v.id is not null and not v.stale and not v.removed and ${isLegalState('participant.leave', 'l.status')}),
  ${closingOneCtes(t, '$3::text', reason)},
  gone as (
    select d.meeting_id as stream_id, 1 + (select count(*)::int from lowered where kind = 'screen') as n
    from departed d where not d.still_present),
  head as (${takeNumbers(t, 'select stream_id, n from gone')}),
  place as (
    select h.stream_id, h.seq, h.epoch, case when g.n > 1 then h.seq - 1 else h.prev end as prev,
           case when g.n > 1 then h.prev end as share_prev, d.now
    from head h cross join gone g cross join departed d),
  told_share as (${storeEvent(
    t,
    'all',
    stopped,
    '(select stream_id, seq - 1 as seq, share_prev as prev, now from place where share_prev is not null) p',
  )}),
  told as (${storeEvent(t, 'all', left, 'place p')})
  select ${ownColumns('d')}, d.left_at, p.seq, p.prev, p.epoch, p.now as told_at, p.share_prev,
         case when p.seq is null then json_build_object(
           'meeting_status', l.status, 'actor_role', v.role, 'removed', v.removed, 'settings', l.settings, 'stale', v.stale)
           end as found
  from lock l cross join verdict v left join place p on true left join departed d on true`,
);
