/**
 * The pieces that every input schema is made of. Messages are predicates ("must be …"): `validate` puts the field's name
 * before them. Nothing here changes what a person wrote; see docs/decisions/0006-text-is-kept-as-given.md.
 */
import { z } from 'zod';
import { isId } from './identifier.ts';
import { isTimeZone } from './time-zone.ts';

export { json } from './json.ts';

/** An object that refuses keys it does not know: the shape of every input. */
export const strict = z.strictObject;

/** An error for a wrong value that leaves a missing one to `validate`, which says "is required". */
function must(predicate: string) {
  return (issue: { readonly input?: unknown }): string | undefined =>
    issue.input === undefined ? undefined : `must ${predicate}`;
}

/** A UUID of any version in any letter case, given back in lower case. The nil and the max UUID name nothing and are refused. */
export const id = z
  .guid({ error: must('be a UUID'), abort: true })
  .toLowerCase()
  .refine(isId, 'must be a UUID other than nil and max');

const instantError = must('be a Date or an ISO 8601 instant with its offset, such as 2026-03-01T09:00:00Z');
const firstInstant = Date.UTC(1970, 0, 1);
const lastInstant = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * An instant: a `Date`, or an ISO 8601 text with seconds and an offset; given back as a `Date` of its own. Precision is the millisecond
 * (further digits are cut off), the range 1970 to 9999. A wall-clock time without an offset names no instant and is refused.
 */
export const instant = z
  .preprocess(
    (value: Date | string) => (value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value),
    z.iso.datetime({ offset: true, error: instantError }),
  )
  .transform((written) => new Date(written))
  .refine(
    (date) => date.getTime() >= firstInstant && date.getTime() <= lastInstant,
    'must lie in the years 1970 to 9999',
  );

/** C0 and C1 control characters, DEL, and halves of surrogate pairs (PostgreSQL cannot store NUL, and stores no half as itself). */
const controlOrHalf = /[\p{Cc}\p{Cs}]/u;
const controlOrHalfButLayout = /(?![\t\n\r])[\p{Cc}\p{Cs}]/u;
const lineBreak = /[\u2028\u2029]/;
/** Something a reader can see: not space, zero-width, filler or the empty braille pattern. */
const visible = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800]/u;

export interface TextOptions {
  /** Whether empty and invisible text is accepted, for fields that people clear. @default false */
  readonly blank?: boolean;
}

/** The length is counted in code points, as PostgreSQL counts VARCHAR: 255 emoji are 255. One message for one field. */
function words(max: number, blank: boolean, isAllowed: (text: string) => boolean, forbidden: string) {
  const abort = true;
  const length = `must be at most ${max} characters long`;
  const bounded = z.string({ error: must('be text') }).max(max, { error: length, abort });
  const clean = bounded.refine(isAllowed, { error: `must hold no ${forbidden} or broken emoji`, abort });
  return blank ? clean : clean.refine((value) => visible.test(value), 'must not be blank');
}

/** Text of several lines: tab, LF and CR are allowed, other control characters are not. Kept as given. @param max in code points */
export function text(max: number, { blank = false }: TextOptions = {}) {
  return words(max, blank, (value) => !controlOrHalfButLayout.test(value), 'control characters');
}

function isOneLine(value: string): boolean {
  return !controlOrHalf.test(value) && !lineBreak.test(value);
}

/** Text of one line: no tab, no line break of any kind. Kept as given. @param max in code points */
export function label(max: number, { blank = false }: TextOptions = {}) {
  return words(max, blank, isOneLine, 'line breaks, control characters');
}

/** What a meeting, an agenda item or a note is called: one line of 1 to 255 code points with something to see. Kept as given. */
export const title = label(255);

const webAddress = /^https?:\/\/([^/?#\\\s\p{Cc}\p{Cs}]+)[^\\\s\p{Cc}\p{Cs}]*$/iu;

function isWebAddress(value: string): boolean {
  const authority = webAddress.exec(value)?.[1];
  // The URL parser forgives much (it drops newlines and reads backslashes as slashes): it has the last word, not the only one.
  return authority !== undefined && !authority.includes('@') && URL.canParse(value);
}

/**
 * A web address that people are sent to: http or https, at most 2048 characters, no user name or password, no white space. Kept as
 * given. Addresses inside private networks are accepted, because nothing here is fetched by the SDK; whoever fetches must check.
 */
export const httpUrl = z
  .string({ error: must('be a web address') })
  .max(2048, { error: 'must be at most 2048 characters long', abort: true })
  .refine(isWebAddress, 'must be an http or https address without user name, password or white space');

/** The name of an IANA time zone that the platform knows, such as `Europe/Berlin`. Kept as given. */
export const timeZone = z
  .string({ error: must('be the name of a time zone') })
  .max(50, { error: 'must be at most 50 characters long', abort: true })
  .refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin');

const largestInt32 = 2_147_483_647;

/** A whole number that fits an INTEGER column. */
export function int32(min = -largestInt32 - 1, max = largestInt32) {
  return z.int32().min(min).max(max);
}

/** The version of an object as it was read, for updates that must not overwrite a change nobody saw. */
export const version = int32(1);

/** The part of a list's input that says which page: spread `pageInput.shape` into the list's own schema. */
export const pageInput = strict({
  /** How many items at most, 1 to 200. @default 50 */
  limit: int32(1, 200).default(50),
  /** `nextCursor` of the page before; without it the first page. */
  cursor: z
    .string({ error: must('be the nextCursor of the page before') })
    .min(1)
    .max(1024)
    .optional(),
});

/** A list whose length is checked before any item is read, so that a list of millions costs nothing to refuse. */
export function boundedArray<Item extends z.ZodType>(item: Item, max: number, min = 0) {
  const tooMany = `must have at most ${max} items`;
  return z.preprocess(
    (value: readonly z.input<Item>[], context) => {
      if (!Array.isArray(value) || value.length <= max) return value;
      context.issues.push({ code: 'custom', message: tooMany, input: value });
      return z.NEVER;
    },
    z.array(item).min(min).max(max, tooMany),
  );
}

const writtenInstant =
  /^(?!0000)(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d{1,6})?(?:Z|[+-](?:0\d|1[0-5])(?::?[0-5]\d){0,2})$/;
const realDateTime = z.iso.datetime();

function isWrittenInstant(value: string): boolean {
  const [, day, time] = writtenInstant.exec(value) ?? [];
  return realDateTime.safeParse(`${day}T${time}Z`).success;
}

/** An instant as PostgreSQL or ISO 8601 writes it, kept as text because it may carry microseconds, which a `Date` loses. For cursors. */
export const instantText = z.string().refine(isWrittenInstant, 'must be an instant');
