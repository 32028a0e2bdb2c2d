/** What a caller learns from an error: what it means and what to do next. The closed list of codes is the key set of this record. */
export const meetingErrors = {
  VALIDATION: {
    meaning: 'The input has the wrong shape or breaks a limit; `details.fields` names each field.',
    remedy: 'Correct the named fields and call again. Nothing was changed.',
    retryable: false,
  },
  NOT_FOUND: {
    meaning: 'There is no such object, or the actor may not know that there is one.',
    remedy: 'Check the id and who is calling; ask a Host for an invitation.',
    retryable: false,
  },
  FORBIDDEN: {
    meaning: 'The actor belongs to the meeting but may not do this.',
    remedy: 'Ask somebody with one of the roles in `details.allowedRoles`, where present.',
    retryable: false,
  },
  INVALID_TRANSITION: {
    meaning: 'The meeting is not in a state that allows this; `details.status` is the current one.',
    remedy: 'Read the meeting again and offer only what its status allows.',
    retryable: false,
  },
  CAPACITY: {
    meaning: 'No seat is free, or the new limit is below the people already present.',
    remedy: 'Wait for a seat or raise `maxParticipants`.',
    retryable: false,
  },
  ALREADY_VOTED: {
    meaning: 'The actor has voted and this poll does not allow a change.',
    remedy: 'Show the recorded vote.',
    retryable: false,
  },
  POLL_CLOSED: {
    meaning: 'The poll is not open for votes.',
    remedy: 'Show the results, if the actor may see them.',
    retryable: false,
  },
  VERSION_CONFLICT: {
    meaning: 'Somebody changed the object since it was read; `details.current` is its current version.',
    remedy: 'Read it again, merge, and send the new version.',
    retryable: false,
  },
  WRONG_PASSWORD: {
    meaning: 'The meeting asks for a password and the one given is missing or wrong.',
    remedy: 'Ask the person for the password again; attempts are limited.',
    retryable: false,
  },
  RATE_LIMITED: {
    meaning: 'Too many attempts; `details.retryAfterSeconds` says how long to wait.',
    remedy: 'Wait, then try again.',
    retryable: true,
  },
  EXPIRED: {
    meaning: 'The time for this has passed (an expired invitation, a closed edit window).',
    remedy: 'Ask for a new invitation, or leave it.',
    retryable: false,
  },
  IDEMPOTENCY_CONFLICT: {
    meaning: 'The idempotency key was used before with another input.',
    remedy: 'Use a new key for a new call.',
    retryable: false,
  },
  CONFLICT: {
    meaning: 'The call contradicts the current state or lost against a concurrent one.',
    remedy: 'Read the current state and decide again.',
    retryable: false,
  },
  BUSY: {
    meaning: 'Rows stayed locked by others for too long. Nothing was changed.',
    remedy: 'Try again in a moment.',
    retryable: true,
  },
  OUTCOME_UNKNOWN: {
    meaning: 'The connection died while the change was being committed: it may or may not have happened.',
    remedy: 'Read the state before trying again, or send writes with an idempotency key, which makes repeating safe.',
    retryable: false,
  },
  UNAVAILABLE: {
    meaning: 'The database cannot be reached, or the service is closed.',
    remedy: 'Check the connection settings and that the server is up; try again later.',
    retryable: true,
  },
  TIMEOUT: {
    meaning: 'The database took longer than the configured limit. Nothing was changed.',
    remedy: 'Try again; raise `limits.queryTimeoutMs` if this is expected.',
    retryable: true,
  },
  ABORTED: {
    meaning: 'The call was cancelled through its AbortSignal.',
    remedy: 'Call again if the work is still wanted.',
    retryable: false,
  },
  NOT_CONFIGURED: {
    meaning: 'This needs a port, a secret or an optional package that the service was opened without.',
    remedy: 'Install or configure what the message names, then open the service again.',
    retryable: false,
  },
  SCHEMA_MISMATCH: {
    meaning: 'The database schema is older or newer than this version of convoke.',
    remedy: 'Run `npx convoke migrate` (older), or upgrade the package (newer).',
    retryable: false,
  },
  INTERNAL: {
    meaning: 'Something happened that should not: a defect, here or in a port.',
    remedy: 'Report it with the logged cause; the message itself never carries data.',
    retryable: false,
  },
} as const satisfies Record<string, { meaning: string; remedy: string; retryable: boolean }>;

/** The closed list of codes a {@link MeetingError} can carry. */
export type MeetingErrorCode = keyof typeof meetingErrors;

const brand = Symbol.for('convoke.MeetingError');

export interface MeetingErrorOptions {
  /** Safe facts for programs: never SQL, never another person's data. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** What was caught. Not enumerable, so it never travels in JSON or a log of the error's own fields. */
  readonly cause?: unknown;
}

/** The one error every public method throws. */
export class MeetingError extends Error {
  override readonly name = 'MeetingError';
  readonly code: MeetingErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  /** True when the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;

  constructor(code: MeetingErrorCode, message: string, options: MeetingErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = Object.freeze({ ...options.details });
    this.retryable = meetingErrors[code].retryable;
    Object.defineProperty(this, brand, { value: true });
  }

  /** What travels to a client: code, message, details and whether to retry; never the cause or the stack. */
  toJSON(): {
    code: MeetingErrorCode;
    message: string;
    details: Readonly<Record<string, unknown>>;
    retryable: boolean;
  } {
    return { code: this.code, message: this.message, details: this.details, retryable: this.retryable };
  }
}

/** True for a MeetingError of any installed copy of this package (`instanceof` fails across two copies). */
export function isMeetingError(value: unknown): value is MeetingError {
  return value instanceof Error && brand in value;
}

/** The same words for absent, foreign and hidden objects, so an answer never tells them apart. */
export function notFound(noun = 'meeting'): MeetingError {
  return new MeetingError('NOT_FOUND', `There is no such ${noun}, or you may not see it.`);
}
