import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { formatInZone, isTimeZone, localDateTime, offsetMinutes } from '../../src/core/time-zone.ts';

const processZone = process.env['TZ'];

afterEach(() => {
  if (processZone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = processZone;
});

const at = (iso: string): Date => new Date(iso);

test.each([
  'UTC',
  'Europe/Berlin',
  'europe/berlin',
  'America/Argentina/Ushuaia',
  'Etc/GMT+12',
  'US/Pacific',
  'EST',
  'Europe/Kyiv',
  'NZ',
])('%s is a zone, whatever its letter case and age', (name) => {
  expect(isTimeZone(name)).toBe(true);
});

test.each([
  '',
  'Mars/Olympus',
  '+02:00',
  '-0500',
  'Z',
  'GMT+1',
  'CEST',
  'IST',
  'pst',
  'SystemV/PST8',
  'Etc/Unknown',
  '__proto__',
  'constructor',
  'Europe/Berlin\u0000',
  ' UTC',
  'Europe//Berlin',
  '../etc/passwd',
])('%j is not a zone', (name) => {
  expect(isTimeZone(name)).toBe(false);
});

test.each([
  ['2026-01-15T12:00:00Z', 'Europe/Berlin', 60],
  ['2026-07-15T12:00:00Z', 'Europe/Berlin', 120],
  ['2026-07-15T12:00:00Z', 'America/St_Johns', -150],
  ['2026-07-15T12:00:00Z', 'Asia/Kathmandu', 345],
  ['2026-07-15T12:00:00Z', 'Pacific/Kiritimati', 840],
  ['2026-07-15T12:00:00Z', 'UTC', 0],
  ['2026-01-15T12:00:00Z', 'Australia/Lord_Howe', 660],
  ['2026-07-15T12:00:00Z', 'Australia/Lord_Howe', 630],
  ['1971-06-01T00:00:00Z', 'Africa/Monrovia', -44.5],
])('at %s %s is %d minutes ahead', (iso, zone, minutes) => {
  expect(offsetMinutes(at(iso), zone)).toBe(minutes);
});

test('the offset changes at the very millisecond of the transition', () => {
  const forward = at('2026-03-29T01:00:00.000Z').getTime();
  expect(offsetMinutes(new Date(forward - 1), 'Europe/Berlin')).toBe(60);
  expect(offsetMinutes(new Date(forward), 'Europe/Berlin')).toBe(120);
  const back = at('2026-10-25T01:00:00.000Z').getTime();
  expect(offsetMinutes(new Date(back - 1), 'Europe/Berlin')).toBe(120);
  expect(offsetMinutes(new Date(back), 'Europe/Berlin')).toBe(60);
});

test('local time jumps over the gap and repeats the overlap', () => {
  expect(localDateTime(at('2026-03-29T00:59:59.999Z'), 'Europe/Berlin')).toBe('2026-03-29T01:59:59');
  expect(localDateTime(at('2026-03-29T01:00:00Z'), 'Europe/Berlin')).toBe('2026-03-29T03:00:00');
  expect(localDateTime(at('2026-10-25T00:30:00Z'), 'Europe/Berlin')).toBe('2026-10-25T02:30:00');
  expect(localDateTime(at('2026-10-25T01:30:00Z'), 'Europe/Berlin')).toBe('2026-10-25T02:30:00');
  expect(localDateTime(at('2026-01-01T00:00:00Z'), 'America/New_York')).toBe('2025-12-31T19:00:00');
  expect(localDateTime(at('2026-12-31T00:00:00Z'), 'UTC')).toBe('2026-12-31T00:00:00'); // midnight is 00, not 24
});

const instants = fc.date({ min: new Date(0), max: at('2100-01-01T00:00:00Z'), noInvalidDate: true });
const zones = fc.constantFrom(
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Pacific/Apia',
  'Africa/Cairo',
  'America/Sao_Paulo',
  'Antarctica/Troll',
  'Australia/Lord_Howe',
);

test('local time is the instant plus its offset, for any instant and zone', () => {
  fc.assert(
    fc.property(instants, zones, (date, zone) => {
      const local = new Date(date.getTime() + offsetMinutes(date, zone) * 60_000);
      expect(localDateTime(date, zone)).toBe(local.toISOString().slice(0, 19));
    }),
  );
});

test('a pattern gives the same text as local time, and ISO 8601 with its offset names the instant again', () => {
  fc.assert(
    fc.property(instants, zones, (date, zone) => {
      expect(formatInZone(date, zone, "yyyy-MM-dd'T'HH:mm:ss")).toBe(localDateTime(date, zone));
      expect(new Date(formatInZone(date, zone, "yyyy-MM-dd'T'HH:mm:ss.SSSxxx"))).toEqual(date);
    }),
  );
});

test('patterns name days, months and weeks as the zone sees them', () => {
  const newYear = at('2026-12-31T23:30:00Z');
  expect(formatInZone(newYear, 'Europe/Berlin', 'EEEE d MMMM yyyy, h:mm a')).toBe('Friday 1 January 2027, 12:30 AM');
  expect(formatInZone(newYear, 'UTC', "EEEE d MMMM yyyy 'at' HH:mm")).toBe('Thursday 31 December 2026 at 23:30');
  expect(formatInZone(newYear, 'Europe/Berlin', "RRRR-'W'II-i, w, QQQ")).toBe('2026-W53-5, 1, Q1');
});

// 01:30 UTC is 02:30 in Berlin, a wall time that New York does not have on this day.
test.each(['UTC', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia', 'Africa/Cairo'])(
  'a process in %s tells the same times as any other, also in its own spring gap',
  (zone) => {
    process.env['TZ'] = zone;
    const date = at('2026-03-08T01:30:00Z');
    expect(formatInZone(date, 'Europe/Berlin', 'yyyy-MM-dd HH:mm xxx')).toBe('2026-03-08 02:30 +01:00');
    expect(localDateTime(date, 'Europe/Berlin')).toBe('2026-03-08T02:30:00');
    expect(offsetMinutes(at('2026-10-25T02:30:00Z'), 'Europe/Berlin')).toBe(60);
  },
);

test('setting TZ as above does change the zone of the process', () => {
  process.env['TZ'] = 'Asia/Tokyo';
  expect(new Date(0).getHours()).toBe(9);
});

test('unknown zones and invalid dates throw a RangeError that does not repeat them', () => {
  for (const read of [offsetMinutes, localDateTime, (date: Date, zone: string) => formatInZone(date, zone, 'HH')]) {
    expect(() => read(new Date(0), 'Mars/Olympus')).toThrow(
      new RangeError('Unknown time zone; use an IANA name such as Europe/Berlin.'),
    );
    expect(() => read(new Date(Number.NaN), 'UTC')).toThrow(RangeError);
  }
});
