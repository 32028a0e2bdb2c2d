import { z } from 'zod';
import type { Call } from '../core/call.ts';
import { MeetingError } from '../core/errors.ts';
import { meetingStream } from '../core/event.ts';
import type { Kernel } from '../core/kernel.ts';
import { parsePage } from '../core/page.ts';
import { authorise } from '../core/policy.ts';
import { writeCurrent } from '../core/stale.ts';
import { validate, validId } from '../core/validate.ts';
import type { Work } from '../core/work.ts';
import { attendance } from './attendance.ts';
import { markAttendance } from './mark-attendance.ts';
import { switchMedia } from './media.ts';
import { Membership } from './membership.ts';
import { participantEvents } from './participant.events.ts';
import {
  type AssignableRole,
  assignableRole,
  type AttendanceMark,
  attendanceMark,
  type AttendanceView,
  type ConnectionInput,
  connectionInput,
  type IssueInput,
  issueInput,
  type JoinInput,
  joinInput,
  type MediaInput,
  mediaInput,
  type MediaView,
  mediaView,
  type ParticipantPageInput,
  participantPageInput,
  type ParticipantView,
  participantView,
  type PermissionsInput,
  permissionsInput,
  type RecordSessionInput,
  recordSessionInput,
  type Roster,
} from './participant.schema.ts';
import { Presence } from './presence.ts';
import { recordSession } from './record-session.ts';
import { roster, rosterList } from './roster.ts';

const issuesPerMinute = { points: 10, perSeconds: 60 };

/** The people of a meeting: their coming and going, their roles, what they may do, how long they stayed. */
export class ParticipantService {
  readonly #kernel: Kernel;
  readonly #call: Call;
  readonly #presence: Presence;
  readonly #membership: Membership;

  constructor(kernel: Kernel, call: Call) {
    this.#kernel = kernel;
    this.#call = call;
    this.#presence = new Presence(kernel, call);
    this.#membership = new Membership(kernel);
  }

  /** The roster in the order people were added. Observers see hosts and themselves by name, the rest as a number. */
  async list(meetingId: string, input: ParticipantPageInput = {}): Promise<Roster> {
    const target = validId(meetingId);
    const options = parsePage(participantPageInput, input, rosterList);
    return this.#kernel.read(this.#call, (work) => roster(this.#kernel, work, target, options));
  }

  /**
   * Comes in with one device. A second device of the same person takes no seat, and joining twice with the same one is joining
   * once. Joining answers an open or declined invitation with yes.
   * @throws MeetingError CAPACITY without a free seat; WRONG_PASSWORD; RATE_LIMITED after too many wrong ones
   */
  async join(meetingId: string, how: JoinInput = {}): Promise<ParticipantView> {
    const target = validId(meetingId);
    const wish = validate(joinInput, how);
    const input = { target, connectionId: wish.connectionId };
    const command = { operation: 'participants.join', input, output: participantView };
    const repeated = await this.#kernel.repeated(this.#call, command);
    if (repeated) return repeated.answer;
    const hash = await this.#presence.verify(target, wish);
    return writeCurrent(this.#kernel, this.#call, command, (work) => this.#presence.join(work, target, wish, hash));
  }

  /** Leaves with one device, or with all. The person is gone with their last one. */
  async leave(meetingId: string, input: ConnectionInput = {}): Promise<ParticipantView> {
    const target = validId(meetingId);
    const wish = validate(connectionInput, input);
    const command = { operation: 'participants.leave', input: { target, wish }, output: participantView };
    return writeCurrent(this.#kernel, this.#call, command, (work) => this.#presence.leave(work, target, wish));
  }

  /** Says that a device is alive. From the first one on, silence ends the device's session after a grace. */
  async heartbeat(meetingId: string, input: ConnectionInput = {}): Promise<void> {
    const target = validId(meetingId);
    const wish = validate(connectionInput, input);
    await this.#kernel.run(this.#call, (work) => this.#presence.heartbeat(work, target, wish), {
      singleStatement: true,
    });
  }

  /** Asks to speak. */
  async raiseHand(meetingId: string): Promise<ParticipantView> {
    const target = validId(meetingId);
    return this.#write('participants.raiseHand', { target }, participantView, (work) =>
      this.#presence.setHand(work, target, true),
    );
  }

  /** No longer asks to speak. */
  async lowerHand(meetingId: string): Promise<ParticipantView> {
    const target = validId(meetingId);
    return this.#write('participants.lowerHand', { target }, participantView, (work) =>
      this.#presence.setHand(work, target, false),
    );
  }

  /**
   * Switches one's microphone, voice or camera on or off; what is left out stays. Repeating changes nothing and tells nobody.
   * What is on belongs to the person, not to a device, and goes off with their last one.
   * @throws MeetingError CONFLICT for speaking while the microphone is off
   */
  async setMedia(meetingId: string, input: MediaInput): Promise<MediaView> {
    const target = validId(meetingId);
    const wish = validate(mediaInput, input);
    const command = { operation: 'participants.setMedia', input: { target, wish }, output: mediaView };
    return writeCurrent(this.#kernel, this.#call, command, (work) => switchMedia(this.#kernel, work, target, wish));
  }

  /** Removes a person of lower rank, on every device, until somebody invites them again. */
  async remove(meetingId: string, userId: string): Promise<void> {
    const [target, person] = [validId(meetingId), validId(userId)];
    await this.#transact('participants.remove', { target, person }, z.null(), async (work) => {
      await this.#membership.remove(work, target, person);
      return null;
    });
  }

  /** Gives a person of lower rank another role. A Host is made by `transferHost` alone. */
  async setRole(meetingId: string, userId: string, role: AssignableRole): Promise<ParticipantView> {
    const [target, person] = [validId(meetingId), validId(userId)];
    const wanted = validate(z.strictObject({ role: assignableRole }), { role }).role;
    return this.#transact('participants.setRole', { target, person, wanted }, participantView, (work) =>
      this.#membership.setRole(work, target, person, wanted),
    );
  }

  /** Hands the meeting over: the former Host becomes a CoHost in the same transaction. */
  async transferHost(meetingId: string, userId: string): Promise<ParticipantView> {
    const [target, person] = [validId(meetingId), validId(userId)];
    return this.#transact('participants.transferHost', { target, person }, participantView, (work) =>
      this.#membership.transferHost(work, target, person),
    );
  }

  /** Allows or forbids a person of lower rank to present, share the screen or chat; it holds from this moment. */
  async setPermissions(meetingId: string, userId: string, flags: PermissionsInput): Promise<ParticipantView> {
    const [target, person] = [validId(meetingId), validId(userId)];
    const wanted = validate(permissionsInput, flags);
    return this.#transact('participants.setPermissions', { target, person, wanted }, participantView, (work) =>
      this.#membership.setPermissions(work, target, person, wanted),
    );
  }

  /** Corrects, after the end, whether a person attended; analytics follow. */
  async markAttendance(meetingId: string, userId: string, mark: AttendanceMark): Promise<ParticipantView> {
    const [target, person] = [validId(meetingId), validId(userId)];
    const wanted = validate(z.strictObject({ mark: attendanceMark }), { mark }).mark;
    return this.#transact('participants.markAttendance', { target, person, wanted }, participantView, (work) =>
      markAttendance(this.#kernel, work, target, person, wanted),
    );
  }

  /** Who was there, how long, and the peak. Everybody may see themselves; hosts see all. */
  async attendance(meetingId: string): Promise<AttendanceView> {
    const target = validId(meetingId);
    return this.#kernel.read(this.#call, (work) => attendance(this.#kernel, work, target));
  }

  /** Tells the hosts of a technical problem, whether one is in the meeting or fails to get in. */
  async reportIssue(meetingId: string, input: IssueInput): Promise<void> {
    const target = validId(meetingId);
    const { kind, detail = null } = validate(issueInput, input);
    await this.#transact('participants.reportIssue', { target, kind, detail }, z.null(), async (work) => {
      const { standing } = await this.#kernel.enter(work, target, 'share');
      authorise('participant.reportIssue', standing, { own: true });
      const limit = await this.#kernel.ports.rateLimiter.take(`issue:${target}:${work.actorId}`, issuesPerMinute);
      if (!limit.allowed)
        throw new MeetingError('RATE_LIMITED', 'Too many reports in a short time; the hosts know by now.', {
          details: { retryAfterSeconds: limit.retryAfterSeconds },
        });
      const userId = work.principal.kind === 'person' ? work.principal.userId : null;
      const data = { userId, kind, detail };
      work.emit(participantEvents, 'participant.issue-reported', meetingStream(target), data, { audience: 'hosts' });
      return null;
    });
  }

  /** For the system: a stay that a video platform or an import observed. The same fact twice changes nothing. */
  async recordSession(meetingId: string, input: RecordSessionInput): Promise<ParticipantView> {
    const target = validId(meetingId);
    const stay = validate(recordSessionInput, input);
    return this.#transact('participants.recordSession', { target, stay }, participantView, (work) =>
      recordSession(this.#kernel, work, target, stay),
    );
  }

  #write<T>(operation: string, input: unknown, output: z.ZodType<T>, body: (work: Work) => Promise<T>): Promise<T> {
    return this.#kernel.write(this.#call, { operation, input, output }, body, { singleStatement: true });
  }

  #transact<T>(operation: string, input: unknown, output: z.ZodType<T>, body: (work: Work) => Promise<T>): Promise<T> {
    return this.#kernel.write(this.#call, { operation, input, output }, body);
  }
}
