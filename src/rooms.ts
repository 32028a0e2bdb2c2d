import { ChatService } from './chat/index.ts';
import type { Call } from './core/call.ts';
import type { Kernel } from './core/kernel.ts';
import { label, strict } from './core/schema.ts';
import { validate } from './core/validate.ts';
import type { Directory } from './directory/index.ts';
import { EngagementService } from './engagement/index.ts';
import { InvitationService } from './invitations/index.ts';
import { MeetingsService } from './meetings/index.ts';
import { ParticipantService } from './participants/index.ts';
import { PollService } from './polls/index.ts';
import { ScreenShareService } from './screen-share/index.ts';

const keyInput = strict({ idempotencyKey: label(255) });

/** The rooms of a service, bound to one actor. Each is made when it is first asked for. */
export class Rooms {
  readonly #kernel: Kernel;
  readonly #directory: Directory;
  readonly #call: Call;
  #meetings?: MeetingsService;
  #participants?: ParticipantService;
  #invitations?: InvitationService;
  #chat?: ChatService;
  #polls?: PollService;
  #screenShare?: ScreenShareService;
  #engagement?: EngagementService;

  constructor(kernel: Kernel, directory: Directory, call: Call) {
    this.#kernel = kernel;
    this.#directory = directory;
    this.#call = call;
  }

  /** Lifecycle: schedule, start, end, and everything between. */
  get meetings(): MeetingsService {
    return (this.#meetings ??= new MeetingsService(this.#kernel, this.#call));
  }

  /** The people of a meeting: presence, roles, attendance. */
  get participants(): ParticipantService {
    return (this.#participants ??= new ParticipantService(this.#kernel, this.#call));
  }

  /** Who is asked, and what they answer. */
  get invitations(): InvitationService {
    return (this.#invitations ??= new InvitationService(this.#kernel, this.#call, this.#directory));
  }

  /** What people write to each other. */
  get chat(): ChatService {
    return (this.#chat ??= new ChatService(this.#kernel, this.#call));
  }

  /** Polls and quizzes, and what they came to. */
  get polls(): PollService {
    return (this.#polls ??= new PollService(this.#kernel, this.#call));
  }

  /** Who shares their screen. */
  get screenShare(): ScreenShareService {
    return (this.#screenShare ??= new ScreenShareService(this.#kernel, this.#call));
  }

  /** What attendance and engagement came to. */
  get engagement(): EngagementService {
    return (this.#engagement ??= new EngagementService(this.#kernel, this.#call));
  }

  /**
   * The same rooms, for one write that may be repeated: the same key and input give the same answer for 24 hours.
   * @throws MeetingError VALIDATION for an empty key or one of more than 255 characters
   */
  with(options: { readonly idempotencyKey: string }): Rooms {
    const { idempotencyKey } = validate(keyInput, options);
    return new Rooms(this.#kernel, this.#directory, { ...this.#call, idempotencyKey });
  }
}
