/** Installs what only the benchmark needs, when it is not there yet, and lets Prisma write its client. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const home = fileURLToPath(new URL('.', import.meta.url));
const installed = `${home}node_modules/.package-lock.json`;
const schema = `${home}peers/prisma/schema.prisma`;
const generated = `${home}peers/prisma/generated/client.ts`;

if (isOlder(installed, `${home}package-lock.json`)) {
  console.error('installing the peers (npm ci in bench/)');
  // Without them, the limit and the SDK are still measured; whoever is missing is named in the report.
  run('npm', ['ci']);
}
if (existsSync(installed) && isOlder(generated, schema)) {
  // Nothing here needs the engine that Prisma would fetch for its migrations: any file will do in its place.
  const environment = {
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    CHECKPOINT_DISABLE: '1',
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
  };
  run(process.execPath, [`${home}node_modules/prisma/build/index.js`, 'generate', '--schema', schema], environment);
}

function isOlder(made: string, source: string): boolean {
  return !existsSync(made) || statSync(made).mtimeMs < statSync(source).mtimeMs;
}

function run(command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): void {
  const options = { cwd: home, env: { ...process.env, ...environment }, encoding: 'utf8' as const };
  const { status, stdout, stderr, error } = spawnSync(command, [...args], options);
  if (status !== 0) console.error(`${command} ${args.join(' ')} failed: ${error?.message ?? ''}\n${stdout}${stderr}`);
}
