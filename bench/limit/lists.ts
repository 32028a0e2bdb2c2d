/** What lies ahead of a person. */
import type { MeetingView, Page } from '../../src/index.ts';
import { type MeetingRow, meetingView, nextPage } from '../views.ts';
import { isMeeting, type LimitClient } from './client.ts';

const columns = [
  ...['id', 'title', 'description', 'meeting_type', 'creator_id', 'party_id', 'guild_id', 'class_id', 'subject_id'],
  ...['scheduled_start_time', 'scheduled_end_time', 'actual_start_time', 'actual_end_time', 'timezone'],
  ...['max_participants', 'current_participants_count', 'status', 'is_recurring', 'recurrence_pattern'],
  ...['recording_enabled', 'series_id', 'template_id', 'settings', 'version', 'created_at', 'updated_at'],
]
  .map((column) => `m.${column}`)
  .join(', ');

/** Walks the index of what lies ahead. The cursor needs the start as text: other writers' rows may have microseconds. */
const upcomingText = `
  select ${columns}, m.meeting_password is not null as has_password, m.recording_url is not null as has_recording,
         p.upcoming_at::text as start_text
  from convoke.meeting_participants p join convoke.meetings m on m.id = p.meeting_id
  where p.auth_user_id = $1::uuid and p.upcoming_at is not null and ${isMeeting}
  order by p.upcoming_at, p.meeting_id limit $2::int`;

const pageLength = 50;

export async function listUpcoming(
  client: LimitClient,
  { userId }: { readonly userId: string },
): Promise<Page<MeetingView>> {
  const values = [userId, pageLength + 1];
  const rows = await client.named<MeetingRow & { start_text: string }>('listUpcoming', upcomingText, values);
  const shown = rows.slice(0, pageLength);
  const last = shown.at(-1);
  const more = rows.length > pageLength && last !== undefined;
  return { items: shown.map(meetingView), nextCursor: more ? nextPage('meetings', [last.start_text, last.id]) : null };
}
