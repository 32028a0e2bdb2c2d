import type { MeetingStatus } from '../../src/core/enums.ts';
import type { ActorRole } from '../../src/core/permission-terms.ts';
import type { Standing } from '../../src/core/standing.ts';

/** Somebody in a running meeting without settings, unless told otherwise. */
export function standing(
  role: ActorRole,
  status: MeetingStatus | null = 'InProgress',
  more: Partial<Standing> = {},
): Standing {
  return { role, status, settings: {}, serviceSwitches: {}, ...more };
}

export const chatOn = { flags: { canUseChat: true, canShareScreen: false } };
