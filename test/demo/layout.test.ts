import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { labelled, table, wrapped } from '../../src/demo/layout.ts';
import { coloured, plain } from '../../src/demo/screen.ts';

test('text breaks between words, never inside one', () => {
  expect(wrapped('one two three four', 9)).toEqual(['one two', 'three', 'four']);
  expect(wrapped('incomprehensibilities are long', 10)).toEqual(['incomprehensibilities', 'are long']);
  expect(wrapped('exactly ten', 11)).toEqual(['exactly ten']);
});

test('a label stands once, to the left of its paragraph', () => {
  expect(labelled('Peak', 'ten people at once in the class', { indent: 6, width: 26 })).toEqual([
    'Peak  ten people at once',
    '      in the class',
  ]);
});

const columns = [
  { heading: 'name', cell: ({ name }: { name: string }) => name },
  { heading: 'n', cell: ({ n }: { n: number }) => String(n), align: 'right' as const },
];
const rows = [
  { name: 'Ada', n: 7, x: '' },
  { name: 'Grace', n: 12, x: '' },
];

test('columns are as wide as their widest cell or heading', () => {
  expect(table(columns, rows, { indent: ' ', gap: '  ', paint: plain })).toEqual([
    ' name    n',
    ' Ada     7',
    ' Grace  12',
  ]);
});

test('what a cell is dressed in does not change where the next one stands', () => {
  const dressed = columns.map((column) => ({ ...column, dress: (cell: string) => coloured('green', cell) }));
  const lines = table(dressed, rows, { indent: ' ', gap: '  ', paint: coloured });
  expect(lines.join('')).toContain('\u001B[32m');
  expect(lines.map((line) => stripVTControlCharacters(line))).toEqual([' name    n', ' Ada     7', ' Grace  12']);
});
