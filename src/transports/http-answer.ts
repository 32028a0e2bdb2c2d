import type { MeetingErrorCode } from '../core/errors.ts';

/** What is answered to a request, before it becomes a `Response` or is written to Node's. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** All other codes contradict the state of things: 409. */
const statuses: ReadonlyMap<string, number> = new Map<MeetingErrorCode, number>([
  ['VALIDATION', 400],
  ['FORBIDDEN', 403],
  ['WRONG_PASSWORD', 403],
  ['NOT_FOUND', 404],
  ['RATE_LIMITED', 429],
  ['OUTCOME_UNKNOWN', 500],
  ['INTERNAL', 500],
  ['NOT_CONFIGURED', 501],
  ['BUSY', 503],
  ['UNAVAILABLE', 503],
  ['TIMEOUT', 503],
]);

/** Statuses after which one may try again, and after how many seconds. */
const retryAfter: ReadonlyMap<number, string> = new Map([
  [429, '5'],
  [503, '1'],
]);

/** @param code of a MeetingError */
export function statusOf(code: string): number {
  return statuses.get(code) ?? 409;
}

export const noStore = { 'cache-control': 'no-store' } as const;

/** @param text JSON */
export function jsonAnswer(status: number, text: string): HttpAnswer {
  const seconds = retryAfter.get(status);
  const headers = {
    ...{ 'content-type': 'application/json', ...noStore },
    ...(seconds !== undefined && { 'retry-after': seconds }),
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
  };
  return { status, headers, body: text };
}

/** A refusal that is no frame: a frame is the answer of the stream or command itself, and this is none. */
export function refusal(code: MeetingErrorCode, message: string, status = statusOf(code)): HttpAnswer {
  return jsonAnswer(status, JSON.stringify({ code, message, details: {} }));
}

/** What stands in for a close code, see `closeCodes`: whoever may come back is told otherwise than who may not. */
export function closeAnswer(closeCode: number, reason: string): HttpAnswer {
  if (closeCode === 3013) return refusal('RATE_LIMITED', reason);
  if (closeCode === 3005 || closeCode === 3500) return refusal('FORBIDDEN', reason, 401);
  return closeCode < 3500 ? refusal('UNAVAILABLE', reason) : refusal('FORBIDDEN', reason);
}
