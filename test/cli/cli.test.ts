import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'vitest';
import { migrationSql } from '../../src/database/migrate.ts';
import { migrations } from '../../src/database/migrations/index.ts';
import { createDatabase, test } from '../setup/db.ts';
import { execute } from '../setup/postgres.ts';
import { convoke, convokeProcess } from './run-command.ts';

const names = migrations.map(({ name }) => name);
const timeout = 120_000; // a process of its own loads everything anew, PGlite starts slowly, and others compete for the machine

test('help and version are answered on stdout, what is not understood on stderr', { timeout }, async () => {
  const [help, version, wrong] = await Promise.all([
    convokeProcess(['--help']),
    convokeProcess(['--version']),
    convokeProcess(['frobnicate']),
  ]);
  expect(help).toMatchObject({ code: 0, stderr: '' });
  for (const word of ['migrate', 'check', 'sql', 'demo', '--url', '--schema', '--pglite', '--events', '--no-color'])
    expect(help.stdout).toContain(word);
  expect(help.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(version).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  expect(wrong).toMatchObject({ code: 2, stdout: '' });
  expect(wrong.stderr).toContain('There is no such command');
});

test('a schema is checked, migrated, and checked again', { timeout }, async () => {
  await using database = await createDatabase();
  const { url } = database;
  expect(await convoke(['check', '--url', url])).toEqual({
    code: 3,
    stdout: `${names.map((name) => `pending ${name}\n`).join('')}The schema "convoke" is older than this version: run convoke migrate.\n`,
    stderr: '',
  });
  expect(await convokeProcess(['migrate'], { DATABASE_URL: url })).toEqual({
    code: 0,
    stdout: `${names.map((name) => `applied ${name}\n`).join('')}The schema "convoke" is up to date.\n`,
    stderr: '',
  });
  const [checked, again] = await Promise.all([convoke(['check', '--url', url]), convoke(['migrate', '--url', url])]);
  expect(checked).toEqual({ code: 0, stdout: 'The schema "convoke" is up to date.\n', stderr: '' });
  expect(again).toMatchObject({ code: 0, stderr: '' });
  expect(again.stdout).toBe('The schema "convoke" is up to date; nothing was left to apply.\n');
});

test('a database of a newer version is reported by check and left alone by migrate', { timeout }, async () => {
  await using database = await createDatabase('migrated');
  const { url } = database;
  await execute(url, `insert into convoke.convoke_migrations (name) values ('9999-later')`);
  const [checked, migrated] = await Promise.all([convoke(['check', '--url', url]), convoke(['migrate', '--url', url])]);
  expect(checked).toEqual({
    code: 3,
    stdout: 'unknown 9999-later\nThe schema "convoke" is newer than this version: upgrade the package.\n',
    stderr: '',
  });
  expect(migrated).toMatchObject({ code: 1, stdout: '' });
  expect(migrated.stderr).toBe(
    'convoke: The schema "convoke" was migrated by a newer version of convoke (9999-later); upgrade the package.\n',
  );
});

test('of several who migrate together each migration is applied by one', { timeout }, async () => {
  await using database = await createDatabase();
  const runs = await Promise.all([1, 2].map(() => convoke(['migrate', '--url', database.url])));
  expect(runs.map(({ code, stderr }) => ({ code, stderr }))).toEqual(runs.map(() => ({ code: 0, stderr: '' })));
  const applied = runs.flatMap(({ stdout }) => stdout.split('\n').filter((line) => line.startsWith('applied ')));
  expect(applied).toEqual(names.map((name) => `applied ${name}`));
});

test('the SQL is all that stdout gets, and applies all there is', { timeout }, async () => {
  await using database = await createDatabase();
  const sql = await convoke(['sql', '--schema', 'team']);
  expect(sql).toEqual({ code: 0, stdout: migrationSql('team'), stderr: '' });
  await execute(database.url, sql.stdout);
  expect(await execute(database.url, 'select name from team.convoke_migrations order by id')).toEqual(
    migrations.map(({ name }) => ({ name })),
  );
});

test('whoever reads only the first line of the SQL ends it in peace', { timeout }, async () => {
  const child = spawn(process.execPath, ['--conditions=@convoke/source', 'src/cli.ts', 'sql'], {
    cwd: new URL('../..', import.meta.url),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test(
  'a database that cannot be used is told with reason and remedy, never with the password',
  { timeout },
  async () => {
    await using database = await createDatabase();
    const { url } = database;
    const spelled = (change: (url: URL) => void) => {
      const changed = new URL(url);
      changed.password = 'open%20sesame';
      change(changed);
      return changed.href;
    };
    await execute(url, `create role "${roleOf(url)}" login password 'open sesame'`);
    const refusals = await Promise.all([
      convoke(['check', '--url', spelled((to) => void (to.port = '1'))]),
      convoke(['check', '--url', spelled((to) => void (to.username = 'nobody-of-this-name'))]),
      convoke(['migrate', '--url', spelled((to) => void (to.username = roleOf(url)))]),
    ]);
    await execute(url, `drop role "${roleOf(url)}"`);
    for (const { code, stdout, stderr } of refusals) {
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/What to do: |"npx convoke sql"/);
      expect(stderr).not.toMatch(/sesame|\n {4}at |node:internal/);
    }
    const [noServer, noLogin, noRight] = refusals.map(({ stderr }) => stderr);
    expect(noServer).toContain('check --url and that the server is up');
    expect(noServer).toContain('ECONNREFUSED');
    expect(noLogin).toContain('refused the login');
    expect(noRight).toContain('permission denied for database');
    expect(noRight).toContain('could not be migrated');
  },
);

/** A role that belongs to one database of the tests, since roles belong to the whole server. */
function roleOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

test('the demonstration is the same inside the process, and plain where nobody watches', { timeout }, async () => {
  const { code, stdout, stderr } = await convoke(['demo', '--events', '5', '--pglite', 'memory://'], {
    ...{ COLUMNS: '100', npm_lifecycle_event: 'start' },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' }); // 0: no invariant is broken
  expect(stdout).toBe(stripVTControlCharacters(stdout));
  expect(stdout).not.toContain('\r');
  expect(stdout).toContain('ten people over twelve connections, 23 stays in all; the peak was ten people');
  expect(stdout).toContain('for 10 of 10 people');
  expect(stdout).toContain('npm start -- --url postgres://…');
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBe(100);
});

test('the demonstration leaves its class in the database it was given', { timeout }, async () => {
  await using database = await createDatabase();
  const { code, stdout, stderr } = await convokeProcess(['demo', '--schema', 'school', '--url', database.url], {
    FORCE_COLOR: '1',
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).not.toBe(stripVTControlCharacters(stdout));
  expect(stdout).not.toContain(`:${new URL(database.url).password}@`);
  const [, query] = /(select seq[\s\S]*?;)/.exec(stripVTControlCharacters(stdout)) ?? [];
  const rows = await execute<{ seq: string }>(database.url, query ?? '');
  expect(rows.map(({ seq }) => Number(seq))).toEqual(rows.map((_, index) => index + 1));
  expect(stdout).toContain(`${rows.length} in the meeting's stream`);
  expect(stdout).toContain('more: npx convoke demo --events all');
});
