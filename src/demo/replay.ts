import type { Clock } from '../core/clock.ts';
import type { MeetingService } from '../meeting-service.ts';
import type { MeetingView } from '../meetings/index.ts';
import type { Cast, CastMember } from './cast.ts';
import type { Recording } from './recording.ts';

/** A clock that stands where the replay puts it. */
export interface DrivenClock extends Clock {
  moveTo(instant: Date): void;
}

export function drivenClock(start: Date): DrivenClock {
  let current = start;
  return {
    now: () => new Date(current),
    moveTo(instant) {
      current = instant;
    },
  };
}

/**
 * What the recording does not tell and the replay therefore sets itself: when the class was arranged, for which time, and when
 * people answered. All before the class began.
 */
export const appointment = {
  scheduled: new Date('2019-03-11T09:00:00-04:00'),
  invited: new Date('2019-03-11T09:02:00-04:00'),
  firstAnswer: new Date('2019-03-11T09:15:00-04:00'),
  answersEveryMs: 37 * 60_000,
  decliner: { accepts: new Date('2019-03-11T16:20:00-04:00'), declines: new Date('2019-03-14T20:45:00-04:00') },
  undecided: new Date('2019-03-12T08:05:00-04:00'),
  latecomer: new Date('2019-03-12T17:30:00-04:00'),
  starts: new Date('2019-03-15T11:50:00-04:00'),
  ends: new Date('2019-03-15T12:45:00-04:00'),
} as const;

/** Everything that a replay needs. */
export interface Stage {
  readonly service: MeetingService;
  readonly clock: DrivenClock;
  readonly recording: Recording;
  readonly cast: Cast;
}

/** The host schedules the class with as many seats as leave nobody's free, and invites everybody. */
export async function arrange({ service, clock, recording, cast }: Stage): Promise<MeetingView> {
  const teacher = service.as({ userId: cast.host.userId });
  clock.moveTo(appointment.scheduled);
  const meeting = await teacher.meetings.schedule({
    title: 'Friday class',
    description: 'A real class of 15 March 2019, replayed from its recording.',
    meetingType: 'Lecture',
    scheduledStartTime: appointment.starts,
    scheduledEndTime: appointment.ends,
    timezone: recording.timezone,
    settings: { limitAcceptances: 1 + cast.students.length + 1 }, // the host, the students and whoever is quicker
  });
  clock.moveTo(appointment.invited);
  const invitees = cast.everybody.filter(({ userId }) => userId !== cast.host.userId);
  await teacher.invitations.invite(meeting.id, { inviteeIds: invitees.map(({ userId }) => userId) });
  return meeting;
}

/** Everybody answers, but for the one who never does. The last answer frees a seat for the one who waits. */
export async function answer({ service, clock, cast }: Stage, meetingId: string): Promise<void> {
  const says = async ({ userId }: CastMember, at: Date, response: 'Accepted' | 'Declined' | 'Tentative') => {
    clock.moveTo(at);
    await service.as({ userId }).invitations.respond(meetingId, { response });
  };
  for (const [index, student] of cast.students.entries())
    await says(student, new Date(appointment.firstAnswer.getTime() + index * appointment.answersEveryMs), 'Accepted');
  const { decliner, undecided, latecomer } = cast.added;
  await says(decliner, appointment.decliner.accepts, 'Accepted');
  await says(undecided, appointment.undecided, 'Tentative');
  await says(latecomer, appointment.latecomer, 'Accepted');
  await says(decliner, appointment.decliner.declines, 'Declined');
}
