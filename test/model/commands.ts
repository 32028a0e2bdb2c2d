/** Calls as values: each can be put to the model and to the service, and the answers compared. */
import fc from 'fast-check';
import type { ParticipantRole } from '../../src/core/enums.ts';
import type { Rooms } from '../../src/rooms.ts';
import type { Answer, MeetingModel } from './meeting-model.ts';
import type { Ending, Wish } from './place.ts';
import { pollDeeds } from './poll-commands.ts';

/** A meeting of the service's, and who its people are. */
export interface Stage {
  readonly id: string;
  readonly people: readonly string[];
  readonly as: (person: number) => Rooms;
  readonly sweep: () => Promise<unknown>;
  /** Invitations that are not answered lapse. */
  readonly expire: () => Promise<unknown>;
  /** Whatever time people were given to answer is over now. */
  readonly timeIsUp: () => Promise<unknown>;
  /** Ids of the polls, in the order in which they were made. */
  readonly polls: string[];
  /** A poll that is open, written past the service; none where the meeting is over. */
  readonly writePoll: () => Promise<unknown>;
}

export interface Deed {
  readonly name: string;
  readonly model: (model: MeetingModel) => Ending;
  readonly real: (stage: Stage) => Promise<unknown>;
}

export const crowd = 5;
const person = fc.integer({ min: 0, max: crowd - 1 });
/** Mostly the first Host, so that something happens. */
const leader = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: person });
const device = fc.constantFrom('phone', 'desk');
const guestRoles: ('CoHost' | 'Presenter' | 'Participant' | 'Observer')[] = [
  ...['CoHost' as const, 'Presenter' as const, 'Participant' as const, 'Observer' as const],
];

function at({ people }: Stage, index: number): string {
  const id = people[index];
  if (id === undefined) throw new Error('there are not so many people');
  return id;
}

function lifecycle(name: 'start' | 'postpone' | 'cancel' | 'end'): fc.Arbitrary<Deed> {
  return leader.map((by) => ({
    name: `${name} by ${by}`,
    model: (model) => model[name](by),
    real: ({ as, id }) => as(by).meetings[name](id),
  }));
}

const reschedule: fc.Arbitrary<Deed> = leader.map((by) => ({
  name: `reschedule by ${by}`,
  model: (model) => model.reschedule(by),
  real: ({ as, id }) => as(by).meetings.reschedule(id, soon()),
}));

const invite: fc.Arbitrary<Deed> = fc.tuple(leader, person, fc.boolean()).map(([by, guest, bounded]) => ({
  name: `invite ${guest} by ${by}${bounded ? ' for a time' : ''}`,
  model: (model) => model.invite(by, guest, bounded),
  real: (stage) =>
    stage.as(by).invitations.invite(stage.id, {
      inviteeIds: [at(stage, guest)],
      expiresAt: bounded ? new Date(Date.now() + 3_600_000) : null,
    }),
}));

const respond: fc.Arbitrary<Deed> = fc
  .tuple(person, fc.constantFrom<Answer>('Accepted', 'Accepted', 'Declined', 'Tentative'))
  .map(([who, response]) => ({
    name: `${who} answers ${response}`,
    model: (model) => model.respond(who, response),
    real: ({ as, id }) => as(who).invitations.respond(id, { response }),
  }));

const revoke: fc.Arbitrary<Deed> = fc.tuple(leader, person).map(([by, guest]) => ({
  name: `revoke ${guest} by ${by}`,
  model: (model) => model.revoke(by, guest),
  real: (stage) => stage.as(by).invitations.revoke(stage.id, at(stage, guest)),
}));

const join: fc.Arbitrary<Deed> = fc.tuple(person, device).map(([who, connectionId]) => ({
  name: `${who} joins with ${connectionId}`,
  model: (model) => model.join(who, connectionId),
  real: ({ as, id }) => as(who).participants.join(id, { connectionId }),
}));

const leave: fc.Arbitrary<Deed> = fc.tuple(person, fc.option(device)).map(([who, connectionId]) => ({
  name: `${who} leaves with ${connectionId ?? 'all'}`,
  model: (model) => model.leave(who, connectionId),
  real: ({ as, id }) => as(who).participants.leave(id, connectionId === null ? {} : { connectionId }),
}));

function ownAct(name: 'heartbeat' | 'raiseHand'): fc.Arbitrary<Deed> {
  return person.map((who) => ({
    name: `${name} of ${who}`,
    model: (model) => model[name](who),
    real: ({ as, id }) => as(who).participants[name](id),
  }));
}

const wishes: Wish[] = [
  { microphone: true },
  { microphone: false },
  { speaking: true },
  { microphone: true, speaking: true },
  { speaking: false, camera: true },
  { camera: false },
];

const setMedia: fc.Arbitrary<Deed> = fc.tuple(person, fc.constantFrom(...wishes)).map(([who, wish]) => ({
  name: `${who} switches ${JSON.stringify(wish)}`,
  model: (model) => model.setMedia(who, wish),
  real: ({ as, id }) => as(who).participants.setMedia(id, wish),
}));

const share: fc.Arbitrary<Deed> = fc.oneof(
  ...(
    [
      ['start', 'startShare'],
      ['takeOver', 'takeOver'],
      ['stop', 'stopShare'],
    ] as const
  ).map(([name, act]) =>
    person.map((who) => ({
      name: `${who} shares: ${name}`,
      model: (model: MeetingModel) => model[act](who),
      real: ({ as, id }: Stage) => as(who).screenShare[name](id),
    })),
  ),
);

function overPerson(name: 'remove' | 'transferHost'): fc.Arbitrary<Deed> {
  return fc.tuple(leader, person).map(([by, whom]) => ({
    name: `${name} ${whom} by ${by}`,
    model: (model) => model[name](by, whom),
    real: (stage) => stage.as(by).participants[name](stage.id, at(stage, whom)),
  }));
}

const setRole: fc.Arbitrary<Deed> = fc
  .tuple(leader, person, fc.constantFrom(...guestRoles))
  .map(([by, whom, role]) => ({
    name: `make ${whom} ${role} by ${by}`,
    model: (model) => model.setRole(by, whom, role satisfies ParticipantRole),
    real: (stage) => stage.as(by).participants.setRole(stage.id, at(stage, whom), role),
  }));

const setSeats: fc.Arbitrary<Deed> = fc
  .tuple(leader, fc.option(fc.integer({ min: 1, max: crowd })))
  .map(([by, seats]) => ({
    name: `${seats ?? 'any number of'} seats by ${by}`,
    model: (model) => model.setSeats(by, seats),
    real: ({ as, id }) => as(by).meetings.update(id, { maxParticipants: seats }),
  }));

const setLimit: fc.Arbitrary<Deed> = fc
  .tuple(leader, fc.option(fc.integer({ min: 1, max: crowd })))
  .map(([by, limit]) => ({
    name: `limit ${limit ?? 'none'} by ${by}`,
    model: (model) => model.setLimit(by, limit),
    real: ({ as, id }) => as(by).meetings.update(id, { settings: { limitAcceptances: limit } }),
  }));

/** Promotion happens where a seat comes free: the sweep that repairs finds nothing to do. */
const sweep: fc.Arbitrary<Deed> = fc.constant({
  name: 'sweep',
  model: (): Ending => 'ok',
  real: (stage: Stage) => stage.sweep(),
});

function passing(name: 'timeIsUp' | 'expire'): fc.Arbitrary<Deed> {
  return fc.constant({ name, model: (model: MeetingModel) => model[name](), real: (stage: Stage) => stage[name]() });
}

/** What people do with each other while the meeting runs. */
export const livelyDeeds: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 8, arbitrary: join },
  { weight: 4, arbitrary: leave },
  { weight: 4, arbitrary: respond },
  { weight: 2, arbitrary: ownAct('raiseHand') },
  { weight: 1, arbitrary: ownAct('heartbeat') },
  { weight: 3, arbitrary: setMedia },
  { weight: 3, arbitrary: share },
  { weight: 2, arbitrary: overPerson('remove') },
  { weight: 1, arbitrary: overPerson('transferHost') },
  { weight: 1, arbitrary: setRole },
  { weight: 2, arbitrary: invite },
  { weight: 1, arbitrary: revoke },
  { weight: 1, arbitrary: setSeats },
  { weight: 1, arbitrary: setLimit },
  { weight: 1, arbitrary: sweep },
  { weight: 2, arbitrary: passing('timeIsUp') },
  { weight: 1, arbitrary: passing('expire') },
  { weight: 5, arbitrary: pollDeeds(person, leader) },
);

/** Everything that can happen to a meeting, the end of it seldom. */
export const deeds: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 14, arbitrary: livelyDeeds },
  { weight: 4, arbitrary: lifecycle('start') },
  { weight: 1, arbitrary: lifecycle('postpone') },
  { weight: 1, arbitrary: lifecycle('cancel') },
  { weight: 1, arbitrary: lifecycle('end') },
  { weight: 1, arbitrary: reschedule },
);

/** An open meeting begins, and everybody comes. */
export const gathering: readonly Deed[] = [
  { name: 'start', model: (model) => model.start(0), real: ({ as, id }) => as(0).meetings.start(id) },
  ...Array.from({ length: crowd }, (_, who): Deed => ({
    name: `${who} joins`,
    model: (model) => model.join(who, 'phone'),
    real: ({ as, id }) => as(who).participants.join(id, { connectionId: 'phone' }),
  })),
];

/** Polls, and what decides about them. */
export const askingDeeds: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 16, arbitrary: pollDeeds(person, leader) },
  { weight: 2, arbitrary: setRole },
  { weight: 2, arbitrary: join },
  { weight: 2, arbitrary: leave },
  { weight: 1, arbitrary: overPerson('remove') },
  { weight: 1, arbitrary: lifecycle('cancel') },
  { weight: 1, arbitrary: lifecycle('end') },
);

/** A time at which a meeting may be started now. */
export function soon(): { scheduledStartTime: Date; scheduledEndTime: Date } {
  return {
    scheduledStartTime: new Date(Date.now() + 60_000),
    scheduledEndTime: new Date(Date.now() + 3_660_000),
  };
}
