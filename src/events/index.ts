export { EventBus, type EventListener } from './event-bus.ts';
export { EventConsumer, type EventConsumerProps } from './event-consumer.entity.ts';
export { EventHead, type EventHeadProps } from './event-head.entity.ts';
export { append, appendCtes, appendedEvents, type EventRow, eventOf } from './event-log.ts';
export { committedAmong, PendingEvents, pendingPositions } from './pending-events.ts';
export { Relay } from './relay.ts';
export { StreamEvent, type StreamEventProps } from './stream-event.entity.ts';
