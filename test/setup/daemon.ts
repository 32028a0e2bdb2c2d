/** A server of another kind than PostgreSQL for one test file: its own process on a free loopback port, gone afterwards. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface Daemon {
  readonly port: number;
  stop(): Promise<void>;
}

/** What a daemon is told on its command line, once its port and its directory are known. */
export type Arguments = (place: { readonly port: number; readonly directory: string }) => readonly string[];

const startMs = 15_000;

/** Where a program is; null where it is not installed. Debian keeps servers where only root's PATH looks. */
export function programPath(name: string): string | null {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return directories.map((directory) => join(directory, name)).find(isExecutable) ?? null;
}

/** Starts a program and waits until it accepts connections. */
export async function startDaemon(program: string, parameters: Arguments): Promise<Daemon> {
  const directory = mkdtempSync(join(tmpdir(), 'convoke-daemon-'));
  const port = await freePort();
  const child = spawn('sh', ['-c', untilLetGo, 'sh', program, ...parameters({ port, directory })], {
    cwd: directory,
    env: { ...process.env, DIRECTORY: directory },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.stdin.end();
    await exited;
  };
  try {
    await accepts(child, port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop };
}

/** A test's process may be killed, and then ends nothing any more: what it leaves is a standard input that has ended. */
const untilLetGo = '"$@" & cat; kill $!; wait; rm -r "$DIRECTORY"';

async function accepts(child: ChildProcess, port: number): Promise<void> {
  for (const deadline = Date.now() + startMs; ; await pause(20)) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${child.spawnfile} does not start`);
    const socket = connect(port, '127.0.0.1');
    const [answer] = await Promise.race([
      once(socket, 'connect').then(() => [true]),
      once(socket, 'close').then(() => [false]),
    ]).catch(() => [false]);
    socket.destroy();
    if (answer === true) return;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
