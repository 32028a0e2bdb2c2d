import { z } from 'zod';
import session from './class-session.json' with { type: 'json' };

interface Happened<Kind extends string> {
  readonly kind: Kind;
  readonly at: Date;
}

/** Somebody's connection comes or goes. */
export interface Passage extends Happened<'join' | 'leave'> {
  readonly person: string;
  readonly connectionId: string;
}

/** Somebody wrote something; what it was, the recording does not keep. */
interface Message extends Happened<'chat'> {
  readonly person: string;
  /** In characters. */
  readonly length: number;
}

/** A poll begins or is over. */
interface PollTurn extends Happened<'poll.open' | 'poll.close'> {
  /** 1 is the first. */
  readonly poll: number;
}

interface Vote extends Happened<'poll.vote'> {
  readonly poll: number;
  readonly person: string;
  /** From 0. */
  readonly option: number;
}

/** Somebody's microphone, voice or camera. */
interface MediaChange extends Happened<'media'> {
  readonly person: string;
  readonly media: { readonly microphone?: boolean; readonly speaking?: boolean; readonly camera?: boolean };
}

/** Something that happened in the class. */
export type Happening = Passage | Message | PollTurn | Vote | MediaChange;

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
  readonly happenings: readonly Happening[];
  /** Each person's time in the meeting as somebody else counted it, in milliseconds. */
  readonly countedPresence: ReadonlyMap<string, number>;
  /** Each person's time of being heard as somebody else counted it, in milliseconds; people who were never heard are not in it. */
  readonly countedTalk: ReadonlyMap<string, number>;
  /** The votes for each option that was voted for, poll by poll, as somebody else counted them. */
  readonly countedVotes: readonly ReadonlyMap<number, number>[];
}

const at = z.int().nonnegative();
const by = { at, connection: z.string(), person: z.string() };
const poll = z.int().positive();
const voice = ['voice.unmuted', 'voice.muted', 'voice.leave', 'voice.talking', 'voice.silent'] as const;
const entry = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['join', 'leave']), ...by }),
  z.object({ type: z.literal('chat'), ...by, length: z.int().positive() }),
  z.object({ type: z.enum(['poll.open', 'poll.close']), at, poll }),
  z.object({ type: z.literal('poll.vote'), ...by, poll, option: z.int().nonnegative() }),
  z.object({ type: z.literal('voice.join'), ...by, muted: z.boolean() }),
  z.object({ type: z.enum([...voice, 'camera.on', 'camera.off']), ...by }),
  z.object({ type: z.enum(['presenter', 'recording.on', 'recording.off', 'end']), at }),
]);
type Entry = z.output<typeof entry>;

const milliseconds = z.record(z.string(), z.number());
const recorded = z.object({
  startedAt: z.iso.datetime(),
  timezone: z.string(),
  host: z.string(),
  people: z.array(z.string()),
  events: z.array(entry),
  facts: z.object({
    presenceMsByPersonUnion: milliseconds,
    talkBounded: z.object({ talkMs: milliseconds }),
    polls: z.array(z.record(z.string().regex(/^\d+$/), z.number())),
  }),
});

/** The class in `class-session.json`; where it comes from is told in `SOURCES.md` beside it. */
export function recordedClass(): Recording {
  const { startedAt, timezone, host, people, events, facts } = recorded.parse(session);
  const instant = (offset: number) => new Date(Date.parse(startedAt) + offset);
  const end = events.find(({ type }) => type === 'end');
  if (end === undefined) throw new Error('The recording has no end.');
  return {
    startedAt: instant(0),
    endedAt: instant(end.at),
    timezone,
    host,
    others: people.filter((name) => name !== host),
    happenings: withoutEchoes(events.flatMap((one) => happening(one, instant(one.at)) ?? [])),
    countedPresence: new Map(Object.entries(facts.presenceMsByPersonUnion)),
    countedTalk: byPerson(events, facts.talkBounded.talkMs),
    countedVotes: facts.polls.map(
      (votes) => new Map(Object.entries(votes).map(([option, count]) => [Number(option), count])),
    ),
  };
}

function happening(one: Entry, instant: Date): Happening | null {
  const media = (switched: MediaChange['media'], person: string): MediaChange => ({
    ...{ kind: 'media', at: instant, person, media: switched },
  });
  const { type } = one;
  if (type === 'join' || type === 'leave')
    return { kind: type, at: instant, person: one.person, connectionId: one.connection };
  if (type === 'chat') return { kind: type, at: instant, person: one.person, length: one.length };
  if (type === 'poll.open' || type === 'poll.close') return { kind: type, at: instant, poll: one.poll };
  if (type === 'poll.vote') return { kind: type, at: instant, person: one.person, poll: one.poll, option: one.option };
  if (type === 'voice.join') return media({ microphone: !one.muted }, one.person);
  if (type === 'voice.unmuted') return media({ microphone: true }, one.person);
  if (type === 'voice.muted' || type === 'voice.leave') return media({ microphone: false }, one.person);
  if (type === 'voice.talking' || type === 'voice.silent')
    return media({ speaking: type === 'voice.talking' }, one.person);
  if (type === 'camera.on' || type === 'camera.off') return media({ camera: type === 'camera.on' }, one.person);
  // Who presents is told by roles here, and recordings are made by a video platform.
  return null;
}

/** The platform says of some who have gone that their voice has, too: nobody is left to be muted. */
function withoutEchoes(happenings: readonly Happening[]): Happening[] {
  const open = new Map<string, string>();
  return happenings.filter((one) => {
    if (one.kind === 'join') open.set(one.connectionId, one.person);
    if (one.kind === 'leave') open.delete(one.connectionId);
    return one.kind !== 'media' || [...open.values()].includes(one.person);
  });
}

/** Times by connection, added up for the people they belong to. */
function byPerson(
  events: readonly Entry[],
  byConnection: Readonly<Record<string, number>>,
): ReadonlyMap<string, number> {
  const owners = new Map(events.flatMap((one) => ('connection' in one ? [[one.connection, one.person]] : [])));
  const sums = new Map<string, number>();
  for (const [connection, time] of Object.entries(byConnection)) {
    const person = owners.get(connection) ?? connection;
    sums.set(person, (sums.get(person) ?? 0) + time);
  }
  return sums;
}

/** Only comings and goings. */
export function passagesOf({ happenings }: Recording): Passage[] {
  return happenings.filter((one): one is Passage => one.kind === 'join' || one.kind === 'leave');
}
