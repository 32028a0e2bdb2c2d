import { LockMode } from '@mikro-orm/core';
import type { MediaKind, ParticipantRole } from '../core/enums.ts';
import { MeetingError, notFound } from '../core/errors.ts';
import { meetingStream, userStream } from '../core/event.ts';
import type { Kernel } from '../core/kernel.ts';
import { authorise } from '../core/policy.ts';
import { statement } from '../core/statement.ts';
import type { Work } from '../core/work.ts';
import { acceptByComing, promoteWaiting, withdrawInvitation } from '../invitations/index.ts';
import { mayShareScreen, screenShareEvents } from '../screen-share/index.ts';
import { openSessions } from './closing.statements.ts';
import { endSessions } from './closing.ts';
import { switchOff } from './media.statements.ts';
import { Participant } from './participant.entity.ts';
import { participantEvents } from './participant.events.ts';
import { checkFlags, flagsForRole, type ParticipantFlags } from './participant.rules.ts';
import type { AssignableRole, ParticipantView, PermissionsInput } from './participant.schema.ts';
import { participantInMeeting, participantViewOf } from './participant.statements.ts';

/** What a person switches with `setMedia`. */
const switchable = ['microphone', 'speaking', 'camera'] as const;

const seatsOf = statement<{ present: number; max_participants: number | null }>(
  'meeting-seats',
  (t) => `select current_participants_count as present, max_participants from ${t.meetings} where id = $1::uuid`,
);

/** What hosts do to other people's places in a meeting. All of it under the meeting's row lock. */
export class Membership {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  async setRole(work: Work, meetingId: string, userId: string, role: AssignableRole): Promise<ParticipantView> {
    const { standing, now } = await this.#kernel.enter(work, meetingId);
    const target = await member(work, meetingId, userId);
    authorise('participant.changeRole', standing, { targetRole: roleOf(target), grant: role });
    const person = notHost(required(target));
    const formerRole = person.role;
    if (formerRole === role) return view(work, meetingId, userId);
    Object.assign(person, { role, ...flagsForRole(role, formerRole, flagsOf(person)) });
    await work.flush();
    const stream = meetingStream(meetingId);
    work.emit(participantEvents, 'participant.role-changed', stream, { userId, role, formerRole });
    await takeAway(work, meetingId, person, now);
    return view(work, meetingId, userId);
  }

  async setPermissions(
    work: Work,
    meetingId: string,
    userId: string,
    flags: PermissionsInput,
  ): Promise<ParticipantView> {
    const { standing, now } = await this.#kernel.enter(work, meetingId);
    const target = await member(work, meetingId, userId);
    const fields = Object.keys(flags);
    authorise('participant.setPermissions', standing, { targetRole: roleOf(target), fields });
    const person = required(target);
    const refusal = checkFlags(person.role, defined(flags));
    if (refusal) throw refusal;
    const changed = Object.fromEntries(
      Object.entries(defined(flags)).filter(([name, value]) => person[name as keyof PermissionsInput] !== value),
    );
    if (Object.keys(changed).length === 0) return view(work, meetingId, userId);
    Object.assign(person, changed);
    await work.flush();
    work.emit(participantEvents, 'participant.permissions-changed', meetingStream(meetingId), { userId, changed });
    await takeAway(work, meetingId, person, now);
    return view(work, meetingId, userId);
  }

  async transferHost(work: Work, meetingId: string, userId: string): Promise<ParticipantView> {
    const { standing, now } = await this.#kernel.enter(work, meetingId);
    // Both rows in the order in which everybody locks them: a private message holds its two people's rows at once.
    await work.em.find(
      Participant,
      { meeting: meetingId, $or: [{ authUserId: userId }, { role: 'Host' }] },
      { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' } },
    );
    const target = await member(work, meetingId, userId);
    authorise('participant.transferHost', standing, {
      conditions: { targetMayHost: target === null ? { code: 'NOT_FOUND' } : target.status !== 'Declined' },
    });
    const next = required(target);
    if (next.role === 'Host') return view(work, meetingId, userId);
    const { present, max_participants: seats } = await work.one(seatsOf, [meetingId]);
    if (seats !== null && present >= seats && !isPresent(next))
      throw new MeetingError('CONFLICT', 'Every seat is taken, so a Host who is not present could not get in.');
    const former = await work.em.findOneOrFail(Participant, { meeting: meetingId, role: 'Host' });
    // One Host at a time holds for every statement, so the former one steps down first.
    former.role = 'CoHost';
    await work.flush();
    Object.assign(next, { role: 'Host', ...flagsForRole('Host', next.role, flagsOf(next)) });
    await work.flush();
    // Whoever holds a meeting is expected in any case: no question is open to them, and no seat is missing.
    await acceptByComing(work, meetingId, userId, now, false);
    const stream = meetingStream(meetingId);
    work.emit(participantEvents, 'participant.host-transferred', stream, { userId, formerHostId: former.authUserId });
    return view(work, meetingId, userId);
  }

  async remove(work: Work, meetingId: string, userId: string): Promise<void> {
    const { standing, meeting, now } = await this.#kernel.enter(work, meetingId);
    const target = await member(work, meetingId, userId);
    authorise('participant.remove', standing, { targetRole: roleOf(target) });
    const person = notHost(required(target));
    const open = await work.run(openSessions, [meetingId, userId]);
    await endSessions(
      work,
      meetingId,
      open.map(({ id }) => ({ id, leftAt: now, reason: 'removed' })),
    );
    await work.em.refresh(person);
    Object.assign(person, { removedAt: now, removedBy: work.actorId, upcomingAt: null });
    // An answer given before is void: it takes no seat, and the end does not count the person as absent.
    if (person.joinedAt === null || person.joinedAt === undefined) person.status = 'Invited';
    await work.flush();
    await withdrawInvitation(work, meetingId, userId, now);
    work.emit(participantEvents, 'participant.removed', meetingStream(meetingId), { userId });
    work.emit(participantEvents, 'participant.removed', userStream(userId), { userId, meetingId });
    await promoteWaiting(work, meeting, now);
  }
}

/** Switches off what the person could no longer switch off themselves, or may not go on with. */
async function takeAway(work: Work, meetingId: string, person: Participant, now: Date): Promise<void> {
  const kinds: MediaKind[] = person.role === 'Observer' ? ['hand', 'microphone', 'speaking', 'camera'] : [];
  if (!mayShareScreen(person.role, person)) kinds.push('screen');
  if (kinds.length === 0) return;
  const rows = await work.run(switchOff, [meetingId, person.authUserId, now, kinds]);
  const off = new Set(rows.map(({ kind }) => kind));
  const [stream, userId] = [meetingStream(meetingId), person.authUserId];
  const changed = Object.fromEntries(switchable.filter((kind) => off.has(kind)).map((kind) => [kind, false]));
  if (off.has('hand')) work.emit(participantEvents, 'participant.hand-lowered', stream, { userId });
  if (Object.keys(changed).length > 0) work.emit(participantEvents, 'media.changed', stream, { userId, changed });
  if (off.has('screen'))
    work.emit(screenShareEvents, 'screen-share.stopped', stream, { userId, reason: 'not-permitted' });
}

function member(work: Work, meetingId: string, userId: string): Promise<Participant | null> {
  const options = { lockMode: LockMode.PESSIMISTIC_WRITE };
  return work.em.findOne(Participant, { meeting: meetingId, authUserId: userId, removedAt: null }, options);
}

function roleOf(target: Participant | null): ParticipantRole | null {
  return target === null ? null : target.role;
}

function required(target: Participant | null): Participant {
  if (target === null) throw notFound('participant');
  return target;
}

/** People cannot reach a Host by rank; the system can, and a meeting without one would be nobody's. */
function notHost(person: Participant): Participant {
  if (person.role === 'Host')
    throw new MeetingError('CONFLICT', 'A meeting always has a Host; hand the meeting over first.');
  return person;
}

function flagsOf({ isPresenter, canShareScreen, canUseChat }: Participant): ParticipantFlags {
  return { isPresenter, canShareScreen, canUseChat };
}

function isPresent(person: Participant): boolean {
  return person.joinedAt instanceof Date && !(person.leftAt instanceof Date);
}

function defined(flags: PermissionsInput): Record<string, boolean> {
  return Object.fromEntries(
    Object.entries(flags).filter((entry): entry is [string, boolean] => entry[1] !== undefined),
  );
}

async function view(work: Work, meetingId: string, userId: string): Promise<ParticipantView> {
  return participantViewOf(await work.one(participantInMeeting, [meetingId, userId]));
}
