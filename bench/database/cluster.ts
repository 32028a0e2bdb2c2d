/** The PostgreSQL that is measured: a server of one's own with default durability, or one that is there already. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, platform, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import {
  createDataDirectory,
  type DataDirectory,
  removeDataDirectory,
  startPostmaster,
  stopPostmaster,
} from '../../test/setup/postmaster.ts';

export interface Cluster extends AsyncDisposable {
  /** Of a database in which others can be made. */
  readonly url: string;
  /** Where kept data may be found again. */
  readonly kept: boolean;
}

const gibibyte = 2 ** 30;

/** What is not a default: memory as for a server that has the machine to itself, and no compiling of short queries. */
const settings = {
  max_connections: 200,
  shared_buffers: `${Math.max(1, Math.min(4, Math.floor(totalmem() / gibibyte / 4)))}GB`,
  effective_cache_size: `${Math.max(1, Math.floor(totalmem() / gibibyte / 2))}GB`,
  max_wal_size: '8GB',
  random_page_cost: 1.1,
  jit: 'off',
};

/**
 * Starts a server on a real disk: in memory, a flush would cost nothing, and a flush is part of every write. `keep` names a
 * folder whose data is used again by the next run, because a million meetings take their time to make.
 */
export async function startCluster(keep: string | null): Promise<Cluster> {
  const directory = keep === null ? await createDataDirectory(tmpdir()) : await keptDirectory(keep);
  const postmaster = await startPostmaster(directory, settings);
  const cleanUp = () => {
    postmaster.process.kill('SIGINT');
    if (keep === null) removeDataDirectory(directory);
  };
  process.once('exit', cleanUp);
  return {
    url: directory.url,
    kept: keep !== null,
    async [Symbol.asyncDispose]() {
      process.off('exit', cleanUp);
      await stopPostmaster(postmaster);
      if (keep === null) removeDataDirectory(directory);
    },
  };
}

async function keptDirectory(keep: string): Promise<DataDirectory> {
  mkdirSync(keep, { recursive: true, mode: 0o755 });
  const note = join(keep, 'bench.json');
  if (existsSync(note)) {
    return JSON.parse(readFileSync(note, 'utf8')) as DataDirectory;
  }
  const made = await createDataDirectory(keep);
  writeFileSync(note, JSON.stringify(made));
  return made;
}

/** A server that somebody else runs: `--url`. */
export function foreignCluster(url: string): Cluster {
  return { url, kept: true, [Symbol.asyncDispose]: () => Promise.resolve() };
}

export function databaseUrl(cluster: Pick<Cluster, 'url'>, name: string): string {
  const url = new URL(cluster.url);
  url.pathname = `/${name}`;
  return url.href;
}

/** Runs one statement on a connection of its own. */
export async function execute<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<Row>(text);
    return rows;
  } finally {
    await client.end();
  }
}

/** What the figures were taken on: they mean nothing without it. */
export interface MachineFacts {
  readonly date: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cpuCount: number;
  readonly memoryGiB: number;
  readonly postgres: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly packages: Readonly<Record<string, string>>;
}

const told = [
  ...['fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method', 'wal_level', 'commit_delay'],
  ...['shared_buffers', 'effective_cache_size', 'max_wal_size', 'random_page_cost', 'jit', 'work_mem'],
];

export async function machineFacts(url: string): Promise<MachineFacts> {
  const names = told.map((name) => `'${name}'`).join(', ');
  const rows = await execute<{ name: string; value: string }>(
    url,
    `select name, current_setting(name) as value from pg_settings where name in (${names}) order by name`,
  );
  const [version] = await execute<{ version: string }>(url, `select current_setting('server_version') as version`);
  return {
    date: new Date().toISOString(),
    node: process.version,
    platform: `${platform()} ${release()}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cpuCount: availableParallelism(),
    memoryGiB: Math.round(totalmem() / gibibyte),
    postgres: version?.version ?? 'unknown',
    settings: Object.fromEntries(rows.map(({ name, value }) => [name, value])),
    packages: packageVersions(),
  };
}

const packages = ['pg', 'kysely', '@mikro-orm/core', 'drizzle-orm', '@prisma/client'] as const;

function packageVersions(): Record<string, string> {
  const roots = [new URL('../node_modules/', import.meta.url), new URL('../../node_modules/', import.meta.url)];
  const found = packages.flatMap((name) => {
    const file = roots.map((root) => new URL(`${name}/package.json`, root)).find((url) => existsSync(url));
    if (file === undefined) return [];
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    return [[name, version] as const];
  });
  return Object.fromEntries(found);
}
