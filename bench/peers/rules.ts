/** What every peer decides alike, from rows that it has read in its own way. */
import { Refused } from '../operations.ts';

export const speakers = ['Host', 'CoHost', 'Presenter', 'Participant'] as const;
export const hosts = ['Host', 'CoHost'] as const;
export const running = ['InProgress'] as const;
export const notOver = ['Scheduled', 'Postponed', 'InProgress'] as const;

interface MeetingFacts {
  readonly status: string;
}

interface MemberFacts {
  readonly role: string;
  readonly removedAt: Date | null | undefined;
  readonly joinedAt: Date | null | undefined;
  readonly leftAt: Date | null | undefined;
}

/** Refuses outsiders, then roles, then states. */
export function admit<Meeting extends MeetingFacts, Member extends MemberFacts>(
  meeting: Meeting | null | undefined,
  member: Member | null | undefined,
  needs: { readonly roles?: readonly string[]; readonly states: readonly string[] },
): { readonly meeting: Meeting; readonly member: Member } {
  if (!meeting || !member || member.removedAt) throw new Refused('NOT_FOUND');
  if (needs.roles?.includes(member.role) === false) throw new Refused('FORBIDDEN');
  if (!needs.states.includes(meeting.status)) throw new Refused('INVALID_TRANSITION');
  return { meeting, member };
}

export function isPresent({ joinedAt, leftAt }: Pick<MemberFacts, 'joinedAt' | 'leftAt'>): boolean {
  return Boolean(joinedAt) && !leftAt;
}

export function requirePresence(member: MemberFacts): void {
  if (!isPresent(member)) throw new Refused('FORBIDDEN');
}

/** One seat is kept for a Host who is away. */
export function seatFree(
  meeting: { readonly maxParticipants: number | null | undefined; readonly currentParticipantsCount: number },
  member: Pick<MemberFacts, 'role'>,
  hostPresent: boolean,
): boolean {
  const { maxParticipants: most, currentParticipantsCount: present } = meeting;
  return most === null || most === undefined || present < most - (member.role === 'Host' || hostPresent ? 0 : 1);
}

export function requireVote(
  poll: {
    readonly isActive: boolean;
    readonly closesAt: Date | null | undefined;
    readonly pollType: string;
    readonly isAnonymous: boolean;
    readonly options: readonly string[];
    readonly allowChange: boolean;
  },
  choice: number,
  hasVoted: boolean,
  now: Date,
): void {
  if (!poll.isActive || (poll.closesAt && poll.closesAt <= now)) throw new Refused('POLL_CLOSED');
  if (hasVoted && !poll.allowChange) throw new Refused('ALREADY_VOTED');
  if (poll.pollType !== 'SingleChoice' || poll.isAnonymous || poll.options[choice] === undefined)
    throw new Refused('VALIDATION');
}

export function requireResults(
  poll: { readonly isActive: boolean; readonly resultsVisibility: string; readonly creatorId: string },
  member: MemberFacts & { readonly userId: string },
  hasVoted: boolean,
): void {
  const { isActive, resultsVisibility: when } = poll;
  if (['Host', 'CoHost'].includes(member.role) || poll.creatorId === member.userId) return;
  const shown = !isActive || when === 'always' || (when === 'afterVote' && hasVoted);
  if (!shown || when === 'hostsOnly' || (isActive && member.role === 'Observer')) throw new Refused('FORBIDDEN');
}

export function isOpen(
  invitation: {
    readonly status: string;
    readonly respondedAt: Date | null | undefined;
    readonly expiresAt: Date | null | undefined;
  },
  now: Date,
): boolean {
  const { status, respondedAt, expiresAt } = invitation;
  return status !== 'Expired' && (Boolean(respondedAt) || !expiresAt || expiresAt > now);
}

/** Whole minutes of the union of stays, from the start of the meeting on. */
export function minutesOf(
  stays: readonly { readonly joinedAt: Date; readonly leftAt: Date | null | undefined }[],
  startedAt: Date | null | undefined,
): number {
  let [until, total] = [startedAt?.getTime() ?? 0, 0];
  for (const { joinedAt, leftAt } of stays.toSorted((a, b) => a.joinedAt.getTime() - b.joinedAt.getTime())) {
    const from = Math.max(until, joinedAt.getTime());
    const to = leftAt?.getTime() ?? from;
    if (to > from) total += to - from;
    until = Math.max(until, to);
  }
  return Math.floor(total / 60_000);
}

export function later(one: Date, other: Date): Date {
  return one > other ? one : other;
}

/** What all peers leave out. */
export const peersDoNot = [
  'check their input, take idempotency keys, repeat what met a deadlock, or deliver the events they have stored',
  'compare meeting passwords, keep waitlists, or word their refusals',
  'stamp chat messages in the order of their events, or take the time from the database after the lock',
  'send private messages, replies, links or files; take votes in other polls than named single choices',
] as const;
