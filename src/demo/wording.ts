import { formatInZone } from '../core/time-zone.ts';

const small = 'no one two three four five six seven eight nine ten eleven twelve thirteen fourteen'.split(' ');

/** `1` and `person` make "one person". @param many @default the noun with an s */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${small[count] ?? String(count)} ${count === 1 ? one : many}`;
}

export function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** "A", "A and B", "A, B and C". */
export function listed(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}

/** A length of time as `hh:mm:ss`, to the nearest second. */
export function hms(seconds: number): string {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

/** A wait as people say it: "2 d 3 h 15 min". */
export function wait(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  const parts = { d: Math.floor(minutes / 1440), h: Math.floor(minutes / 60) % 24, min: minutes % 60 };
  const said = Object.entries(parts).filter(([, amount]) => amount > 0);
  return said.length === 0 ? '0 min' : said.map(([unit, amount]) => `${amount} ${unit}`).join(' ');
}

/** 0.4299 as `43.0 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** A time zone and the city it is named after. */
export interface Place {
  readonly zone: string;
  readonly city: string;
}

export function placeOf(zone: string): Place {
  return { zone, city: zone.slice(zone.lastIndexOf('/') + 1).replaceAll('_', ' ') };
}

/** The clocks that a story shows: where it happened, and one elsewhere. */
export interface Places {
  readonly here: Place;
  readonly there: Place;
}

/** `11:49:04 in New York (16:49:04 in Berlin)` */
export function inBoth(instant: Date, { here, there }: Places, pattern = 'HH:mm:ss'): string {
  const at = ({ zone, city }: Place) => `${formatInZone(instant, zone, pattern)} in ${city}`;
  return `${at(here)} (${at(there)})`;
}
