import { z } from 'zod';
import { participantRoles } from '../core/enums.ts';
import { defineEvents } from '../core/event.ts';

/** In a person's own stream the meeting is named; in the meeting's stream it is the stream. */
const about = { meetingId: z.string().optional(), inviteeId: z.string() };
const answer = z.strictObject({ ...about, byJoining: z.boolean().optional() });

/** What happens to invitations. Each goes to the meeting's hosts and to the invitee's own stream. */
export const invitationEvents = defineEvents({
  'invitation.sent': {
    about: 'A person was asked, for the first time or again.',
    audience: 'hosts, invitee',
    data: z.strictObject({ ...about, inviterId: z.string(), role: z.enum(participantRoles), again: z.boolean() }),
  },
  'invitation.accepted': {
    about: 'The person will come, or came (`byJoining`).',
    audience: 'hosts, invitee',
    data: answer,
  },
  'invitation.declined': { about: 'The person will not come.', audience: 'hosts, invitee', data: answer },
  'invitation.tentative': { about: 'The person may come.', audience: 'hosts, invitee', data: answer },
  'invitation.revoked': {
    about: 'The invitation was taken back.',
    audience: 'hosts, invitee',
    data: z.strictObject(about),
  },
  'invitation.expired': {
    about: 'The time to answer has passed.',
    audience: 'hosts, invitee',
    data: z.strictObject(about),
  },
  'invitation.waitlisted': {
    about: 'The person accepted, but every seat was taken: they wait in line.',
    audience: 'hosts, invitee',
    data: z.strictObject({ ...about, position: z.number() }),
  },
  'invitation.promoted': {
    about: 'A seat came free for the next in line, who has now accepted.',
    audience: 'hosts, invitee',
    data: z.strictObject(about),
  },
  'invitation.reminded': {
    about: 'The person was asked to answer.',
    audience: 'hosts, invitee',
    data: z.strictObject(about),
  },
});
