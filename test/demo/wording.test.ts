import { expect, test } from 'vitest';
import { capitalised, counted, hms, inBoth, listed, percent, placeOf, wait } from '../../src/demo/wording.ts';

test('small numbers are words, and the noun follows the number', () => {
  expect([0, 1, 2, 12, 15].map((count) => counted(count, 'person', 'people'))).toEqual([
    'no people',
    'one person',
    'two people',
    'twelve people',
    '15 people',
  ]);
  expect(counted(9, 'student')).toBe('nine students');
});

test('lists read as people say them', () => {
  expect([[], ['A'], ['A', 'B'], ['A', 'B', 'C']].map(listed)).toEqual(['', 'A', 'A and B', 'A, B and C']);
});

test('a length of time is rounded to the second once', () => {
  expect([0, 59.499, 59.5, 3171.238, 36_000].map(hms)).toEqual([
    '00:00:00',
    '00:00:59',
    '00:01:00',
    '00:52:51',
    '10:00:00',
  ]);
});

test('a wait is told without the units it does not need', () => {
  const minute = 60_000;
  expect([0, minute, 60 * minute, 3075 * minute].map(wait)).toEqual(['0 min', '1 min', '1 h', '2 d 3 h 15 min']);
});

test('shares, sentences and cities', () => {
  expect(percent(0.42989)).toBe('43.0 %');
  expect(capitalised('nine students')).toBe('Nine students');
  expect(placeOf('America/Argentina/Buenos_Aires')).toEqual({
    zone: 'America/Argentina/Buenos_Aires',
    city: 'Buenos Aires',
  });
});

test('an instant is told by both clocks', () => {
  const places = { here: placeOf('America/New_York'), there: placeOf('Europe/Berlin') };
  expect(inBoth(new Date('2019-03-15T15:49:04Z'), places)).toBe('11:49:04 in New York (16:49:04 in Berlin)');
});
