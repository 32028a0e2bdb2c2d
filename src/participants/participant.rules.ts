import type { ParticipantRole } from '../core/enums.ts';
import { MeetingError } from '../core/errors.ts';

/** What a person may do besides their role. */
export interface ParticipantFlags {
  readonly isPresenter: boolean;
  readonly canShareScreen: boolean;
  readonly canUseChat: boolean;
}

/**
 * The flags that go with a new role: an Observer watches, a Presenter presents, and whoever stops being either has what
 * a Participant has by default.
 */
export function flagsForRole(
  role: ParticipantRole,
  former: ParticipantRole,
  current: ParticipantFlags,
): ParticipantFlags {
  if (role === 'Observer') return { isPresenter: false, canShareScreen: false, canUseChat: false };
  const start = former === 'Observer' ? { isPresenter: false, canShareScreen: true, canUseChat: true } : current;
  if (role === 'Presenter') return { ...start, isPresenter: true };
  return former === 'Presenter' ? { ...start, isPresenter: false } : start;
}

/** The flags of an invited person, who has not had any yet. */
export function initialFlags(role: ParticipantRole): ParticipantFlags {
  return flagsForRole(role, 'Participant', { isPresenter: false, canShareScreen: true, canUseChat: true });
}

/**
 * A flag lifts nobody above their role, and a Presenter presents.
 * @returns the error to throw, or null
 */
export function checkFlags(role: ParticipantRole, wanted: Partial<ParticipantFlags>): MeetingError | null {
  if (role === 'Observer' && Object.values(wanted).some(Boolean))
    return new MeetingError('CONFLICT', 'An Observer watches only; give the person another role first.');
  if (role === 'Presenter' && wanted.isPresenter === false)
    return new MeetingError('CONFLICT', 'A Presenter presents; give the person another role instead.');
  return null;
}
