import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { isMeetingError } from '../../src/core/errors.ts';
import { decodeCursor, encodeCursor, page } from '../../src/core/page.ts';
import { id, instantText } from '../../src/core/schema.ts';

const values = fc.array(
  fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constant(null),
  ),
  {
    maxLength: 4,
  },
);

/** What a refused cursor tells its caller; anything but a MeetingError is a defect and comes through. */
function refusal(decode: () => unknown): unknown {
  try {
    return { accepted: decode() };
  } catch (error) {
    if (!isMeetingError(error)) throw error;
    return { code: error.code, fields: error.details['fields'] };
  }
}

const refused = {
  code: 'VALIDATION',
  fields: [{ path: 'cursor', message: expect.stringMatching(/^must/) as string }],
};

function base64url(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

test('a cursor gives back exactly the values it was made of', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), values, (kind, given) => {
      const cursor = encodeCursor(kind, given);
      expect(cursor).toMatch(/^[\w-]+$/);
      expect(decodeCursor(kind, cursor)).toEqual(JSON.parse(JSON.stringify(given)));
    }),
  );
});

test('an instant in a cursor keeps the microseconds that a Date would lose', () => {
  const row = ['2026-11-22 09:24:28.360123+00', '018f2e5c-9a3b-7cde-8f01-23456789abcd'];
  const [sentAt, messageId] = decodeCursor(
    'chat.history',
    encodeCursor('chat.history', row),
    z.tuple([instantText, id]),
  );
  expect([sentAt, messageId]).toEqual(row);
});

test('a cursor of one list is refused by another', () => {
  expect(refusal(() => decodeCursor('meetings', encodeCursor('participants', ['x'])))).toEqual(refused);
});

test('a forged cursor whose values have the wrong shape never reaches the query', () => {
  const shape = z.tuple([instantText, id]);
  for (const forged of [
    ['now()', 'x'],
    ["'; drop table meetings", null],
    [1, 2],
    [],
    ['2026-11-22 09:24:28+00'],
    [null, null],
  ])
    expect(refusal(() => decodeCursor('meetings', encodeCursor('meetings', forged), shape))).toEqual(refused);
});

test.each([
  ['', 'empty'],
  ['not a cursor!', 'outside the alphabet'],
  [`${encodeCursor('meetings', [1])}=`, 'padded'],
  [` ${encodeCursor('meetings', [1])}`, 'with white space'],
  [base64url('[1,"meetings"'), 'broken JSON'],
  [base64url({ 0: 1, 1: 'meetings' }), 'no list'],
  [base64url([2, 'meetings', 1]), 'of another version'],
  [base64url([1]), 'without a list name'],
  [base64url([1, 'meetings', { $ne: null }]), 'with an operator'],
  [base64url([1, 'meetings', [1]]), 'with a list inside'],
  [base64url([1, 'meetings', true]), 'with a truth value'],
  [base64url('null'), 'null'],
  ['x'.repeat(1025), 'too long'],
])('%j is refused: %s', (cursor) => {
  expect(refusal(() => decodeCursor('meetings', cursor))).toEqual(refused);
});

test('arbitrary text is refused as a cursor, never anything worse', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (cursor) => {
      expect(refusal(() => decodeCursor('meetings', cursor))).toEqual(refused);
    }),
  );
});

test('values too long for a cursor are refused when it is made, not when it comes back', () => {
  expect(() => encodeCursor('notes', ['x'.repeat(1000)])).toThrow(RangeError);
});

function key(row: number): string {
  return `after ${row}`;
}

test('the row too many says that there is a next page, behind the last row shown', () => {
  expect(page([1, 2, 3], 2, key)).toEqual({ items: [1, 2], nextCursor: 'after 2' });
  expect(page([1, 2], 2, key)).toEqual({ items: [1, 2], nextCursor: null });
  expect(page([], 2, key)).toEqual({ items: [], nextCursor: null });
});

test('rows become what callers see, while the cursor is made of the row itself', () => {
  const rows = [{ sent_at: 'a' }, { sent_at: 'b' }];
  const result = page(
    rows,
    1,
    (row) => row.sent_at,
    (row) => ({ sentAt: row.sent_at.toUpperCase() }),
  );
  expect(result).toEqual({ items: [{ sentAt: 'A' }], nextCursor: 'a' });
  expect(Object.isFrozen(result)).toBe(true);
  expect(Object.isFrozen(result.items)).toBe(true);
});

test('walking a list page by page meets every row once, in order', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer(), { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (numbers, limit) => {
      const rows = numbers.toSorted((a, b) => a - b);
      const seen: number[] = [];
      for (let cursor: string | null | undefined; cursor !== null;) {
        const [after] = cursor === undefined ? [-Infinity] : decodeCursor('rows', cursor, z.tuple([z.number()]));
        const found = rows.filter((row) => row > after).slice(0, limit + 1);
        const result = page(found, limit, (row) => encodeCursor('rows', [row]));
        expect(result.items.length).toBeLessThanOrEqual(limit);
        seen.push(...result.items);
        cursor = result.nextCursor;
      }
      expect(seen).toEqual(rows);
    }),
  );
});
