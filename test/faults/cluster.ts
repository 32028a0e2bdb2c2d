/**
 * A PostgreSQL of one's own to be cruel to: the process id is known, so it can be killed and started again on the same data
 * and the same port. Unlike the server of the other tests it keeps its promises: what it has acknowledged survives.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import {
  createDataDirectory,
  type DataDirectory,
  type Postmaster,
  removeDataDirectory,
  startPostmaster,
  stopPostmaster,
} from '../setup/postmaster.ts';

export interface ClusterOptions {
  /** Server settings beside the durable ones, or instead of them. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Where to put the data, such as a small file system that a test fills. */
  readonly directory?: string;
}

const durable = { max_connections: 100, fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' };

/** How long children of a killed postmaster may hold its shared memory before a new one gives up. */
const restartTimeoutMs = 30_000;

export class Cluster implements AsyncDisposable {
  /** Of the database `postgres`, as its superuser. The same after every restart. */
  readonly url: string;
  readonly port: number;
  readonly #directory: DataDirectory;
  readonly #settings: Readonly<Record<string, string | number>>;
  readonly #cleanUp: () => void;
  #postmaster: Postmaster | null = null;

  private constructor(directory: DataDirectory, settings: Readonly<Record<string, string | number>>) {
    this.url = directory.url;
    this.port = directory.port;
    this.#directory = directory;
    this.#settings = settings;
    this.#cleanUp = () => {
      this.#postmaster?.process.kill('SIGINT');
      removeDataDirectory(directory);
    };
    process.once('exit', this.#cleanUp);
  }

  /** Makes a cluster and starts it. */
  static async create(options: ClusterOptions = {}): Promise<Cluster> {
    const cluster = new Cluster(await createDataDirectory(options.directory), { ...durable, ...options.settings });
    await cluster.start();
    return cluster;
  }

  /** Starts the server, through crash recovery if it was killed. */
  async start(): Promise<void> {
    const deadline = Date.now() + restartTimeoutMs;
    while (this.#postmaster === null) {
      try {
        this.#postmaster = await startPostmaster(this.#directory, this.#settings);
      } catch (error) {
        if (!isStillInUse(error) || Date.now() > deadline) throw error;
        await pause(20);
      }
    }
  }

  /** The machine loses power: no process of the server gets to say a word. */
  async kill9(): Promise<void> {
    const postmaster = this.#running();
    postmaster.process.kill('SIGKILL');
    await postmaster.exited;
    this.#postmaster = null;
  }

  /**
   * Kills one server process under a client, `'any'` for whichever is busy (or, failing that, connected). The server
   * then resets every other connection too and recovers, as PostgreSQL does after a crash. Resolves to the id of the
   * process killed.
   */
  async killBackend(pid: number | 'any' = 'any'): Promise<number> {
    const victim = pid === 'any' ? await this.#busyBackend() : pid;
    process.kill(victim, 'SIGKILL');
    return victim;
  }

  /** Stops the server in order and keeps the data. */
  async stop(): Promise<void> {
    await stopPostmaster(this.#running());
    this.#postmaster = null;
  }

  /** Makes an empty database and resolves to its URL. */
  async createDatabase(name: string): Promise<string> {
    await this.query(`create database "${name}"`);
    return databaseUrl(this.url, name);
  }

  /** One query over a connection of its own, to look at the facts while the service under test is in trouble. */
  async query<Row>(sql: string, database = 'postgres'): Promise<Row[]> {
    const client = new Client({ connectionString: databaseUrl(this.url, database) });
    client.on('error', () => {}); // reported by the query; without a listener it would end the process
    await client.connect();
    try {
      const { rows } = await client.query(sql);
      return rows as Row[];
    } finally {
      await client.end();
    }
  }

  /** What the server wrote last. */
  log(): string {
    return this.#running().log();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#cleanUp);
    if (this.#postmaster !== null) await this.stop();
    removeDataDirectory(this.#directory);
  }

  #running(): Postmaster {
    if (this.#postmaster === null) throw new Error('the cluster is not running');
    return this.#postmaster;
  }

  async #busyBackend(): Promise<number> {
    const [victim] = await this.query<{ pid: number }>(
      `select pid from pg_stat_activity
       where backend_type = 'client backend' and pid <> pg_backend_pid()
       order by state in ('active', 'idle in transaction') desc nulls last, random()
       limit 1`,
    );
    if (victim === undefined) throw new Error('nobody is connected');
    return victim.pid;
  }
}

function databaseUrl(url: string, database: string): string {
  const result = new URL(url);
  result.pathname = `/${database}`;
  return result.href;
}

function isStillInUse(error: unknown): boolean {
  return error instanceof Error && /still in use|already in use|lock file/.test(error.message);
}
