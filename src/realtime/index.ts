export { Connections, type ConnectionsHealth } from './connections.ts';
export { Hub, type RealtimeHealth } from './hub.ts';
export { Sessions } from './sessions.ts';
export { defaultPresenceSettings, type PresenceSettings } from './presence-settings.ts';
export { reapNodes } from './reaping.ts';
export { defaultRealtimeSettings, type RealtimeSettings } from './settings.ts';
export { type LiveItem, LiveStream, type SubscribeOptions } from './stream.ts';
