import type { Paint } from './screen.ts';

/** Breaks text between words. A word longer than a line gets one of its own. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A paragraph below a label that stands out to its left. */
export function labelled(label: string, text: string, { indent, width }: { indent: number; width: number }): string[] {
  const rest = wrapped(text, Math.max(20, width - indent));
  return rest.map((line, index) => (index === 0 ? label : '').padEnd(indent) + line);
}

/** One column of a table. */
export interface Column<Row> {
  readonly heading: string;
  readonly align?: 'right';
  readonly cell: (row: Row) => string;
  /** Dresses the cell after its width was settled. */
  readonly dress?: (cell: string, row: Row) => string;
}

/** Rows under headings, as wide as their contents. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { indent, gap, paint }: { indent: string; gap: string; paint: Paint },
): string[] {
  const laid = columns.map((column) => {
    const cells = rows.map(column.cell);
    const width = Math.max(column.heading.length, ...cells.map((cell) => cell.length));
    const pad = (cell: string) => (column.align === 'right' ? cell.padStart(width) : cell.padEnd(width));
    return { heading: paint('dim', pad(column.heading)), cells: cells.map(pad), dress: column.dress };
  });
  return [
    indent + laid.map(({ heading }) => heading).join(gap),
    ...rows.map((row, at) => {
      const dressed = laid.map(({ cells, dress }) => {
        const cell = cells[at] ?? '';
        return dress?.(cell, row) ?? cell;
      });
      return indent + dressed.join(gap);
    }),
  ];
}
