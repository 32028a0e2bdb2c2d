import type { ChannelName, Delivery, PushTransport } from './transport.ts';

/** Called once for each delivery on its channel. */
export type DeliveryListener = (delivery: Delivery) => void;

/** A transport for one process: hands deliveries to functions. */
export interface MemoryTransport extends PushTransport {
  /** Returns the function that stops listening. */
  subscribe(channel: ChannelName, listener: DeliveryListener): () => void;
  /** How many listeners there are, over all channels. */
  readonly size: number;
}

/** Makes a {@link MemoryTransport}. It holds no authority: whoever may call `subscribe` hears everything on that channel. */
export function memoryTransport(): MemoryTransport {
  const channels = new Map<ChannelName, Set<DeliveryListener>>();
  return {
    kind: 'push',
    specVersion: 1,
    get size() {
      return [...channels.values()].reduce((total, listeners) => total + listeners.size, 0);
    },
    publish(deliveries) {
      const failures: unknown[] = [];
      for (const delivery of deliveries)
        for (const listen of channels.get(delivery.channel) ?? []) {
          try {
            listen(delivery);
          } catch (error) {
            failures.push(error); // one broken listener must not silence the others
          }
        }
      if (failures.length > 0) throw new AggregateError(failures, `${failures.length} listeners failed`);
    },
    subscribe(channel, listener) {
      const listeners = channels.get(channel) ?? new Set();
      channels.set(channel, listeners.add(listener));
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) channels.delete(channel);
      };
    },
  };
}
