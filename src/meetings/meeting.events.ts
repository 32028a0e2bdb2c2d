import { z } from 'zod';
import { meetingTypes } from '../core/enums.ts';
import { defineEvents } from '../core/event.ts';

const time = z.iso.datetime();
const reason = z.string().nullable();

/** What happens to a meeting as a whole. */
export const meetingEvents = defineEvents({
  'meeting.scheduled': {
    about: 'A meeting was made; its creator is the Host.',
    audience: 'all',
    data: z.strictObject({
      title: z.string(),
      meetingType: z.enum(meetingTypes),
      scheduledStartTime: time,
      scheduledEndTime: time,
      timezone: z.string(),
    }),
  },
  'meeting.updated': {
    about: 'Something about the meeting changed; `changed` names the fields, never their secret values.',
    audience: 'all',
    data: z.strictObject({ changed: z.array(z.string()), version: z.number() }),
  },
  'meeting.rescheduled': {
    about: 'The time changed: everybody but the Host is asked again. The former times travel along.',
    audience: 'all',
    data: z.strictObject({
      scheduledStartTime: time,
      scheduledEndTime: time,
      timezone: z.string(),
      formerStartTime: time,
      formerEndTime: time,
      formerTimezone: z.string(),
      reset: z.number(),
    }),
  },
  'meeting.postponed': {
    about: 'The meeting waits for a new time; answers stay until it has one.',
    audience: 'all',
    data: z.strictObject({ reason }),
  },
  'meeting.started': {
    about: 'The meeting is running.',
    audience: 'all',
    data: z.strictObject({ actualStartTime: time }),
  },
  'meeting.ended': {
    about: 'The meeting is over; nobody is present and attendance is settled.',
    audience: 'all',
    data: z.strictObject({ actualEndTime: time, automatic: z.boolean() }),
  },
  'meeting.cancelled': {
    about: 'The meeting will not happen.',
    audience: 'all',
    data: z.strictObject({ reason }),
  },
});
