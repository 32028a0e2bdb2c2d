/** A folder where pages run as a host's code would: `convoke` and everything it needs can be imported by name. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
const condition = '@convoke/source';

export class Workshop implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'convoke-docs-'));

  constructor() {
    const modules = join(this.#folder, 'node_modules');
    mkdirSync(modules);
    symlinkSync(root, join(modules, 'convoke'));
    for (const name of readdirSync(join(root, 'node_modules')))
      if (!name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(modules, name));
    writeFileSync(join(this.#folder, 'package.json'), '{ "type": "module" }');
  }

  #path(name: string): string {
    return join(this.#folder, `${name.replaceAll(/[^\w.-]/g, '_')}.ts`);
  }

  /** Type errors of all modules, checked in one go with a strict host's settings: `name:line message`. */
  typeErrors(modules: ReadonlyMap<string, string>): string[] {
    const names = new Map([...modules.keys()].map((name) => [this.#path(name), name]));
    for (const [name, text] of modules) writeFileSync(this.#path(name), text);
    const program = ts.createProgram([...names.keys()], {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: ['node'],
      customConditions: [condition],
      allowImportingTsExtensions: true,
      lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    });
    return [...names].flatMap(([path, name]) => {
      const file = program.getSourceFile(path);
      const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
      return found.map(({ start = 0, messageText }) => {
        const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
        return `${name}:${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
      });
    });
  }

  /** Runs a module in a process of its own. Rejects with what it printed when it fails or does not end. */
  run(name: string, text: string, env: Readonly<Record<string, string>>, timeoutMs: number): Promise<string> {
    writeFileSync(this.#path(name), text);
    return node(
      [`--conditions=${condition}`, '--disable-proto=delete', this.#path(name)],
      this.#folder,
      env,
      timeoutMs,
    );
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The help text of the package's command. */
export function commandHelp(): Promise<string> {
  return node([`--conditions=${condition}`, join(root, 'src/cli.ts'), '--help'], root, {}, 30_000);
}

function node(flags: string[], cwd: string, env: Readonly<Record<string, string>>, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, flags, {
      cwd,
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      timeout: timeoutMs,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
      });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output);
      else if (signal !== null)
        reject(new Error(`did not end within ${timeoutMs} ms; is everything closed?\n${output}`));
      else reject(new Error(`ended with ${code}\n${output}`));
    });
  });
}
