import { format } from 'date-fns-tz';

/**
 * IANA's names of three letters. The platform's time zone data also answers to old abbreviations (`IST` is India there, Israel
 * in PostgreSQL), which name no zone: whoever means them must say so.
 */
const threeLetterZones = new Set('CET EET EST GMT HST MET MST PRC ROC ROK UCT UTC WET'.split(' '));
const zoneName = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){0,2}$/;

interface Zone {
  readonly canonicalName: string;
  readonly parts: Intl.DateTimeFormat;
}

/** Keyed by the lower-cased name, so it holds at most one entry for each zone there is, however callers spell them. */
const zones = new Map<string, Zone>();

function find(name: string): Zone | undefined {
  const key = name.toLowerCase();
  const known = zones.get(key);
  if (known !== undefined) return known;
  if (!zoneName.test(name) || key.startsWith('systemv/')) return undefined;
  if (name.length === 3 && !threeLetterZones.has(name.toUpperCase())) return undefined;
  try {
    const parts = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
      ...{ timeZone: name, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
    const zone = { canonicalName: parts.resolvedOptions().timeZone, parts };
    zones.set(key, zone);
    return zone;
  } catch {
    return undefined; // a RangeError is how the platform says that it knows no such zone
  }
}

/** @throws RangeError for a name that {@link isTimeZone} refuses */
function zoneOf(name: string): Zone {
  const zone = find(name);
  if (zone === undefined) throw new RangeError('Unknown time zone; use an IANA name such as Europe/Berlin.');
  return zone;
}

/** True for a name of the IANA time zone database that this platform knows, in any letter case. Offsets such as `+02:00` are not zones. */
export function isTimeZone(name: string): boolean {
  return find(name) !== undefined;
}

/** Milliseconds that a clock on the wall shows, counted as if that clock stood in UTC. */
function wallTime(date: Date, zone: Zone): number {
  const found: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of zone.parts.formatToParts(date)) found[type] = Number(value);
  const { year = NaN, month = NaN, day = NaN, hour = NaN, minute = NaN, second = NaN } = found;
  const millisecond = ((date.getTime() % 1000) + 1000) % 1000;
  return Date.UTC(year, month - 1, day, hour, minute, second, millisecond);
}

/**
 * How far the zone's wall clock is ahead of UTC at this instant, in minutes; negative west of Greenwich. Whole minutes since
 * 1972, a fraction for the one zone (Africa/Monrovia) that kept seconds before.
 * @throws RangeError for an unknown zone or an invalid date
 */
export function offsetMinutes(date: Date, zone: string): number {
  return (wallTime(date, zoneOf(zone)) - date.getTime()) / 60_000;
}

/**
 * The wall-clock time in the zone at this instant, as `YYYY-MM-DDTHH:mm:ss` (fractions of a second cut off). It carries no
 * offset: in the hour that a zone repeats, two instants give the same text.
 * @throws RangeError for an unknown zone or an invalid date
 */
export function localDateTime(date: Date, zone: string): string {
  return new Date(wallTime(date, zoneOf(zone))).toISOString().slice(0, 19);
}

/**
 * Formats an instant in a zone by a Unicode pattern (UTS 35 as date-fns spells it): `yyyy-MM-dd HH:mm`, `EEEE d MMMM`, `xxx` for the
 * offset. For what people read; `localDateTime` serves programs. `t` and `T` (epoch times) have no meaning here.
 * @throws RangeError for an unknown zone, an invalid date or a pattern with unquoted letters that mean nothing
 */
export function formatInZone(date: Date, zone: string, pattern: string): string {
  const found = zoneOf(zone);
  // The zone goes on in its canonical spelling, because date-fns-tz remembers every name it is given.
  return format(new WallClock(wallTime(date, found)), pattern, { timeZone: found.canonicalName, originalDate: date });
}

/**
 * A date whose local fields are its UTC fields. date-fns reads and sets local fields, which obey the zone of the process: there a
 * wall time that falls into that zone's spring gap does not exist and would be printed an hour late.
 */
class WallClock extends Date {
  override getFullYear = (): number => this.getUTCFullYear();
  override getMonth = (): number => this.getUTCMonth();
  override getDate = (): number => this.getUTCDate();
  override getDay = (): number => this.getUTCDay();
  override getHours = (): number => this.getUTCHours();
  override getMinutes = (): number => this.getUTCMinutes();
  override getSeconds = (): number => this.getUTCSeconds();
  override getMilliseconds = (): number => this.getUTCMilliseconds();

  override setFullYear(year: number, month = this.getUTCMonth(), day = this.getUTCDate()): number {
    return this.setUTCFullYear(year, month, day);
  }

  override setDate(day: number): number {
    return this.setUTCDate(day);
  }

  override setHours(
    hours: number,
    minutes = this.getUTCMinutes(),
    seconds = this.getUTCSeconds(),
    milliseconds = this.getUTCMilliseconds(),
  ): number {
    return this.setUTCHours(hours, minutes, seconds, milliseconds);
  }
}
