import type { z } from 'zod';
import { SYSTEM_USER_ID } from '../core/actor.ts';
import { isMeetingError, MeetingError } from '../core/errors.ts';
import { newId } from '../core/identifier.ts';
import type { Kernel } from '../core/kernel.ts';
import { authorise } from '../core/policy.ts';
import { id } from '../core/schema.ts';
import { statement } from '../core/statement.ts';
import type { Work } from '../core/work.ts';
import type { Directory } from '../directory/index.ts';
import { initialFlags } from '../participants/index.ts';
import { announceSentTo } from './announce.ts';
import type { inviteInput, InviteResult } from './invitation.schema.ts';
import { invitePeople } from './invite.statements.ts';

type Wish = z.output<typeof inviteInput>;

/** People asked in one statement; larger groups take several, in the same transaction. */
const batch = 500;
/** People one call may reach through groups. */
const most = 10_000;

/** Whom a wish names: each person once, in a fixed order, and those the directory does not know. */
export interface Invitees {
  readonly userIds: readonly string[];
  readonly unknown: readonly string[];
}

const hostOf = statement<{ auth_user_id: string }>(
  'meeting-host',
  (t) => `select auth_user_id from ${t.meeting_participants} where meeting_id = $1::uuid and role::text = $2::text`,
);

/** Asks the host's directory, before any transaction: it may take its time. */
export async function findInvitees(directory: Directory, wish: Wish): Promise<Invitees> {
  try {
    return await askDirectory(directory, wish);
  } catch (cause) {
    if (isMeetingError(cause)) throw cause;
    throw new MeetingError('INTERNAL', 'The directory failed; the cause is attached for your logs.', { cause });
  }
}

async function askDirectory(directory: Directory, wish: Wish): Promise<Invitees> {
  const named = wish.inviteeIds ?? [];
  const found = new Set<string>();
  for (const group of wish.groups ?? []) for await (const member of membersOf(directory, group)) found.add(member);
  const profiles = named.length > 0 ? await directory.users?.profiles(named) : undefined;
  // The system's id is nobody's, whatever a directory says.
  const unknown = new Set(named.filter((userId) => userId === SYSTEM_USER_ID || profiles?.has(userId) === false));
  for (const userId of named) if (!unknown.has(userId)) found.add(userId);
  found.delete(SYSTEM_USER_ID);
  if (found.size > most)
    throw new MeetingError('VALIDATION', `groups: must have at most ${most} members together.`, {
      details: { fields: [{ path: 'groups', message: `must have at most ${most} members together` }] },
    });
  return { userIds: [...found].toSorted(), unknown: [...unknown] };
}

/** Invites under the meeting's lock. */
export async function invite(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  wish: Wish,
  { userIds, unknown }: Invitees,
): Promise<InviteResult> {
  const { standing, now } = await kernel.enter(work, meetingId);
  authorise('invitation.create', standing, { grant: wish.role });
  if (wish.expiresAt instanceof Date && wish.expiresAt <= now)
    throw new MeetingError('VALIDATION', 'expiresAt: must lie in the future.', {
      details: { fields: [{ path: 'expiresAt', message: 'must lie in the future' }] },
    });
  const inviterId = await inviterOf(work, meetingId);
  const others = userIds.filter((userId) => userId !== inviterId);
  const flags = initialFlags(wish.role);
  const invited = new Set<string>();
  for (let start = 0; start < others.length; start += batch) {
    const people = others.slice(start, start + batch);
    const asked = await work.run(invitePeople, [
      ...[meetingId, inviterId, wish.role, wish.message ?? null, wish.expiresAt ?? null, now, people],
      ...[flags.isPresenter, flags.canShareScreen, flags.canUseChat, people.map(newId), people.map(newId)],
    ]);
    for (const { userId } of asked) invited.add(userId);
    await announceSentTo(work, { meetingId, inviterId, now }, asked);
  }
  return {
    invited: others.filter((userId) => invited.has(userId)),
    alreadyInvited: others.filter((userId) => !invited.has(userId)),
    failed: [
      ...unknown.map((userId) => ({ userId, reason: 'unknown-user' as const })),
      ...userIds.filter((userId) => userId === inviterId).map((userId) => ({ userId, reason: 'self' as const })),
    ],
  };
}

/** The system invites in the Host's name: an invitation is always somebody's. */
async function inviterOf(work: Work, meetingId: string): Promise<string> {
  if (work.principal.kind === 'person') return work.principal.userId;
  const host = await work.one(hostOf, [meetingId, 'Host']);
  return host.auth_user_id;
}

async function* membersOf(
  directory: Directory,
  group: NonNullable<Wish['groups']>[number],
): AsyncGenerator<string, void, undefined> {
  if (directory.groups === undefined)
    throw new MeetingError('NOT_CONFIGURED', 'Inviting groups needs `directory.groups`; open the service with it.');
  for (let after: string | null = null, pages = 0; pages < 100; pages++) {
    const found: { userIds: readonly string[]; next: string | null } = await directory.groups.members(group, {
      after,
      limit: batch,
    });
    for (const userId of found.userIds) {
      const known = id.safeParse(userId);
      if (known.success) yield known.data;
    }
    if (found.next === null) return;
    after = found.next;
  }
}
