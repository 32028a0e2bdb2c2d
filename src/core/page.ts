import { z } from 'zod';
import type { MeetingError } from './errors.ts';
import { pageInput, strict } from './schema.ts';
import { invalid, validate } from './validate.ts';

/** One page of a list, in the list's order. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Give it as `cursor` to get the page that follows; null when this is the last one. */
  readonly nextCursor: string | null;
}

/** What a list is ordered by, in order. Instants are text, so that the microseconds in rows which others wrote survive. */
export type CursorValue = string | number | null;

const cursorVersion = 1;
const envelope = z.tuple([z.literal(cursorVersion), z.string()]).rest(z.union([z.string(), z.number(), z.null()]));
const cursorText = pageInput.shape.cursor.unwrap();
const cursorInput = strict({ cursor: cursorText });

/**
 * An opaque cursor that stands behind the row with these values. It can be read by whoever holds it, so only values that its
 * holder may see belong in it.
 * @param kind the list's name: a cursor of one list is refused by every other
 * @throws RangeError for values that no cursor of 1024 characters can carry: order by ids, instants and numbers, not by long text
 */
export function encodeCursor(kind: string, values: readonly CursorValue[]): string {
  const cursor = Buffer.from(JSON.stringify([cursorVersion, kind, ...values])).toString('base64url');
  if (!cursorText.safeParse(cursor).success) throw new RangeError(`The cursor of ${kind} would be too long.`);
  return cursor;
}

/**
 * The values that a cursor of this list carries. Cursors are not signed, so what comes out is the caller's word like any other
 * input: give the schema of the values, or check them before they reach SQL.
 * @throws MeetingError VALIDATION naming `cursor` for anything but a cursor of this list
 */
export function decodeCursor(kind: string, cursor: string): readonly CursorValue[];
export function decodeCursor<Values extends z.ZodType>(kind: string, cursor: string, values: Values): z.output<Values>;
export function decodeCursor(kind: string, cursor: string, values?: z.ZodType): unknown {
  const [, name, ...rest] = read(cursor);
  if (name !== kind) throw refused();
  if (values === undefined) return rest;
  const checked = values.safeParse(rest);
  if (!checked.success) throw refused();
  return checked.data;
}

/** A list that is read page by page: its name, and what its cursors carry. */
export interface PagedList<Values extends z.ZodType> {
  readonly kind: string;
  readonly values: Values;
}

/**
 * The input of a list, with `after` in place of `cursor`: the values that the page begins behind, null for the first page. To be read
 * before the database is asked anything: in a host's transaction, a refusal of what can never be right would cost a savepoint.
 * @throws MeetingError VALIDATION naming what is wrong, `cursor` for anything but a cursor of this list
 */
export function parsePage<Input extends z.ZodType<{ cursor?: string | undefined }>, Values extends z.ZodType>(
  schema: Input,
  input: unknown,
  { kind, values }: PagedList<Values>,
): Omit<z.output<Input>, 'cursor'> & { readonly after: z.output<Values> | null } {
  const { cursor, ...rest } = validate(schema, input);
  return { ...rest, after: cursor === undefined ? null : decodeCursor(kind, cursor, values) };
}

function read(cursor: string): z.output<typeof envelope> {
  const { cursor: text } = validate(cursorInput, { cursor });
  const bytes = Buffer.from(text, 'base64url');
  // Buffer skips what is not base64url; only the one spelling that we write ourselves is a cursor.
  if (bytes.toString('base64url') !== text) throw refused();
  try {
    const found = envelope.safeParse(JSON.parse(bytes.toString()));
    if (found.success) return found.data;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw refused();
}

function refused(): MeetingError {
  return invalid([
    { path: 'cursor', message: 'must be the nextCursor of a page of this list; start again without it' },
  ]);
}

/**
 * Makes a page from what a query for `limit + 1` rows found: the row too many says that there is more.
 * @param key the cursor that stands behind a row (`encodeCursor` of the values the list is ordered by)
 * @param view what callers see of a row; @default the row itself
 */
export function page<Row>(rows: readonly Row[], limit: number, key: (row: Row) => string): Page<Row>;
export function page<Row, Item>(
  rows: readonly Row[],
  limit: number,
  key: (row: Row) => string,
  view: (row: Row) => Item,
): Page<Item>;
export function page<Row>(
  rows: readonly Row[],
  limit: number,
  key: (row: Row) => string,
  view: (row: Row) => unknown = (row) => row,
): Page<unknown> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? key(last) : null;
  return Object.freeze({ items: Object.freeze(shown.map((row) => view(row))), nextCursor });
}
