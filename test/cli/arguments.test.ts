import { describe, expect, test } from 'vitest';
import { parseCommand, UsageError } from '../../src/cli/arguments.ts';

const url = 'postgres://ada:s3cret@db.example:5433/app';

function refusal(argv: readonly string[], environment: Record<string, string> = {}): string {
  try {
    parseCommand(argv, environment);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return expect.fail(`${argv.join(' ')} was understood`);
}

test('the database comes from --url, else from the environment, else there is none', () => {
  const environment = { DATABASE_URL: 'postgres://localhost/other' };
  expect(parseCommand(['check', '--url', url], environment)).toEqual({
    ...{ name: 'check', schema: 'convoke' },
    database: { url, by: '--url' },
  });
  expect(parseCommand(['migrate', '--schema=team'], environment)).toEqual({
    ...{ name: 'migrate', schema: 'team' },
    database: { url: environment.DATABASE_URL, by: 'DATABASE_URL' },
  });
  expect(refusal(['migrate'])).toBe('migrate needs a database: give --url postgres://… or set DATABASE_URL.');
  expect(refusal(['check'], { DATABASE_URL: '' })).toContain('check needs a database');
});

test('the demonstration runs in memory where no database is named', () => {
  const demo = { name: 'demo', schema: 'convoke', events: 24, color: true };
  expect(parseCommand(['demo'], {})).toEqual({ ...demo, database: { pglite: 'memory://' } });
  // A look at the demo writes nothing into the database that a shell happens to name.
  expect(parseCommand(['demo'], { DATABASE_URL: url })).toEqual({ ...demo, database: { pglite: 'memory://' } });
  expect(parseCommand(['demo', '--pglite', './data'], { DATABASE_URL: url })).toEqual({
    ...demo,
    database: { pglite: './data' },
  });
  expect(parseCommand(['demo', '--no-color', '--events', '0', '--url', url], {})).toEqual({
    ...{ name: 'demo', schema: 'convoke', database: { url, by: '--url' } },
    ...{ events: 0, color: false },
  });
  expect(parseCommand(['demo', '--events=all'], {})).toMatchObject({ events: 'all' });
});

test('the SQL needs no database and may be of any schema', () => {
  expect(parseCommand(['sql', '--schema', 'team'], {})).toEqual({ name: 'sql', schema: 'team' });
});

test('help and version win over whatever else is asked for', () => {
  expect(parseCommand(['migrate', '--help'], {})).toEqual({ name: 'help' });
  expect(parseCommand(['-h'], {})).toEqual({ name: 'help' });
  expect(parseCommand(['-v'], {})).toEqual({ name: 'version' });
});

const refused: [argv: string[], message: string][] = [
  [[], 'Say what to do: migrate, check, sql or demo.'],
  [['migrations'], 'There is no such command; there are migrate, check, sql and demo.'],
  [['toString'], 'There is no such command; there are migrate, check, sql and demo.'],
  [['check', 'everything'], 'check takes options only, such as --schema.'],
  [['check', '--verbose'], "Unknown option '--verbose'."],
  [['check', '--url'], "Option '--url <value>' argument missing."],
  [['migrate', '--events', '3'], 'migrate has no option --events.'],
  [['sql', '--url', url], 'sql has no option --url.'],
  [['demo', '--url', url, '--pglite', 'memory://'], 'Give --url or --pglite, not both.'],
  [['demo', '--events', 'many'], '--events must be a number of lines, or all.'],
  [['demo', '--events=-1'], '--events must be a number of lines, or all.'],
  [['demo', '--pglite', ''], '--pglite must be memory:// or a directory.'],
  [['sql', '--schema', 'My Schema'], '--schema must be a lower-case PostgreSQL name of at most 63 characters.'],
];

test.each(refused)('%j is refused with a sentence', (argv, message) => {
  expect(refusal(argv)).toBe(message);
});

describe('a password on the command line', () => {
  const secret = 's3cret';
  const spelled: [argv: string[], environment: Record<string, string>][] = [
    [['check', url], {}],
    [[url], {}],
    [['check', `--ulr=${url}`], {}],
    [['check', `-u${url}`], {}],
    [['check', '--url', url.replace('postgres', 'mysql')], {}],
    [['check', '--url', 'ada:s3cret@db.example'], {}],
    [['check'], { DATABASE_URL: 'ada:s3cret@db.example' }],
    [['demo', '--no-color=s3cret'], {}],
  ];

  test.each(spelled)('is not repeated for %j', (argv, environment) => {
    expect(refusal(argv, environment)).not.toContain(secret);
  });

  test('is asked for where it was given', () => {
    const wrong = 'mysql://localhost/app';
    const must = 'must be a URL such as postgres://user:password@localhost:5432/app.';
    expect(refusal(['check', '--url', wrong])).toBe(`--url ${must}`);
    expect(refusal(['check'], { DATABASE_URL: wrong })).toBe(`DATABASE_URL ${must}`);
  });
});
