import { z } from 'zod';
import { sessionLeftReasons } from '../core/enums.ts';
import { defineEvents } from '../core/event.ts';

const userId = z.string();

/** Why a share ended: stopped by somebody, replaced by another's, the right was taken away, or its owner went, in one of the ways to go. */
const screenShareStopReasons = ['stopped', 'taken-over', 'not-permitted', ...sessionLeftReasons] as const;

/** What happens to the one screen that a meeting looks at. */
export const screenShareEvents = defineEvents({
  'screen-share.started': {
    about: 'A person shares their screen.',
    audience: 'all',
    data: z.strictObject({ userId }),
  },
  'screen-share.stopped': {
    about: "A person's screen is no longer shared, and why; taken over, it is followed by the next one's start.",
    audience: 'all',
    data: z.strictObject({ userId, reason: z.enum(screenShareStopReasons) }),
  },
});
