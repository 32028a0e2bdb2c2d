import type { MeetingErrorCode, meetingErrors } from '../core/errors.ts';
import type { Frame } from '../realtime/frame.ts';

/** What a connection itself can fail of, beside the codes of MeetingError. */
export type ConnectionErrorCode =
  /** The credentials are no good (close code 3500): sign in again and make a new client. */
  | 'UNAUTHORIZED'
  /** The person was taken out of the meeting (3503). */
  | 'REMOVED'
  /** The server wants nothing more of this client (any other 35xx); `details.closeCode` says which. */
  | 'REFUSED';

/** The codes known to this version. A newer server may send others, so leave a way for those. */
export type ConvokeErrorCode = MeetingErrorCode | ConnectionErrorCode | (string & Record<never, never>);

type RetryableCode = {
  [Code in MeetingErrorCode]: (typeof meetingErrors)[Code]['retryable'] extends true ? Code : never;
}[MeetingErrorCode];

const retryable: Readonly<Record<RetryableCode, true>> = {
  RATE_LIMITED: true,
  BUSY: true,
  UNAVAILABLE: true,
  TIMEOUT: true,
};

/** What a client's promises reject with: the same fields as the server's MeetingError. */
export class ConvokeError extends Error {
  override readonly name = 'ConvokeError';
  readonly code: ConvokeErrorCode;
  /** Safe facts for programs, such as `fields` of a VALIDATION. */
  readonly details: Readonly<Record<string, unknown>>;
  /** True when the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;

  constructor(code: ConvokeErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.details = details;
    this.retryable = Object.hasOwn(retryable, code);
  }
}

export function errorOf({
  code,
  message,
  details,
}: Pick<Extract<Frame, { kind: 'failed' }>, 'code' | 'message' | 'details'>): ConvokeError {
  return new ConvokeError(code, message, details);
}

/** What a terminal close code means. */
export function errorOfClose(closeCode: number, reason: string): ConvokeError {
  const details = { closeCode, reason };
  if (closeCode === 3500)
    return new ConvokeError('UNAUTHORIZED', 'The server does not take these credentials.', details);
  if (closeCode === 3503) return new ConvokeError('REMOVED', 'The person was removed.', details);
  return new ConvokeError('REFUSED', `The server wants nothing more of this client: ${reason || closeCode}.`, details);
}
