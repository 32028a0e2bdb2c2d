// npm run docs : writes docs/errors.md and docs/events.md from the code; with --check it only fails on a difference.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { meetingErrors } from '../src/core/errors.ts';
import { wrapped } from '../src/demo/layout.ts';
import { eventCatalogue } from '../src/events/catalogue.ts';

interface ErrorEntry {
  readonly meaning: string;
  readonly remedy: string;
  readonly retryable: boolean;
  readonly httpStatus?: number;
}

interface EventEntry {
  readonly about: string;
  readonly audience: string;
  readonly data: z.ZodType;
}

/** Of a line of text, in characters. */
const lineWidth = 120;

/** Written into the pages, so that nobody edits them by hand. */
const generated = '<!-- Made by `npm run docs` from the code. -->';

const check = process.argv.includes('--check');
const root = resolve(import.meta.dirname, '..');
const pages = { 'docs/errors.md': errorsPage(meetingErrors), 'docs/events.md': eventsPage(eventCatalogue) };

for (const [file, text] of Object.entries(pages)) {
  const path = join(root, file);
  const formatted = format(file, text);
  if (existsSync(path) && readFileSync(path, 'utf8') === formatted) continue;
  if (check) {
    console.error(`${file} differs from the code. Run \`npm run docs\`, review the difference and commit it.`);
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, formatted);
    console.log(`updated: ${file}`);
  }
}

function errorsPage(errors: Readonly<Record<string, ErrorEntry>>): string {
  const withStatus = Object.values(errors).some((entry) => entry.httpStatus !== undefined);
  const rows = Object.entries(errors).map(([code, { meaning, remedy, retryable, httpStatus }]) => [
    `\`${code}\``,
    meaning,
    remedy,
    retryable ? 'yes' : 'no',
    ...(withStatus ? [httpStatus === undefined ? '' : String(httpStatus)] : []),
  ]);
  const heading = ['Code', 'Meaning', 'What to do', 'Retryable', ...(withStatus ? ['HTTP'] : [])];
  return `# Errors

${generated}

Every method throws a \`MeetingError\`. Its \`code\` is one of these and nothing else; \`details\` is safe to show to whoever
made the call; \`retryable\` says whether the same call may succeed later without anything being changed first.

${table(heading, rows)}`;
}

function eventsPage(events: Readonly<Record<string, EventEntry>>): string {
  const families = Map.groupBy(Object.entries(events), ([name]) => name.slice(0, name.indexOf('.')));
  const sections = [...families].map(
    ([family, entries]) =>
      `## ${family.slice(0, 1).toUpperCase()}${family.slice(1)}\n\n${entries.map(eventSection).join('\n')}`,
  );
  return `# Events

${generated}

Events are written in the transaction that makes them true and told after its commit. Each is seen by **all** (everybody
in the meeting), by **hosts** (its Host and CoHosts), or by the people who are named. Below that stands what its \`data\`
holds: keys marked \`?\` may be absent, and an \`instant\` is ISO 8601 in UTC.

${sections.join('\n')}`;
}

function eventSection([name, { about, audience, data }]: [string, EventEntry]): string {
  return `### \`${name}\`\n\n${wrapped(about, lineWidth).join('\n')}\n\nSeen by: ${audience}\n\n${dataOf(data)}`;
}

/** The keys of an event's data with their types: a line each, and more where one is not enough. */
function dataOf(data: z.ZodType): string {
  const schema = z.toJSONSchema(data, {
    io: 'output',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema instanceof z.ZodDate) Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
    },
  });
  const required = new Set(schema.required ?? []);
  const keys = Object.entries(schema.properties ?? {});
  if (keys.length === 0) return 'No data.\n';
  const lines = keys.map(([key, value]) => `- \`${key}${required.has(key) ? '' : '?'}\`: ${worded(typeOf(value))}`);
  return lines.map((line) => `${wrapped(line, lineWidth - 2).join('\n  ')}\n`).join('');
}

/** Of a few texts, each by itself; any other type as TypeScript has it. */
function worded(type: string): string {
  if (!/^'[^']*'( \| '[^']*')+( \| null)?$/.test(type)) return `\`${type}\``;
  const options = type.split(' | ').map((option) => `\`${option}\``);
  return `${options.slice(0, -1).join(', ')} or ${options.at(-1)}`;
}

type JsonSchema = z.core.JSONSchema.JSONSchema;

function typeOf(schema: boolean | JsonSchema): string {
  if (typeof schema === 'boolean') return 'unknown';
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) return [...new Set(options.map(typeOf))].join(' | ');
  if (schema.enum !== undefined) return schema.enum.map((value) => quoted(value)).join(' | ');
  if (schema.const !== undefined) return quoted(schema.const);
  if (schema.type === 'array') return arrayOf(schema.items);
  if (schema.type === 'object') return objectOf(schema);
  if (schema.format === 'uuid') return 'id';
  if (schema.format === 'date-time') return 'instant';
  const types = Array.isArray(schema.type) ? schema.type : [schema.type ?? 'unknown'];
  return types.map((type) => (type === 'integer' ? 'number' : type)).join(' | ');
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}

function arrayOf(items: JsonSchema['items']): string {
  const item = items === undefined || Array.isArray(items) ? 'unknown' : typeOf(items);
  return item.includes(' ') ? `(${item})[]` : `${item}[]`;
}

function objectOf(schema: JsonSchema): string {
  const keys = Object.entries(schema.properties ?? {}).map(([key, value]) => `${key}: ${typeOf(value)}`);
  return keys.length === 0 ? 'object' : `{ ${keys.join('; ')} }`;
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heading, heading.map(() => '---'), ...rows].map(tableRow).join('');
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

/** As `npm run lint` wants the file, so that the two never argue. */
function format(file: string, text: string): string {
  const oxfmt = join(dirname(createRequire(import.meta.url).resolve('oxfmt/package.json')), 'bin/oxfmt');
  const { status, stdout, stderr } = spawnSync(process.execPath, [oxfmt, `--stdin-filepath=${file}`], {
    cwd: root,
    input: text,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`oxfmt failed on ${file}: ${stderr}`);
  return stdout;
}
