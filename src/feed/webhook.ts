import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { StreamEvent } from '../core/event.ts';
import { boundedArray, httpUrl, int32, strict } from '../core/schema.ts';
import { validate } from '../core/validate.ts';
import { toCloudEvent } from './cloud-event.ts';
import { HandlingError } from './failure.rules.ts';
import type { EventHandler } from './handling.ts';
import { type Answer, post } from './post.ts';
import { keyOf, signedHeaders } from './webhook-signature.ts';

const ours = /^(webhook-.*|content-(type|length)|host|transfer-encoding|connection|expect)$/i;

const webhookInput = strict({
  /** Where to send: https, unless `allowHttp`. Redirects are not followed. */
  url: httpUrl,
  /**
   * `whsec_` and 24 to 64 random bytes in base64, known to the receiver and to nobody else. While it is being changed: the new one, then
   * those that receivers may still have.
   */
  secret: z.union([z.string(), boundedArray(z.string(), 5, 1)]),
  /** One request for all events of a batch (`application/cloudevents-batch+json`) instead of one for each. @default false */
  batch: z.boolean().default(false),
  /** Milliseconds for the whole of a request. @default 15000 */
  timeoutMs: int32(1, 300_000).default(15_000),
  /** Sends without encryption too: anybody on the way can read what is in the events. @default false */
  allowHttp: z.boolean().default(false),
  /**
   * False refuses receivers in private, local and otherwise reserved networks, by the address that is connected to. For urls that come from people
   * you do not trust with your network. @default true
   */
  privateNetworks: z.boolean().default(true),
  /** Further headers, such as `authorization`. */
  headers: z
    .record(
      z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,200}$/, 'must be the name of a header'),
      z.string().regex(/^[\t\x20-\x7e]{0,4000}$/, 'must be the value of a header'),
    )
    .refine(
      (headers) => !Object.keys(headers).some((name) => ours.test(name)),
      'must not replace a header of the webhook itself',
    )
    .default({}),
}).refine(({ url, allowHttp }) => allowHttp || !url.toLowerCase().startsWith('http:'), {
  path: ['url'],
  error: 'must begin with https:',
});

export type WebhookOptions = z.input<typeof webhookInput>;

/**
 * A handler that sends events to a URL as CloudEvents, signed after Standard Webhooks. An answer of 2xx is success, 410 halts the
 * consumer, anything else is tried again, no sooner than `Retry-After` says (an hour at most). What the receiver answers besides is neither
 * kept nor logged. A delivery may come twice: `webhook-id` tells.
 * @throws MeetingError VALIDATION
 */
export function webhook(options: WebhookOptions): EventHandler {
  const { secret, batch, ...settings } = validate(webhookInput, options);
  const keys = (typeof secret === 'string' ? [secret] : secret).map(keyOf);
  const url = new URL(settings.url);

  async function send(id: string, type: string, content: unknown, signal: AbortSignal): Promise<void> {
    const body = JSON.stringify(content);
    const signed = signedHeaders(id, new Date(), body, keys);
    const headers = { 'user-agent': 'convoke', ...settings.headers, 'content-type': type, ...signed };
    judge(await post(url, headers, body, { signal, ...settings }));
  }

  return async (events, signal) => {
    if (batch) return send(deliveryOf(events), 'application/cloudevents-batch+json', events.map(toCloudEvent), signal);
    for (const event of events) {
      signal.throwIfAborted();
      await send(event.id, 'application/cloudevents+json', toCloudEvent(event), signal);
    }
  };
}

/** The same events make the same delivery. */
function deliveryOf(events: readonly StreamEvent[]): string {
  const [first] = events;
  if (first !== undefined && events.length === 1) return first.id;
  const ids = events.map(({ id }) => id).join();
  return `batch_${createHash('sha256').update(ids).digest('hex').slice(0, 32)}`;
}

const longestRetryMs = 3_600_000;

function judge({ status, retryAfter }: Answer): void {
  if (status >= 200 && status < 300) return;
  if (status === 410) throw new HandlingError('the receiver answered 410: it wants no more', { outcome: 'halt' });
  throw new HandlingError(`the receiver answered ${status}`, {
    outcome: 'retry',
    retryAfterMs: retryAfterMs(retryAfter),
  });
}

/** Seconds, or a date (RFC 9110 §10.2.3); what is neither asks for nothing. */
function retryAfterMs(text: string | null): number {
  if (text === null) return 0;
  const wait = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(wait) ? 0 : Math.min(longestRetryMs, Math.max(0, wait));
}
