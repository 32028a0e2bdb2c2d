/** What the class came to, in lines. */
import { formatInZone } from '../core/time-zone.ts';
import type { EngagementPart } from '../engagement/index.ts';
import type { AnyEvent } from '../events/catalogue.ts';
import { type EventLimit, eventLines } from './event-lines.ts';
import { type Column, labelled, table } from './layout.ts';
import type { Outcome, Person } from './outcome.ts';
import { crowdBar, presenceBar, timeAxis } from './presence-bar.ts';
import { facts, margin, paragraph, type Setting } from './setting.ts';
import { counted, hms, inBoth, listed, percent, wait } from './wording.ts';

/** A minute in each cell is as fine as it gets. */
const mostCells = 53;

/** Everybody who was asked: what they said, and what they did. */
export function rosterLines({ meeting, people }: Outcome, setting: Setting): string[] {
  const { width, paint, places } = setting;
  const { actualStartTime: from, actualEndTime: to } = meeting;
  if (from === null || to === null) throw new Error('The class has not been held.');
  const gap = width < 96 ? ' ' : '  ';
  const columns: Column<Person>[] = [
    { heading: 'name', cell: ({ name }) => name },
    { heading: 'role', cell: ({ participant }) => participant.role },
    { heading: 'answer', cell: ({ answer }) => answer, dress: (cell, person) => paint(hue(person), cell) },
    { heading: 'present', cell: (person) => (came(person) ? hms(person.seconds) : '–'), align: 'right' },
    { heading: 'share', cell: (person) => (came(person) ? percent(person.share) : '–'), align: 'right' },
    { heading: 'score', cell: ({ explanation }) => explanation?.score?.toFixed(2) ?? '–', align: 'right' },
  ];
  const [headingLine = ''] = table(columns, people, { indent: margin, gap, paint: (_, text) => text });
  const cells = Math.min(mostCells, width - headingLine.length - gap.length);
  const bars: Column<Person> = {
    heading: timeAxis(from, to, cells, (instant) => formatInZone(instant, places.here.zone, 'HH:mm')),
    cell: (person) => (came(person) ? presenceBar(person.sessions, from, to, cells) : missing(person)),
    dress: (cell, person) => paint(came(person) ? 'green' : 'dim', cell),
  };
  const together = crowdBar(
    people.map(({ sessions }) => sessions),
    from,
    to,
    cells,
  );
  const label = 'people at once'.padStart(headingLine.length);
  return [
    ...table([...columns, bars], people, { indent: margin, gap, paint }),
    `${paint('dim', label)}${gap}${paint('cyan', together)}`,
  ];
}

function came({ sessions }: Person): boolean {
  return sessions.length > 0;
}

function hue({ answer }: Person): 'red' | 'yellow' | 'green' | 'reset' {
  if (answer === 'declined') return 'red';
  return answer === 'tentative' || answer === 'no answer' ? 'yellow' : answer === 'promoted' ? 'green' : 'reset';
}

function missing({ participant }: Person): string {
  return participant.status === 'NoShow' ? 'no-show' : 'absent';
}

/** The peak, who did not come, and what became of the waitlist. */
export function rosterFacts({ people, peak, events, meeting, agreeing }: Outcome, setting: Setting): string[] {
  const named = (wanted: (person: Person) => boolean) => people.filter(wanted).map(({ name }) => name);
  const noShows = people.filter(({ participant }) => participant.status === 'NoShow');
  const silent = named(({ answer }) => answer === 'no answer');
  const attended = people.filter(came).length;
  const last = people.find(({ sessions }) => sessions.some(({ joinedAt }) => joinedAt.getTime() === peak.at.getTime()));
  const entries: [string, string][] = [
    [
      'Peak',
      `${counted(peak.people, 'person', 'people')} at once, from ${inBoth(peak.at, setting.places)} on, when ${last?.name ?? 'the last'} came in`,
    ],
    [
      'No-shows',
      noShows
        .map(({ name, answer }) => `${name}, who had ${answer === 'tentative' ? 'said maybe' : 'accepted'}`)
        .join('; '),
    ],
    ['Waitlist', waitlist({ people, events, meeting })],
    [
      'No answer',
      `${listed(silent)}, whose invitation expired with the class: who never answered is absent, not a no-show`,
    ],
    [
      'Check',
      `for ${agreeing} of ${attended} people, the time present is to the second what another program counted from the recording`,
    ],
  ];
  return facts(entries, setting);
}

function waitlist({ people, events, meeting }: Pick<Outcome, 'people' | 'events' | 'meeting'>): string {
  const time = (type: string) => Date.parse(events.find((event) => event.type === type)?.time ?? '');
  const promoted = people.find(({ answer }) => answer === 'promoted');
  const freed = people.find(({ answer }) => answer === 'declined');
  const waited = wait(time('invitation.promoted') - time('invitation.waitlisted'));
  return `${promoted?.name} waited ${waited} behind ${meeting.settings.limitAcceptances} seats, until ${freed?.name} gave one up`;
}

/** Why the scores are what they are, in the library's own words: for the highest, the lowest, and the host. */
export function engagementLines({ people, analytics }: Outcome, setting: Setting): string[] {
  const { paint, width } = setting;
  const scored = people
    .flatMap(({ name, explanation }) => (explanation === null ? [] : [{ name, explanation }]))
    .toSorted((a, b) => (b.explanation.score ?? -1) - (a.explanation.score ?? -1));
  const students = scored.filter(({ explanation }) => explanation.score !== null);
  const scoredBy = new Set(
    students.flatMap(({ explanation }) =>
      explanation.parts.flatMap(({ metric, standing }) => (standing === 'counts' ? [metric] : [])),
    ),
  );
  const shown = [students[0], students.at(-1), scored.find(({ explanation }) => explanation.score === null)];
  return [
    ...paragraph(
      `The class as a whole scored ${analytics.engagementScore} of 100. ` +
        (scoredBy.size > 1 ? '' : 'Nothing but being there could be scored, so the time attended decides. ') +
        'Every score can be explained; here are the highest, the lowest and the host:',
      setting,
    ),
    ...shown.flatMap((one) => {
      if (one === undefined) return [];
      const { name, explanation } = one;
      const texts = [explanation.sentence, ...reasons(explanation.parts)];
      return [
        '',
        `${margin}${paint('cyan', name)}`,
        ...texts.flatMap((text) =>
          labelled(`${margin}  ·`, text, { indent: margin.length + 4, width: Math.min(width, 104) }),
        ),
      ];
    }),
  ];
}

/** One sentence for each part that counts; parts left out for the same reason share theirs. */
function reasons(parts: readonly EngagementPart[]): string[] {
  const counting = parts.filter(({ standing }) => standing === 'counts').map(({ sentence }) => sentence);
  const others = Map.groupBy(
    parts.filter(({ standing }) => standing !== 'counts'),
    ({ label, sentence }) => sentence.slice(label.length),
  );
  return [...counting, ...[...others].map(([reason, alike]) => alike.map(({ label }) => label).join(', ') + reason)];
}

/** The event stream as it happened. */
export function streamLines(
  events: readonly AnyEvent[],
  { limit, nameOf, again }: { limit: EventLimit; nameOf: (userId: string) => string; again: string },
  setting: Setting,
): string[] {
  const { paint, places } = setting;
  const lines = eventLines(events, limit, { place: places.here, nameOf });
  const widest = Math.max(0, ...lines.map((line) => ('omitted' in line ? 0 : line.numbers.length)));
  let today = '';
  return lines.map((line) => {
    if ('omitted' in line)
      return paint('dim', `${margin}${'…'.padStart(widest)}  ${line.omitted} more: ${again} --events all`);
    const day = line.day === today ? '' : line.day;
    today = line.day;
    const when = `${day.padEnd(10)}  ${line.time}`;
    return `${margin}${line.numbers.padStart(widest)}  ${paint('dim', when)}  ${paint('cyan', line.type.padEnd(22))}  ${line.about}`;
  });
}
