import type { MeetingStatus } from '../../src/core/enums.ts';
import { newId } from '../../src/core/identifier.ts';
import type { Rooms } from '../../src/rooms.ts';
import type { World } from '../core/matrix-reading.ts';
import type { FixtureActor } from '../core/permissions-fixture.ts';
import { chatQuestions, type StageChat } from './chat.ts';
import { pollQuestions, type StagePolls } from './polls.ts';

/** A meeting in one state, with somebody of every role. */
export interface Stage {
  readonly id: string;
  readonly status: MeetingStatus;
  readonly people: Readonly<Record<FixtureActor, string>>;
  /** An Observer who is on the roster and to whom things are done. */
  readonly watcher: string;
  /** Somebody the Host has invited who has not answered. */
  readonly pending: string;
  /** A time that is free for the meeting, relative to the stage's clock. */
  readonly soon: Date;
  readonly chat: StageChat;
  readonly polls: StagePolls;
}

/** One way to ask for an operation. */
export interface Question {
  readonly method: string;
  readonly op: string;
  readonly ask: (rooms: Rooms, stage: Stage) => Promise<unknown>;
  /** What differs from: the object is one's own, every condition holds, the target is an Observer. */
  readonly world?: (actor: FixtureActor, stage: Stage) => Partial<World>;
  /** Where the actor may not know that the object exists, which no cell says. */
  readonly hidden?: (actor: FixtureActor, stage: Stage) => boolean;
  /** Codes that a call which the matrix allows may still end in, for reasons the matrix does not know. */
  readonly business?: (actor: FixtureActor, stage: Stage) => readonly string[];
}

const later = (time: Date, hours: number) => new Date(time.getTime() + hours * 3_600_000);
const unlessEnded = (_actor: FixtureActor, stage: Stage) => (stage.status === 'Completed' ? [] : ['NOT_FOUND']);
const nobody = (actor: FixtureActor) => (actor === 'System' ? ['VALIDATION'] : []);
/** Everybody on stage but the Host was invited, so the Host has no invitation to answer. */
const invited = (actor: FixtureActor): Partial<World> => ({ own: actor !== 'Host' && actor !== 'Outsider' });

/** Every public method that exists, with arguments that suit whoever may call it. */
export const questions: readonly Question[] = [
  {
    method: 'meetings.schedule',
    op: 'meeting.create',
    ask: (rooms, { soon }) => {
      const times = { scheduledStartTime: later(soon, 1), scheduledEndTime: later(soon, 2) };
      return rooms.meetings.schedule({ title: 'Another one', meetingType: 'Review', ...times });
    },
    business: nobody,
  },
  {
    method: 'meetings.get',
    op: 'meeting.read',
    ask: (rooms, { id }) => rooms.meetings.get(id),
    world: () => ({ setting: false }),
  },
  {
    method: 'meetings.update',
    op: 'meeting.update',
    ask: (rooms, { id }) => rooms.meetings.update(id, { title: 'New' }),
  },
  {
    method: 'meetings.update',
    op: 'meeting.setAccess',
    ask: (rooms, { id }) => rooms.meetings.update(id, { settings: { openJoin: false } }),
  },
  {
    method: 'meetings.reschedule',
    op: 'meeting.reschedule',
    ask: (rooms, { id, soon }) =>
      rooms.meetings.reschedule(id, { scheduledStartTime: later(soon, 24), scheduledEndTime: later(soon, 25) }),
  },
  { method: 'meetings.postpone', op: 'meeting.postpone', ask: (rooms, { id }) => rooms.meetings.postpone(id) },
  {
    method: 'meetings.start',
    op: 'meeting.start',
    ask: (rooms, { id }) => rooms.meetings.start(id),
    world: () => ({ setting: true }),
  },
  {
    method: 'meetings.end',
    op: 'meeting.end',
    ask: (rooms, { id }) => rooms.meetings.end(id),
    world: () => ({ setting: true }),
  },
  { method: 'meetings.cancel', op: 'meeting.cancel', ask: (rooms, { id }) => rooms.meetings.cancel(id) },
  { method: 'meetings.joinInfo', op: 'meeting.readJoinInfo', ask: (rooms, { id }) => rooms.meetings.joinInfo(id) },
  { method: 'meetings.history', op: 'meeting.history', ask: (rooms, { id }) => rooms.meetings.history(id) },

  { method: 'participants.list', op: 'participant.list', ask: (rooms, { id }) => rooms.participants.list(id) },
  {
    method: 'participants.join',
    op: 'participant.join',
    ask: (rooms, { id }) => rooms.participants.join(id, { connectionId: 'second' }),
    world: () => ({ setting: false }),
  },
  {
    method: 'participants.leave',
    op: 'participant.leave',
    ask: (rooms, { id }) => rooms.participants.leave(id),
    business: nobody,
  },
  {
    method: 'participants.heartbeat',
    op: 'participant.heartbeat',
    ask: (rooms, { id }) => rooms.participants.heartbeat(id),
  },
  {
    method: 'participants.raiseHand',
    op: 'participant.raiseHand',
    ask: (rooms, { id }) => rooms.participants.raiseHand(id),
  },
  {
    method: 'participants.lowerHand',
    op: 'participant.raiseHand',
    ask: (rooms, { id }) => rooms.participants.lowerHand(id),
  },
  {
    method: 'participants.setMedia',
    op: 'participant.setMedia',
    ask: (rooms, { id }) => rooms.participants.setMedia(id, { microphone: true }),
  },
  {
    method: 'participants.remove',
    op: 'participant.remove',
    ask: (rooms, { id, watcher }) => rooms.participants.remove(id, watcher),
  },
  {
    method: 'participants.setRole',
    op: 'participant.changeRole',
    ask: (rooms, { id, watcher }) => rooms.participants.setRole(id, watcher, 'Participant'),
  },
  {
    method: 'participants.transferHost',
    op: 'participant.transferHost',
    ask: (rooms, { id, people }) => rooms.participants.transferHost(id, people.CoHost),
  },
  {
    method: 'participants.setPermissions',
    op: 'participant.setPermissions',
    ask: (rooms, { id, watcher }) => rooms.participants.setPermissions(id, watcher, { canUseChat: false }),
  },
  {
    method: 'participants.markAttendance',
    op: 'participant.markAttendance',
    ask: (rooms, { id, watcher }) => rooms.participants.markAttendance(id, watcher, 'Attended'),
  },
  {
    method: 'participants.attendance',
    op: 'participant.attendance',
    ask: (rooms, { id }) => rooms.participants.attendance(id),
  },
  {
    method: 'participants.reportIssue',
    op: 'participant.reportIssue',
    ask: (rooms, { id }) => rooms.participants.reportIssue(id, { kind: 'audio' }),
  },
  {
    method: 'participants.recordSession',
    op: 'participant.recordSession',
    ask: (rooms, { id, watcher, soon }) =>
      rooms.participants.recordSession(id, {
        ...{ userId: watcher, source: 'import', connectionId: 'x', externalEventKey: newId() },
        ...{ joinedAt: soon, leftAt: later(soon, 1 / 60) },
      }),
  },

  {
    method: 'invitations.invite',
    op: 'invitation.create',
    ask: (rooms, { id }) => rooms.invitations.invite(id, { inviteeIds: [newId()], role: 'Observer' }),
    world: () => ({ setting: false }),
  },
  {
    method: 'invitations.respond',
    op: 'invitation.respond',
    ask: (rooms, { id }) => rooms.invitations.respond(id, { response: 'Tentative' }),
    world: (actor, stage) => ({
      ...invited(actor),
      // What nobody had answered lapsed with the meeting; the answers that were given stand.
      failing: stage.status === 'Cancelled' && actor === 'System' ? ['invitationOpen'] : [],
    }),
  },
  {
    method: 'invitations.revoke',
    op: 'invitation.revoke',
    ask: (rooms, { id, pending }) => rooms.invitations.revoke(id, pending),
    world: () => ({ own: false }),
  },
  { method: 'invitations.remind', op: 'invitation.remind', ask: (rooms, { id }) => rooms.invitations.remind(id) },
  {
    method: 'invitations.list',
    op: 'invitation.list',
    ask: (rooms, { id }) => rooms.invitations.list(id),
    world: (actor) => ({ own: actor !== 'Outsider' }),
  },
  { method: 'invitations.mine', op: 'invitation.mine', ask: (rooms) => rooms.invitations.mine() },

  ...chatQuestions,
  ...pollQuestions,

  { method: 'screenShare.start', op: 'screen.share', ask: (rooms, { id }) => rooms.screenShare.start(id) },
  // Nobody shares on stage, and where nobody does there is nothing that is not one's own to stop.
  { method: 'screenShare.stop', op: 'screen.stop', ask: (rooms, { id }) => rooms.screenShare.stop(id) },
  { method: 'screenShare.takeOver', op: 'screen.takeOver', ask: (rooms, { id }) => rooms.screenShare.takeOver(id) },
  { method: 'screenShare.current', op: 'screen.current', ask: (rooms, { id }) => rooms.screenShare.current(id) },

  {
    method: 'engagement.meeting',
    op: 'analytics.meeting',
    ask: (rooms, { id }) => rooms.engagement.meeting(id),
    business: unlessEnded,
  },
  {
    method: 'engagement.participant',
    op: 'analytics.person',
    ask: (rooms, stage) => rooms.engagement.participant(stage.id, stage.people.Host),
    world: (actor) => ({ own: actor === 'Host' }),
    business: unlessEnded,
  },
  {
    method: 'engagement.participants',
    op: 'analytics.person',
    ask: (rooms, { id }) => rooms.engagement.participants(id),
  },
  {
    method: 'engagement.explain',
    op: 'analytics.person',
    ask: (rooms, stage) => rooms.engagement.explain(stage.id, stage.people.Presenter),
    world: (actor) => ({ own: actor === 'Presenter' }),
    business: (_actor, { status }) => (status === 'Completed' || status === 'InProgress' ? [] : ['NOT_FOUND']),
  },
  {
    method: 'engagement.recompute',
    op: 'engagement.recompute',
    ask: (rooms, { id }) => rooms.engagement.recompute(id),
  },
];
