import type { z } from 'zod';
import { chatEvents } from '../chat/index.ts';
import type { EventDefinition, StreamEvent } from '../core/event.ts';
import { engagementEvents } from '../engagement/index.ts';
import { invitationEvents } from '../invitations/index.ts';
import { meetingEvents } from '../meetings/index.ts';
import { participantEvents } from '../participants/index.ts';
import { pollEvents } from '../polls/index.ts';
import { screenShareEvents } from '../screen-share/index.ts';

/** Every event there is: each room's slice, put together. */
export const eventCatalogue = {
  ...meetingEvents,
  ...invitationEvents,
  ...participantEvents,
  ...chatEvents,
  ...pollEvents,
  ...screenShareEvents,
  ...engagementEvents,
} as const satisfies Record<string, EventDefinition>;

export type EventName = keyof typeof eventCatalogue;

/** An event as a listener gets it, typed by its name. */
export type EventOf<Name extends EventName> = StreamEvent<
  Name,
  Readonly<z.output<(typeof eventCatalogue)[Name]['data']>>
>;

/** Any event, to be told apart by its `type`. */
export type AnyEvent = { [Name in EventName]: EventOf<Name> }[EventName];
