import { execute } from '../setup/postgres.ts';
import { start } from '../setup/service.ts';

interface Share {
  readonly by: string;
  readonly from: number;
  readonly to: number | null;
}

/** The shares of a meeting, in minutes after the start. */
export function shares(url: string, meetingId: string): Promise<Share[]> {
  return execute<Share>(
    url,
    `select auth_user_id as by, (extract(epoch from started_at - '${start}') / 60)::int as "from",
            (extract(epoch from ended_at - '${start}') / 60)::int as "to"
     from convoke.meeting_media_intervals
     where meeting_id = '${meetingId}' and kind = 'screen' order by started_at, id`,
  );
}
