import type { z } from 'zod';
import { type Access, enter, look } from './access.ts';
import type { Call } from './call.ts';
import type { Clock } from './clock.ts';
import { answeredBefore, type KeySeal, once } from './idempotency.ts';
import type { Logger } from './logger.ts';
import type { PasswordHasher } from './password-hasher.ts';
import type { MeetingSwitches } from './permission-terms.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { UnitOfWork, WorkOptions } from './unit-of-work.ts';
import type { VisibilityPolicy } from './visibility-policy.ts';
import type { Work } from './work.ts';

/** What the host gave, with defaults filled in. */
export interface Ports {
  /** Null in production, where the database's clock decides. */
  readonly clock: Clock | null;
  readonly logger: Logger;
  readonly passwordHasher: PasswordHasher;
  readonly rateLimiter: RateLimiter;
  readonly visibility: VisibilityPolicy;
  /** Switches of the whole service; a meeting's own settings win over them. */
  readonly switches: MeetingSwitches;
  readonly rules: Rules;
  readonly secrets: Secrets;
}

/** What only the host knows. Never stored, logged or sent. */
export interface Secrets {
  /** Turns voters of anonymous polls into pseudonyms; null where there are no such polls. */
  readonly anonymousPolls: string | null;
}

/** Numbers a host may settle for the whole service. */
export interface Rules {
  /** How long before its scheduled start a meeting may be started, and its link read. */
  readonly startEarlyMinutes: number;
  /** How long after its scheduled end a meeting may still be started. */
  readonly startLateMinutes: number;
  /** An empty meeting is ended this long after its scheduled end. */
  readonly overrunMinutes: number;
  /** Silence after a first heartbeat that ends a session. */
  readonly heartbeatGraceSeconds: number;
  /** How long authors may edit what they wrote. */
  readonly messageEditMinutes: number;
  /** How long authors may delete it; null is for good. Hosts always may. */
  readonly messageDeleteMinutes: number | null;
}

/** What every room's service stands on. */
export class Kernel {
  readonly ports: Ports;
  readonly #unitOfWork: UnitOfWork;

  constructor(unitOfWork: UnitOfWork, ports: Ports) {
    this.#unitOfWork = unitOfWork;
    this.ports = ports;
  }

  /**
   * Runs a write: one transaction (or one statement), repeatable under an idempotency key. With a seal, the key is stored so that it
   * does not tell whose it is.
   */
  write<T>(
    call: Call,
    command: { operation: string; input: unknown; output: z.ZodType<T>; seal?: KeySeal | null },
    body: (work: Work) => Promise<T>,
    options: WorkOptions = {},
  ): Promise<T> {
    if (call.idempotencyKey === null) return this.#unitOfWork.run(call, body, options);
    const { operation, input, output, seal = null } = command;
    const keyed = (work: Work) => once(work, call, operation, input, output, () => body(work), seal);
    return this.#unitOfWork.run(call, keyed, options);
  }

  /** What an earlier call with this key was answered, or null: to be asked before anything that comes before a `write`. */
  async repeated<T>(
    call: Call,
    { operation, input, output }: { operation: string; input: unknown; output: z.ZodType<T> },
  ): Promise<{ readonly answer: T } | null> {
    if (call.idempotencyKey === null) return null;
    return this.read(call, (work) => answeredBefore(work, call, operation, input, output));
  }

  /** Runs a write that is repeated by its own nature, or belongs to a command that is keyed as a whole. */
  run<T>(call: Call, body: (work: Work) => Promise<T>, options: WorkOptions = {}): Promise<T> {
    return this.#unitOfWork.run(call, body, options);
  }

  /** Locks a meeting and tells where the actor stands in it. */
  enter(work: Work, meetingId: string, lock: 'update' | 'share' = 'update'): Promise<Access> {
    return enter(work, meetingId, lock, this.ports.switches);
  }

  /** Tells where the actor stands in a meeting, without a lock. */
  look(work: Work, meetingId: string): Promise<Access> {
    return look(work, meetingId, this.ports.switches);
  }

  /** Runs a read on one snapshot per statement; writes nothing. */
  read<T>(call: Call, body: (work: Work) => Promise<T>): Promise<T> {
    return this.#unitOfWork.read(call, body);
  }
}
