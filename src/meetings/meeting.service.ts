import type { z } from 'zod';
import { ownershipOf } from '../core/access.ts';
import type { Call } from '../core/call.ts';
import type { Kernel } from '../core/kernel.ts';
import { type Page, parsePage } from '../core/page.ts';
import { authorise } from '../core/policy.ts';
import { pageInput } from '../core/schema.ts';
import { validate, validId } from '../core/validate.ts';
import type { Work } from '../core/work.ts';
import { endMeeting } from './end-meeting.ts';
import { history, type History, historyList } from './history.ts';
import { cancel, postpone, start } from './lifecycle.ts';
import { listMeetings, meetingList } from './list-meetings.ts';
import { startWindow } from './meeting.rules.ts';
import {
  type JoinInfo,
  type ListInput,
  listInput,
  type MeetingView,
  meetingView,
  type ReasonInput,
  reasonInput,
  type RescheduleInput,
  rescheduleInput,
  type ScheduleInput,
  type SystemScheduleInput,
  type UpdateInput,
  updateInput,
  updateOptions,
} from './meeting.schema.ts';
import { joinInfoOf, meetingById, meetingViewOf } from './meeting.statements.ts';
import { reschedule } from './reschedule-meeting.ts';
import { parseSchedule, schedule } from './schedule-meeting.ts';
import { update } from './update-meeting.ts';

/** Meetings and their life: Scheduled, InProgress, Completed, and the ways out of Scheduled. */
export class MeetingsService {
  readonly #kernel: Kernel;
  readonly #call: Call;

  constructor(kernel: Kernel, call: Call) {
    this.#kernel = kernel;
    this.#call = call;
  }

  /**
   * Makes a meeting; its creator is the Host and has accepted. The system names the creator and may import the past.
   * @throws MeetingError VALIDATION when it ends before it starts, lasts over 7 days, or starts in the past
   */
  async schedule(input: ScheduleInput | SystemScheduleInput): Promise<MeetingView> {
    const wish = parseSchedule(this.#call, input);
    const password = await this.#hash(wish.meetingPassword);
    return this.#write('meetings.schedule', withoutSecret(wish), (work) =>
      schedule(this.#kernel, work, wish, password),
    );
  }

  /** @throws MeetingError NOT_FOUND for whoever may not know of it */
  async get(meetingId: string): Promise<MeetingView> {
    const target = validId(meetingId);
    return this.#kernel.read(this.#call, async (work) => {
      const { standing, meeting } = await this.#kernel.look(work, target);
      const { visibility } = this.#kernel.ports;
      const visible =
        standing.role === 'Outsider' && (await visibility.isVisibleToOutsider(work.actorId, ownershipOf(meeting)));
      authorise('meeting.read', standing, { visibleToOutsiders: visible });
      return meetingViewOf(await work.one(meetingById, [target]));
    });
  }

  /** Meetings by scheduled start: mine, unless the filter says otherwise. */
  async list(input: ListInput = {}): Promise<Page<MeetingView>> {
    const filter = parsePage(listInput, input, meetingList);
    return this.#kernel.read(this.#call, (work) => listMeetings(this.#kernel, work, filter));
  }

  /**
   * Changes what is given. Password, link, recording and settings are the Host's alone; times are `reschedule`'s.
   * @throws MeetingError VERSION_CONFLICT when `version` is not the current one
   */
  async update(meetingId: string, patch: UpdateInput, options: { version?: number } = {}): Promise<MeetingView> {
    const target = validId(meetingId);
    const wish = validate(updateInput, patch);
    const { version = null } = validate(updateOptions, options);
    const password = await this.#hash(wish.meetingPassword);
    const input = { target, wish: withoutSecret(wish), version };
    return this.#write('meetings.update', input, (work) => update(this.#kernel, work, target, wish, version, password));
  }

  /** Gives the meeting another time; everybody but the Host is asked again. A postponed meeting is Scheduled again. */
  async reschedule(meetingId: string, input: RescheduleInput): Promise<MeetingView> {
    const target = validId(meetingId);
    const wish = validate(rescheduleInput, input);
    return this.#write('meetings.reschedule', { target, wish }, (work) => reschedule(this.#kernel, work, target, wish));
  }

  /** Takes the meeting off its time without giving it another one yet. */
  async postpone(meetingId: string, input: ReasonInput = {}): Promise<MeetingView> {
    const target = validId(meetingId);
    const { reason = null } = validate(reasonInput, input);
    return this.#write('meetings.postpone', { target, reason }, (work) => postpone(this.#kernel, work, target, reason));
  }

  /** @throws MeetingError INVALID_TRANSITION too early, too late, or in any state but Scheduled */
  async start(meetingId: string): Promise<MeetingView> {
    const target = validId(meetingId);
    return this.#write('meetings.start', { target }, (work) => start(this.#kernel, work, target));
  }

  /** Ends the meeting for everybody: presence closes, attendance and engagement are settled in the same transaction. */
  async end(meetingId: string): Promise<MeetingView> {
    const target = validId(meetingId);
    return this.#write('meetings.end', { target }, (work) => endMeeting(this.#kernel, work, target));
  }

  /** Calls the meeting off for good; nobody becomes a no-show. */
  async cancel(meetingId: string, input: ReasonInput = {}): Promise<MeetingView> {
    const target = validId(meetingId);
    const { reason = null } = validate(reasonInput, input);
    return this.#write('meetings.cancel', { target, reason }, (work) => cancel(this.#kernel, work, target, reason));
  }

  /**
   * The link, from a quarter of an hour before the start; until then null with the time at which to ask again. A postponed
   * meeting has none until it has a new time.
   */
  async joinInfo(meetingId: string): Promise<JoinInfo> {
    const target = validId(meetingId);
    return this.#kernel.read(this.#call, async (work) => {
      const { standing, actor, now } = await this.#kernel.look(work, target);
      authorise('meeting.readJoinInfo', standing, { conditions: { notDeclined: actor?.status !== 'Declined' } });
      const row = await work.one(joinInfoOf, [target]);
      const times = {
        scheduledStartTime: new Date(row.scheduled_start_time),
        scheduledEndTime: new Date(row.scheduled_end_time),
      };
      const window = startWindow(times, this.#kernel.ports.rules);
      // The time of a postponed meeting is no time to come at.
      const open = standing.status === 'InProgress' || (standing.status === 'Scheduled' && now >= window.opens);
      return Object.freeze({
        meetingUrl: open ? row.meeting_url : null,
        requiresPassword: row.has_password,
        availableAt: window.opens,
      });
    });
  }

  /** What happened to the meeting and its people, oldest first, as far as the actor may see it. */
  async history(meetingId: string, input: z.input<typeof pageInput> = {}): Promise<History> {
    const target = validId(meetingId);
    const options = parsePage(pageInput, input, historyList);
    return this.#kernel.read(this.#call, (work) => history(this.#kernel, work, target, options));
  }

  #write(operation: string, input: unknown, body: (work: Work) => Promise<MeetingView>): Promise<MeetingView> {
    return this.#kernel.write(this.#call, { operation, input, output: meetingView }, body);
  }

  /** Before any transaction: hashing takes long, and a lock held meanwhile would stop the meeting. */
  async #hash(password: string | null | undefined): Promise<string | null> {
    return password === null || password === undefined ? null : this.#kernel.ports.passwordHasher.hash(password);
  }
}

/** What an idempotency key is compared by must not tell the password: that there is one is enough. */
function withoutSecret(wish: { readonly meetingPassword?: string | null | undefined }): object {
  return typeof wish.meetingPassword === 'string' ? { ...wish, meetingPassword: true } : wish;
}
