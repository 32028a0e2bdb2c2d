/** What a policy about outsiders may know of a meeting: who made it and what it belongs to, not what is said in it. */
export interface MeetingOwnership {
  readonly meetingId: string;
  readonly creatorId: string;
  readonly partyId: string | null;
  readonly guildId: string | null;
  readonly classId: string | null;
  readonly subjectId: string | null;
}

/**
 * Whether somebody who is not a member of a meeting may know that it exists, for instance because they belong to its guild. It is
 * asked about outsiders only and grants seeing only: members have their rights from their role, and nobody gains more here.
 * What it throws refuses the call. Where the call was given a transaction of the host's, it is asked while that transaction waits: it may read
 * through it, but not call the service with it.
 */
export interface VisibilityPolicy {
  isVisibleToOutsider(actorId: string, meeting: MeetingOwnership): Promise<boolean> | boolean;
}

/** The default: a meeting is visible to its members alone. */
export const membersOnly: VisibilityPolicy = Object.freeze({ isVisibleToOutsider: () => false });
