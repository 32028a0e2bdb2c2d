import { type FoundActor, standingOf } from '../core/access.ts';
import type { Call } from '../core/call.ts';
import { MeetingError } from '../core/errors.ts';
import { meetingStream } from '../core/event.ts';
import { newId } from '../core/identifier.ts';
import type { Kernel } from '../core/kernel.ts';
import { conditions } from '../core/permission-terms.ts';
import { allowedRoles, authorise, legalStates } from '../core/policy.ts';
import { current } from '../core/stale.ts';
import type { Work } from '../core/work.ts';
import { runAppending, told } from '../events/index.ts';
import { takeSeat } from '../invitations/index.ts';
import { standingOfFound } from './found-standing.ts';
import { type HandRow, lowerHand, raiseHand } from './hand.statements.ts';
import { join, type JoinRow } from './join.statements.ts';
import { heartbeat, leave } from './leave.statements.ts';
import { verifiedHash } from './meeting-password.ts';
import type { ConnectionInput, JoinInput, ParticipantView } from './participant.schema.ts';
import { participantInMeeting, type ParticipantRow, participantViewOf } from './participant.statements.ts';

/** Where the host application itself reports presence; video platforms report under their own names. */
const hostSource = 'host';

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
    await this.#refuseSystem(work, meetingId);
    const row = await current(work, () => this.#joinOnce(work, meetingId, input, hash, false));
    if (row === null) return null;
    if (row.joined) return this.#arrived(work, meetingId, row);
    if (row.seat_needed === true && row.password_ok === true && row.seat_free === true && this.#mayJoin(work, row)) {
      if (!work.inTransaction) return null;
      const seated = await takeSeat(this.#kernel, work, meetingId, work.actorId);
      // Joining twice is joining once: who is in already needs no seat for that.
      if (!seated && row.was_present !== true)
        throw new MeetingError('CAPACITY', 'Every seat has been accepted by somebody; wait until one comes free.');
      return this.#arrived(work, meetingId, await this.#joinOnce(work, meetingId, input, hash, !seated));
    }
    this.#refuseJoin(work, row, input);
    throw new MeetingError('INTERNAL', 'A join was refused without a reason.');
  }

  /** @returns null as {@link join} does */
  async leave(work: Work, meetingId: string, input: ConnectionInput): Promise<ParticipantView | null> {
    const { actorId } = work;
    const ids = { left: newId(), share: newId() };
    const row = await current(work, () =>
      work.one(leave, [
        ...[meetingId, actorId, input.connectionId ?? null, work.clockParameter, ids.left],
        ...[[...legalStates('participant.leave')], actorId, 'left', ids.share],
      ]),
    );
    if (row === null) return null;
    const about = { stream: meetingStream(meetingId), audience: 'all', actorId } as const;
    const data = Object.freeze({ userId: actorId, reason: 'left' });
    const share = { ...row, seq: row.share_seq, prev: row.share_prev };
    told(work, share, { ...about, id: ids.share, type: 'screen-share.stopped', data });
    told(work, row, { ...about, id: ids.left, type: 'participant.left', data });
    authorise('participant.leave', this.#standing(work, row), { own: true });
    // Whoever stays with another device may have something on.
    return row.seq === null ? this.#self(work, meetingId) : participantViewOf(whole(row));
  }

  async heartbeat(work: Work, meetingId: string, input: ConnectionInput): Promise<void> {
    const parameters = [meetingId, work.actorId, input.connectionId ?? null, work.clockParameter];
    const beats = await work.run(heartbeat, parameters);
    if (beats.length > 0) return;
    const { standing } = await this.#kernel.look(work, meetingId);
    authorise('participant.heartbeat', standing, { own: true, conditions: { present: false } });
  }

  async setHand(work: Work, meetingId: string, raised: boolean): Promise<ParticipantView> {
    const own = allowedRoles('participant.raiseHand').own;
    const { actorId } = work;
    const id = newId();
    const parameters = [
      ...[meetingId, actorId, work.clockParameter, id],
      ...[[...own], [...legalStates('participant.raiseHand')]],
    ];
    const row: HandRow = raised
      ? await work.one(raiseHand, [...parameters, newId()])
      : await work.one(lowerHand, parameters);
    const type = raised ? 'participant.hand-raised' : 'participant.hand-lowered';
    const stream = meetingStream(meetingId);
    told(work, row, { id, stream, type, audience: 'all', actorId, data: { userId: actorId } });
    const standing = await standingOfFound(this.#kernel, work, meetingId, row);
    authorise('participant.raiseHand', standing, { own: true, conditions: { present: row.present === true } });
    // How it stood already, a statement that has waited may not have seen.
    if (row.seq === null) return this.#self(work, meetingId);
    return participantViewOf(whole(row));
  }

  /** The system is nobody: before a statement could take it for a person who walks in. */
  async #refuseSystem(work: Work, meetingId: string): Promise<void> {
    if (work.principal.kind !== 'system') return;
    const { standing } = await this.#kernel.look(work, meetingId);
    authorise('participant.join', standing, {
      own: true,
      conditions: { notRemoved: true, passwordGiven: true, seatFree: true },
    });
  }

  #joinOnce(work: Work, meetingId: string, input: JoinInput, hash: string | null, seatless: boolean): Promise<JoinRow> {
    const { default: openJoin } = allowedRoles('participant.join', this.#kernel.ports.switches);
    return runAppending(work, join, [
      ...[meetingId, work.actorId, input.connectionId ?? '', work.clockParameter],
      ...[newId(), newId(), newId(), newId(), newId(), hash],
      [...legalStates('participant.join')],
      [...conditions.passwordGiven.exempts],
      conditions.seatFree.exempts[0],
      openJoin === true,
      hostSource,
      seatless,
    ]);
  }

  /** Whoever comes has nothing on yet; whoever only comes with another device may. */
  async #arrived(work: Work, meetingId: string, row: JoinRow): Promise<ParticipantView> {
    return row.was_present === true ? this.#self(work, meetingId) : participantViewOf(whole(row));
  }

  #refuseJoin(work: Work, row: JoinRow, input: JoinInput): void {
    authorise('participant.join', this.#standing(work, row), {
      own: true,
      conditions: {
        notRemoved: row.removed !== true,
        passwordGiven: row.password_ok === true || { details: { given: input.meetingPassword !== undefined } },
        seatFree: row.seat_free === true,
      },
    });
  }

  #mayJoin(work: Work, row: JoinRow): boolean {
    this.#refuseJoin(work, row, {});
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

/** What went through carries the whole row. */
function whole(row: Partial<ParticipantRow>): ParticipantRow {
  const { id, meeting_id, auth_user_id, role, status, invited_at } = row;
  if (!id || !meeting_id || !auth_user_id || !role || !status || !invited_at)
    throw new MeetingError('INTERNAL', 'A statement gave no participant.');
  return {
    ...{ id, meeting_id, auth_user_id, role, status, invited_at },
    joined_at: row.joined_at ?? null,
    left_at: row.left_at ?? null,
    total_duration_minutes: row.total_duration_minutes ?? 0,
    is_presenter: row.is_presenter === true,
    can_share_screen: row.can_share_screen === true,
    can_use_chat: row.can_use_chat === true,
    hand_raised_at: row.hand_raised_at ?? null,
  };
}
