export type { ClientClock } from './clock.ts';
export {
  type Client,
  type CommandOptions,
  connect,
  type ConnectOptions,
  type Stream,
  type Subscription,
} from './connect.ts';
export type { ConnectionStatus, TransportName } from './connection.ts';
export { cursorOf, type Place } from './cursor.ts';
export { type ConnectionErrorCode, ConvokeError, type ConvokeErrorCode } from './error.ts';
export type { AnewReason } from './feed.ts';
export { type Continuity, createGapDetector, type GapDetector } from './gap-detector.ts';
export type { WebSocketConstructor, WebSocketEvent, WebSocketLike } from './link.ts';
export { type Heard, type Passing, startFrom, type SubscribeOptions } from './subscription.ts';
export type { AnyEvent, CommandInput, CommandName, CommandResult, Done, EventName, EventOf, Wire } from './wire.ts';
