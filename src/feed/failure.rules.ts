import { isMeetingError } from '../core/errors.ts';

/** What should become of events that a handler has failed with. */
export interface Verdict {
  /** `retry` counts as one of `maxAttempts`; `poison` gives the event up at once; `halt` stops the consumer, whatever the event. */
  readonly outcome: 'retry' | 'poison' | 'halt';
  /** Milliseconds to wait at least before the next attempt. @default 0 */
  readonly retryAfterMs?: number;
}

const brand = Symbol.for('convoke.HandlingError');

/** For handlers that know more than that they failed. Any other error means `retry`. Its message is stored: put no secrets into it. */
export class HandlingError extends Error {
  override readonly name = 'HandlingError';
  readonly verdict: Verdict;

  constructor(message: string, verdict: Verdict, options: ErrorOptions = {}) {
    super(message, options);
    this.verdict = Object.freeze({ ...verdict });
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for a HandlingError of any installed copy of this package. */
function isHandlingError(value: unknown): value is HandlingError {
  return value instanceof Error && brand in value;
}

/** What whatever was thrown asks for. */
export function verdictOf(error: unknown): Verdict {
  return isHandlingError(error) ? error.verdict : { outcome: 'retry' };
}

const mostCharacters = 500;

/** What may stand in a message although nobody meant it to. */
const secrets: readonly [RegExp, string][] = [
  [/\/\/[^\s/@]+@/g, '//***@'],
  [/(\w:\/\/[^\s?#]*)[?#]\S*/g, '$1?***'],
  [/\bwhsec_[\w+/=-]+/g, 'whsec_***'],
  [/\b(bearer|basic)\s+[^\s,;]+/gi, '$1 ***'],
  [
    /\b([\w-]*(?:password|passwd|secret|token|api[_-]?key|authorization|signature))("?\s*[=:]\s*"?)[^\s"',;&]+/gi,
    '$1$2***',
  ],
];

/**
 * The words of a failure for the table of consumers: kind and message, without the stack and the cause, on one line of at most 500
 * characters. What looks like a credential is blanked, which is a net and no licence: a message should hold none.
 */
export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return 'something that is no Error was thrown';
  const kind = isMeetingError(error) ? error.code : error.name;
  // Whatever follows is cut off anyway.
  const beginning = `${kind}: ${error.message}`.slice(0, 8 * mostCharacters);
  const line = beginning.replaceAll(/[\p{Cc}\p{Cs}\s]+/gu, ' ').trim();
  const clean = secrets.reduce((text, [secret, instead]) => text.replaceAll(secret, instead), line);
  return clean.slice(0, mostCharacters).toWellFormed();
}
