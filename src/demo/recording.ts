import { z } from 'zod';
import session from './class-session.json' with { type: 'json' };

/** Somebody's connection comes or goes. */
export interface Passage {
  readonly at: Date;
  readonly kind: 'join' | 'leave';
  readonly person: string;
  readonly connectionId: string;
}

/** A meeting as a video platform wrote it down. */
export interface Recording {
  readonly startedAt: Date;
  readonly endedAt: Date;
  /** IANA name. */
  readonly timezone: string;
  readonly host: string;
  /** Everybody but the host. */
  readonly others: readonly string[];
  /** In the order they happened. */
  readonly passages: readonly Passage[];
  /** Each person's time in the meeting as somebody else counted it, in milliseconds. */
  readonly countedPresence: ReadonlyMap<string, number>;
  /** How much was recorded besides comings and goings. */
  readonly besides: {
    readonly messages: number;
    readonly polls: number;
    readonly votes: number;
    readonly voice: number;
  };
}

const moment = { at: z.int().nonnegative() };
const passage = { ...moment, connection: z.string(), person: z.string() };
const recorded = z.object({
  startedAt: z.iso.datetime(),
  timezone: z.string(),
  host: z.string(),
  people: z.array(z.string()),
  events: z.array(
    z.union([
      z.object({ type: z.enum(['join', 'leave']), ...passage }),
      z.object({ type: z.string().refine((type) => type !== 'join' && type !== 'leave'), ...moment }),
    ]),
  ),
  facts: z.object({ presenceMsByPersonUnion: z.record(z.string(), z.number()) }),
});

/** The class in `class-session.json`; where it comes from is told in `SOURCES.md` beside it. */
export function recordedClass(): Recording {
  const { startedAt, timezone, host, people, events, facts } = recorded.parse(session);
  const instant = (at: number) => new Date(Date.parse(startedAt) + at);
  const count = (types: RegExp) => events.filter(({ type }) => types.test(type)).length;
  const end = events.find(({ type }) => type === 'end');
  if (end === undefined) throw new Error('The recording has no end.');
  return {
    startedAt: instant(0),
    endedAt: instant(end.at),
    timezone,
    host,
    others: people.filter((name) => name !== host),
    passages: events.flatMap((event): Passage[] => {
      if (!('connection' in event)) return [];
      const { at, type, person, connection } = event;
      return [{ at: instant(at), kind: type, person, connectionId: connection }];
    }),
    countedPresence: new Map(Object.entries(facts.presenceMsByPersonUnion)),
    besides: {
      messages: count(/^chat$/),
      polls: count(/^poll\.open$/),
      votes: count(/^poll\.vote$/),
      voice: count(/^voice\.(talking|silent|muted|unmuted)$/),
    },
  };
}
