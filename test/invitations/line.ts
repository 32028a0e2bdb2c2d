/** Meetings whose seats are taken. */
import type { MeetingService } from '../../src/meeting-service.ts';
import { execute } from '../setup/postgres.ts';
import { people, type ScheduledMeeting } from '../setup/service.ts';

export interface Line extends ScheduledMeeting {
  /** Who has a seat. */
  readonly seated: readonly string[];
  /** Who waits, in the order of the line. */
  readonly waiting: readonly string[];
}

export type Scheduled = (options: object) => Promise<ScheduledMeeting>;

/** A meeting whose seats are taken: one by the Host, the rest by guests, and a line behind them. */
export async function full(service: MeetingService, scheduled: Scheduled, seats: number, line: number): Promise<Line> {
  const meeting = await scheduled({ settings: { limitAcceptances: seats } });
  const guests = people(seats - 1 + line);
  await service.as({ userId: meeting.host }).invitations.invite(meeting.id, { inviteeIds: guests });
  for (const userId of guests) await accept(service, meeting.id, userId);
  return { ...meeting, seated: guests.slice(0, seats - 1), waiting: guests.slice(seats - 1) };
}

export function accept(service: MeetingService, id: string, userId: string) {
  return service.as({ userId }).invitations.respond(id, { response: 'Accepted' });
}

export async function statusOf(service: MeetingService, userId: string): Promise<string | undefined> {
  return (await service.as({ userId }).invitations.mine()).items[0]?.status;
}

/** Who waits, in the order of the line. */
export const lineOf = (url: string, meetingId: string) =>
  execute<{ auth_user_id: string }>(
    url,
    `select auth_user_id from convoke.meeting_waitlist_entries
     where meeting_id = '${meetingId}' and promoted_at is null and left_at is null order by entered_at, id`,
  ).then((rows) => rows.map((row) => row.auth_user_id));
