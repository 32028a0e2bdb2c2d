/** How the class is told while it happens. Plain data in, lines out. */
import { formatInZone, offsetMinutes } from '../core/time-zone.ts';
import type { Cast } from './cast.ts';
import type { Recording } from './recording.ts';
import type { Moment } from './replay.ts';
import { margin, paragraph, type Setting } from './setting.ts';
import { counted, type Place } from './wording.ts';

/** What this is, what is real in it and what was added. @param where the database, in words */
export function opening(recording: Recording, cast: Cast, where: string, setting: Setting): string[] {
  const { paint } = setting;
  const { here, there } = setting.places;
  const { startedAt, endedAt, passages, besides } = recording;
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
        `platform wrote down who joined, dropped out, came back and left, on ${counted(devices, 'connection')}. Here the class is ` +
        'held once more, through the public API of convoke, under a clock that follows the recording.',
      setting,
    ),
    '',
    ...paragraph(
      `Added for this demonstration: the appointment with its invitations and answers, and four people, ${first} to ${last}, who ` +
        `were never there. Recorded, but not replayed yet: ${besides.messages} chat messages, ${besides.votes} votes in ` +
        `${besides.polls} polls, voice and camera.`,
      setting,
    ),
    '',
    ...paragraph(
      `Times are ${here.city}'s, with ${there.city}'s beside them: ${then} hours apart that week` +
        (then === inWinter
          ? '.'
          : ` instead of ${inWinter}, for ${here.city} had moved its clocks already and ${there.city} had not.`),
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

const doings = { start: 'starts the class', end: 'ends the class', join: 'comes in', leave: 'leaves' } as const;
const barLength = 20;

/** The line that moves while the class is held. */
export function progressLine({ moment, present, passed }: Scene, { places }: Setting): string {
  const clock = ({ zone, city }: Place) => `${formatInZone(moment.at, zone, 'HH:mm:ss')} ${city}`;
  const bar = '█'.repeat(Math.round(passed * barLength)).padEnd(barLength, '░');
  return `${margin}${clock(places.here)}  ${bar}  ${present} present  ${moment.person} ${doings[moment.kind]}`;
}

/** A line that stays, for a moment worth one. */
export function momentLine({ moment, present }: Scene, setting: Setting): string {
  const { here, there } = setting.places;
  const clock = ({ zone, city }: Place) => formatInZone(moment.at, zone, 'HH:mm:ss').padEnd(city.length);
  const count = setting.paint('green', '●'.repeat(present));
  const said = `${moment.person} ${doings[moment.kind]}`;
  return `${margin}${clock(here)}  ${clock(there)}  ${said.padEnd(26)}${count}${present > 0 ? ` ${present}` : ''}`;
}

/** Names of the clocks, above such lines. */
export function momentHeading({ paint, places: { here, there } }: Setting): string {
  const widest = 'HH:mm:ss'.length;
  return paint('dim', `${margin}${here.city.padEnd(widest)}  ${there.city.padEnd(widest)}  ${''.padEnd(26)}present`);
}

/** What the lines of the class leave out: people who were there before, and how the last connections ended. */
export function interludeLines({ passages, others }: Recording, setting: Setting): string[] {
  const joins = passages.filter(({ kind }) => kind === 'join').length;
  const people = others.length + 1;
  const connections = new Set(passages.map(({ connectionId }) => connectionId)).size;
  const open = joins - (passages.length - joins);
  return paragraph(
    `In between, people dropped out and came back ${joins - people} times, ${connections - people} of them over a new connection. ` +
      `${open} connections were still open when the recording ended; ending the class closed them.`,
    setting,
  );
}
