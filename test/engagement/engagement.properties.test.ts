import fc from 'fast-check';
import { expect, test } from 'vitest';
import { participantRoles } from '../../src/core/enums.ts';
import { explain } from '../../src/engagement/engagement.explanation.rules.ts';
import {
  bigBlueButtonFormula,
  convokeFormula,
  type PersonEngagementFacts,
} from '../../src/engagement/engagement.formula.ts';
import { meetingScoreOf, rubricOf, scoreOf } from '../../src/engagement/engagement.rules.ts';

const seconds = fc.integer({ min: 0, max: 8_000_000 }).map((milliseconds) => milliseconds / 1000);
const anyPerson = fc
  .record({
    userId: fc.uuid(),
    role: fc.constantFrom(...participantRoles),
    attendanceSeconds: seconds,
    chatMessages: fc.nat(600),
    pollsParticipated: fc.nat(6),
    speakingSeconds: seconds,
    microphoneSeconds: seconds,
    cameraSeconds: seconds,
    screenShareSeconds: seconds,
    handsRaised: fc.nat(40),
    canUseChat: fc.boolean(),
    canShareScreen: fc.boolean(),
  })
  .map((facts): PersonEngagementFacts => ({ ...facts, publicChatMessages: Math.floor(facts.chatMessages / 2) }));
const used = fc.record({
  chat: fc.boolean(),
  speaking: fc.boolean(),
  microphone: fc.boolean(),
  camera: fc.boolean(),
  hands: fc.boolean(),
  screenShare: fc.boolean(),
});
const anyMeeting = fc
  .record({ durationSeconds: seconds, namedPolls: fc.nat(5), anonymousPolls: fc.nat(3), used })
  .map(({ anonymousPolls, ...facts }) => ({ ...facts, openedPolls: facts.namedPolls + anonymousPolls }));
const anyOptions = fc.record({
  formula: fc.constantFrom(convokeFormula, bigBlueButtonFormula),
  coverage: fc.record({ chat: fc.boolean(), speaking: fc.boolean(), camera: fc.boolean(), polls: fc.boolean() }),
  scoreHosts: fc.boolean(),
});
const anyPeople = fc.array(anyPerson, { maxLength: 8 });

test('scores are 0 to 100 with two decimals', () => {
  fc.assert(
    fc.property(anyMeeting, anyPeople, anyOptions, (facts, people, options) => {
      const rubric = rubricOf(facts, people, options);
      const scores = [...people.map((each) => scoreOf(each, rubric)), meetingScoreOf(people, rubric)];
      for (const score of scores.filter((each) => each !== null)) {
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(100);
        expect(score).toBe(Number(score.toFixed(2)));
      }
    }),
  );
});

test('parts add up to the score exactly, and counting weights to 100', () => {
  fc.assert(
    fc.property(anyMeeting, anyPeople, anyOptions, (facts, people, options) => {
      const rubric = rubricOf(facts, people, options);
      for (const each of people) {
        const { score, parts } = explain(each, rubric);
        expect(score).toBe(scoreOf(each, rubric));
        if (parts.length === 0) continue;
        const cents = parts.reduce((sum, { points }) => sum + Math.round(points * 100), 0);
        expect(cents / 100).toBe(score);
        for (const part of parts) expect(part.points).toBeLessThanOrEqual(part.renormalisedWeight + 0.01);
        const weights = parts.reduce((sum, { renormalisedWeight }) => sum + renormalisedWeight, 0);
        const nothingLost = options.formula.renormalise ? 100 : Math.min(100, weights);
        expect(weights).toBeCloseTo(nothingLost, 8);
      }
    }),
  );
});

test('doing more never lowers one’s own score', () => {
  const more = fc.record({
    fact: fc.constantFrom(
      'attendanceSeconds' as const,
      'chatMessages' as const,
      'pollsParticipated' as const,
      'speakingSeconds' as const,
      'microphoneSeconds' as const,
      'cameraSeconds' as const,
      'screenShareSeconds' as const,
      'handsRaised' as const,
    ),
    amount: fc.integer({ min: 1, max: 500 }),
  });
  const allowed = anyPerson.map((each) => ({ ...each, canUseChat: true, canShareScreen: true }));
  fc.assert(
    fc.property(anyMeeting, allowed, more, (facts, each, { fact, amount }) => {
      const rubric = rubricOf(facts, [each], { scoreHosts: true });
      const keener = { ...each, [fact]: each[fact] + amount };
      expect(scoreOf(keener, rubric)).toBeGreaterThanOrEqual(scoreOf(each, rubric) ?? 0);
    }),
  );
});

test('what others do never changes one’s score', () => {
  fc.assert(
    fc.property(anyMeeting, anyPerson, anyPeople, anyPeople, (facts, each, others, spammers) => {
      const options = { scoreHosts: true };
      const among = (rest: PersonEngagementFacts[]) => explain(each, rubricOf(facts, [each, ...rest], options));
      expect(among(spammers)).toEqual(among(others));
    }),
  );
});

test('the score of a meeting lies between its lowest and its highest', () => {
  fc.assert(
    fc.property(anyMeeting, fc.array(anyPerson, { minLength: 1, maxLength: 8 }), (facts, people) => {
      const rubric = rubricOf(facts, people, { scoreHosts: true });
      const scores = people.map((each) => scoreOf(each, rubric) ?? 0);
      const score = meetingScoreOf(people, rubric) ?? -1;
      expect(score).toBeGreaterThanOrEqual(Math.min(...scores));
      expect(score).toBeLessThanOrEqual(Math.max(...scores));
    }),
  );
});
