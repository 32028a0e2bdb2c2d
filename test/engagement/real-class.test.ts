import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { explain } from '../../src/engagement/engagement.explanation.rules.ts';
import { meetingScoreOf, rubricOf, scoreOf } from '../../src/engagement/engagement.rules.ts';
import { meeting, person } from './facts.ts';

interface RealClass {
  host: string;
  events: { type: string; connection?: string; person?: string }[];
  facts: {
    durationMs: number;
    polls: unknown[];
    presenceMsByPersonUnion: Record<string, number>;
    talkBounded: { talkMs: Record<string, number> };
  };
}

const file = new URL('../fixtures/real/class-session-2019.json', import.meta.url);
const { host, events, facts }: RealClass = JSON.parse(readFileSync(file, 'utf8'));
const personOf = new Map(events.map(({ connection, person: name }) => [connection, name]));

function countOf(type: string, name: string): number {
  return events.filter((event) => event.type === type && event.person === name).length;
}

const people = Object.entries(facts.presenceMsByPersonUnion).map(([name, presence]) => {
  const talk = Object.entries(facts.talkBounded.talkMs).filter(([connection]) => personOf.get(connection) === name);
  return person({
    userId: name,
    role: name === host ? 'Host' : 'Participant',
    attendanceSeconds: presence / 1000,
    chatMessages: countOf('chat', name),
    pollsParticipated: countOf('poll.vote', name),
    speakingSeconds: talk.reduce((sum, [, milliseconds]) => sum + milliseconds, 0) / 1000,
  });
});
const lesson = meeting({
  durationSeconds: facts.durationMs / 1000,
  namedPolls: facts.polls.length,
  openedPolls: facts.polls.length,
  used: { chat: true, speaking: true, camera: true },
});

test('a recorded class is scored as computed by hand', () => {
  const rubric = rubricOf(lesson, people, { coverage: { camera: false } });
  const studentG = people.find(({ userId }) => userId === 'Student G');
  if (studentG === undefined) throw new Error('Student G is in the recording');
  expect(studentG).toMatchObject({ chatMessages: 3, pollsParticipated: 5, speakingSeconds: 54.284 });
  const { score, parts } = explain(studentG, rubric);
  const fraction = (30 + (20 * 3) / 4 + 20 + (15 * 54.284) / (0.03 * 3196.909)) / 85;
  expect(score).toBe(Number((100 * fraction * (2403.941 / 3196.909)).toFixed(2)));
  expect(parts.filter(({ standing }) => standing === 'counts').map(({ metric }) => metric)).toEqual([
    'presence',
    'chat',
    'polls',
    'speaking',
  ]);
});

test('the teacher of a recorded class is not scored, the nine students are told apart', () => {
  const rubric = rubricOf(lesson, people, { coverage: { camera: false } });
  const scores = people.map((each) => scoreOf(each, rubric));
  expect(scores.filter((score) => score === null)).toHaveLength(1);
  const students = scores.filter((score) => score !== null);
  expect(new Set(students).size).toBe(9);
  expect(meetingScoreOf(people, rubric)).toBeGreaterThan(Math.min(...students));
});
