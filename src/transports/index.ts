export { type DeliveryListener, type MemoryTransport, memoryTransport } from './memory.ts';
export type { Connection, ConnectionSession, Identity, RealtimeHost, SessionTransport } from './session.ts';
export { type ChannelName, channelsOf, type Delivery, type PushTransport } from './transport.ts';
