import { z } from 'zod';
import { participantRoles, participationStatuses } from '../core/enums.ts';
import { defineEvents } from '../core/event.ts';

const userId = z.string();
const role = z.enum(participantRoles);
const attendance = z.enum(participationStatuses);

/** What happens to the people of a meeting. */
export const participantEvents = defineEvents({
  'participant.joined': {
    about: 'A person came in with their first device; further devices say nothing.',
    audience: 'all',
    data: z.strictObject({ userId, role }),
  },
  'participant.left': {
    about: 'A person is gone with their last device.',
    audience: 'all',
    data: z.strictObject({ userId, reason: z.enum(['left', 'timed-out', 'replaced', 'node-lost']) }),
  },
  'participant.removed': {
    about: 'A host removed a person, who is an outsider from here on until invited again.',
    audience: 'all, the person',
    // In the person's own stream the meeting is named; in the meeting's stream it is the stream.
    data: z.strictObject({ userId, meetingId: z.string().optional() }),
  },
  'participant.role-changed': {
    about: "A person's role changed.",
    audience: 'all',
    data: z.strictObject({ userId, role, formerRole: role }),
  },
  'participant.host-transferred': {
    about: 'The meeting has another Host; the former one is a CoHost.',
    audience: 'all',
    data: z.strictObject({ userId, formerHostId: userId }),
  },
  'participant.permissions-changed': {
    about: 'What a person may do changed; `changed` holds the flags with their new values.',
    audience: 'all',
    data: z.strictObject({ userId, changed: z.record(z.string(), z.boolean()) }),
  },
  'participant.attendance-marked': {
    about: 'A host corrected, after the end, whether a person attended.',
    audience: 'hosts',
    data: z.strictObject({ userId, status: attendance, formerStatus: attendance }),
  },
  'participant.hand-raised': { about: 'A person asks to speak.', audience: 'all', data: z.strictObject({ userId }) },
  'participant.hand-lowered': {
    about: 'A person no longer asks to speak.',
    audience: 'all',
    data: z.strictObject({ userId }),
  },
  'media.changed': {
    about:
      'A person switched microphone, voice or camera; `changed` holds what changed and how it is now. Whoever leaves has everything off, unsaid.',
    audience: 'all',
    data: z.strictObject({
      userId,
      changed: z.strictObject({
        microphone: z.boolean().optional(),
        speaking: z.boolean().optional(),
        camera: z.boolean().optional(),
      }),
    }),
  },
  'participant.issue-reported': {
    about: 'A person, or the video platform, reported a technical problem.',
    audience: 'hosts',
    data: z.strictObject({ userId: userId.nullable(), kind: z.string(), detail: z.string().nullable() }),
  },
});
