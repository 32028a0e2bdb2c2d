/** What the host's user service knows of a person. Absent is null. */
export interface UserProfile {
  /** UUID in lower case. */
  readonly userId: string;
  readonly displayName: string;
  /** IANA name, for showing times. */
  readonly timezone: string | null;
  /** Where notices may be sent. */
  readonly email: string | null;
  /** BCP 47 tag, such as `de-AT`. */
  readonly locale: string | null;
}

/** The port to the host's user service. */
export interface UserDirectory {
  readonly specVersion: 1;
  /**
   * Profiles by user id, in one call for many people. Who is unknown is simply not in the answer.
   * @param userIds UUIDs in lower case
   */
  profiles(userIds: readonly string[]): Promise<ReadonlyMap<string, UserProfile>>;
}

export const groupKinds = ['party', 'guild', 'class'] as const;

/** What people are invited as a group by. */
export type GroupKind = (typeof groupKinds)[number];

/** A group of the host's social or user service. */
export interface Group {
  readonly kind: GroupKind;
  /** UUID in lower case. */
  readonly id: string;
}

/** Which part of a group's members to give. */
export interface GroupPage {
  /** `next` of the part before; null for the first. */
  readonly after: string | null;
  /** How many members at most; at least 1. */
  readonly limit: number;
}

export interface GroupMembers {
  readonly userIds: readonly string[];
  /** Where the next part begins, in the directory's own words; null after the last. */
  readonly next: string | null;
}

/** The port to the services that know who belongs to which group. */
export interface GroupDirectory {
  readonly specVersion: 1;
  /** A part of the members, in an order that stays the same from part to part. An unknown group has none. */
  members(group: Group, page: GroupPage): Promise<GroupMembers>;
}

/** The host's directories. What is not given is not asked: inviting a group then answers NOT_CONFIGURED. */
export interface Directory {
  readonly users?: UserDirectory;
  readonly groups?: GroupDirectory;
}

/** A person as a test or a small host writes them down: what is left out is null. */
export type MemoryUser = Pick<UserProfile, 'displayName'> & Partial<Omit<UserProfile, 'userId' | 'displayName'>>;

/** A user directory over a map from user id (lower case) to profile. The map stays the host's: later changes to it are seen. */
export function memoryUsers(users: ReadonlyMap<string, MemoryUser> = new Map()): UserDirectory {
  return {
    specVersion: 1,
    async profiles(userIds) {
      const found = new Map<string, UserProfile>();
      for (const userId of userIds) {
        const user = users.get(userId);
        if (user !== undefined) found.set(userId, { timezone: null, email: null, locale: null, ...user, userId });
      }
      return found;
    },
  };
}

/**
 * A group directory over a map from `<kind>:<group id>` (ids in lower case) to the members' user ids. The map stays the host's:
 * later changes to it are seen. Members come in the order of their ids, so one who joins or leaves between two parts moves nobody else.
 */
export function memoryGroups(
  groups: ReadonlyMap<`${GroupKind}:${string}`, readonly string[]> = new Map(),
): GroupDirectory {
  return {
    specVersion: 1,
    async members({ kind, id }, { after, limit }) {
      const all = [...new Set(groups.get(`${kind}:${id}`))].toSorted();
      const following = after === null ? all : all.filter((userId) => userId > after);
      const userIds = following.slice(0, limit);
      return { userIds, next: following.length > limit ? (userIds.at(-1) ?? null) : null };
    },
  };
}
