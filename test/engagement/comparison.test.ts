/**
 * Our formula beside BigBlueButton's activity score, on what is known to go wrong with scores that compare people with the most active
 * one: the same people, the same facts, both formulas.
 */
import { describe, expect, test } from 'vitest';
import {
  bigBlueButtonFormula,
  convokeFormula,
  type MeetingEngagementFacts,
  type PersonEngagementFacts,
} from '../../src/engagement/engagement.formula.ts';
import { rubricOf, scoreOf } from '../../src/engagement/engagement.rules.ts';
import { meeting, person } from './facts.ts';

type Facts = Partial<MeetingEngagementFacts>;

function scores(of: PersonEngagementFacts, among: readonly PersonEngagementFacts[], facts: Facts = {}) {
  const by = (formula: typeof convokeFormula) => scoreOf(of, rubricOf(meeting(facts), among, { formula }));
  return { theirs: by(bigBlueButtonFormula), ours: by(convokeFormula) };
}

const messages = (count: number) => ({ chatMessages: count, publicChatMessages: count });

const ada = person({
  userId: 'ada',
  ...messages(3),
  ...{ speakingSeconds: 54, microphoneSeconds: 54, handsRaised: 1, pollsParticipated: 2 },
});
const bob = person({ userId: 'bob', ...messages(6), speakingSeconds: 90, handsRaised: 2, pollsParticipated: 1 });

describe('one spammer', () => {
  const spammer = person({ userId: 'eve', ...messages(500) });

  test('takes points from everybody else there, and none here', () => {
    const [before, after] = [scores(ada, [ada, bob]), scores(ada, [ada, bob, spammer])];
    expect(before.theirs).toBe(45.33);
    // Half of the chat's twenty points has become next to nothing.
    expect(after.theirs).toBe(35.45);
    expect(after.ours).toBe(before.ours);
  });

  test('has full marks for chat in both, and gains nothing here by going on', () => {
    const modest = person({ userId: 'eve', ...messages(4) });
    expect(scores(spammer, [ada, bob, spammer]).ours).toBe(scores(modest, [ada, bob, modest]).ours);
  });
});

describe('what a meeting did not use', () => {
  const chatter = person(messages(6));
  const quiet: Facts = { namedPolls: 0, openedPolls: 0, used: { chat: true } };

  test('caps the score there, and not here', () => {
    // The most that can be done in a meeting with nothing but a chat: a fifth of everything.
    expect(scores(chatter, [chatter], quiet)).toEqual({ theirs: 20, ours: 100 });
  });

  test('reactions, which nobody here can have, are lost there even by who did everything else', () => {
    const all = person({ ...messages(6), speakingSeconds: 120, handsRaised: 2, pollsParticipated: 3 });
    const everything: Facts = { namedPolls: 3, openedPolls: 3, used: { chat: true, speaking: true, hands: true } };
    expect(scores(all, [all], everything)).toEqual({ theirs: 80, ours: 100 });
  });

  test('polls without names count there as polls that nobody answered', () => {
    const anonymous: Facts = { namedPolls: 0, openedPolls: 4, used: { chat: true } };
    expect(scores(chatter, [chatter], anonymous)).toEqual({ theirs: 20, ours: 100 });
  });
});

describe('one millisecond of talk', () => {
  const breath = person({ speakingSeconds: 0.001 });
  const facts: Facts = { namedPolls: 0, openedPolls: 0, used: { speaking: true } };

  test('is full marks for talking there, where nobody else talks, and next to nothing here', () => {
    expect(scores(breath, [breath], facts).theirs).toBe(20);
    const silent = scores(person(), [breath], facts);
    expect(silent.theirs).toBe(0);
    // Being there is two thirds of this meeting; the millisecond adds less than a cent.
    expect(scores(breath, [breath], facts).ours).toBe(silent.ours);
    expect(silent.ours).toBe(66.67);
  });

  test('counts here as much as it is: half of the target is half of the points', () => {
    const half = person({ speakingSeconds: 54 });
    expect(scores(half, [half], facts).ours).toBe(83.33);
  });
});

test('attendance does not matter there, and is applied to everything here', () => {
  const glance = { ...ada, attendanceSeconds: 360 };
  const [whole, tenth] = [scores(ada, [ada, bob]), scores(glance, [glance, bob])];
  expect(tenth.theirs).toBe(whole.theirs);
  expect(tenth.ours).toBeCloseTo((whole.ours ?? 0) / 10, 1);
});
