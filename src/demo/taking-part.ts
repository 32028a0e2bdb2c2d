/** What people did in the class, in lines. */
import { type Column, table } from './layout.ts';
import type { Outcome, Person } from './outcome.ts';
import { facts, margin, paragraph, type Setting } from './setting.ts';
import { counted, hms } from './wording.ts';

const barLength = 18;

/** Who wrote, voted, spoke and was seen. */
export function partLines({ people, agreeingTalk }: Outcome, setting: Setting): string[] {
  const { width, paint } = setting;
  const came = people.filter(({ metrics }) => metrics !== null);
  const most = Math.max(1, ...came.map(heard));
  const columns: Column<Person>[] = [
    { heading: 'name', cell: ({ name }) => name },
    { heading: 'messages', cell: ({ metrics }) => number(metrics?.chatMessagesSent), align: 'right' },
    { heading: 'votes', cell: ({ metrics }) => number(metrics?.pollsParticipated), align: 'right' },
    { heading: 'microphone on', cell: ({ metrics }) => time(metrics?.microphoneSeconds), align: 'right' },
    { heading: 'camera on', cell: ({ metrics }) => time(metrics?.cameraSeconds), align: 'right' },
    { heading: 'heard', cell: (person) => time(heard(person)), align: 'right' },
    { heading: '', cell: (person) => bar(heard(person) / most), dress: (cell) => paint('magenta', cell) },
  ];
  return [
    ...table(columns, came, { indent: margin, gap: width < 96 ? ' ' : '  ', paint }),
    '',
    ...paragraph(
      `Somebody is heard from the first word to silence, muting or leaving, whichever comes first. For ${agreeingTalk} of ` +
        `${came.length} people that is to the millisecond what another program counted from the recording.`,
      setting,
    ),
  ];
}

/** The polls, with a bar for each option. */
export function pollLines({ polls, agreeingPolls }: Outcome, setting: Setting): string[] {
  const { paint } = setting;
  const lines = polls.flatMap(({ totals, entitledVoters }, index) => {
    const options = totals?.options ?? [];
    const longest = Math.max(...options.map(({ option }) => option.length));
    return options.map(({ option, votes, share }, place) => {
      const label = (place === 0 ? `Question ${index + 1}` : '').padEnd(13);
      const turnout = place === 0 ? `${totals?.votes} of the ${entitledVoters} who could vote did` : '';
      const filled = paint('green', bar(share).padEnd(barLength, '·'));
      return `${margin}${paint('cyan', label)}${option.padEnd(longest)}  ${filled}  ${String(votes).padStart(2)}   ${turnout}`;
    });
  });
  return [
    ...lines,
    '',
    ...facts(
      [
        [
          'Check',
          `${agreeingPolls === polls.length ? 'all' : `${agreeingPolls} of`} ${counted(polls.length, 'poll')} came out as recorded`,
        ],
      ],
      setting,
    ),
  ];
}

function heard({ metrics }: Person): number {
  return metrics?.speakingSeconds ?? 0;
}

/** Whoever did anything at all has a bar. */
function bar(share: number): string {
  return '█'.repeat(share > 0 ? Math.max(1, Math.round(share * barLength)) : 0);
}

function number(amount = 0): string {
  return amount === 0 ? '–' : String(amount);
}

function time(seconds: number | null | undefined): string {
  const measured = seconds ?? 0;
  return measured === 0 ? '–' : hms(measured);
}
