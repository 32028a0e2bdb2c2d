export { Connections } from './connections.ts';
export { Hub, type RealtimeHealth } from './hub.ts';
export { Sessions } from './sessions.ts';
export { reapNodes } from './reaping.ts';
export { defaultRealtimeSettings, type RealtimeSettings } from './settings.ts';
export { type LiveItem, LiveStream, type SubscribeOptions } from './stream.ts';
