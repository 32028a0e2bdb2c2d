// Packs the package, installs the tarball in an empty project by the very lines of the README, and uses it there as a stranger
// would: the README's example, every subpath by import and by require, its types from an ES module and from a CommonJS one, its command.
// Needs a build; `npm run check:package`.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { parsePage } from '../test/docs/markdown.ts';

const root = resolve(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  name: string;
  exports: Record<string, string | object>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
  devDependencies: Record<string, string>;
};
const readme = parsePage(readFileSync(join(root, 'README.md'), 'utf8'));
const subpaths = Object.entries(manifest.exports)
  .filter(([, target]) => typeof target === 'object')
  .map(([subpath]) => manifest.name + subpath.slice(1));
const optionalPeers = Object.keys(manifest.peerDependenciesMeta).filter(
  (peer) => manifest.peerDependenciesMeta[peer]?.optional,
);
/** The optional package that the README speaks of; the others belong to adapters, and their pages name them. */
const embedded = '@mikro-orm/pglite';
const adapterPeers = optionalPeers.filter((peer) => peer !== embedded);
const tested = (name: string) => `${name}@${manifest.devDependencies[name]}`;

const home = mkdtempSync(join(tmpdir(), 'convoke-package-'));
const project = join(home, 'project');
// The command of the package must find the Node that runs this, whatever the system has. What npm is told here changes no outcome.
const quietly = { npm_config_audit: 'false', npm_config_fund: 'false', npm_config_prefer_offline: 'true' };
const path = `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`;
const env = { ...process.env, ...quietly, PATH: path };
const run = (command: string, ...parameters: string[]) =>
  execFileSync(command, parameters, { cwd: project, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

try {
  mkdirSync(project);
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', home], {
      cwd: root,
      encoding: 'utf8',
    }),
  ) as [{ filename: string; unpackedSize: number; files: { path: string }[] }];
  const [needed, optional] = installLines(packed.filename);
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  npmInstall(needed.map((word) => (basename(word) === packed.filename ? join(home, packed.filename) : word)));
  npmInstall(adapterPeers.map(tested));
  useEverySubpath();
  missOptionalPeer();
  npmInstall(optional);
  loadNoOptionalPeer();
  runExample();
  npmInstall(['typescript', '@types/node', '@types/ws'].map(tested));
  checkTypes();
  runCommand();
  console.log(`${subpaths.length} subpaths, ${packed.files.length} files, ${packed.unpackedSize} bytes: ok`);
} finally {
  rmSync(home, { recursive: true, force: true });
}

/** What the README installs: the package with what it needs, and then what is optional. They must name the tested versions. */
function installLines(tarball: string): [needed: string[], optional: string[]] {
  const lines = readme.fences
    .filter(({ language }) => language === 'bash')
    .flatMap(({ code }) => code.map((line) => line.replace(/\s#.*$/, '').trim()))
    .filter((line) => line.startsWith('npm install '))
    .map((line) => line.split(/\s+/).slice(2));
  const [needed, optional] = lines;
  if (needed === undefined || optional === undefined || lines.length > 2)
    throw new Error(`README.md: two lines with npm install are expected, ${lines.length} are there`);
  const required = Object.keys(manifest.peerDependencies).filter((peer) => !optionalPeers.includes(peer));
  expectWords([tarball, ...required.map(tested)], [basename(needed[0] ?? ''), ...needed.slice(1)]);
  expectWords([tested(embedded)], optional);
  return [needed, optional];
}

function expectWords(expected: readonly string[], found: readonly string[]): void {
  if (expected.toSorted().join(' ') !== found.toSorted().join(' '))
    throw new Error(`README.md installs ${found.join(' ')} where ${expected.join(' ')} is right`);
}

function npmInstall(packages: readonly string[]): void {
  run('npm', 'install', ...packages);
}

/** The README's example, in a project that has what the README installs and nothing else. */
function runExample(): void {
  const code = readme.fences.filter(({ language, flags }) => language === 'ts' && !flags.includes('no-run'));
  if (code.length === 0) throw new Error('README.md shows no code that runs');
  writeFileSync(join(project, 'index.mjs'), code.flatMap((fence) => fence.code).join('\n'));
  const said = run(process.execPath, 'index.mjs');
  if (!said.includes('meeting.ended')) throw new Error(`README.md: the example did not end its meeting:\n${said}`);
}

/** Before it is installed, whoever asks for the embedded database is told what to install. */
function missOptionalPeer(): void {
  writeFileSync(
    join(project, 'missing.mjs'),
    `import { MeetingService } from ${JSON.stringify(manifest.name)};
    await MeetingService.open({ database: { pglite: 'memory://' } }).then(
      () => console.log('opened'),
      ({ code, message }) => console.log(code, message),
    );`,
  );
  const said = run(process.execPath, 'missing.mjs');
  if (!said.startsWith('NOT_CONFIGURED') || !said.includes(`npm install ${embedded}`))
    throw new Error(`without ${embedded}: ${said}`);
}

function useEverySubpath(): void {
  writeFileSync(
    join(project, 'subpaths.cjs'),
    `(async () => {
      for (const subpath of ${JSON.stringify(subpaths)}) {
        const required = require(subpath), imported = await import(subpath);
        const names = Object.keys(imported).filter((name) => name !== 'default' && name !== 'module.exports');
        if (names.length === 0) throw new Error(subpath + ' exports nothing');
        for (const name of names)
          if (required[name] !== imported[name]) throw new Error(subpath + ': two copies of ' + name);
      }
    })().catch((error) => { console.error(error); process.exit(1); });`,
  );
  run(process.execPath, 'subpaths.cjs');
}

/** The main entry must not cost a host what it does not use. That the peers are seen when they are loaded is checked too. */
function loadNoOptionalPeer(): void {
  writeFileSync(
    join(project, 'loaded.mjs'),
    `import { registerHooks } from 'node:module';
    const loaded = new Set();
    registerHooks({ resolve: (specifier, context, next) => {
      const found = next(specifier, context);
      const name = /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(found.url)?.[1];
      if (name) loaded.add(name);
      return found;
    } });
    await import(${JSON.stringify(manifest.name)});
    const alone = [...loaded];
    for (const peer of ${JSON.stringify(optionalPeers)}) await import(peer);
    console.log(JSON.stringify({ alone, all: [...loaded] }));`,
  );
  const { alone, all } = JSON.parse(run(process.execPath, 'loaded.mjs')) as Record<'alone' | 'all', string[]>;
  const unseen = optionalPeers.filter((peer) => !all.includes(peer));
  if (unseen.length > 0) throw new Error(`loading ${unseen.join(', ')} went unnoticed`);
  const unwanted = [...optionalPeers, '@electric-sql/pglite'].filter((name) => alone.includes(name));
  if (unwanted.length > 0) throw new Error(`importing ${manifest.name} alone loads ${unwanted.join(', ')}`);
}

function checkTypes(): void {
  const everything = subpaths.map((subpath, n) => `import * as m${n} from '${subpath}';\nvoid m${n};\n`).join('');
  const consumer = `${everything}
    import { MeetingService } from '${manifest.name}';
    export async function titleOf(url: string, userId: string, meetingId: string): Promise<string> {
      const service = await MeetingService.open({ database: { url }, migrate: false });
      const meeting = await service.as({ userId }).meetings.get(meetingId);
      // @ts-expect-error -- types that have degraded to any would let this pass
      const wrong: number = meeting.title;
      void wrong;
      await service.close();
      return meeting.title;
    }\n`;
  for (const file of ['consumer.mts', 'consumer.cts']) writeFileSync(join(project, file), consumer);
  const flags = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--types',
    'node',
  ];
  try {
    run(process.execPath, 'node_modules/typescript/bin/tsc', ...flags, 'consumer.mts', 'consumer.cts');
  } catch (error) {
    if (error instanceof Error && 'stdout' in error) console.error(String(error.stdout));
    throw error;
  }
}

function runCommand(): void {
  const help = run('npx', '--no-install', manifest.name, '--help');
  for (const command of ['migrate', 'check', 'sql', 'demo'])
    if (!help.includes(command)) throw new Error(`${manifest.name} --help does not name ${command}:\n${help}`);
}
