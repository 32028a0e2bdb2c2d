import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import * as schema from '../../src/core/schema.ts';

function accepts(piece: z.ZodType, value: unknown): boolean {
  return piece.safeParse(value).success;
}

function refusal(piece: z.ZodType, value: unknown): string {
  const result = piece.safeParse(value);
  if (result.success) throw new Error('was accepted');
  expect(result.error.issues).toHaveLength(1);
  return result.error.issues[0]?.message ?? '';
}

const scalars = {
  id: schema.id,
  instant: schema.instant,
  title: schema.title,
  text: schema.text(100),
  label: schema.label(100),
  httpUrl: schema.httpUrl,
  timeZone: schema.timeZone,
  int32: schema.int32(),
  version: schema.version,
  instantText: schema.instantText,
};
const operators = [
  { $ne: null },
  { $like: '%' },
  ['a', 'b'],
  [],
  {},
  true,
  null,
  undefined,
  '',
  Symbol('x'),
  () => 'x',
  Number.NaN,
];

test.each(Object.entries(scalars))('%s refuses operators, lists, objects and empty values', (_name, piece) => {
  for (const value of operators) expect(accepts(piece, value)).toBe(false);
});

test('an id of any version comes back in lower case', () => {
  expect(schema.id.parse('018F2E5C-9A3B-7CDE-8F01-23456789ABCD')).toBe('018f2e5c-9a3b-7cde-8f01-23456789abcd');
  fc.assert(
    fc.property(fc.uuid(), fc.boolean(), (uuid, upper) => schema.id.parse(upper ? uuid.toUpperCase() : uuid) === uuid),
  );
});

test('an id that names nothing is refused', () => {
  for (const value of [
    '00000000-0000-0000-0000-000000000000',
    'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
    ' 018f2e5c-9a3b-7cde-8f01-23456789abcd',
    '018f2e5c-9a3b-7cde-8f01-23456789abcd\n',
    '018f2e5c9a3b7cde8f0123456789abcd',
    "' or true --",
    0,
  ])
    expect(refusal(schema.id, value)).toContain('must be a UUID');
});

test('an instant is read from a Date and from ISO 8601 with an offset', () => {
  const date = new Date('2026-03-01T09:00:00.123Z');
  expect(schema.instant.parse(date)).toEqual(date);
  expect(schema.instant.parse(date)).not.toBe(date);
  expect(schema.instant.parse('2026-03-01T10:00:00.123+01:00')).toEqual(date);
  expect(schema.instant.parse('2026-03-01T09:00:00.123999Z')).toEqual(date);
  expect(schema.instant.parse('2026-03-01T09:00:00Z').toISOString()).toBe('2026-03-01T09:00:00.000Z');
});

test('every instant from 1970 to 9999 survives, as Date and as text', () => {
  const date = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });
  fc.assert(
    fc.property(date, (instant) => {
      expect(schema.instant.parse(instant)).toEqual(instant);
      expect(schema.instant.parse(instant.toISOString())).toEqual(instant);
    }),
  );
});

test.each([
  ['2026-02-30T09:00:00Z'],
  ['2026-03-01T24:00:00Z'],
  ['2026-03-01T09:00:00'],
  ['2026-03-01'],
  ['tomorrow'],
  ['1969-12-31T23:59:59.999Z'],
  ['9999-12-31T23:59:59-01:00'],
  ['+010000-01-01T00:00:00Z'],
  [new Date(Number.NaN)],
  [new Date(-1)],
  [new Date(253_402_300_800_000)],
  [1_772_355_600_000],
])('%s is not an instant', (value) => {
  expect(refusal(schema.instant, value)).toMatch(/^must (be a Date or an ISO 8601 instant|lie in the years)/);
});

test('callers may write an instant either way, and its type says so', () => {
  const given: z.input<typeof schema.instant>[] = [new Date(0), '1970-01-01T00:00:00Z'];
  const read: Date[] = given.map((value) => schema.instant.parse(value));
  expect(read).toEqual([new Date(0), new Date(0)]);
});

test('pieces can be left out where the schema says so', () => {
  const input = schema.strict({
    at: schema.instant.nullable().optional(),
    ids: schema.boundedArray(schema.id, 2).optional(),
    data: schema.json().optional(),
    note: schema.text(10).nullish(),
  });
  expect(input.parse({})).toEqual({});
  expect(input.parse({ at: null, note: null })).toEqual({ at: null, note: null });
});

test('an instant is a date-time in JSON Schema', () => {
  expect(z.toJSONSchema(schema.instant, { io: 'input' })).toMatchObject({ type: 'string', format: 'date-time' });
});

test('a title is counted in code points and kept as given', () => {
  const emoji = '😀'.repeat(255);
  for (const value of [
    emoji,
    ' Graph theory ',
    'Größenlehre',
    'مجلس',
    '👩‍👩‍👧‍👦',
    'x',
    "Robert'); drop table meetings;--",
    '<b>',
  ])
    expect(schema.title.parse(value)).toBe(value);
  expect(refusal(schema.title, `${emoji}x`)).toBe('must be at most 255 characters long');
  expect(refusal(schema.title, 'x'.repeat(256))).toBe('must be at most 255 characters long');
});

test.each([
  [''],
  ['   '],
  ['\u00a0\u3000'],
  ['\u200b\u200d'],
  ['\ufeff'],
  ['\u00ad\u2060\u180e'],
  ['\u3164'],
  ['\u2800 '],
])('a title of nothing but %j is blank', (value) => {
  expect(refusal(schema.title, value)).toBe('must not be blank');
});

test.each([
  ['a\u0000b'],
  ['a\ud800b'],
  ['\udc00'],
  ['a\nb'],
  ['a\tb'],
  ['a\rb'],
  ['a\u001bb'],
  ['a\u007f'],
  ['a\u0085b'],
  ['a\u2028b'],
])('a title with %j is refused', (value) => {
  expect(refusal(schema.title, value)).toBe('must hold no line breaks, control characters or broken emoji');
});

test('text keeps its lines, refuses what is no text', () => {
  const poem = 'first\r\n\tsecond\nthird\u2028';
  expect(schema.text(100).parse(poem)).toBe(poem);
  for (const value of ['a\u0000', 'a\u001b[31m', 'a\ud83d', 'a\u009b'])
    expect(refusal(schema.text(100), value)).toBe('must hold no control characters or broken emoji');
  expect(refusal(schema.text(3), 'four')).toBe('must be at most 3 characters long');
  expect(refusal(schema.text(100), '\n\n')).toBe('must not be blank');
});

test('text that people may clear can be blank when the schema says so', () => {
  expect(schema.text(100, { blank: true }).parse('')).toBe('');
  expect(schema.label(100, { blank: true }).parse(' ')).toBe(' ');
  expect(refusal(schema.text(2, { blank: true }), '   ')).toBe('must be at most 2 characters long');
});

test('whatever text is accepted is given back as it came, and survives UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), (value) => {
      const result = schema.text(40, { blank: true }).safeParse(value);
      const storable = Buffer.from(value).toString() === value && !/(?![\t\n\r])\p{Cc}/u.test(value);
      expect(result).toMatchObject(storable ? { success: true, data: value } : { success: false });
    }),
    { numRuns: 500 },
  );
});

test('printable text of any script is accepted', () => {
  const unit = fc.constantFrom('ä', 'ж', '中', 'ع', 'ा', '😀', ' ', '\u200d', 'z');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 254 }), (value) => {
      expect(accepts(schema.title, `a${value}`)).toBe(true);
    }),
  );
});

test('the length is bounded before the text is looked at', () => {
  expect(refusal(schema.text(10), '\u0000'.repeat(300_000))).toBe('must be at most 10 characters long');
});

test('web addresses are kept as given', () => {
  for (const value of [
    'https://meet.example.org/abc?x=1#y',
    'HTTP://localhost:3000',
    'https://192.168.0.4/',
    'https://[2001:db8::1]:8443/x',
    'https://münchen.example/ü',
    'https://example.org/@ada?mail=a@b.example',
  ])
    expect(schema.httpUrl.parse(value)).toBe(value);
});

test.each([
  ['javascript:alert(1)'],
  ['data:text/html,x'],
  ['file:///etc/passwd'],
  ['ftp://example.org/'],
  ['https://a:b@x/'],
  ['https://a@x/'],
  ['https://@x/'],
  ['https://exam\nple.org/'],
  [' https://example.org/'],
  ['https://example.org/ '],
  ['https://example.org/a b'],
  ['https:\\\\example.org'],
  ['https://example.org\\@evil.example/'],
  ['https:/example.org'],
  ['https:example.org'],
  ['https:///example.org'],
  ['https://'],
  ['https://exa%00mple.org/'],
  ['https://example.org:99999/'],
  ['https://example.org/\u0000'],
  ['//example.org/'],
  ['example.org'],
])('%j is not a web address', (value) => {
  expect(refusal(schema.httpUrl, value)).toContain('must be');
});

test('a web address of 300 KB is refused for its length', () => {
  expect(refusal(schema.httpUrl, `https://example.org/${'a'.repeat(300_000)}`)).toBe(
    'must be at most 2048 characters long',
  );
});

test('time zones are IANA names of at most 50 characters', () => {
  for (const value of ['Europe/Berlin', 'UTC', 'America/Argentina/ComodRivadavia'])
    expect(schema.timeZone.parse(value)).toBe(value);
  expect(refusal(schema.timeZone, 'Mars/Olympus')).toContain('Europe/Berlin');
  expect(refusal(schema.timeZone, 'x'.repeat(51))).toBe('must be at most 50 characters long');
});

test('whole numbers fit an INTEGER column', () => {
  expect(schema.int32().parse(-2_147_483_648)).toBe(-2_147_483_648);
  expect(schema.int32(1, 5).parse(5)).toBe(5);
  for (const value of [2 ** 31, -(2 ** 31) - 1, 2 ** 40, 1.5, Infinity, '1', 1n])
    expect(accepts(schema.int32(), value)).toBe(false);
  expect(accepts(schema.int32(1, 5), 6)).toBe(false);
  expect(accepts(schema.version, 0)).toBe(false);
});

test('a page has 50 items unless asked for 1 to 200', () => {
  expect(schema.pageInput.parse({})).toEqual({ limit: 50 });
  expect(schema.pageInput.parse({ limit: 200, cursor: 'abc' })).toEqual({ limit: 200, cursor: 'abc' });
  for (const value of [
    { limit: 0 },
    { limit: 201 },
    { limit: '5' },
    { cursor: '' },
    { cursor: 'x'.repeat(1025) },
    { offset: 3 },
  ])
    expect(accepts(schema.pageInput, value)).toBe(false);
});

test('strict objects refuse fields that nobody asked for, also prototype keys', () => {
  const input = schema.strict({ message: schema.text(10), inner: schema.strict({ a: schema.int32() }).optional() });
  for (const extra of [
    { role: 'Host' },
    { meeting: { id: 'x' } },
    JSON.parse('{"__proto__":{"polluted":1}}') as object,
    { constructor: { prototype: {} } },
    { inner: { a: 1, creatorId: 'x' } },
  ])
    expect(
      accepts(
        input,
        Object.assign(Object.create(null), { message: 'hello' }, Object.fromEntries(Object.entries(extra))),
      ),
    ).toBe(false);
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});

test('a list is measured before a single item of it is read', () => {
  let reads = 0;
  const items = new Proxy(Array.from({ length: 51 }), {
    get(target, key) {
      if (typeof key === 'string' && /^\d+$/.test(key)) reads += 1;
      return Reflect.get(target, key) as unknown;
    },
  });
  const list = schema.boundedArray(schema.id, 50);
  expect(refusal(list, items)).toBe('must have at most 50 items');
  expect(refusal(list, Array.from({ length: 2_000_000 }).fill(0))).toBe('must have at most 50 items');
  expect(reads).toBe(0);
});

test('a list within its bounds has every item checked', () => {
  const list = schema.boundedArray(schema.int32(0, 9), 3, 1);
  expect(list.parse([1, 2, 3])).toEqual([1, 2, 3]);
  for (const value of [[], [1, 'x'], [10], 'abc', { length: 1 }, null]) expect(accepts(list, value)).toBe(false);
  expect(z.toJSONSchema(list, { io: 'input' })).toMatchObject({ type: 'array', minItems: 1, maxItems: 3 });
});

test('instants written by PostgreSQL keep their microseconds', () => {
  for (const value of [
    '2026-11-22 09:24:28.360123+00',
    '2026-11-22 09:24:28+05:30',
    '1971-06-01 00:00:00-00:44:30',
    '2026-11-22T09:24:28.36Z',
  ])
    expect(schema.instantText.parse(value)).toBe(value);
  for (const value of [
    '2026-02-30 00:00:00+00',
    '2026-11-22 09:24:28',
    'infinity',
    '0000-01-01 00:00:00Z',
    '2026-11-22 09:24:28+99',
  ])
    expect(refusal(schema.instantText, value)).toBe('must be an instant');
});
