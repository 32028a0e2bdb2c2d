import { type FoundActor, standingOf } from '../core/access.ts';
import type { Call } from '../core/call.ts';
import { MeetingError, notFound } from '../core/errors.ts';
import { newId } from '../core/identifier.ts';
import type { Kernel } from '../core/kernel.ts';
import { authorise, resolveSwitch } from '../core/policy.ts';
import { current, type MayBeStale } from '../core/stale.ts';
import type { Work } from '../core/work.ts';
import { takeSeat } from '../invitations/index.ts';
import { tellJoined, tellLeft } from './announce-presence.ts';
import { setHand } from './hand.ts';
import { heartbeatOfAll, heartbeatOfOne } from './heartbeat.statements.ts';
import { join, type Joined, type JoinFacts, type JoinRow } from './join.statements.ts';
import { leave, type LeaveRow } from './leave.statements.ts';
import { verifiedHash } from './meeting-password.ts';
import type { ConnectionInput, JoinInput, ParticipantView } from './participant.schema.ts';
import { type OwnRow, participantInMeeting, participantViewOf } from './participant.statements.ts';

/** A person's own coming and going, each in one statement. */
export class Presence {
  readonly #kernel: Kernel;
  readonly #call: Call;

  constructor(kernel: Kernel, call: Call) {
    this.#kernel = kernel;
    this.#call = call;
  }

  /** The hash that a given password matched; see {@link verifiedHash}. */
  verify(meetingId: string, input: JoinInput): Promise<string | null> | null {
    return input.meetingPassword === undefined
      ? null
      : verifiedHash(this.#kernel, this.#call, meetingId, input.meetingPassword);
  }

  /** @returns null when this takes more than one statement and there is no transaction to hold the lock meanwhile */
  async join(work: Work, meetingId: string, input: JoinInput, hash: string | null): Promise<ParticipantView | null> {
    if (work.principal.kind === 'system') await this.#refuseSystem(work, meetingId);
    const done = await current(work, () => this.#joinOnce(work, meetingId, input, hash, false));
    if (done === null) return null;
    const { found } = done.row;
    if (found === null) return this.#arrived(work, meetingId, done.row);
    if (found.seat_needed && found.password_ok && found.seat_free && this.#mayJoin(work, found)) {
      if (!work.inTransaction) return null;
      const seated = await takeSeat(this.#kernel, work, meetingId, work.actorId);
      // Joining twice is joining once: who is in already needs no seat for that.
      if (!seated && !found.was_present)
        throw new MeetingError('CAPACITY', 'Every seat has been accepted by somebody; wait until one comes free.');
      const { row } = await this.#joinOnce(work, meetingId, input, hash, !seated);
      if (row.found === null) return this.#arrived(work, meetingId, row);
    }
    this.#refuseJoin(work, found, input);
    throw new MeetingError('INTERNAL', 'A join was refused without a reason.');
  }

  /** @returns null as {@link join} does */
  async leave(work: Work, meetingId: string, input: ConnectionInput): Promise<ParticipantView | null> {
    const done = await current(work, () => this.#leaveOnce(work, meetingId, input));
    if (done === null) return null;
    const { row } = done;
    if (row.found === null) return ownViewOf(work, meetingId, row, row.left_at);
    authorise('participant.leave', this.#standing(work, row.found), { own: true });
    // Whoever stays with another device may have something on.
    return this.#self(work, meetingId);
  }

  async heartbeat(work: Work, meetingId: string, input: ConnectionInput): Promise<void> {
    const parameters = [meetingId, work.actorId, work.clockParameter];
    const beats = await (input.connectionId === undefined
      ? work.run(heartbeatOfAll, parameters)
      : work.run(heartbeatOfOne, [...parameters, input.connectionId]));
    if (beats.length > 0) return;
    const { standing } = await this.#kernel.look(work, meetingId);
    authorise('participant.heartbeat', standing, { own: true, conditions: { present: false } });
  }

  async setHand(work: Work, meetingId: string, raised: boolean): Promise<ParticipantView> {
    return (await setHand(this.#kernel, work, meetingId, raised)) ?? this.#self(work, meetingId);
  }

  /** The system is nobody: before a statement could take it for a person who walks in. */
  async #refuseSystem(work: Work, meetingId: string): Promise<void> {
    const { standing } = await this.#kernel.look(work, meetingId);
    authorise('participant.join', standing, {
      own: true,
      conditions: { notRemoved: true, passwordGiven: true, seatFree: true },
    });
  }

  async #joinOnce(
    work: Work,
    meetingId: string,
    input: JoinInput,
    hash: string | null,
    seatless: boolean,
  ): Promise<Attempt<JoinRow>> {
    const openJoin = resolveSwitch('openJoin', {}, this.#kernel.ports.switches);
    const ids = { joined: newId(), hosts: newId(), own: newId() };
    const [row] = await work.run(join, [
      ...[meetingId, work.actorId, input.connectionId ?? '', work.clockParameter, newId(), newId()],
      ...[ids.joined, ids.hosts, ids.own, hash, openJoin, seatless],
    ]);
    if (row === undefined) throw notFound();
    if (row.found === null) tellJoined(work, meetingId, row, ids);
    return { row, stale: row.found?.stale === true };
  }

  async #leaveOnce(work: Work, meetingId: string, input: ConnectionInput): Promise<Attempt<LeaveRow>> {
    const { actorId } = work;
    const ids = { left: newId(), share: newId() };
    const parameters = [meetingId, actorId, input.connectionId ?? null, work.clockParameter, ids.left, ids.share];
    const [row] = await work.run(leave, parameters);
    if (row === undefined) throw notFound();
    if (row.found === null) tellLeft(work, meetingId, row, ids);
    return { row, stale: row.found?.stale === true };
  }

  /** Whoever comes has nothing on yet; whoever only comes with another device may. */
  #arrived(work: Work, meetingId: string, row: Joined): ParticipantView | Promise<ParticipantView> {
    return row.seq === null ? this.#self(work, meetingId) : ownViewOf(work, meetingId, row, null);
  }

  #refuseJoin(work: Work, found: JoinFacts, input: JoinInput): void {
    authorise('participant.join', this.#standing(work, found), {
      own: true,
      conditions: {
        notRemoved: !found.removed,
        passwordGiven: found.password_ok || { details: { given: input.meetingPassword !== undefined } },
        seatFree: found.seat_free,
      },
    });
  }

  #mayJoin(work: Work, found: JoinFacts): boolean {
    this.#refuseJoin(work, found, {});
    return true;
  }

  #standing(work: Work, found: FoundActor) {
    return standingOf(work, found, this.#kernel.ports.switches);
  }

  async #self(work: Work, meetingId: string): Promise<ParticipantView> {
    if (work.principal.kind === 'system')
      throw new MeetingError('VALIDATION', 'The system is nobody in a meeting; act as the person, or use remove.');
    return participantViewOf(await work.one(participantInMeeting, [meetingId, work.actorId]));
  }
}

interface Attempt<Row> extends MayBeStale {
  readonly row: Row;
}

/** The actor, who has nothing on. */
function ownViewOf(work: Work, meetingId: string, row: OwnRow, leftAt: string | null): ParticipantView {
  return participantViewOf({ ...row, meeting_id: meetingId, auth_user_id: work.actorId, left_at: leftAt });
}
