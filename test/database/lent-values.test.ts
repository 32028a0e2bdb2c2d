import { expect, test } from 'vitest';
import { textOf } from '../../src/database/lent-values.ts';

const fields = [
  { name: 'at', dataTypeID: 1184 },
  { name: 'day', dataTypeID: 1082 },
  { name: 'data', dataTypeID: 3802 },
  { name: 'more', dataTypeID: 114 },
  { name: 'title', dataTypeID: 25 },
];

test('instants become text, whatever the client made of them', () => {
  const at = new Date('2026-03-01T09:30:00.123Z');
  const custom = { toJSON: () => '2026-03-01T09:30:00.123Z' };
  expect(textOf([{ at }, { at: custom }, { at: '2026-03-01 09:30:00.123+00' }, { at: null }], fields)).toMatchObject([
    { at: '2026-03-01T09:30:00.123Z' },
    { at: '2026-03-01T09:30:00.123Z' },
    { at: '2026-03-01 09:30:00.123+00' },
    { at: null },
  ]);
});

test.for(['UTC', 'Asia/Tokyo', 'America/Los_Angeles'])('a day stays that day in %s', (zone, { onTestFinished }) => {
  const before = process.env.TZ;
  onTestFinished(() => void (before === undefined ? delete process.env.TZ : (process.env.TZ = before)));
  process.env.TZ = zone;
  const [local, utc] = [new Date(2026, 2, 1), new Date('2026-03-01T00:00:00Z')];
  const days = [local, utc, '2026-03-01', { toJSON: () => '2026-03-01' }];
  expect(
    textOf(
      days.map((day) => ({ day })),
      fields,
    ),
  ).toMatchObject(days.map(() => ({ day: '2026-03-01' })));
  expect(textOf([{ day: null }, { day: new Date(-1, 0, 1) }], fields)).toMatchObject([{ day: null }, { day: /^-/ }]);
});

test('JSON is parsed where the client has not done so', () => {
  const rows = [
    { data: '{"a":[1]}', more: '[2]' },
    { data: { a: [1] }, more: [2] },
    { data: null, more: null },
  ];
  expect(textOf(rows, fields)).toMatchObject([{ data: { a: [1] }, more: [2] }, rows[1], rows[2]]);
});

test('text that looks like something else stays as it is', () => {
  const row = { title: '{"a":1}', other: new Date(0) };
  expect(textOf([row], [{ name: 'title', dataTypeID: 25 }])).toEqual([row]);
  expect(textOf([row], [])).toEqual([row]);
});

test('a row that is none is passed on', () => {
  expect(textOf([null, 1], fields)).toEqual([null, 1]);
});
