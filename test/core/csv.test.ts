import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csv, type CsvCell } from '../../src/core/csv.ts';

/** A reader of RFC 4180, as strict as it is short. */
function read(text: string): string[][] {
  const rows: string[][] = [];
  let rest = text;
  while (rest !== '') {
    const row: string[] = [];
    for (;;) {
      const [whole, quoted, plain = ''] = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))/.exec(rest) ?? [''];
      row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
      rest = rest.slice(whole.length);
      if (!rest.startsWith(',')) break;
      rest = rest.slice(1);
    }
    if (!rest.startsWith('\r\n')) throw new Error(`no end of row before ${JSON.stringify(rest.slice(0, 20))}`);
    rest = rest.slice(2);
    rows.push(row);
  }
  return rows;
}

function harmless(text: CsvCell): CsvCell {
  return /^[=+\-@\t\r]/.test(String(text)) ? `'${String(text)}` : text;
}

test('cells of every kind are written so that they are read back', () => {
  const at = new Date('2026-03-02T09:00:00.000Z');
  expect(
    csv([
      ['name', 'n', 'at'],
      ['Ada, "the first"', 1.5, at],
      ['two\r\nlines', null, true],
    ]),
  ).toBe('name,n,at\r\n"Ada, ""the first""",1.5,2026-03-02T09:00:00.000Z\r\n"two\r\nlines",,true\r\n');
  expect(csv([])).toBe('');
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', '=cmd|" /C calc"!A0'])('%j is text, not a formula', (text) => {
  const [[cell] = []] = read(csv([[text]]));
  expect(cell).toBe(`'${text}`);
});

test('numbers of our own stay numbers', () => {
  expect(csv([[-1, 0, -0.5]])).toBe('-1,0,-0.5\r\n');
});

test('any text in any column leaves rows and columns as they are, and begins no formula', () => {
  const cell = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('=', '"', '\r\n', ',', '\t=', "'"));
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain((columns) => fc.array(fc.array(cell, { minLength: columns, maxLength: columns })));
  fc.assert(
    fc.property(table, (rows: CsvCell[][]) => {
      const again = read(csv(rows));
      expect(again).toEqual(rows.map((row) => row.map(harmless)));
    }),
  );
});
