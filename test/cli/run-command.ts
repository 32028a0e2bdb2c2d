import { spawn } from 'node:child_process';

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const root = new URL('../..', import.meta.url);

/** Runs a TypeScript file of the project as a process of its own, on the Node that runs this, without a terminal. */
export async function runFile(
  file: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
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

/** Runs `convoke` as installed, but from its sources. */
export function convoke(
  parameters: readonly string[],
  environment?: Readonly<Record<string, string>>,
): Promise<Finished> {
  return runFile('src/cli.ts', parameters, environment);
}

async function collected(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) text += String(chunk);
  return text;
}
