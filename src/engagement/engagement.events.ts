import { z } from 'zod';
import { defineEvents } from '../core/event.ts';

/** What the figures of a meeting say of themselves. */
export const engagementEvents = defineEvents({
  'analytics.ready': {
    about: 'Attendance and engagement were counted, at the end or again after a correction.',
    audience: 'hosts',
    data: z.strictObject({ formulaVersion: z.string(), engagementScore: z.number().nullable(), people: z.number() }),
  },
});
