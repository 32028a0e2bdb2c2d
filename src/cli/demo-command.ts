import { isatty } from 'node:tty';
import { styleText } from 'node:util';
import { coloured, demonstrate, plain, type Screen } from '../demo/index.ts';
import { type Command, type Environment, sourceOf, type Target } from './arguments.ts';

type DemoCommand = Extract<Command, { name: 'demo' }>;

/** Where text goes: a terminal, which knows its columns, or anything else. */
export interface Output extends NodeJS.WritableStream {
  readonly fd?: number;
  readonly columns?: number;
}

/** Columns where nobody says how many there are. */
const usualColumns = 80;

/** Shows the demonstration. @returns whether all that must hold does hold */
export async function showDemo(
  { database, schema, events, color }: DemoCommand,
  stdout: Output,
  environment: Environment,
): Promise<boolean> {
  const screen: Screen = {
    columns: columnsOf(stdout, environment),
    interactive: stdout.fd !== undefined && isatty(stdout.fd) && environment['TERM'] !== 'dumb',
    // The platform knows NO_COLOR, FORCE_COLOR and what the terminal can do.
    paint: color && styleText('bold', 'x', { stream: stdout }) !== 'x' ? coloured : plain,
    write: (text) => void stdout.write(text),
  };
  const isKept = !('pglite' in database && database.pglite.startsWith('memory:'));
  const where = inWords(database, schema);
  // In the repository it is a script of npm's; where the package is installed it is not.
  const again = environment['npm_lifecycle_event'] === 'start' ? 'npm start --' : 'npx convoke demo';
  const { integrity } = await demonstrate({
    ...{ database: sourceOf(database), schema, where, isKept, again, events, screen },
  });
  return integrity.violations.length === 0;
}

function columnsOf({ columns = 0 }: Output, environment: Environment): number {
  const said = Number(environment['COLUMNS']);
  if (columns > 0) return columns;
  return Number.isInteger(said) && said > 0 ? said : usualColumns;
}

/** The database without its user and password. */
function inWords(database: Target, schema: string): string {
  if ('url' in database) {
    const { hostname, port, pathname } = new URL(database.url);
    return `schema ${schema} at ${hostname}:${port === '' ? '5432' : port}${pathname}`;
  }
  if (database.pglite.startsWith('memory:')) return 'PostgreSQL inside this process, gone when it ends';
  return `PostgreSQL inside this process, kept in ${database.pglite}`;
}
