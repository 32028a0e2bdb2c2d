import { formatInZone } from '../core/time-zone.ts';
import type { AnyEvent } from '../events/catalogue.ts';
import type { Place } from './wording.ts';

/** How many lines of events to show. */
export type EventLimit = number | 'all';

/** Lines at the end that are shown however short the list has to be: how it came out. */
const closing = 3;

/** One line of the stream: an event, or several of a kind that followed one another at the same instant. */
interface Entry {
  readonly first: AnyEvent;
  readonly count: number;
}

export interface EventLine {
  readonly numbers: string;
  readonly day: string;
  readonly time: string;
  readonly type: string;
  readonly about: string;
}

/** The stream in compact lines; null stands where lines were left out, with how many events those were. */
export function eventLines(
  events: readonly AnyEvent[],
  limit: EventLimit,
  { place, nameOf }: { place: Place; nameOf: (userId: string) => string },
): readonly (EventLine | { readonly omitted: number })[] {
  const entries = limit === 'all' ? events.map((first) => ({ first, count: 1 })) : gathered(events);
  const lines = entries.map((entry) => lineOf(entry, place, nameOf));
  if (limit === 'all' || entries.length <= limit) return lines;
  const tail = Math.min(closing, Math.floor(limit / 2));
  const from = limit - tail;
  const to = entries.length - tail;
  const omitted = entries.slice(from, to).reduce((sum, { count }) => sum + count, 0);
  return [...lines.slice(0, from), { omitted }, ...lines.slice(to)];
}

/** Voices come and go by the second: what lies between two other events is one line, whenever it was. */
function isTeeming({ type }: AnyEvent): boolean {
  return type === 'media.changed';
}

function gathered(events: readonly AnyEvent[]): Entry[] {
  const entries: { first: AnyEvent; count: number }[] = [];
  for (const event of events) {
    const last = entries.at(-1);
    const alike = last?.first.type === event.type && (last.first.time === event.time || isTeeming(event));
    if (last !== undefined && alike) last.count++;
    else entries.push({ first: event, count: 1 });
  }
  return entries;
}

function lineOf({ first, count }: Entry, { zone }: Place, nameOf: (userId: string) => string): EventLine {
  const time = new Date(first.time);
  return {
    numbers: count === 1 ? String(first.seq) : `${first.seq}–${first.seq + count - 1}`,
    day: formatInZone(time, zone, 'EEE d MMM'),
    time: formatInZone(time, zone, 'HH:mm:ss'),
    type: first.type,
    about: count === 1 ? aboutOf(first, nameOf) : `${aboutOf(first, nameOf)} and ${count - 1} more`,
  };
}

function aboutOf({ data, type }: AnyEvent, nameOf: (userId: string) => string): string {
  if ('userId' in data && data.userId !== null) return nameOf(data.userId);
  if ('senderId' in data) return nameOf(data.senderId);
  if ('question' in data) return data.question;
  if ('position' in data) return `${nameOf(data.inviteeId)}, place ${data.position}`;
  if ('inviteeId' in data) return nameOf(data.inviteeId);
  if ('title' in data) return data.title;
  if ('engagementScore' in data) return `${data.people} people, score ${data.engagementScore ?? 'none'}`;
  return type === 'meeting.ended' ? 'attendance settled' : '';
}
