import { parseArgs } from 'node:util';
import { isMeetingError } from '../core/errors.ts';
import { type MeetingServiceOptions, resolveOptions } from '../options.ts';

/** The command line asks for something that does not exist. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The URL of a database, and what it was given by. */
export interface GivenUrl {
  readonly url: string;
  readonly by: '--url' | 'DATABASE_URL';
}

/** Where a command works. */
export type Target = GivenUrl | { readonly pglite: string };

/** What a command line asks for. */
export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'version' }
  | { readonly name: 'sql'; readonly schema: string }
  | { readonly name: 'migrate' | 'check'; readonly schema: string; readonly database: GivenUrl }
  | {
      readonly name: 'demo';
      readonly schema: string;
      readonly database: Target;
      /** Lines of events to show. */
      readonly events: number | 'all';
      readonly color: boolean;
    };

export type Environment = Readonly<Record<string, string | undefined>>;

const options = {
  url: { type: 'string' },
  schema: { type: 'string' },
  pglite: { type: 'string' },
  events: { type: 'string' },
  'no-color': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

type OptionName = keyof typeof options;

const common = ['no-color', 'help', 'version'] as const;
const accepted: Readonly<Record<'migrate' | 'check' | 'sql' | 'demo', readonly OptionName[]>> = {
  migrate: ['url', 'schema', ...common],
  check: ['url', 'schema', ...common],
  sql: ['schema', ...common],
  demo: ['url', 'schema', 'pglite', 'events', ...common],
};

const defaultSchema = 'convoke';
const defaultEvents = 24;

/** @throws UsageError, whose message never repeats a value: it may be a password */
export function parseCommand(argv: readonly string[], environment: Environment): Command {
  const { values, positionals } = split(argv);
  if (values.help === true) return { name: 'help' };
  if (values.version === true) return { name: 'version' };
  const [name, ...rest] = positionals;
  if (name === undefined) throw new UsageError('Say what to do: migrate, check, sql or demo.');
  if (!isCommand(name)) throw new UsageError('There is no such command; there are migrate, check, sql and demo.');
  if (rest.length > 0) throw new UsageError(`${name} takes options only, such as --schema.`);
  const foreign = Object.keys(values).find((option) => !accepted[name].some((one) => one === option));
  if (foreign !== undefined) throw new UsageError(`${name} has no option --${foreign}.`);

  const { schema = defaultSchema } = values;
  if (name === 'sql') {
    check({ database: { pglite: 'memory://' }, schema }, '--url');
    return { name, schema };
  }
  if (name === 'demo') {
    if (values.url !== undefined && values.pglite !== undefined)
      throw new UsageError('Give --url or --pglite, not both.');
    // Never DATABASE_URL: a look at the demo must not write into whatever database a shell happens to name.
    const database: Target =
      values.url === undefined ? { pglite: values.pglite ?? 'memory://' } : { url: values.url, by: '--url' };
    check({ database: sourceOf(database), schema }, '--url');
    return { name, schema, database, events: eventLimit(values.events), color: values['no-color'] !== true };
  }
  const url = values.url ?? (environment['DATABASE_URL'] || undefined);
  if (url === undefined) throw new UsageError(`${name} needs a database: give --url postgres://… or set DATABASE_URL.`);
  const by = values.url === undefined ? 'DATABASE_URL' : '--url';
  check({ database: { url }, schema }, by);
  return { name, schema, database: { url, by } };
}

/** The database as a service is told of it. */
export function sourceOf(target: Target): { readonly url: string } | { readonly pglite: string } {
  return 'url' in target ? { url: target.url } : target;
}

function split(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    // The parser's own sentences go on with advice about positional arguments that is of no use here.
    if (error instanceof TypeError) throw new UsageError(`${error.message.split(/[.\n]/)[0] ?? ''}.`);
    throw error;
  }
}

function isCommand(name: string): name is keyof typeof accepted {
  return Object.hasOwn(accepted, name);
}

function eventLimit(given: string | undefined): number | 'all' {
  if (given === undefined) return defaultEvents;
  if (given === 'all') return given;
  if (!/^\d{1,6}$/.test(given)) throw new UsageError('--events must be a number of lines, or all.');
  return Number(given);
}

/** Holds options to the same rules as a host's, and names them as they are spelled here. */
function check(given: MeetingServiceOptions, urlBy: GivenUrl['by']): void {
  try {
    resolveOptions(given);
  } catch (error) {
    if (!isMeetingError(error)) throw error;
    const spelling = { 'database.url': urlBy, 'database.pglite': '--pglite', schema: '--schema' };
    const message = Object.entries(spelling).reduce(
      (text, [path, option]) => (text.startsWith(path) ? option + text.slice(path.length) : text),
      error.message,
    );
    throw new UsageError(message);
  }
}
