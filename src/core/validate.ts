import type { z } from 'zod';
import { MeetingError } from './errors.ts';
import { isId } from './identifier.ts';
import { id } from './schema.ts';

/** One thing that is wrong with an input. */
export interface FieldError {
  /** Where it is, as one would write it in code: `title`, `inviteeIds[3]`, `groups[0].kind`; empty for the input itself. */
  readonly path: string;
  /** What it must be, to be read after the path: "must be a UUID". Never holds what was given. */
  readonly message: string;
}

const maxFields = 20;

/**
 * Checks an input and gives back what the schema makes of it.
 * @throws MeetingError VALIDATION whose `details.fields` is a list of at most 20 {@link FieldError}. The given values appear
 * nowhere in it, since they may be secrets or another person's words.
 */
export function validate<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = parsed(schema, input);
  if (result.success) return result.data;
  const fields = result.error.issues
    .slice(0, maxFields)
    .flatMap((issue) => fieldErrors(issue, []))
    .slice(0, maxFields);
  throw invalid(fields, result.error.issues.length);
}

/** As {@link validate} with the schema of ids, which every call names one of: what is written as it is stored needs no parsing. */
export function validId(input: unknown): string {
  return isId(input) ? input : validate(id, input);
}

/** Getters, proxies and the like may throw while they are read; what they throw is as much the caller's as their values. */
function parsed<Schema extends z.ZodType>(schema: Schema, input: unknown): z.ZodSafeParseResult<z.output<Schema>> {
  try {
    return schema.safeParse(input, { error: predicate });
  } catch {
    throw invalid([{ path: '', message: 'must be plain data that can be read' }]);
  }
}

/** The error for fields that a rule, not a schema, finds wrong. @param total how many there are, where not all are listed */
export function invalid(fields: readonly FieldError[], total: number = fields.length): MeetingError {
  const [first = { path: '', message: 'is not valid' }] = fields;
  const others = Math.max(total, fields.length) - 1;
  const more = others > 0 ? ` (and ${others} more)` : '';
  return new MeetingError('VALIDATION', `${first.path || 'The input'} ${first.message}${more}.`, {
    details: { fields },
  });
}

type Path = readonly PropertyKey[];

function fieldErrors(issue: z.core.$ZodIssue, parents: Path): FieldError[] {
  const path = [...parents, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys
      .slice(0, maxFields)
      .map((key) => ({ path: spell([...path, key]), message: 'is not a known field; leave it out' }));
  if (issue.code === 'invalid_union' && issue.errors.length > 0) return nearestBranch(issue.errors, path);
  return [{ path: spell(path), message: issue.message }];
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

/** Of several forms that a value may have, the caller most likely meant the one that it follows furthest. */
function nearestBranch(branches: readonly (readonly z.core.$ZodIssue[])[], path: Path): FieldError[] {
  const deepest = Math.max(...branches.map(depth));
  if (deepest > 0)
    return (branches.find((issues) => depth(issues) === deepest) ?? []).flatMap((issue) => fieldErrors(issue, path));
  const messages = new Set(branches.flatMap((issues) => issues.slice(0, 1).map((issue) => issue.message)));
  return [{ path: spell(path), message: [...messages].join(', or ') }];
}

/** Keys of records are the caller's own words: what does not look like a name is not repeated. */
function spell(path: Path): string {
  return path.reduce<string>((spelled, key) => {
    if (typeof key === 'number') return `${spelled}[${key}]`;
    const name = typeof key === 'string' && /^[A-Za-z_$][\w$-]{0,63}$/.test(key) ? key : '?';
    return spelled === '' ? name : `${spelled}.${name}`;
  }, '');
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  date: 'a Date',
  null: 'null',
};

/** What to do about an issue that its schema says nothing about itself. The words are ours: zod's depend on its global settings. */
function predicate(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return bound(issue.origin, issue.minimum, issue.inclusive === false ? 'more than' : 'at least');
    case 'too_big':
      return bound(issue.origin, issue.maximum, issue.inclusive === false ? 'less than' : 'at most');
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return `must be written as ${issue.format}`;
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_union':
      return Array.isArray(issue['options'])
        ? `must be one of ${issue['options'].map(String).join(', ')}`
        : 'must have exactly one of the allowed forms';
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'unrecognized_keys': // fieldErrors says it key by key
      break;
  }
  return 'is not valid';
}

function bound(origin: string, limit: number | bigint, relation: string): string {
  if (origin === 'string')
    return `must be ${relation} ${limit} ${Number(limit) === 1 ? 'character' : 'characters'} long`;
  if (origin === 'array' || origin === 'set' || origin === 'map')
    return `must have ${relation} ${limit} ${Number(limit) === 1 ? 'item' : 'items'}`;
  return `must be ${relation} ${limit}`;
}
