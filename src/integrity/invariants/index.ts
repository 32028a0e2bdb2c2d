import { analyticsInvariants } from './analytics.ts';
import { chatInvariants } from './chat.ts';
import { contentInvariants } from './content.ts';
import { eventInvariants } from './events.ts';
import type { Invariant } from './invariant.ts';
import { invitationInvariants } from './invitations.ts';
import { meetingInvariants } from './meetings.ts';
import { participantInvariants } from './participants.ts';
import { pollInvariants } from './polls.ts';
import { seriesInvariants } from './series.ts';
import { sessionInvariants } from './sessions.ts';

/** Everything `checkIntegrity` asks. */
export const invariants: readonly Invariant[] = [
  ...meetingInvariants,
  ...participantInvariants,
  ...invitationInvariants,
  ...contentInvariants,
  ...chatInvariants,
  ...pollInvariants,
  ...analyticsInvariants,
  ...seriesInvariants,
  ...sessionInvariants,
  ...eventInvariants,
];
