import { isMeeting, type StoredSettings } from '../core/access.ts';
import type { MeetingStatus, MeetingType } from '../core/enums.ts';
import { instantOf } from '../core/instant.ts';
import { statement } from '../core/statement.ts';
import { type MeetingView } from './meeting.schema.ts';

/** Columns of a meeting as statements give them back: whether there are secrets, never the secrets. */
export interface MeetingRow {
  readonly id: string;
  readonly title: string;
  readonly description: string | null;
  readonly meeting_type: MeetingType;
  readonly creator_id: string;
  readonly party_id: string | null;
  readonly guild_id: string | null;
  readonly class_id: string | null;
  readonly subject_id: string | null;
  readonly scheduled_start_time: string;
  readonly scheduled_end_time: string;
  readonly actual_start_time: string | null;
  readonly actual_end_time: string | null;
  readonly timezone: string;
  readonly max_participants: number | null;
  readonly current_participants_count: number;
  readonly status: MeetingStatus;
  readonly is_recurring: boolean;
  readonly recurrence_pattern: Record<string, unknown> | null;
  readonly recording_enabled: boolean;
  readonly has_password: boolean;
  readonly has_recording: boolean;
  readonly series_id: string | null;
  readonly template_id: string | null;
  readonly settings: StoredSettings;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

const columns = [
  ...['id', 'title', 'description', 'meeting_type', 'creator_id', 'party_id', 'guild_id', 'class_id', 'subject_id'],
  ...['scheduled_start_time', 'scheduled_end_time', 'actual_start_time', 'actual_end_time', 'timezone'],
  ...['max_participants', 'current_participants_count', 'status', 'is_recurring', 'recurrence_pattern'],
  ...['recording_enabled', 'series_id', 'template_id', 'settings', 'version', 'created_at', 'updated_at'],
]
  .map((column) => `m.${column}`)
  .concat('m.meeting_password is not null as has_password', 'm.recording_url is not null as has_recording')
  .join(', ');

export function meetingViewOf(row: MeetingRow): MeetingView {
  return Object.freeze({
    id: row.id,
    title: row.title,
    description: row.description,
    meetingType: row.meeting_type,
    creatorId: row.creator_id,
    partyId: row.party_id,
    guildId: row.guild_id,
    classId: row.class_id,
    subjectId: row.subject_id,
    scheduledStartTime: instantOf(row.scheduled_start_time),
    scheduledEndTime: instantOf(row.scheduled_end_time),
    actualStartTime: instantOf(row.actual_start_time),
    actualEndTime: instantOf(row.actual_end_time),
    timezone: row.timezone,
    maxParticipants: row.max_participants,
    currentParticipantsCount: row.current_participants_count,
    status: row.status,
    isRecurring: row.is_recurring,
    recurrencePattern: row.recurrence_pattern,
    recordingEnabled: row.recording_enabled,
    hasPassword: row.has_password,
    hasRecording: row.has_recording,
    seriesId: row.series_id,
    templateId: row.template_id,
    settings: row.settings,
    version: row.version,
    createdAt: instantOf(row.created_at),
    updatedAt: instantOf(row.updated_at),
  });
}

export const meetingById = statement<MeetingRow>(
  'meeting-by-id',
  (t) => `select ${columns} from ${t.meetings} m where m.id = $1::uuid and ${isMeeting}`,
);

/** What an outsider may be shown depends on these; the actor's own place says the rest. */
export interface ListedRow extends MeetingRow {
  readonly start_text: string;
  /** Absent where all that is listed is the actor's own. */
  readonly member?: boolean;
}

/**
 * A page of meetings by scheduled start. The roster row decides whether it is one of mine; people who were removed are outsiders.
 * Parameters: 1 person or null for all, 2 mine only, 3 statuses, 4 types, 5 from, 6 to, 7 creator, 8 party, 9 guild, 10 class,
 * 11 subject, 12 series, 13 and 14 the last row's time and id, 15 limit, 16 only what lies ahead, as `upcoming_at` has it for one's own.
 */
function listing(order: 'asc' | 'desc') {
  const after = order === 'asc' ? '>' : '<';
  return statement<ListedRow>(
    `meeting-list-${order}`,
    (t) => `
    select ${columns}, m.scheduled_start_time::text as start_text, p.id is not null as member
    from ${t.meetings} m
    left join ${t.meeting_participants} p
      on p.meeting_id = m.id and p.auth_user_id = $1::uuid and p.removed_at is null
    where ${isMeeting} and (not $2::boolean or p.id is not null)
      and ($3::text[] is null or m.status::text = any($3::text[]))
      and ($4::text[] is null or m.meeting_type::text = any($4::text[]))
      and ($5::timestamptz is null or m.scheduled_end_time > $5::timestamptz)
      and ($6::timestamptz is null or m.scheduled_start_time < $6::timestamptz)
      and ($7::uuid is null or m.creator_id = $7::uuid)
      and ($8::uuid is null or m.party_id = $8::uuid)
      and ($9::uuid is null or m.guild_id = $9::uuid)
      and ($10::uuid is null or m.class_id = $10::uuid)
      and ($11::uuid is null or m.subject_id = $11::uuid)
      and ($12::uuid is null or m.series_id = $12::uuid)
      and ($13::timestamptz is null or (m.scheduled_start_time, m.id) ${after} ($13::timestamptz, $14::uuid))
      and (not $16::boolean or m.status in ('Scheduled', 'InProgress') and p.status is distinct from 'Declined')
    order by m.scheduled_start_time ${order}, m.id ${order} limit $15::int`,
    { prepare: false },
  );
}

export const listAscending = listing('asc');
export const listDescending = listing('desc');

function upcoming(name: string, condition: string) {
  return statement<ListedRow>(
    name,
    (t) => `
    select ${columns}, p.upcoming_at::text as start_text
    from ${t.meeting_participants} p join ${t.meetings} m on m.id = p.meeting_id
    where p.auth_user_id = $1::uuid and p.upcoming_at is not null and ${isMeeting} ${condition}
    order by p.upcoming_at, p.meeting_id limit $2::int`,
  );
}

/** What lies ahead of one person: walks an index that holds just those meetings, however many are past. 1 person, 2 limit. */
export const listUpcoming = upcoming('meeting-list-upcoming', '');

/** What follows: as above, 3 and 4 the last row's time and id. */
export const listUpcomingAfter = upcoming(
  'meeting-list-upcoming-after',
  'and (p.upcoming_at, p.meeting_id) > ($3::timestamptz, $4::uuid)',
);

/** The start as people's own lists know it: null once it is behind them, called off, or declined. 1 meeting. */
export const refreshUpcoming = statement<never>(
  'meeting-refresh-upcoming',
  (t) => `
  update ${t.meeting_participants} p
  set upcoming_at = case when m.status in ('Scheduled', 'InProgress') and p.status <> 'Declined'
                              and p.removed_at is null then m.scheduled_start_time end
  from ${t.meetings} m
  where m.id = $1::uuid and p.meeting_id = m.id
    and p.upcoming_at is distinct from
        case when m.status in ('Scheduled', 'InProgress') and p.status <> 'Declined'
                  and p.removed_at is null then m.scheduled_start_time end`,
  { prepare: false },
);

/** The link, for those who may have it. */
export const joinInfoOf = statement<{
  meeting_url: string | null;
  has_password: boolean;
  scheduled_start_time: string;
  scheduled_end_time: string;
}>(
  'meeting-join-info',
  (t) => `
  select m.meeting_url, m.meeting_password is not null as has_password, m.scheduled_start_time, m.scheduled_end_time
  from ${t.meetings} m where m.id = $1::uuid`,
);
