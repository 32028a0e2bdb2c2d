import type { MediaKind, ParticipantRole, ParticipationStatus } from '../../src/core/enums.ts';
import type { MeetingErrorCode } from '../../src/core/errors.ts';

export type Ending = 'ok' | MeetingErrorCode;

/** What somebody wants to switch. */
export type Wish = Partial<Record<'microphone' | 'speaking' | 'camera', boolean>>;

/** One person's place on the roster. */
export interface Place {
  role: ParticipantRole;
  status: ParticipationStatus;
  removed: boolean;
  invitation: 'Pending' | 'Accepted' | 'Declined' | 'Expired' | null;
  /** Whether the invitation has ever been answered, since it was last asked. */
  answered: boolean;
  /** How the time to answer stands. */
  time: 'unbounded' | 'left' | 'over';
  /** Who asked, where somebody did. */
  inviter: number | null;
  /** Connections that are open. */
  devices: Set<string>;
  came: boolean;
  /** What the person has on. */
  on: Set<MediaKind>;
}

export function fresh(): Place {
  return {
    ...{ role: 'Participant', status: 'Invited', removed: false, invitation: 'Pending' },
    ...{ on: new Set<MediaKind>() },
    ...{ answered: false, time: 'unbounded', inviter: null, devices: new Set<string>(), came: false },
  };
}

/** The time to answer bounds the first answer, and no further one. */
export function isTooLate({ invitation, answered, time }: Place): boolean {
  return invitation === 'Pending' && !answered && time === 'over';
}

/** An invitation that has expired stays so. */
export function accept(place: Place): void {
  if (place.invitation === 'Pending' || place.invitation === 'Declined')
    Object.assign(place, { invitation: 'Accepted', answered: true });
}

export function goAway(place: Place): void {
  place.devices.clear();
  place.on.clear();
}

/** Nobody is heard through a microphone that is off. */
export function switchMedia({ on }: Place, wish: Wish): Ending {
  const unmuted = wish.microphone ?? on.has('microphone');
  if (wish.speaking === true && !unmuted) return 'CONFLICT';
  for (const [kind, wanted] of Object.entries(unmuted ? wish : { ...wish, speaking: false }))
    if (wanted) on.add(kind as MediaKind);
    else on.delete(kind as MediaKind);
  return 'ok';
}
