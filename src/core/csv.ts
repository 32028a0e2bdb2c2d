/** A value in a table: null is an empty cell. */
export type CsvCell = string | number | boolean | Date | null;

/** What a spreadsheet would take for the beginning of a formula, or skip before looking for one. */
const formulaStart = /^[=+\-@\t\r]/;
const needsQuotes = /[",\r\n]/;

/**
 * A table as CSV (RFC 4180): CRLF after every row, quotes where they are needed. Text that a spreadsheet would run as a formula gets
 * an apostrophe before it, which spreadsheets take for "this is text"; numbers are ours and stay as they are.
 */
export function csv(rows: readonly (readonly CsvCell[])[]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: CsvCell): string {
  if (typeof value !== 'string') return value instanceof Date ? value.toISOString() : String(value ?? '');
  const text = formulaStart.test(value) ? `'${value}` : value;
  return needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
