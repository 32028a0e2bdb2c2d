import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { createDatabase } from '../setup/db.ts';
import { brokenLinks, isRun, unknownCommands } from './checks.ts';
import { type Fence, moduleOf, type Page, parsePage } from './markdown.ts';
import { commandHelp, type Job, Workshop } from './workshop.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

function pagesOf(): Map<string, Page> {
  const below = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.md'),
  );
  const top = ['README.md', 'CHANGELOG.md'].filter((path) => existsSync(join(root, path)));
  const paths = [...top, ...below.map((path) => `docs/${path}`)];
  return new Map(paths.map((path) => [path, parsePage(readFileSync(join(root, path), 'utf8'))]));
}

const pages = pagesOf();
const hasCode = (page: Page, include: (fence: Fence) => boolean) =>
  page.fences.some((fence) => fence.language === 'ts' && include(fence));

const workshop = new Workshop();
afterAll(() => workshop[Symbol.dispose]());

test('the readme shows code that runs', () => {
  const readme = pages.get('README.md') ?? parsePage('');
  expect(hasCode(readme, isRun)).toBe(true);
});

test('all code has the types it needs', { timeout: 120_000 }, async () => {
  const modules = new Map(
    [...pages]
      .filter(([, page]) => hasCode(page, () => true))
      .map(([path, page]) => [path, moduleOf(page, () => true)]),
  );
  expect(modules.size).toBeGreaterThan(0);
  await expect(workshop.typeErrors(modules)).resolves.toEqual([]);
});

test('code runs as it is written, and its process ends', { timeout: 120_000 }, async () => {
  await using databases = new AsyncDisposableStack();
  const jobs = new Map<string, Job>();
  for (const [path, page] of pages) {
    if (!hasCode(page, isRun)) continue;
    const { url } = databases.use(await createDatabase('empty'));
    jobs.set(path, { text: moduleOf(page, isRun), env: { DATABASE_URL: url } });
  }
  const output = await workshop.run(jobs, 240_000);
  expect(output.match(/^ended /gm)).toHaveLength(jobs.size);
});

test('blocks are in languages that are checked, or that nobody would run', () => {
  const known = new Set(['ts', 'bash', 'sql', 'json', 'text', 'http', 'html', 'mermaid']);
  const unknown = [...pages].flatMap(([path, { fences }]) =>
    fences
      .filter(({ language }) => !known.has(language))
      .map(({ language, line }) => `${path}:${line} ${language || 'no language'}`),
  );
  expect(unknown).toEqual([]);
  const flags = new Set([...pages.values()].flatMap(({ fences }) => fences.flatMap((fence) => fence.flags)));
  expect([...flags].filter((flag) => flag !== 'no-run')).toEqual([]);
});

test('every command in a shell block exists', { timeout: 60_000 }, async () => {
  const help = await commandHelp();
  expect(unknownCommands(pages, manifest.scripts, help)).toEqual([]);
});

test('every relative link leads somewhere', () => {
  expect(brokenLinks(pages, (path) => existsSync(join(root, path)))).toEqual([]);
});
