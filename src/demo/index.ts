import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseSource } from '../database/connection.ts';
import type { AnyEvent } from '../events/catalogue.ts';
import { appointmentLines } from './appointments.ts';
import { castOf } from './cast.ts';
import { nextSteps, summaryLines } from './closing.ts';
import type { EventLimit } from './event-lines.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { type Moment, play } from './play.ts';
import { recordedClass } from './recording.ts';
import { answer, appointment, arrange, drivenClock, type Stage } from './replay.ts';
import { engagementLines, rosterFacts, rosterLines, streamLines } from './results.ts';
import { type Screen, Stagehand } from './screen.ts';
import { chapter, type Setting } from './setting.ts';
import { interludeLines, momentHeading, momentLine, opening, progressLine } from './story.ts';
import { partLines, pollLines } from './taking-part.ts';
import { placeOf } from './wording.ts';

export { coloured, plain, type Screen } from './screen.ts';

export interface DemonstrationOptions {
  readonly database: Extract<DatabaseSource, { url: string } | { pglite: string }>;
  readonly schema: string;
  /** The database in words, without its password. */
  readonly where: string;
  /** Whether the data is still there afterwards. */
  readonly isKept: boolean;
  /** The command that shows this once more, to be followed by options. */
  readonly again: string;
  readonly events: EventLimit;
  readonly screen: Screen;
}

/** Where the second clock hangs. */
const elsewhere = 'Europe/Berlin';
/** On narrower screens lines break; on wider ones there is room left. */
const narrowest = 80;
const widest = 120;
/** Long enough for an eye to follow: less than two seconds over the whole class. */
const frameMs = 15;

/** Worth a line that stays: the class itself, its polls, and everybody's first coming. */
function stays({ kind, person }: Moment, met: ReadonlySet<string>): boolean {
  return kind === 'start' || kind === 'end' || kind === 'poll.open' || (kind === 'join' && !met.has(person));
}

/** Holds the recorded class once more and tells it on a screen. */
export async function demonstrate(options: DemonstrationOptions): Promise<Outcome> {
  const { database, schema, again, screen } = options;
  const recording = recordedClass();
  const cast = castOf(recording);
  const setting: Setting = {
    width: Math.min(widest, Math.max(narrowest, screen.columns)),
    paint: screen.paint,
    places: { here: placeOf(recording.timezone), there: placeOf(elsewhere) },
  };
  using stagehand = new Stagehand(screen);
  stagehand.lines(...opening(recording, cast, options.where, setting));
  stagehand.progress('  opening the database …');

  const clock = drivenClock(appointment.scheduled);
  // Not before the first lines are on the screen: it brings the ORM along.
  const { MeetingService } = await import('../meeting-service.ts');
  await using service = await MeetingService.open({ database, schema, clock });
  const told: AnyEvent[] = [];
  const present = new Set<string>();
  service.on('*', (event) => void told.push(event));
  service.on('participant.joined', ({ data }) => void present.add(data.userId));
  service.on('participant.left', ({ data }) => void present.delete(data.userId));
  service.on('meeting.ended', () => present.clear());

  const stage: Stage = { service, clock, recording, cast };
  const { id, settings } = await arrange(stage);
  await answer(stage, id);
  const about = { cast, seats: settings.limitAcceptances ?? cast.everybody.length };
  const announced = told.filter(({ stream }) => stream.kind === 'meeting');
  stagehand.lines(...chapter('Before the class', setting), ...appointmentLines(announced, about, setting));

  stagehand.lines(...chapter('The class', setting), momentHeading(setting));
  const length = recording.endedAt.getTime() - recording.startedAt.getTime();
  const met = new Set<string>();
  await play(stage, id, async (moment) => {
    const passed = (moment.at.getTime() - recording.startedAt.getTime()) / length;
    const scene = { moment, present: present.size, passed };
    if (stays(moment, met)) stagehand.lines(momentLine(scene, setting));
    if (moment.kind === 'join') met.add(moment.person);
    stagehand.progress(progressLine(scene, setting));
    if (screen.interactive && moment.kind !== 'media') await sleep(frameMs);
  });
  stagehand.lines('', ...interludeLines(recording, setting));
  stagehand.progress('  counting …');

  const outcome = await outcomeOf(stage, id, told);
  stagehand.lines(...chapter('Who was there', setting), ...rosterLines(outcome, setting), '');
  stagehand.lines(...rosterFacts(outcome, setting));
  stagehand.lines(...chapter('Who took part', setting), ...partLines(outcome, setting), '');
  stagehand.lines(...pollLines(outcome, setting));
  stagehand.lines(...chapter('Engagement', setting), ...engagementLines(outcome, setting));
  stagehand.lines(...chapter('The event stream, as it happened', setting));
  stagehand.lines(...streamLines(outcome.events, { limit: options.events, nameOf: cast.nameOf, again }, setting));
  stagehand.lines(...chapter('In short', setting), ...summaryLines(outcome, setting), '');
  stagehand.lines(...nextSteps(options.isKept ? { schema, meetingId: id } : null, again, setting), '');
  return outcome;
}
