import { spawn } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { vi } from 'vitest';
import { run } from '../../src/cli/run.ts';

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Variables = Readonly<Record<string, string>>;

const root = new URL('../..', import.meta.url);

/** Runs a TypeScript file of the project as a process of its own, on the Node that runs this, without a terminal. */
export async function runFile(
  file: string,
  parameters: readonly string[],
  environment: Variables = {},
): Promise<Finished> {
  const { DATABASE_URL: _ours, FORCE_COLOR: _color, NO_COLOR: _plain, ...inherited } = process.env;
  const child = spawn(process.execPath, ['--conditions=@convoke/source', file, ...parameters], {
    cwd: root,
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = [collected(child.stdout), collected(child.stderr)];
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout: await stdout, stderr: await stderr };
}

/** Runs `convoke` as installed, but from its sources: a process of its own, which takes seconds to load everything. */
export function convokeProcess(parameters: readonly string[], environment?: Variables): Promise<Finished> {
  return runFile('src/cli.ts', parameters, environment);
}

/** Runs `convoke` in this process, which has loaded everything already, without a terminal. */
export async function convoke(parameters: readonly string[], environment: Variables = {}): Promise<Finished> {
  for (const name of ['FORCE_COLOR', 'NO_COLOR']) vi.stubEnv(name, undefined); // Node asks the process, not us
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const [output, complaints] = [collected(stdout), collected(stderr)];
  const code = await run(parameters, { environment, stdout, stderr, version: () => 'in-process' });
  stdout.end();
  stderr.end();
  return { code, stdout: await output, stderr: await complaints };
}

async function collected(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) text += String(chunk);
  return text;
}
