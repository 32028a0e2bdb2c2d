import { MeetingError } from '../core/errors.ts';
import { type EventData, meetingStream, type StreamEvent, userStream } from '../core/event.ts';
import { newId } from '../core/identifier.ts';
import type { Work } from '../core/work.ts';
import { invitationEvents } from './invitation.events.ts';
import { announceSent, type AskedRow, type TakenRow } from './invite.statements.ts';

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

/** What the events of one call have in common. */
interface Sent {
  readonly meetingId: string;
  readonly inviterId: string;
  readonly now: Date;
}

/** The same for everybody who was asked at once: stores the events and hands them on, without drafting each. */
export async function announceSentTo(work: Work, sent: Sent, rows: readonly AskedRow[]): Promise<void> {
  if (rows.length === 0) return;
  const { meetingId, inviterId, now } = sent;
  const actorId = work.principal.kind === 'person' ? work.principal.userId : null;
  const asked = rows
    .toSorted((one, other) => (one.userId < other.userId ? -1 : 1))
    .map((row) => ({ ...row, id: newId(), ownId: newId() }));
  const people = asked.map(({ userId }) => userId);
  const again = asked.filter((person) => person.again).map(({ userId }) => userId);
  const taken = await work.run(announceSent, [
    ...[meetingId, inviterId, actorId, now, people, asked.map(({ role }) => role), again],
    ...[asked.map(({ id }) => id), asked.map(({ ownId }) => ownId)],
  ]);
  work.appended.push(...eventsOf(sent, actorId, asked, taken));
}

/** As they are stored: first the meeting's, then everybody's own. */
function eventsOf(
  { meetingId, inviterId, now }: Sent,
  actorId: string | null,
  asked: readonly (AskedRow & { readonly id: string; readonly ownId: string })[],
  taken: readonly TakenRow[],
): StreamEvent[] {
  const places = new Map(taken.map(({ user_id, ...place }) => [user_id, place]));
  const placeIn = (userId: string | null) => {
    const place = places.get(userId);
    if (place === undefined) throw new MeetingError('INTERNAL', 'A stream gave no number for an invitation.');
    return { seq: Number(place.seq), epoch: place.epoch, prev: Number(place.prev) };
  };
  const common = { type: 'invitation.sent' satisfies Name, time: now.toISOString(), actorId };
  const stream = Object.freeze(meetingStream(meetingId));
  const { seq: last, epoch, prev } = placeIn(null);
  const told = asked.map(({ id, userId, role, again }, index): StreamEvent => {
    const seq = last - asked.length + index + 1;
    const place = { seq, epoch, prev: index === 0 ? prev : seq - 1 };
    const data = Object.freeze({ inviteeId: userId, inviterId, role, again });
    return Object.freeze({ id, stream, ...place, ...common, audience: 'hosts', data });
  });
  const toldThemselves = asked.map(({ ownId: id, userId, role, again }): StreamEvent => {
    const audience = Object.freeze({ users: Object.freeze([userId]) });
    const data = Object.freeze({ meetingId, inviteeId: userId, inviterId, role, again });
    return Object.freeze({ id, stream: userStream(userId), ...placeIn(userId), ...common, audience, data });
  });
  return [...told, ...toldThemselves];
}
