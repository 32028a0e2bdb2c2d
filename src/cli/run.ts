import { type Command, type Environment, type GivenUrl, parseCommand, UsageError } from './arguments.ts';
import type { Output } from './demo-command.ts';
import { help } from './help.ts';

/** What a command line runs in. */
export interface Terminal {
  readonly environment: Environment;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly version: () => string;
}

/** Exit codes: 0 done, 1 failed, 2 not understood, 3 the schema does not fit. */
type ExitCode = 0 | 1 | 2 | 3;

/** Runs a command line. What was asked for goes to stdout, what went wrong to stderr. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let command: Command;
  try {
    command = parseCommand(argv, terminal.environment);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    terminal.stderr.write(`convoke: ${error.message}\nconvoke --help lists commands and options.\n`);
    return 2;
  }
  try {
    return await execute(command, terminal);
  } catch (error) {
    const { explained } = await import('./failure.ts');
    terminal.stderr.write(explained(error, urlOf(command)));
    return 1;
  }
}

/** Commands load what they need: `--help` should not wait for an ORM. */
async function execute(command: Command, terminal: Terminal): Promise<ExitCode> {
  const { stdout, environment, version } = terminal;
  const write = (text: string) => void stdout.write(text);
  if (command.name === 'help') write(help);
  else if (command.name === 'version') write(`${version()}\n`);
  else if (command.name === 'demo') {
    const { showDemo } = await import('./demo-command.ts');
    return (await showDemo(command, stdout, environment)) ? 0 : 1;
  } else {
    const { checkSchema, migrateSchema, sqlOf } = await import('./schema-commands.ts');
    if (command.name === 'sql') write(sqlOf(command.schema));
    else {
      const task = { url: command.database.url, schema: command.schema, write };
      if (command.name === 'check') return (await checkSchema(task)) ? 0 : 3;
      await migrateSchema(task);
    }
  }
  return 0;
}

function urlOf(command: Command): GivenUrl | null {
  return 'database' in command && 'url' in command.database ? command.database : null;
}
