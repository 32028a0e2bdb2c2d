/** Which meetings there are, and which of them are acted on. */
import { idOf, perMeeting, personOf } from './ids.ts';
import { type MeetingBatch, meetingBatch } from './meetings.ts';

export interface Layout {
  /** All the meetings that are only there: past, ahead and called off. */
  readonly background: MeetingBatch;
  /** Running, everybody there, a poll open. */
  readonly live: MeetingBatch;
  /** Running, only the Host there. */
  readonly arrivals: MeetingBatch;
  /** Ahead, everybody asked. */
  readonly asked: MeetingBatch;
  /** Ahead, nobody asked yet. */
  readonly empty: MeetingBatch;
  /** Running, with a long chat. */
  readonly chat: MeetingBatch;
  /** Running, with a poll that everybody has voted in. */
  readonly ballot: MeetingBatch;
  /** Over: a thousand people, what they wrote, voted and switched on. */
  readonly lecture: MeetingBatch;
}

const voters = 10_000;
/** Above every number of the background. */
const first = (place: number) => 10_000_000 + place * 100_000;

/** For so many meetings of eleven people, each user in a hundred of them. `size` scales what is acted on, for tests. */
export function layoutOf(meetings: number, chatLength: number, size: 'measured' | 'tiny' = 'measured'): Layout {
  const users = Math.max(500, Math.floor((meetings * 11) / 100));
  const pool = size === 'tiny' ? 20 : 250;
  const batch = (place: number, of: Partial<MeetingBatch>) =>
    meetingBatch({ first: first(place), count: pool, users, ...of });
  const crowd = { count: 1, users: 1_000_000 };
  const ended = `date_trunc('minute', now()) - interval '1 day'`;
  return {
    background: meetingBatch({
      ...{ first: 0, count: meetings, users, present: 'nobody' },
      status: `case when n % 20 < 4 then 'Scheduled' when n % 20 = 4 then 'Cancelled' else 'Completed' end`,
      // Over half a year to both sides.
      starts: `date_trunc('hour', now()) + (case when status = 'Scheduled' then 1 else -1 end) * interval '1 hour' * (2 + n % 4000)`,
      answer: `case place % 4 when 0 then 'Invited' when 1 then 'Tentative' else 'Accepted' end`,
      messages: 3,
    }),
    live: batch(0, { polls: 1 }),
    arrivals: batch(1, { present: 'host', maxParticipants: 50 }),
    asked: batch(2, {
      status: `'Scheduled'`,
      starts: `date_trunc('hour', now()) + interval '1 day'`,
      answer: `'Invited'`,
    }),
    empty: batch(3, { status: `'Scheduled'`, starts: `date_trunc('hour', now()) + interval '2 days'`, people: 0 }),
    chat: batch(4, { count: 1, messages: chatLength }),
    ballot: batch(5, { ...crowd, people: size === 'tiny' ? 100 : voters, polls: 1, votes: 'true' }),
    lecture: batch(6, {
      ...{
        ...crowd,
        people: size === 'tiny' ? 50 : 1_000,
        status: `'Completed'`,
        starts: ended,
        polls: 3,
        media: true,
      },
      ...{ votes: `(place + number) % 5 <> 0`, messages: size === 'tiny' ? 500 : 20_000 },
    }),
  };
}

/** A meeting of a batch, by its place in it. */
export function meetingOf(batch: MeetingBatch, place: number): string {
  return idOf('meeting', batch.first + (place % batch.count));
}

/** Somebody in that meeting: 0 is the Host. */
export function memberOf(batch: MeetingBatch, meeting: number, place: number): string {
  return personOf(batch.first + (meeting % batch.count), place, batch.users);
}

/** The first poll of that meeting. */
export function pollOf(batch: MeetingBatch, meeting: number): string {
  return idOf('poll', (batch.first + (meeting % batch.count)) * perMeeting);
}
