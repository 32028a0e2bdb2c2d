import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ParticipantRole, participantRoles } from '../../src/core/enums.ts';
import {
  checkFlags,
  flagsForRole,
  initialFlags,
  type ParticipantFlags,
} from '../../src/participants/participant.rules.ts';

const usual: ParticipantFlags = { isPresenter: false, canShareScreen: true, canUseChat: true };
const watching: ParticipantFlags = { isPresenter: false, canShareScreen: false, canUseChat: false };
const silenced: ParticipantFlags = { isPresenter: false, canShareScreen: true, canUseChat: false };

const role = fc.constantFrom(...participantRoles);
const flags = fc.record({ isPresenter: fc.boolean(), canShareScreen: fc.boolean(), canUseChat: fc.boolean() });

/** What always holds of a role and its flags. */
function agrees(of: ParticipantRole, { isPresenter, canShareScreen, canUseChat }: ParticipantFlags): boolean {
  if (of === 'Presenter') return isPresenter;
  return of !== 'Observer' || !(isPresenter || canShareScreen || canUseChat);
}

describe('flagsForRole', () => {
  test.for([
    [
      'a Participant who becomes Presenter presents',
      'Presenter',
      'Participant',
      usual,
      { ...usual, isPresenter: true },
    ],
    [
      'a Presenter who becomes Participant presents no more',
      'Participant',
      'Presenter',
      { ...usual, isPresenter: true },
      usual,
    ],
    ['a Presenter who becomes CoHost presents no more', 'CoHost', 'Presenter', { ...usual, isPresenter: true }, usual],
    ['whoever becomes Observer watches only', 'Observer', 'Presenter', { ...usual, isPresenter: true }, watching],
    ['an Observer who becomes Participant has what a Participant has', 'Participant', 'Observer', watching, usual],
    [
      'an Observer who becomes Presenter presents as well',
      'Presenter',
      'Observer',
      watching,
      { ...usual, isPresenter: true },
    ],
    ['a silenced Participant stays silenced as CoHost', 'CoHost', 'Participant', silenced, silenced],
    [
      'a silenced Participant stays silenced as Presenter',
      'Presenter',
      'Participant',
      silenced,
      { ...silenced, isPresenter: true },
    ],
    [
      'a CoHost who was let present goes on presenting as Participant',
      'Participant',
      'CoHost',
      { ...usual, isPresenter: true },
      { ...usual, isPresenter: true },
    ],
  ] as const)('%s', ([, to, from, current, expected]) => {
    expect(flagsForRole(to, from, current)).toEqual(expected);
  });

  test('whatever the roles and flags were, flags and role agree afterwards', () => {
    fc.assert(
      fc.property(role, role, flags, (to, from, current) => {
        expect(agrees(to, flagsForRole(to, from, current))).toBe(true);
      }),
    );
  });

  test('becoming what one is already changes no flags that agree with the role', () => {
    for (const same of ['Host', 'CoHost', 'Participant'] as const)
      expect(flagsForRole(same, same, silenced)).toEqual(silenced);
    expect(flagsForRole('Observer', 'Observer', watching)).toEqual(watching);
  });

  test('the flags that were given are not changed in place', () => {
    const current = Object.freeze({ ...usual });
    flagsForRole('Observer', 'Participant', current);
    flagsForRole('Presenter', 'Participant', current);
    expect(current).toEqual(usual);
  });
});

test.for([
  ['CoHost', usual],
  ['Participant', usual],
  ['Presenter', { ...usual, isPresenter: true }],
  ['Observer', watching],
] as const)('an invited %s begins with the flags of the role', ([invitedAs, expected]) => {
  expect(initialFlags(invitedAs)).toEqual(expected);
});

describe('checkFlags', () => {
  test.for(['isPresenter', 'canShareScreen', 'canUseChat'] as const)('an Observer cannot be given %s', (flag) => {
    expect(checkFlags('Observer', { [flag]: true })).toMatchObject({ code: 'CONFLICT' });
    expect(checkFlags('Observer', { [flag]: false })).toBeNull();
  });

  test('a Presenter presents, whatever else changes', () => {
    expect(checkFlags('Presenter', { isPresenter: false })).toMatchObject({ code: 'CONFLICT' });
    expect(checkFlags('Presenter', { canUseChat: true, isPresenter: false })).toMatchObject({ code: 'CONFLICT' });
    expect(checkFlags('Presenter', { canUseChat: false, canShareScreen: false })).toBeNull();
  });

  test('anybody else may have any flag', () => {
    fc.assert(
      fc.property(fc.constantFrom('Host', 'CoHost', 'Participant'), flags, (other, wanted) => {
        expect(checkFlags(other, wanted)).toBeNull();
      }),
    );
  });

  test('what passes the check agrees with the role', () => {
    fc.assert(
      fc.property(role, role, flags, flags, (to, from, current, wanted) => {
        fc.pre(checkFlags(to, wanted) === null);
        expect(agrees(to, { ...flagsForRole(to, from, current), ...wanted })).toBe(true);
      }),
    );
  });
});
