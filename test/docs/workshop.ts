/** A folder where pages run as a host's code would: `convoke` and everything it needs can be imported by name. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const root = fileURLToPath(new URL('../..', import.meta.url));
const condition = '@convoke/source';

/** A page to run, and what it finds in the environment. */
export interface Job {
  readonly text: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What the linter's type check says, as far as it is read here. */
const report = z.object({
  number_of_files: z.number(),
  diagnostics: z.array(
    z.object({
      message: z.string(),
      filename: z.string(),
      labels: z.array(z.object({ span: z.object({ line: z.number() }) })),
    }),
  ),
});

/** A strict host's settings. */
const compilerOptions = {
  ...{ target: 'ES2023', module: 'NodeNext', lib: ['ES2023', 'ESNext.Disposable'], types: ['node'] },
  ...{ strict: true, noEmit: true, skipLibCheck: true, allowImportingTsExtensions: true },
  customConditions: [condition],
};

/** Runs pages one after another: what they all load is loaded once. Where the process does not end, it can be seen which page is why. */
const runner = `
  for (const [page, env] of JSON.parse(process.argv[2])) {
    console.log('running', page);
    Object.assign(process.env, env);
    await import(page);
    await new Promise(setImmediate);
    console.log('ended', page, 'with open:', process.getActiveResourcesInfo().join(', '));
  }
`;

export class Workshop implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'convoke-docs-'));

  constructor() {
    const modules = join(this.#folder, 'node_modules');
    mkdirSync(modules);
    symlinkSync(root, join(modules, 'convoke'));
    for (const name of readdirSync(join(root, 'node_modules')))
      if (!name.startsWith('.') || name === '.bin') symlinkSync(join(root, 'node_modules', name), join(modules, name));
    writeFileSync(join(this.#folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(this.#folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    writeFileSync(join(this.#folder, 'run.mjs'), runner);
  }

  #path(name: string): string {
    return join(this.#folder, `${name.replaceAll(/[^\w.-]/g, '_')}.ts`);
  }

  /** Type errors of all modules, checked in one go: `name:line message`. The linter's check takes a tenth of the compiler's time. */
  async typeErrors(modules: ReadonlyMap<string, string>): Promise<string[]> {
    const names = new Map([...modules.keys()].map((name) => [basename(this.#path(name)), name]));
    for (const [name, text] of modules) writeFileSync(this.#path(name), text);
    const linter = join(root, 'node_modules/oxlint/bin/oxlint');
    const checks = ['--allow=all', '--type-aware', '--type-check', '--format=json'];
    const { output } = await node([linter, ...checks, ...names.keys()], { cwd: this.#folder, timeoutMs: 60_000 });
    const { number_of_files: looked, diagnostics } = report.parse(JSON.parse(output));
    if (looked !== modules.size) throw new Error(`of ${modules.size} modules ${looked} were checked`);
    return diagnostics.map(
      ({ filename, message, labels }) => `${names.get(filename)}:${labels[0]?.span.line ?? 0} ${message}`,
    );
  }

  /** Runs modules in one process. Rejects with what was printed when one of them fails or does not end. */
  async run(jobs: ReadonlyMap<string, Job>, timeoutMs: number): Promise<string> {
    for (const [name, { text }] of jobs) writeFileSync(this.#path(name), text);
    const pages = [...jobs].map(([name, { env }]) => [this.#path(name), env]);
    const flags = [`--conditions=${condition}`, '--disable-proto=delete'];
    const { output, code, signal } = await node([...flags, 'run.mjs', JSON.stringify(pages)], {
      ...{ cwd: this.#folder, timeoutMs },
    });
    if (signal !== null) throw new Error(`did not end within ${timeoutMs} ms; is everything closed?\n${output}`);
    if (code !== 0) throw new Error(`ended with ${code}\n${output}`);
    return output;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The help text of the package's command. */
export async function commandHelp(): Promise<string> {
  const { output } = await node([`--conditions=${condition}`, join(root, 'src/cli.ts'), '--help'], {
    ...{ cwd: root, timeoutMs: 30_000 },
  });
  return output;
}

interface Ended {
  /** Of both streams, as it came. */
  readonly output: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

function node(flags: readonly string[], limits: { cwd: string; timeoutMs: number }): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, flags, {
      ...{ cwd: limits.cwd, timeout: limits.timeoutMs },
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
      });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ output, code, signal }));
  });
}
