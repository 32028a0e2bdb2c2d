import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Everything a page loads for `convoke/client`. */
const bundled = () =>
  build({
    ...{ absWorkingDir: root, entryPoints: ['src/client/index.ts'], bundle: true, write: false, metafile: true },
    ...{ platform: 'browser', format: 'esm', target: 'es2022', minify: true, conditions: ['@convoke/source'] },
  });

test('what a page loads is less than 15 kB, compressed', async () => {
  const [file] = (await bundled()).outputFiles;
  const bytes = file?.contents ?? new Uint8Array();
  const compressed = gzipSync(bytes, { level: 9 }).length;
  // oxlint-disable-next-line no-console -- the figure is what one runs this for
  console.log(`convoke/client: ${bytes.length} bytes, ${compressed} compressed`);
  expect(bytes.length).toBeGreaterThan(5_000);
  expect(compressed).toBeLessThan(15_000);
});

test('a page loads the client’s own files and nothing else', async () => {
  const { metafile } = await bundled();
  const inputs = Object.entries(metafile.inputs);
  expect(inputs.length).toBeGreaterThan(10);
  expect(inputs.map(([path]) => path).filter((path) => !path.startsWith('src/client/'))).toEqual([]);
  const imported = inputs.flatMap(([, { imports }]) => imports.map(({ path }) => path));
  const foreign = imported.filter((path) => path.startsWith('node:') || builtinModules.includes(path));
  expect(foreign).toEqual([]);
});
