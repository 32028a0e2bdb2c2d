export { screenShareEvents } from './screen-share.events.ts';
export { mayShareScreen } from './screen-share.rules.ts';
export type { ScreenShareView } from './screen-share.schema.ts';
export { ScreenShareService } from './screen-share.service.ts';
