import { expect, test } from 'vitest';
import { type ParticipantRole, participantRoles } from '../../src/core/enums.ts';
import { mayShareScreen } from '../../src/screen-share/screen-share.rules.ts';

function sharers(canShareScreen: boolean): ParticipantRole[] {
  return participantRoles.filter((role) => mayShareScreen(role, { canShareScreen }));
}

test('the flag matters to Participants alone; Observers never share', () => {
  expect(sharers(true)).toEqual(['Host', 'CoHost', 'Presenter', 'Participant']);
  expect(sharers(false)).toEqual(['Host', 'CoHost', 'Presenter']);
});
