import { type FoundActor, standingOf } from '../core/access.ts';
import type { Kernel } from '../core/kernel.ts';
import type { Standing } from '../core/standing.ts';
import type { Work } from '../core/work.ts';

/**
 * Where an actor stands, from what a statement found of them. Those for members alone find nothing of anybody else, and leave it to
 * this to see who that is: it costs whoever is refused a question, not everybody.
 * @throws MeetingError NOT_FOUND when there is no such meeting
 */
export async function standingOfFound(
  kernel: Kernel,
  work: Work,
  meetingId: string,
  found: FoundActor,
): Promise<Standing> {
  if (found.meeting_status === null) return (await kernel.look(work, meetingId)).standing;
  return standingOf(work, found, kernel.ports.switches);
}
