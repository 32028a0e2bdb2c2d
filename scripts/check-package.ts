// Packs the package, installs the tarball in an empty project, and uses it there as a stranger would: every subpath by import and
// by require, its types from an ES module and from a CommonJS one, its command. Needs a build; `npm run check:package`.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  name: string;
  exports: Record<string, string | object>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
  devDependencies: Record<string, string>;
};
const subpaths = Object.entries(manifest.exports)
  .filter(([, target]) => typeof target === 'object')
  .map(([subpath]) => manifest.name + subpath.slice(1));
const optionalPeers = Object.keys(manifest.peerDependenciesMeta).filter(
  (peer) => manifest.peerDependenciesMeta[peer]?.optional,
);

const home = mkdtempSync(join(tmpdir(), 'convoke-package-'));
const project = join(home, 'project');
// The command of the package must find the Node that runs this, whatever the system has.
const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}` };
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
  install(join(home, packed.filename));
  useEverySubpath();
  loadNoOptionalPeer();
  checkTypes();
  runCommand();
  console.log(`${subpaths.length} subpaths, ${packed.files.length} files, ${packed.unpackedSize} bytes: ok`);
} finally {
  rmSync(home, { recursive: true, force: true });
}

function install(tarball: string): void {
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  const beside = [...Object.keys(manifest.peerDependencies), 'typescript', '@types/node'].map((name) => {
    const version = manifest.devDependencies[name];
    if (version === undefined)
      throw new Error(`${name} is a peer but no devDependency: which version is it tested with?`);
    return `${name}@${version}`;
  });
  run(
    'npm',
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--save-exact',
    tarball,
    ...beside,
  );
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
