import type { ParticipantRole } from '../core/enums.ts';
import { allowedRoles } from '../core/policy.ts';

/** Whether a person in this role, with this flag, may share a screen: a share whose owner may not any more is stopped. */
export function mayShareScreen(role: ParticipantRole, flags: { readonly canShareScreen: boolean }): boolean {
  const { always, byFlag } = allowedRoles('screen.share');
  return always.includes(role) || (byFlag.includes(role) && flags.canShareScreen);
}
