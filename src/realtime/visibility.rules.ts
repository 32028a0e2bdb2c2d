import type { ParticipantRole, ParticipationStatus } from '../core/enums.ts';
import type { Audience, StreamEvent } from '../core/event.ts';
import { hostRoles } from '../core/permission-terms.ts';
import { isLimited } from '../core/policy.ts';

/** What somebody may see of a stream, from the rows as they were when it was read last. */
export interface Grant {
  readonly userId: string;
  /** Whether they see what is for hosts. */
  readonly asHost: boolean;
  /** Of other people they see Host and CoHosts alone. */
  readonly limited: boolean;
  /** They do not come: nothing that is said reaches them until they are back. */
  readonly declined: boolean;
  /** They are no member any more: all that is left to see is that they were removed. */
  readonly removed: boolean;
}

/** Of a member, as their row has them. */
export function grantOf(userId: string, role: ParticipantRole, status: ParticipationStatus): Grant {
  return {
    userId,
    asHost: hostRoles.some((host) => host === role),
    limited: isLimited('events.subscribe', role) !== null,
    declined: status === 'Declined',
    removed: false,
  };
}

/** Of somebody who is no member any more. */
export function farewell(userId: string): Grant {
  return { userId, asHost: false, limited: false, declined: true, removed: true };
}

/** Of a person in their own stream: everything in it is theirs. */
export function ownGrant(userId: string): Grant {
  return { userId, asHost: true, limited: false, declined: false, removed: false };
}

/** Whether something for this audience is for this person, too. */
export function isAddressed(audience: Audience, { userId, asHost }: Grant): boolean {
  if (audience === 'all') return true;
  return audience === 'hosts' ? asHost : audience.users.includes(userId);
}

/** Whether an Observer is told what this person does. @param hosts the meeting's Host and CoHosts */
export function isInView(person: string, grant: Grant, hosts: ReadonlySet<string>): boolean {
  return !grant.limited || person === grant.userId || hosts.has(person);
}

/** @param hosts the meeting's Host and CoHosts; looked at for Observers only */
export function isVisible(event: StreamEvent, grant: Grant, hosts: ReadonlySet<string>): boolean {
  if (event.stream.kind === 'user') return event.stream.id === grant.userId;
  if (grant.removed) return isRemovalOf(event, grant.userId);
  if (grant.declined && event.type.startsWith('chat.')) return false;
  if (!isAddressed(event.audience, grant)) return false;
  const person = personIn(event);
  return person === null || isInView(person, grant, hosts);
}

export function isRemovalOf(event: StreamEvent, userId: string): boolean {
  return event.type === 'participant.removed' && event.data['userId'] === userId;
}

const aboutPeople = /^(?:participant|invitation|screen-share)\.|^media\.changed$/;

/** Whom an event is about, where it is about a person; null for everything else. */
export function personIn({ type, data }: StreamEvent): string | null {
  if (!aboutPeople.test(type)) return null;
  const person = data['userId'] ?? data['inviteeId'];
  return typeof person === 'string' ? person : null;
}

/** Events after which somebody may see more or less than before. */
const changingRights = /^participant\.(?:role-changed|host-transferred|permissions-changed|removed)$|^invitation\./;
/** Events that bring back who had declined. */
const bringingBack = /^participant\.(?:joined|attendance-marked)$/;

/** The people who follow a stream here, as far as it decides whose rights an event may change. */
export interface PeopleHere {
  hasDeclined(userId: string): boolean;
  /** All who have. */
  declined(): string[];
}

/** Whose rights have to be read again after an event. */
export function rightsTouchedBy({ type, data, stream }: StreamEvent, here: PeopleHere): string[] {
  if (stream.kind === 'user') return [];
  // Everybody but the Host is asked again.
  if (type === 'meeting.rescheduled') return here.declined();
  const named = [data['userId'], data['inviteeId'], data['formerHostId']].filter((name) => typeof name === 'string');
  if (changingRights.test(type)) return named;
  return bringingBack.test(type) ? named.filter((userId) => here.hasDeclined(userId)) : [];
}
