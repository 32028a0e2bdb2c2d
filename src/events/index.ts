export { EventBus, type EventListener } from './event-bus.ts';
export {
  ensureHead,
  type Lane,
  reserveNumber,
  storeEvent,
  takeNumber,
  takeNumberInEach,
  takeNumbers,
  takeReserved,
  told,
  type ToldRow,
} from './append-one.ts';
export { append, appendCtes, appendedEvents, type EventRow, eventOf, runAppending } from './event-log.ts';
export { committedAmong, PendingEvents, pendingPositions } from './pending-events.ts';
export { Relay } from './relay.ts';
