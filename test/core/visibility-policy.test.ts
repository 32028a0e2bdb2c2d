import { expect, test } from 'vitest';
import { membersOnly } from '../../src/core/visibility-policy.ts';

test('by default no outsider learns of a meeting, not even one who made it', () => {
  const actorId = '018f2e5c-9a3b-7cde-8f01-23456789abcd';
  const meeting = { meetingId: 'm', creatorId: actorId, partyId: null, guildId: 'g', classId: null, subjectId: null };
  expect(membersOnly.isVisibleToOutsider(actorId, meeting)).toBe(false);
});
