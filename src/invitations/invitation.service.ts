import { z } from 'zod';
import type { Call } from '../core/call.ts';
import type { Kernel } from '../core/kernel.ts';
import { encodeCursor, page, type Page, parsePage } from '../core/page.ts';
import { authorise, seesAll } from '../core/policy.ts';
import { id, instantText } from '../core/schema.ts';
import { writeCurrent } from '../core/stale.ts';
import { validate, validId } from '../core/validate.ts';
import type { Work } from '../core/work.ts';
import type { Directory } from '../directory/index.ts';
import { announce } from './announce.ts';
import {
  inviteInput,
  type InviteInput,
  type InviteResult,
  inviteResult,
  invitationListInput,
  type InvitationListInput,
  type InvitationView,
  remindResult,
  type RemindResult,
  respondInput,
  type RespondInput,
  respondResult,
  type RespondResult,
} from './invitation.schema.ts';
import {
  awaitedAnswers,
  invitationPage,
  invitationViewOf,
  markReminded,
  myInvitationPage,
} from './invitation.statements.ts';
import { findInvitees, invite } from './invite.ts';
import { respondAlone } from './respond-alone.ts';
import { respondUnderLock } from './respond-under-lock.ts';
import { revoke } from './revoke.ts';

const values = z.tuple([instantText, id]);
const ofMeeting = { kind: 'invitations', values };
const ofPerson = { kind: 'my-invitations', values };
const remindEveryHours = 12;
const inviteeList = z.array(id).min(1).max(500).optional();

/** Invitations and the answers to them. */
export class InvitationService {
  readonly #kernel: Kernel;
  readonly #call: Call;
  readonly #directory: Directory;

  constructor(kernel: Kernel, call: Call, directory: Directory) {
    this.#kernel = kernel;
    this.#call = call;
    this.#directory = directory;
  }

  /**
   * Asks people, or all members of groups that the host's directory knows. Who is on the roster already is left alone; who
   * was removed or let their invitation lapse is asked again.
   * @throws MeetingError NOT_CONFIGURED for groups without a group directory
   */
  async invite(meetingId: string, input: InviteInput): Promise<InviteResult> {
    const target = validId(meetingId);
    const wish = validate(inviteInput, input);
    const command = { operation: 'invitations.invite', input: { meetingId: target, ...wish }, output: inviteResult };
    const repeated = await this.#kernel.repeated(this.#call, command);
    if (repeated) return repeated.answer;
    await this.#mayInvite(target, wish.role);
    const people = await findInvitees(this.#directory, wish);
    return this.#kernel.write(this.#call, command, (work) => invite(this.#kernel, work, target, wish, people));
  }

  /**
   * Answers the actor's own invitation; an answer given before `expiresAt` may change until the meeting ends. Where
   * `limitAcceptances` is set and every seat taken, accepting takes a place in line.
   * @throws MeetingError EXPIRED when the time for a first answer has passed; CONFLICT for a Host, who has accepted
   */
  async respond(meetingId: string, input: RespondInput): Promise<RespondResult> {
    const target = validId(meetingId);
    const answer = validate(respondInput, input);
    const asked = { meetingId: target, ...answer };
    const command = { operation: 'invitations.respond', input: asked, output: respondResult };
    return writeCurrent(this.#kernel, this.#call, command, (work) => this.#respond(work, target, answer));
  }

  /** Takes an invitation back: the person is an outsider until asked again. */
  async revoke(meetingId: string, inviteeId: string): Promise<void> {
    const [target, invitee] = [validId(meetingId), validId(inviteeId)];
    const command = { operation: 'invitations.revoke', input: { target, invitee }, output: z.null() };
    await this.#kernel.write(this.#call, command, (work) => revoke(this.#kernel, work, target, invitee));
  }

  /**
   * Asks for an answer again, at most once in 12 hours a person. Without a list, everybody who has not answered.
   * @throws MeetingError RATE_LIMITED when all of them were reminded a short while ago
   */
  async remind(meetingId: string, inviteeIds?: readonly string[]): Promise<RemindResult> {
    const target = validId(meetingId);
    const wanted = validate(inviteeList, inviteeIds) ?? null;
    const command = { operation: 'invitations.remind', input: { target, wanted }, output: remindResult };
    return this.#kernel.write(this.#call, command, (work) => this.#remind(work, target, wanted));
  }

  /** The meeting's invitations in the order of asking: all of them for hosts, else those I sent or got. */
  async list(meetingId: string, input: InvitationListInput = {}): Promise<Page<InvitationView>> {
    const target = validId(meetingId);
    const { limit, after, status } = parsePage(invitationListInput, input, ofMeeting);
    const from = after ?? [null, null];
    return this.#kernel.read(this.#call, async (work) => {
      const { standing, actor } = await this.#kernel.look(work, target);
      const all = seesAll('invitation.list', standing.role);
      const own = all ? null : work.actorId;
      const member = actor !== null && !actor.removed;
      const rows = await work.run(invitationPage, [target, own, status ?? null, ...from, limit + 1, member]);
      authorise('invitation.list', standing, { own: member || rows.length > 0 });
      return page(rows, limit, (row) => encodeCursor(ofMeeting.kind, [row.invited_text, row.id]), invitationViewOf);
    });
  }

  /** The actor's own invitations to all meetings, newest first. */
  async mine(input: InvitationListInput = {}): Promise<Page<InvitationView>> {
    const { limit, after, status } = parsePage(invitationListInput, input, ofPerson);
    const from = after ?? [null, null];
    return this.#kernel.read(this.#call, async (work) => {
      const role = work.principal.kind === 'system' ? 'System' : 'Outsider';
      authorise('invitation.mine', { role, status: null, settings: {}, serviceSwitches: {} }, { own: true });
      const rows = await work.run(myInvitationPage, [work.actorId, status ?? null, ...from, limit + 1]);
      return page(rows, limit, (row) => encodeCursor(ofPerson.kind, [row.invited_text, row.id]), invitationViewOf);
    });
  }

  /** Before the host's directory is asked on anybody's behalf; judged again under the lock. */
  async #mayInvite(meetingId: string, role: z.output<typeof inviteInput>['role']): Promise<void> {
    await this.#kernel.read(this.#call, async (work) => {
      const { standing } = await this.#kernel.look(work, meetingId);
      authorise('invitation.create', standing, { grant: role });
    });
  }

  /** @returns null when the answer needs the meeting's lock and there is no transaction to hold it */
  async #respond(work: Work, meetingId: string, answer: z.output<typeof respondInput>): Promise<RespondResult | null> {
    const note = answer.message ?? null;
    // Not after the statement: two answers that both held its share lock would wait for each other to get the full one.
    const respond = work.inTransaction ? respondUnderLock : respondAlone;
    return respond(this.#kernel, work, meetingId, answer.response, note);
  }

  async #remind(work: Work, meetingId: string, wanted: string[] | null): Promise<RemindResult> {
    const { standing, now } = await this.#kernel.enter(work, meetingId, 'share');
    const awaited = await work.run(awaitedAnswers, [meetingId, now, wanted, remindEveryHours]);
    const reminded = awaited.filter((row) => row.wait_seconds === null).map((row) => row.invitee_id);
    const waits = awaited.flatMap((row) => row.wait_seconds ?? []);
    const flood = reminded.length === 0 && waits.length > 0;
    authorise('invitation.remind', standing, {
      conditions: { reminderInterval: !flood || { details: { retryAfterSeconds: Math.min(...waits) } } },
    });
    const meant = wanted ?? awaited.map((row) => row.invitee_id);
    const skipped = meant.filter((invitee) => !reminded.includes(invitee));
    await work.run(markReminded, [meetingId, now, reminded]);
    for (const invitee of reminded) announce(work, 'invitation.reminded', meetingId, invitee, {});
    return { reminded, skipped };
  }
}
