import { describe, expect, test } from 'vitest';
import { explain } from '../../src/engagement/engagement.explanation.rules.ts';
import {
  bigBlueButtonFormula,
  convokeFormula,
  type EngagementFormula,
  engagementFormulas,
  type MeetingEngagementFacts,
  type PersonEngagementFacts,
} from '../../src/engagement/engagement.formula.ts';
import {
  type EngagementOptions,
  type EngagementRubric,
  meetingScoreOf,
  rubricOf,
  scoreOf,
} from '../../src/engagement/engagement.rules.ts';
import { meeting, person, tireless } from './facts.ts';

/** The outcome for somebody who reached everything but answered no poll. */
function withoutVotes(facts: Partial<MeetingEngagementFacts>, options: EngagementOptions = {}) {
  const { score, parts } = explain({ ...tireless, pollsParticipated: 0 }, rubricOf(meeting(facts), [], options));
  return { score, weights: Object.fromEntries(parts.map((part) => [part.metric, part.renormalisedWeight])) };
}

function targetsIn(durationSeconds: number): Record<string, number> {
  const { criteria } = rubricOf(meeting({ durationSeconds }), []);
  return Object.fromEntries(criteria.map(({ metric, target }) => [metric.name, target]));
}

function standingsOfVoice(options: EngagementOptions): string[] {
  const { criteria } = rubricOf(meeting(), [], options);
  return ['speaking', 'microphone'].flatMap((name) =>
    criteria.filter(({ metric }) => metric.name === name).map(({ standing }) => standing),
  );
}

function activityRubric(people: PersonEngagementFacts[]): EngagementRubric {
  return rubricOf(meeting(), people, { formula: bigBlueButtonFormula });
}

describe('a score of convoke-1', () => {
  const rubric = rubricOf(meeting(), []);

  test('is 100 when every target is reached, and no more when they are passed', () => {
    expect(scoreOf(tireless, rubric)).toBe(100);
    expect(scoreOf({ ...tireless, chatMessages: 500, speakingSeconds: 3600 }, rubric)).toBe(100);
  });

  test('gives half of a part for half of its target', () => {
    expect(scoreOf({ ...tireless, chatMessages: 2 }, rubric)).toBe(90);
    expect(scoreOf({ ...tireless, pollsParticipated: 1 }, rubric)).toBe(90);
    expect(scoreOf({ ...tireless, speakingSeconds: 54 }, rubric)).toBe(92.5);
  });

  test('is the weight of being there for who only listened', () => {
    expect(scoreOf(person(), rubric)).toBe(30);
  });

  test('is multiplied by the share attended', () => {
    expect(scoreOf({ ...tireless, attendanceSeconds: 1800 }, rubric)).toBe(50);
    expect(scoreOf({ ...tireless, attendanceSeconds: 0 }, rubric)).toBe(0);
  });

  test('is zero for everybody in a meeting without length', () => {
    expect(scoreOf({ ...tireless, attendanceSeconds: 0 }, rubricOf(meeting({ durationSeconds: 0 }), []))).toBe(0);
  });

  test('asks for less in a short meeting and for no more than a limit in a long one', () => {
    expect(targetsIn(600)).toMatchObject({ chat: 1, hands: 1, speaking: 18, camera: 300, screenShare: 30 });
    expect(targetsIn(3600)).toMatchObject({ chat: 4, hands: 2, speaking: 108, camera: 1800, screenShare: 180 });
    expect(targetsIn(86_400)).toMatchObject({ chat: 16, hands: 6, speaking: 600, camera: 7200, screenShare: 900 });
  });
});

describe('what a meeting did not offer', () => {
  test('gives its weight to the rest: no polls, no poll weight', () => {
    expect(withoutVotes({}).score).toBe(80);
    const { score, weights } = withoutVotes({ namedPolls: 0 });
    expect(score).toBe(100);
    expect(weights).toMatchObject({ polls: 0, presence: 37.5, chat: 25, speaking: 18.75 });
  });

  test('is the same as what the platform could not observe', () => {
    expect(withoutVotes({}, { coverage: { polls: false } })).toEqual(withoutVotes({ namedPolls: 0 }));
  });

  test('anonymous polls alone are no polls: nobody could show up in them', () => {
    expect(withoutVotes({ namedPolls: 0, openedPolls: 4 }).weights).toMatchObject({ polls: 0 });
  });

  test('open microphones count only where speaking is not known', () => {
    expect(standingsOfVoice({})).toEqual(['counts', 'replaced']);
    expect(standingsOfVoice({ coverage: { speaking: false } })).toEqual(['notObserved', 'counts']);
  });

  test('leaves the share attended when it was everything', () => {
    const bare = rubricOf(meeting({ namedPolls: 0, openedPolls: 0, used: {} }), []);
    expect(scoreOf(person({ attendanceSeconds: 1200 }), bare)).toBe(33.33);
    expect(scoreOf(person(), bare)).toBe(100);
  });

  test('leaves the share attended in a formula that has no part for being there', () => {
    const formula: EngagementFormula = {
      ...convokeFormula,
      version: 'test-1',
      metrics: convokeFormula.metrics.filter(({ name }) => name !== 'presence'),
    };
    const explained = explain(
      person({ attendanceSeconds: 900 }),
      rubricOf(meeting({ namedPolls: 0, used: {} }), [], { formula }),
    );
    expect(explained).toMatchObject({ score: 25, formulaVersion: 'test-1' });
    expect(explained.sentence).toContain('nothing else could be measured');
  });

  test('a person who may not write is not judged by chat, unless they wrote before', () => {
    const rubric = rubricOf(meeting(), []);
    const muted = { ...tireless, chatMessages: 0, canUseChat: false };
    expect(scoreOf(muted, rubric)).toBe(100);
    expect(scoreOf({ ...muted, chatMessages: 1 }, rubric)).toBe(85);
    expect(explain(muted, rubric).parts.find(({ metric }) => metric === 'chat')).toMatchObject({
      standing: 'notPermitted',
      points: 0,
    });
  });

  test('the stored coverage makes the same scores again', () => {
    const first = rubricOf(meeting({ namedPolls: 0, used: { chat: true, microphone: true } }), []);
    const again = rubricOf(meeting(), [], { coverage: first.coverage });
    const writer = person({ chatMessages: 1, microphoneSeconds: 30, attendanceSeconds: 3000 });
    expect(again.coverage).toEqual(first.coverage);
    expect(scoreOf(writer, again)).toBe(scoreOf(writer, first));
  });
});

describe('hosts', () => {
  const host = person({ userId: 'tea', role: 'Host', chatMessages: 4 });
  const coHost = person({ userId: 'cob', role: 'CoHost' });

  test('have no score, and do not weigh on the meeting, unless asked for', () => {
    const rubric = rubricOf(meeting(), []);
    expect(scoreOf(host, rubric)).toBeNull();
    expect(scoreOf(coHost, rubric)).toBeNull();
    expect(explain(host, rubric)).toMatchObject({ score: null, parts: [], attendanceShare: 1 });
    expect(meetingScoreOf([host, coHost, tireless], rubric)).toBe(100);
    expect(meetingScoreOf([host], rubric)).toBeNull();
  });

  test('are measured like everybody when asked for', () => {
    const rubric = rubricOf(meeting(), [], { scoreHosts: true });
    expect(scoreOf(host, rubric)).toBe(50);
    expect(meetingScoreOf([host, tireless], rubric)).toBe(75);
  });
});

describe('the score of a meeting', () => {
  const rubric = rubricOf(meeting(), []);

  test('is the mean weighted by attendance', () => {
    const listener = person({ userId: 'bob', attendanceSeconds: 1200 });
    expect(scoreOf(listener, rubric)).toBe(10);
    expect(meetingScoreOf([tireless, listener], rubric)).toBe(77.5);
  });

  test('is null without anybody and zero when nobody stayed', () => {
    expect(meetingScoreOf([], rubric)).toBeNull();
    expect(meetingScoreOf([person({ attendanceSeconds: 0 })], rubric)).toBe(0);
  });
});

describe('an explanation', () => {
  const participant = person({
    attendanceSeconds: 2880,
    chatMessages: 3,
    pollsParticipated: 1,
    microphoneSeconds: 180,
  });
  const rubric = rubricOf(meeting({ used: { chat: true, microphone: true } }), []);
  const explained = explain(participant, rubric);

  test('shows weights, values, targets and points of each part', () => {
    expect(explained).toMatchObject({ userId: 'ada', formulaVersion: 'convoke-1', attendanceShare: 0.8 });
    // Each rounded by itself would make 58.83: the smallest remainder that does not fit is cut.
    const shown = explained.parts.map((part) => [part.metric, part.standing, part.value, part.target, part.points]);
    expect(shown).toEqual([
      ['presence', 'counts', 2880, 1, 28.23],
      ['chat', 'counts', 3, 4, 14.12],
      ['polls', 'counts', 1, 2, 9.41],
      ['speaking', 'notOffered', 0, 108, 0],
      ['microphone', 'counts', 180, 360, 7.06],
      ['camera', 'notOffered', 0, 1800, 0],
      ['hands', 'notOffered', 0, 2, 0],
      ['screenShare', 'notOffered', 0, 180, 0],
    ]);
    // (30 + 20 * 3/4 + 20 * 1/2 + 15 * 1/2) / 85 * 0.8
    expect(explained.score).toBe(58.82);
    expect(explained.parts[1]?.renormalisedWeight).toBeCloseTo(2000 / 85, 10);
  });

  test('says it in words', () => {
    expect(explained.sentence).toBe(
      'Present for 80 % of the meeting, which multiplies every part: 58.82 of 100 by the formula convoke-1.',
    );
    expect(explained.parts.map(({ sentence }) => sentence)).toEqual([
      'Being there: 48 min 0 s (any time is enough), 28.23 of 35.29 points.',
      'Chat: 3 messages (full marks from 4 messages on), 14.12 of 23.53 points.',
      'Polls: 1 poll (full marks from 2 polls on), 9.41 of 23.53 points.',
      'Speaking: no part of this meeting, so not counted.',
      'Microphone on: 3 min 0 s (full marks from 6 min 0 s on), 7.06 of 17.65 points.',
      'Camera on: no part of this meeting, so not counted.',
      'Raised hand: no part of this meeting, so not counted.',
      'Screen shared: no part of this meeting, so not counted.',
    ]);
  });
});

test('the example in docs/engagement.md is right', () => {
  const rubric = rubricOf(meeting({ namedPolls: 3, used: { chat: true, speaking: true, screenShare: true } }), []);
  const mara = person({ attendanceSeconds: 2880, chatMessages: 3, pollsParticipated: 2, speakingSeconds: 54 });
  expect(rubric.criteria.flatMap(({ metric, standing }) => (standing === 'counts' ? [metric.weight] : []))).toEqual([
    30, 20, 20, 15, 5,
  ]);
  expect(scoreOf({ ...mara, attendanceSeconds: 3600 }, rubric)).toBe(73.15);
  expect(scoreOf(mara, rubric)).toBe(58.52);
});

describe('bigbluebutton-activity-1', () => {
  const viewers = [
    person({
      userId: 'ada',
      speakingSeconds: 60,
      publicChatMessages: 5,
      chatMessages: 9,
      handsRaised: 1,
      pollsParticipated: 2,
    }),
    person({ userId: 'bob', speakingSeconds: 120, publicChatMessages: 10, attendanceSeconds: 60 }),
  ];
  const moderator = person({ userId: 'tea', role: 'Host', speakingSeconds: 3000, publicChatMessages: 99 });
  const rubric = activityRubric([...viewers, moderator]);

  test('compares with the most active viewer and with all polls held', () => {
    // 10 * (60/120*2 + 5/10*2 + 1/1*2 + 0 + 2/3*2)
    expect(viewers.map((viewer) => scoreOf(viewer, rubric))).toEqual([53.33, 40]);
    expect(meetingScoreOf([...viewers, moderator], rubric)).toBe(46.67);
  });

  test('gives moderators zero', () => {
    expect(scoreOf(moderator, rubric)).toBe(0);
  });

  test('loses the part of what nobody did: a lone viewer with a trace of everything has 80', () => {
    const lone = person({ speakingSeconds: 0.001, publicChatMessages: 1, handsRaised: 1, pollsParticipated: 3 });
    expect(scoreOf(lone, activityRubric([lone]))).toBe(80);
    expect(scoreOf({ ...lone, handsRaised: 0 }, activityRubric([{ ...lone, handsRaised: 0 }]))).toBe(60);
  });

  test('lets one spammer devalue everybody, as convoke-1 does not', () => {
    const [ada, bob] = viewers.map((viewer) => ({ ...viewer, chatMessages: viewer.publicChatMessages }));
    if (ada === undefined || bob === undefined) throw new Error('two viewers');
    const spammer = { ...bob, chatMessages: 500, publicChatMessages: 500 };
    expect(scoreOf(ada, activityRubric([ada, spammer]))).toBeLessThan(scoreOf(ada, activityRubric([ada, bob])) ?? 0);
    expect(scoreOf(ada, rubricOf(meeting(), [ada, spammer]))).toBe(scoreOf(ada, rubricOf(meeting(), [ada, bob])));
  });
});

describe('the formulas', () => {
  test.each([...engagementFormulas.values()])('$version weighs each metric once, 100 in all', ({ metrics }) => {
    expect(new Set(metrics.map(({ name }) => name)).size).toBe(metrics.length);
    const first = metrics.filter(({ insteadOf }) => insteadOf === null);
    expect(first.reduce((sum, { weight }) => sum + weight, 0)).toBe(100);
    expect(metrics.every(({ weight }) => weight > 0)).toBe(true);
  });

  test('a metric that replaces another comes after it and weighs the same', () => {
    const [speaking, microphone] = convokeFormula.metrics.filter(
      ({ unit, weight }) => unit === 'duration' && weight === 15,
    );
    expect(microphone?.insteadOf).toBe(speaking?.name);
  });
});
