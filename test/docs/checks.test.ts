import { afterAll, expect, test } from 'vitest';
import { brokenLinks, isRun, unknownCommands } from './checks.ts';
import { moduleOf, type Page, parsePage } from './markdown.ts';
import { Workshop } from './workshop.ts';

const workshop = new Workshop();
afterAll(() => workshop[Symbol.dispose]());

function page(...lines: string[]): Page {
  return parsePage(lines.join('\n'));
}

test('a type error is reported at its line of the page', { timeout: 60_000 }, async () => {
  const wrong = page(
    '# A',
    '',
    '```ts',
    'const n: number = 1;',
    '```',
    'text',
    '```ts no-run',
    `const s: string = n;`,
    '```',
  );
  const right = page('```ts', 'export const n: number = 1;', '```');
  const modules = Object.entries({ 'docs/a.md': wrong, 'b.md': right }).map(
    ([name, of]) => [name, moduleOf(of, () => true)] as const,
  );
  await expect(workshop.typeErrors(new Map(modules))).resolves.toEqual([
    "docs/a.md:8 Type 'number' is not assignable to type 'string'.",
  ]);
});

test('code that throws fails with what it said, and sees what earlier blocks declared and the database', async () => {
  const throwing = page(
    '```ts',
    `import { join } from 'node:path';`,
    `const a = join('x', 'y');`,
    '```',
    '',
    '```ts',
    `import { basename, join } from 'node:path';`,
    'throw new Error(basename(join(a, process.env.DATABASE_URL)));',
    '```',
    '```ts no-run',
    'never(',
    '```',
  );
  const jobs = new Map([
    ['a.md', { text: 'console.log(process.env.DATABASE_URL);', env: { DATABASE_URL: 'y' } }],
    ['b.md', { text: moduleOf(throwing, isRun), env: { DATABASE_URL: 'z' } }],
  ]);
  await expect(workshop.run(jobs, 30_000)).rejects.toThrow(/ended with 1\n[^]*\ny\n[^]*b\.md\.ts:8[^]*Error: z/);
});

test('code that leaves something open fails, and it is said which page did', async () => {
  const hanging = page('```ts', 'setInterval(() => {}, 1000);', '```');
  const jobs = new Map([['c.md', { text: moduleOf(hanging, isRun), env: {} }]]);
  await expect(workshop.run(jobs, 1_000)).rejects.toThrow(
    /did not end within 1000 ms[^]*ended .*c\.md\.ts with open: .*Timeout/,
  );
});

test('scripts and subcommands that do not exist are found, those in prose and comments are not', () => {
  const shell = page(
    '`npm run gone`',
    '```bash',
    'npm test && npm run gone # npm run also-gone',
    '$ npx convoke fly',
    'npx convoke migrate',
    'npm install convoke',
    'npm run --silent lint',
    '```',
  );
  expect(unknownCommands(new Map([['d.md', shell]]), { test: '', lint: '' }, 'Usage: convoke migrate | check')).toEqual(
    ['d.md:3 npm run gone', 'd.md:4 convoke fly'],
  );
});

test('links to files and headings that do not exist are found, whatever their form', () => {
  const links = page(
    '# One & two',
    '[a](#one--two) [b](#three) [c](other.md#there) [d](other.md#gone) [e](../no.md)',
    '`[f](none.md)`',
    '[g]: missing.md',
    '[h](https://example.com/x) [i](../src/a.ts)',
  );
  const other = page('## `There`');
  const found = brokenLinks(
    new Map([
      ['docs/e.md', links],
      ['docs/other.md', other],
    ]),
    (path) => path === 'src/a.ts',
  );
  expect(found).toEqual([
    'docs/e.md:2 #three',
    'docs/e.md:2 other.md#gone',
    'docs/e.md:2 ../no.md',
    'docs/e.md:4 missing.md',
  ]);
});

test('a block that is never closed is an error', () => {
  expect(() => page('```ts', 'const a = 1;')).toThrow('the code block of line 1 is never closed');
});
