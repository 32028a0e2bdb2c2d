/** How the class is told while it happens. Plain data in, lines out. */
import { formatInZone, offsetMinutes } from '../core/time-zone.ts';
import type { Cast } from './cast.ts';
import type { Moment } from './play.ts';
import { passagesOf, type Recording } from './recording.ts';
import { margin, paragraph, type Setting } from './setting.ts';
import { capitalised, counted, type Place } from './wording.ts';

/** What this is, what is real in it and what was added. @param where the database, in words */
export function opening(recording: Recording, cast: Cast, where: string, setting: Setting): string[] {
  const { paint } = setting;
  const { here, there } = setting.places;
  const { startedAt, endedAt, happenings } = recording;
  const passages = passagesOf(recording);
  const recorded = (kind: string) => happenings.filter((one) => one.kind === kind).length;
  const day = formatInZone(startedAt, here.zone, 'EEEE, d MMMM yyyy');
  const minutes = Math.floor((endedAt.getTime() - startedAt.getTime()) / 60_000);
  const devices = new Set(passages.map(({ connectionId }) => connectionId)).size;
  const apart = (at: Date) => (offsetMinutes(at, there.zone) - offsetMinutes(at, here.zone)) / 60;
  const [then, inWinter] = [apart(startedAt), apart(new Date(Date.UTC(startedAt.getUTCFullYear(), 0, 15)))];
  const [first, , , last] = Object.values(cast.added).map(({ name }) => name.replace(' (added)', ''));
  return [
    '',
    paint('bold', 'convoke · a real class, held again'),
    paint('dim', '═'.repeat(setting.width)),
    ...paragraph(
      `On ${day}, a teacher and ${counted(cast.students.length, 'student')} met on a video platform for ${minutes} minutes. The ` +
        `platform wrote down who joined, dropped out, came back and left, on ${counted(devices, 'connection')}; who wrote, who voted and ` +
        'who spoke. Here the class is held once more, through the public API of convoke, under a clock that follows the recording.',
      setting,
    ),
    '',
    ...paragraph(
      `Added for this demonstration: the appointment with its invitations and answers, and four people, ${first} to ${last}, who ` +
        `were never there. What was written is not recorded, only how long it was: the ${recorded('chat')} messages are filler, and ` +
        `the ${counted(recorded('poll.open'), 'poll')} have numbers for questions.`,
      setting,
    ),
    '',
    ...paragraph(
      `Times are ${here.city}'s, with ${there.city}'s beside them. The two were ${then} hours apart that week` +
        (then === inWinter
          ? '.'
          : ` instead of ${inWinter}: ${here.city} had moved its clocks already, ${there.city} had not.`),
      setting,
    ),
    ...paragraph(`Database: ${where}.`, setting),
  ];
}

/** How the class stands. */
export interface Scene {
  readonly moment: Moment;
  /** People in the class after the moment. */
  readonly present: number;
  /** Of the class that has passed, 0 to 1. */
  readonly passed: number;
}

const doings = {
  ...{ start: 'starts the class', end: 'ends the class', join: 'comes in', leave: 'leaves' },
  ...{ chat: 'writes', media: 'turns voice or camera on or off', 'poll.vote': 'votes' },
  ...{ 'poll.open': 'asks question', 'poll.close': 'closes question' },
} as const;

function doing({ kind, person, poll }: Moment): string {
  const isAbout = kind === 'poll.open' || kind === 'poll.close' ? ` ${poll}` : '';
  return `${person} ${doings[kind]}${isAbout}`;
}

const barLength = 20;

/** The line that moves while the class is held. */
export function progressLine({ moment, present, passed }: Scene, { places }: Setting): string {
  const clock = ({ zone, city }: Place) => `${formatInZone(moment.at, zone, 'HH:mm:ss')} ${city}`;
  const bar = '█'.repeat(Math.round(passed * barLength)).padEnd(barLength, '░');
  return `${margin}${clock(places.here)}  ${bar}  ${present} present  ${doing(moment)}`;
}

/** A line that stays, for a moment worth one. */
export function momentLine({ moment, present }: Scene, setting: Setting): string {
  const { here, there } = setting.places;
  const clock = ({ zone, city }: Place) => formatInZone(moment.at, zone, 'HH:mm:ss').padEnd(city.length);
  const count = setting.paint('green', '●'.repeat(present));
  return `${margin}${clock(here)}  ${clock(there)}  ${doing(moment).padEnd(28)}${count}${present > 0 ? ` ${present}` : ''}`;
}

/** Names of the clocks, above such lines. */
export function momentHeading({ paint, places: { here, there } }: Setting): string {
  const widest = 'HH:mm:ss'.length;
  return paint('dim', `${margin}${here.city.padEnd(widest)}  ${there.city.padEnd(widest)}  ${''.padEnd(28)}present`);
}

/** What the lines of the class leave out: people who were there before, and how the last connections ended. */
export function interludeLines(recording: Recording, setting: Setting): string[] {
  const { others } = recording;
  const passages = passagesOf(recording);
  const joins = passages.filter(({ kind }) => kind === 'join').length;
  const people = others.length + 1;
  const connections = new Set(passages.map(({ connectionId }) => connectionId)).size;
  const open = joins - (passages.length - joins);
  return paragraph(
    `In between, people dropped out and came back ${counted(joins - people, 'time')}, ${counted(connections - people, 'time')} over a new ` +
      `connection. ${capitalised(counted(open, 'connection'))} were still open when the recording ended; ending the class closed them.`,
    setting,
  );
}
