import { userId } from '../database/ids.ts';
/** What is asked of whom, again and again, and how the data is put back. */
import type { Layout } from '../database/layout.ts';
import { meetingOf, memberOf, pollOf } from '../database/layout.ts';
import type { MeetingBatch } from '../database/meetings.ts';
import type { InputOf, OperationName, Operations } from '../operations.ts';

export type Kind = 'write' | 'read' | 'bulk';

/** One operation of an implementation, with its input settled. */
export type Task = (operations: Partial<Operations>) => Promise<unknown>;

/** One measured operation: a list of tasks that are done once each, in any order. */
export interface Step {
  readonly operation: OperationName;
  readonly kind: Kind;
  /** Other tasks for each `turn`, as many as are asked for (or as there are). */
  tasks(turn: number, count: number): Task[];
}

/** Steps that follow each other on the same data. */
export interface Workload {
  readonly steps: readonly Step[];
  /** Operations a round measures at one client. */
  readonly batch: number;
  /** Measured in every so many rounds only, because it takes so long. */
  readonly every: number;
  /** Operations in a round of many clients. */
  readonly crowd: number;
  /** SQL that puts back what the tasks of a turn have changed; without it the data just grows. */
  reset?(turn: number, count: number): string;
}

export function workloadsOf(layout: Layout): readonly Workload[] {
  const { live, arrivals, asked, empty, chat, ballot, lecture } = layout;
  const words = 'Does this hold for every connected graph, or only for trees?';
  const answers = ['Accepted', 'Tentative'] as const;
  const liveMeetings = meetings(live);
  const arrivalMeetings = meetings(arrivals);
  const mediaOff = (turn: number, count: number) =>
    `delete from convoke.meeting_media_intervals where meeting_id in (${liveMeetings(turn, count)})`;
  return [
    {
      ...frequent,
      steps: [
        step('sendChat', 'write', (turn, count) =>
          members(live, turn, count).map((place) => ({ ...place, content: words })),
        ),
      ],
    },
    {
      ...frequent,
      steps: [
        step('vote', 'write', (turn, count) =>
          members(live, turn, count).map((place, index) => ({ ...place, choice: index % 3 })),
        ),
      ],
      reset: (turn, count) =>
        `delete from convoke.meeting_poll_responses where poll_id in
           (select id from convoke.meeting_polls where meeting_id in (${liveMeetings(turn, count)}))`,
    },
    {
      ...frequent,
      steps: [
        step('join', 'write', (turn, count) => members(arrivals, turn, count)),
        step('leave', 'write', (turn, count) => members(arrivals, turn, count)),
      ],
      reset: (turn, count) => `
        delete from convoke.meeting_participant_sessions s
        where meeting_id in (${arrivalMeetings(turn, count)}) and left_at is not null;
        update convoke.meeting_participants set joined_at = null, left_at = null, total_duration_minutes = 0
        where meeting_id in (${arrivalMeetings(turn, count)}) and left_at is not null`,
    },
    {
      ...frequent,
      steps: [
        step('rsvp', 'write', (turn, count) =>
          members(asked, turn, count).map((place, index) => ({
            ...place,
            response: answers[(turn + index) % 2] ?? 'Accepted',
          })),
        ),
      ],
    },
    { ...frequent, steps: [step('heartbeat', 'write', (turn, count) => members(live, turn, count))] },
    {
      ...frequent,
      steps: [step('raiseHand', 'write', (turn, count) => members(live, turn, count))],
      reset: mediaOff,
    },
    { ...frequent, steps: [step('setMedia', 'write', (turn, count) => members(live, turn, count))], reset: mediaOff },
    {
      ...frequent,
      steps: [
        step('listUpcoming', 'read', (turn, count) =>
          range(count).map((index) => ({ userId: userId(((turn * count + index) * 7) % layout.background.users) })),
        ),
      ],
    },
    {
      ...frequent,
      steps: [
        step('history', 'read', (_, count) =>
          range(count).map((index) => ({ meetingId: meetingOf(chat, 0), userId: memberOf(chat, 0, index % 11) })),
        ),
      ],
    },
    {
      ...{ batch: 4, every: 1, crowd: 60 },
      steps: [
        step('tally', 'read', (_, count) =>
          range(count).map(() => ({
            ...{ meetingId: meetingOf(ballot, 0), userId: memberOf(ballot, 0, 0), pollId: pollOf(ballot, 0) },
          })),
        ),
      ],
    },
    {
      ...{ batch: 1, every: 2, crowd: 0 },
      steps: [
        step('analytics', 'bulk', (_, count) =>
          range(count).map(() => ({ meetingId: meetingOf(lecture, 0), userId: memberOf(lecture, 0, 0) })),
        ),
      ],
    },
    {
      ...{ batch: 1, every: 2, crowd: 0 },
      steps: [
        step('invite', 'bulk', (turn, count) =>
          range(count).map((index) => {
            const meeting = turn * count + index;
            const inviteeIds = range(500).map((place) => userId((meeting * 131 + place) % layout.background.users));
            return { meetingId: meetingOf(empty, meeting), userId: memberOf(empty, meeting, 0), inviteeIds };
          }),
        ),
      ],
      reset: (turn, count) =>
        range(count)
          .map((index) => meetingOf(empty, turn * count + index))
          .flatMap((id) => [
            `delete from convoke.meeting_participants where meeting_id = '${id}' and role <> 'Host'`,
            `delete from convoke.meeting_invitations where meeting_id = '${id}'`,
          ])
          .join('; '),
    },
  ];
}

/** The meetings of those members, as SQL. */
const meetings = (batch: MeetingBatch) => (turn: number, count: number) =>
  [...new Set(members(batch, turn, count).map(({ meetingId }) => `'${meetingId}'`))].join(', ');

const members = (batch: MeetingBatch, turn: number, count: number) => membersOf(batch, turn * count, count);

const frequent = { batch: 20, every: 1, crowd: 160 };

/** Members of a batch's meetings, one meeting after the other: neighbours in the list do not wait for each other's rows. */
function membersOf(
  batch: MeetingBatch,
  from: number,
  count: number,
): { meetingId: string; userId: string; pollId: string }[] {
  return range(count).map((index) => {
    const number = from + index;
    const place = 1 + (Math.floor(number / batch.count) % batch.people);
    return {
      ...{ meetingId: meetingOf(batch, number), userId: memberOf(batch, number, place), pollId: pollOf(batch, number) },
    };
  });
}

function step<Name extends OperationName>(
  operation: Name,
  kind: Kind,
  inputs: (turn: number, count: number) => readonly InputOf<Name>[],
): Step {
  return {
    operation,
    kind,
    tasks: (turn, count) =>
      inputs(turn, count).map((input) => (operations) => {
        const run = operations[operation] as ((input: InputOf<Name>) => Promise<unknown>) | undefined;
        if (run === undefined) throw new Error(`${operation} is not there`);
        return run(input);
      }),
  };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
