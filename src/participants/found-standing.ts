import { standingOf } from '../core/access.ts';
import type { MeetingStatus, ParticipantRole } from '../core/enums.ts';
import type { Kernel } from '../core/kernel.ts';
import type { Standing } from '../core/standing.ts';
import type { Work } from '../core/work.ts';

/** What a statement found of the actor, where it did nothing. One column: each takes its time, though nobody looks at it. */
export interface FoundPerson {
  readonly meeting_status: MeetingStatus;
  readonly actor_role: ParticipantRole;
  readonly removed: boolean;
  readonly present: boolean;
}

/**
 * Where an actor stands, from what a statement found of them. Those for members alone find nothing of anybody else, and leave it to
 * this to see who that is: it costs whoever is refused a question, not everybody.
 * @throws MeetingError NOT_FOUND when there is no such meeting
 */
export async function standingOfFound(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  found: FoundPerson | undefined,
): Promise<Standing> {
  if (found === undefined) return (await kernel.look(work, meetingId)).standing;
  return standingOf(work, { settings: null, ...found }, kernel.ports.switches);
}
