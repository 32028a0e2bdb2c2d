import { createHmac, timingSafeEqual } from 'node:crypto';
import { MeetingError } from '../core/errors.ts';
import { invalid } from '../core/validate.ts';

/*
 * The scheme of the specification Standard Webhooks, version 1.0.0 (https://www.standardwebhooks.com): HMAC-SHA256 over
 * `id.timestamp.body`, in base64 behind `v1,`; several signatures stand side by side while a secret is changed.
 */

/** The headers of a request, as `fetch` or as `node:http` have them. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a genuine webhook says of itself. */
export interface VerifiedWebhook {
  /** The same for every attempt at the same delivery: take it in once. */
  readonly id: string;
  /** When this attempt was made. */
  readonly sentAt: Date;
}

const prefix = 'whsec_';
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const [leastBytes, mostBytes] = [24, 64];

/**
 * The key that a secret stands for: `whsec_` and 24 to 64 bytes in base64.
 * @throws MeetingError VALIDATION, which does not repeat it
 */
export function keyOf(secret: unknown): Buffer {
  const text = typeof secret === 'string' && secret.startsWith(prefix) ? secret.slice(prefix.length) : '';
  const key = base64.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  if (key.length >= leastBytes && key.length <= mostBytes) return key;
  const message = `must be ${prefix} and ${leastBytes} to ${mostBytes} random bytes in base64`;
  throw invalid([{ path: 'secret', message }]);
}

function digest(id: string, timestamp: string, body: string | Uint8Array, key: Buffer): Buffer {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
}

/** The three headers of a webhook. @param keys the current one, and former ones for as long as receivers may still have those */
export function signedHeaders(id: string, sentAt: Date, body: string, keys: readonly Buffer[]): Record<string, string> {
  const timestamp = String(Math.floor(sentAt.getTime() / 1000));
  const signatures = keys.map((key) => `v1,${digest(id, timestamp, body, key).toString('base64')}`);
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

/**
 * Proves that a webhook comes from whoever has the secret, unchanged and just now. Signatures are compared in a time that does not
 * depend on them.
 * @param headers `request.headers` of a fetch `Request` or of `node:http`
 * @param body exactly as it arrived: parsed and written again it is another one
 * @param secret `whsec_…`, or several of which one must fit
 * @param toleranceSeconds how far the time of sending may be from now, in either direction
 * @throws MeetingError VALIDATION for headers that are missing or malformed, or such a secret; EXPIRED for a time too far from now;
 * FORBIDDEN where no signature fits
 */
export function verifyWebhook(
  headers: WebhookHeaders,
  body: string | Uint8Array,
  secret: string | readonly string[],
  toleranceSeconds = 300,
): VerifiedWebhook {
  const keys = (typeof secret === 'string' ? [secret] : secret).map(keyOf);
  const id = header(headers, 'webhook-id');
  const timestamp = header(headers, 'webhook-timestamp');
  if (!/^\d{1,11}$/.test(timestamp)) throw malformed('webhook-timestamp', 'must be seconds since 1970');
  const sentAt = new Date(Number(timestamp) * 1000);
  // Asked so that a tolerance which is no number lets nothing through.
  if (!(Math.abs(Date.now() - sentAt.getTime()) <= toleranceSeconds * 1000))
    throw new MeetingError('EXPIRED', 'The webhook was sent too long ago, or one of the two clocks is wrong.');
  const given = digestsIn(header(headers, 'webhook-signature'));
  const expected = keys.map((key) => digest(id, timestamp, body, key));
  if (!given.some((one) => expected.some((other) => timingSafeEqual(one, other))))
    throw new MeetingError('FORBIDDEN', 'The webhook is signed with another secret, or was changed on its way.');
  return Object.freeze({ id, sentAt });
}

const digestBytes = 32;

/** Those of the version that is known here. Their length is no secret. */
function digestsIn(list: string): Buffer[] {
  return list
    .split(' ')
    .filter((one) => one.startsWith('v1,'))
    .map((one) => Buffer.from(one.slice('v1,'.length), 'base64'))
    .filter(({ length }) => length === digestBytes);
}

function header(headers: WebhookHeaders, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  if (typeof value !== 'string' || value === '') throw malformed(name, 'is required once');
  return value;
}

function malformed(name: string, message: string): MeetingError {
  return invalid([{ path: `headers.${name}`, message }]);
}
