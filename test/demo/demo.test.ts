import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'vitest';
import { embedding } from '../../src/demo/closing.ts';
import { coloured, demonstrate, type DemonstrationOptions, plain } from '../../src/demo/index.ts';
import type { Person } from '../../src/demo/outcome.ts';
import { createDatabase, test as base } from '../setup/db.ts';
import { expectIntegrity } from '../setup/integrity.ts';

interface Facts {
  readonly people: number;
  readonly connections: number;
  readonly joins: number;
  readonly peakPeople: number;
  readonly durationMs: number;
  readonly presenceMsByPersonUnion: Readonly<Record<string, number>>;
  readonly chatMessages: number;
  readonly polls: readonly Readonly<Record<string, number>>[];
  readonly talkBounded: { readonly talkMs: Readonly<Record<string, number>> };
}

const fixture = new URL('../fixtures/real/class-session-2019.json', import.meta.url);
const { facts }: { facts: Facts } = JSON.parse(readFileSync(fixture, 'utf8'));
const timeout = 120_000;
const clearLine = '\r\u001B[2K';

async function shown(database: DemonstrationOptions['database'], options: Partial<DemonstrationOptions> = {}) {
  let text = '';
  const screen = { columns: 100, interactive: false, paint: plain, write: (more: string) => void (text += more) };
  const outcome = await demonstrate({
    ...{
      database,
      schema: 'convoke',
      where: 'a database of the tests',
      isKept: true,
      again: 'npm start --',
      events: 'all',
      screen,
    },
    ...options,
  });
  const section = (title: string) => text.split(`\n${title}\n`)[1]?.split(/\n\n\S/)[0] ?? '';
  return { outcome, text, section, lines: text.split('\n') };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** What is left to read on a terminal once everything that moved has been cleared away. */
function kept(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf(clearLine) + 1).replace(clearLine.slice(1), ''));
  return lines.join('\n');
}

/** The story as it is told on the file's own database, once. */
const test = base.extend<{ first: Awaited<ReturnType<typeof shown>> }>({
  first: [
    async ({ url }, use) => {
      await use(await shown({ url }));
      await expectIntegrity(url);
    },
    { scope: 'file' },
  ],
});

test('ten people over twelve connections, a peak of ten', ({ first }) => {
  const { outcome } = first;
  const attended = outcome.people.filter(({ participant }) => participant.status === 'Attended');
  expect(attended).toHaveLength(facts.people);
  expect(outcome.connections).toBe(facts.connections);
  expect(attended.flatMap(({ sessions }) => sessions)).toHaveLength(facts.joins);
  expect(outcome.peak).toEqual({ people: facts.peakPeople, at: new Date('2019-03-15T16:19:24.723Z') });
  expect(outcome.analytics.peakConcurrentParticipants).toBe(facts.peakPeople);
  expect(outcome.analytics.totalParticipants).toBe(facts.people);
});

test('everybody was there for as long as was counted from the recording', ({ first }) => {
  const seconds = first.outcome.people.flatMap(({ name, seconds: exact, sessions }) =>
    sessions.length > 0 ? [[name, exact]] : [],
  );
  const counted = Object.entries(facts.presenceMsByPersonUnion).map(([name, milliseconds]) => [
    name,
    milliseconds / 1000,
  ]);
  expect(Object.fromEntries(seconds)).toEqual(Object.fromEntries(counted));
  expect(first.outcome.agreeing).toBe(facts.people);
  for (const { name, share } of first.outcome.people)
    expect(share).toBeCloseTo((facts.presenceMsByPersonUnion[name] ?? 0) / facts.durationMs, 9);
});

test('everybody wrote, voted and was heard as was counted from the recording', ({ first }) => {
  const { people, polls, analytics, agreeingTalk, agreeingPolls } = first.outcome;
  const heard = people.map(({ metrics }) => metrics?.speakingSeconds ?? 0);
  expect(heard.filter((seconds) => seconds > 0).map((seconds) => Math.round(seconds * 1000))).toEqual(
    expect.arrayContaining(Object.values(facts.talkBounded.talkMs)),
  );
  expect(agreeingTalk).toBe(facts.people);
  expect(analytics.totalChatMessages).toBe(facts.chatMessages);
  expect(sum(people.map(({ metrics }) => metrics?.chatMessagesSent ?? 0))).toBe(facts.chatMessages);
  expect(polls.map(({ totals }) => totals?.options.map(({ votes }) => votes))).toEqual(
    facts.polls.map((votes) => [votes['0'] ?? 0, votes['1'] ?? 0]),
  );
  expect(agreeingPolls).toBe(facts.polls.length);
  expect(sum(people.map(({ metrics }) => metrics?.pollsParticipated ?? 0))).toBe(33);
  const teacher = people.find(({ name }) => name === 'Teacher A');
  expect(teacher?.metrics?.cameraSeconds).toBe((3_196_904 - 803_874) / 1000);
});

test('those who were added answer in each way there is, and one moves up for another', ({ first }) => {
  const people = (wanted: (person: Person) => boolean) => first.outcome.people.filter(wanted).map(({ name }) => name);
  expect(people(({ answer }) => answer === 'accepted')).toHaveLength(9);
  expect(people(({ answer }) => answer === 'declined')).toEqual(['Student K (added)']);
  expect(people(({ answer }) => answer === 'tentative')).toEqual(['Student L (added)']);
  expect(people(({ answer }) => answer === 'no answer')).toEqual(['Student M (added)']);
  expect(people(({ answer }) => answer === 'promoted')).toEqual(['Student N (added)']);
  expect(people(({ participant }) => participant.status === 'NoShow')).toEqual([
    'Student L (added)',
    'Student N (added)',
  ]);
  const types = first.outcome.events.map(({ type }) => type);
  expect(types.indexOf('invitation.waitlisted')).toBeLessThan(types.indexOf('invitation.declined'));
  expect(types.indexOf('invitation.promoted')).toBe(types.indexOf('invitation.declined') + 1);
  expect(types.indexOf('invitation.promoted')).toBeLessThan(types.indexOf('meeting.started'));
});

test('the stream is numbered without a gap and told in full', ({ first }) => {
  const { events, integrity } = first.outcome;
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.filter(({ type }) => type === 'participant.joined')).toHaveLength(facts.joins);
  for (const { seq, type } of events)
    expect(first.section('The event stream, as it happened')).toMatch(new RegExp(`^ +${seq} .* ${type}\\b`, 'm'));
  expect(integrity.violations).toEqual([]);
  expect(integrity.checked.length).toBeGreaterThan(80);
});

test('the story says what is real, what was added and what is missing', ({ first }) => {
  const prose = first.text.replaceAll(/\s+/g, ' ');
  expect(prose).toContain('Friday, 15 March 2019, a teacher and nine students met on a video platform for 53 minutes');
  expect(prose).toContain(
    'Added for this demonstration: the appointment with its invitations and answers, and four people',
  );
  expect(prose).toContain('the 38 messages are filler, and the five polls have numbers for questions');
  expect(prose).toContain('5 hours apart that week instead of 6: New York');
  expect(prose).toContain(
    'came back thirteen times, two times over a new connection. Five connections were still open',
  );
  expect(prose).toContain('from 12:19:24 in New York (17:19:24 in Berlin) on, when Student J came in');
  expect(prose).toContain(
    'Student N (added) waited 2 d 3 h 15 min behind 11 seats, until Student K (added) gave one up',
  );
  expect(prose).toContain('ten people over twelve connections, 23 stays in all; the peak was ten people');
  expect(prose).toContain(`${first.outcome.integrity.checked.length} checks hold`);
});

test('polls have their bars, and voices theirs', ({ first }) => {
  const part = first.section('Who took part');
  expect(part).toMatch(/^ {2}Teacher A .* 00:28:57 {2}█{18}$/m);
  expect(part).toMatch(/^ {2}Student I .* – *$/m);
  expect(part).toMatch(/^ {2}Question 1 +Yes {2}█{18} {3}6 {3}6 of the 8 who could vote did$/m);
  expect(part).toContain('all five polls came out as recorded');
  expect(first.text).toMatch(/Teacher A asks question 5/);
});

test('the roster shows each person to the second, with a bar of the class', ({ first }) => {
  const roster = first.section('Who was there');
  expect(roster).toMatch(/^ {2}Teacher A +Host +host +00:52:51 +99\.2 % +– {2}▓█+$/m);
  expect(roster).toMatch(/^ {2}Student J +Participant +accepted +00:22:54 +43\.0 % +34\.87 {2}·+[▒▓]█+▓$/m);
  expect(roster).toMatch(/^ {2}Student L \(added\) +Participant +tentative +– +– +– {2}no-show$/m);
  expect(roster).toMatch(/people at once +[ ▁▂▃▄▅▆▇]+█+/);
  const explained = first.section('Engagement').replaceAll(/\s+/g, ' ');
  expect(explained).toContain('Being there: 49 min 53 s (any time is enough), 31.21 of 33.33 points.');
  expect(explained).toContain('Who hosts a meeting is not scored in it.');
});

test('nothing moves and nothing is coloured where nobody watches', ({ first }) => {
  expect(first.text).toBe(stripVTControlCharacters(first.text));
  expect(first.text).not.toContain('\r');
  expect(first.lines.filter((line) => line.length > 100 || line !== line.trimEnd())).toEqual([]);
});

test('a second time is a second class, and a terminal shows it moving', { timeout }, async ({ url, first }) => {
  let text = '';
  const screen = { columns: 80, interactive: true, paint: coloured, write: (more: string) => void (text += more) };
  const second = await demonstrate({
    ...{
      database: { url },
      schema: 'convoke',
      where: 'the same',
      isKept: true,
      again: 'npx convoke demo',
      events: 8,
      screen,
    },
  });
  expect(second.meeting.id).not.toBe(first.outcome.meeting.id);
  expect(second.people.map(({ userId }) => userId)).toEqual(first.outcome.people.map(({ userId }) => userId));
  expect(second.integrity.violations).toEqual([]);
  const frames = text.split(clearLine).filter((frame) => frame.includes(' present  '));
  expect(frames.length).toBeGreaterThan(40);
  expect(frames.at(-1)).toContain('12:42:20 New York  ████████████████████  0 present  Teacher A ends the class');
  const shownAtLast = stripVTControlCharacters(kept(text));
  expect(shownAtLast).not.toContain(' present  Student');
  expect(shownAtLast.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(shownAtLast).toMatch(/… {2}\d+ more: npx convoke demo --events all/);
});

test('an old schema is brought up to date first', { timeout }, async () => {
  await using database = await createDatabase();
  const { outcome } = await shown(database, { schema: 'school' });
  expect(outcome.events).not.toEqual([]);
});

test('what is offered as ten lines stands in the example that is run', () => {
  const example = readFileSync(new URL('../../examples/quickstart.ts', import.meta.url), 'utf8').split('\n');
  const offered = embedding
    .split('\n')
    .filter((line) => !line.startsWith('const database') && !line.startsWith('import'));
  expect(offered.filter((line) => !example.includes(line))).toEqual([]);
  expect(
    embedding
      .trim()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('import')),
  ).toHaveLength(10);
});
