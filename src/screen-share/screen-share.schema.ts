import { z } from 'zod';
import { id, instant } from '../core/schema.ts';

/** The one screen that is being shared. */
export const screenShareView = z.strictObject({
  id,
  meetingId: id,
  /** Who shares it. */
  authUserId: id,
  startedAt: instant,
});
export type ScreenShareView = Readonly<z.output<typeof screenShareView>>;
