import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import tsupConfig from '../tsup.config.ts';

interface Target {
  '@convoke/source': string;
  types: string;
  default: string;
}

const root = new URL('..', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  name: string;
  bin: Record<string, string>;
  files: string[];
  exports: Record<string, string | Target>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
  allowScripts: Record<string, boolean>;
};
const lock = JSON.parse(read('package-lock.json')) as {
  packages: Record<string, { version?: string; resolved?: string; hasInstallScript?: boolean }>;
};

/** The bundler's entries: from the name in dist to the source file. */
function entries(): Record<string, string> {
  if (typeof tsupConfig === 'function' || Array.isArray(tsupConfig))
    throw new Error('one plain configuration is expected');
  const { entry } = tsupConfig;
  if (entry === undefined || Array.isArray(entry)) throw new Error('entries are expected by name');
  return entry;
}

const subpaths = Object.entries(manifest.exports).filter(
  (each): each is [string, Target] => typeof each[1] === 'object',
);

test.each(subpaths)('the subpath %s is one entry of the build, and its source exists', (_, target) => {
  const name = /^\.\/dist\/(.+)\.js$/.exec(target.default)?.[1] ?? '';
  expect(target).toEqual({
    '@convoke/source': `./${entries()[name]}`,
    types: `./dist/${name}.d.ts`,
    default: `./dist/${name}.js`,
  });
  expect(existsSync(new URL(target['@convoke/source'], root))).toBe(true);
  // Conditions are tried in this order, and tsc must see its own before the code.
  expect(Object.keys(target)).toEqual(['@convoke/source', 'types', 'default']);
});

test('every entry of the build is a subpath or the command', () => {
  const exported = subpaths.map(([, target]) => target.default);
  expect(manifest.bin).toEqual({ [manifest.name]: './dist/cli.js' });
  const built = Object.keys(entries()).map((name) => `./dist/${name}.js`);
  expect(built.toSorted()).toEqual([...exported, './dist/cli.js'].toSorted());
});

test('package.json can be read by tools that look for it', () => {
  expect(manifest.exports['./package.json']).toBe('./package.json');
});

test('what is published is the build, its sources for source maps, and the changelog', () => {
  expect(manifest.files.toSorted()).toEqual(['CHANGELOG.md', 'dist', 'src']);
  const expected = ['CHANGELOG.md', 'LICENSE', 'README.md', 'src'];
  expect(expected.filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
});

test('all parts of the ORM have one exact version, here and for hosts', () => {
  const orm = Object.entries(manifest.devDependencies).filter(([name]) => name.startsWith('@mikro-orm/'));
  const version = manifest.devDependencies['@mikro-orm/core'];
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(orm.map(([, each]) => each)).toEqual(orm.map(() => version));
  const peers = Object.entries(manifest.peerDependencies).filter(([name]) => name.startsWith('@mikro-orm/'));
  expect(peers.map(([name]) => name).toSorted()).toEqual(orm.map(([name]) => name).toSorted());
  const ranges = new Set(peers.map(([, range]) => range));
  expect([...ranges]).toEqual([`^${version}`]);
  for (const [name] of orm) expect(lock.packages[`node_modules/${name}`]?.version).toBe(version);
});

test('every peer is installed here, no dependency is a peer too, and optional peers are peers', () => {
  const peers = Object.keys(manifest.peerDependencies);
  expect(peers.filter((name) => manifest.devDependencies[name] === undefined)).toEqual([]);
  expect(peers.filter((name) => manifest.dependencies[name] !== undefined)).toEqual([]);
  expect(Object.keys(manifest.peerDependenciesMeta).filter((name) => !peers.includes(name))).toEqual([]);
});

test('the lockfile names no registry, so it works behind any', () => {
  const resolved = Object.entries(lock.packages).filter(([, entry]) => entry.resolved?.startsWith('http') === true);
  expect(resolved).toEqual([]);
  expect(Object.keys(lock.packages).length).toBeGreaterThan(100);
});

test('exactly the packages whose install scripts are allowed have one', () => {
  const scripted = Object.entries(lock.packages)
    .filter(([, entry]) => entry.hasInstallScript === true)
    .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
  expect(scripted).not.toEqual([]);
  expect([...new Set(scripted)].toSorted()).toEqual(Object.keys(manifest.allowScripts).toSorted());
  expect(new Set(Object.values(manifest.allowScripts))).toEqual(new Set([true]));
});

test('tests run on the Node that package.json pins, whatever the system has', () => {
  expect(process.versions.node.split('.')[0]).toBe('24');
  expect(manifest.devDependencies.node).toMatch(/^24\./);
});

test('tests run without __proto__, as a hardened host does', () => {
  expect('__proto__' in {}).toBe(false);
});
