import { type EventData, meetingStream, userStream } from '../core/event.ts';
import type { Work } from '../core/work.ts';
import { invitationEvents } from './invitation.events.ts';

type Name = keyof typeof invitationEvents;

/** Tells the meeting's hosts and the invitee's own stream: the two who need to know. */
export function announce<Type extends Name>(
  work: Work,
  type: Type,
  meetingId: string,
  inviteeId: string,
  facts: Omit<EventData<typeof invitationEvents, Type>, 'inviteeId' | 'meetingId'>,
  options: { actorId?: string | null } = {},
): void {
  const data = { inviteeId, ...facts } as EventData<typeof invitationEvents, Type>;
  work.emit(invitationEvents, type, meetingStream(meetingId), data, { audience: 'hosts', ...options });
  work.emit(invitationEvents, type, userStream(inviteeId), { ...data, meetingId }, options);
}
