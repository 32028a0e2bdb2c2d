import type { StreamEvent } from '../core/event.ts';

/** A place to publish to: one per stream and audience. Who may listen to which is the host's to enforce. */
export type ChannelName = `meeting:${string}` | `meeting:${string}:hosts` | `user:${string}`;

/** One event on one channel. */
export interface Delivery {
  readonly channel: ChannelName;
  readonly event: StreamEvent;
  /** The event as JSON: encoded once, shared by every channel it goes to. */
  readonly encoded: string;
  /** True when the event is in the log and can be read again after a loss. */
  readonly durable: boolean;
}

/**
 * The port to a host that owns its sockets: one method. Called after the commit, one call's events after another's, never
 * concurrently with itself. Calls that were made at the same time may be told in another order than their events are
 * numbered in: `event.seq` is the order. It may lose, repeat or delay; the log stays the truth, and `event.prev` tells a
 * listener what it missed.
 */
export interface PushTransport {
  readonly kind: 'push';
  /** Version of this contract. An adapter written for another is refused when the service is opened. */
  readonly specVersion: 1;
  /** What it throws or rejects with is logged. `signal` aborts when the service closes. */
  publish(deliveries: readonly Delivery[], signal: AbortSignal): Promise<void> | void;
}

/** The channels an event belongs on. */
export function channelsOf(event: StreamEvent): readonly ChannelName[] {
  const { stream, audience } = event;
  if (stream.kind === 'user') return [`user:${stream.id}`];
  if (audience === 'all') return [`meeting:${stream.id}`];
  if (audience === 'hosts') return [`meeting:${stream.id}:hosts`];
  return audience.users.map((userId): ChannelName => `user:${userId}`);
}
