export { type CloudEvent, fromCloudEvent, toCloudEvent } from './cloud-event.ts';
export type { ConsumeOptions, ReplayInput } from './consume.schema.ts';
export {
  type Consumer,
  type ConsumerLag,
  type ConsumerStatus,
  type ParkedEvent,
  type ParkedPageInput,
} from './consumer.ts';
export { Consumers } from './consumers.ts';
export { HandlingError, type Verdict } from './failure.rules.ts';
export type { EventHandler } from './handling.ts';
export { webhook, type WebhookOptions } from './webhook.ts';
export { verifyWebhook, type VerifiedWebhook, type WebhookHeaders } from './webhook-signature.ts';
