/** Entry: `npm run bench`. */
import { createHash } from 'node:crypto';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { migrations } from '../src/database/migrations/index.ts';
import { MeetingService } from '../src/index.ts';
import { check, operationNames } from './checks/index.ts';
import { World } from './checks/world.ts';
import { contenders, names } from './contenders.ts';
import { type Cluster, databaseUrl, execute, foreignCluster, machineFacts, startCluster } from './database/cluster.ts';
import { fill } from './database/fill.ts';
import { idFunctions } from './database/ids.ts';
import { type Layout, layoutOf } from './database/layout.ts';
import { Bench, type Running } from './measure/bench.ts';
import { workloadsOf } from './measure/workloads.ts';
import { type Implementation, type OperationName, poolSize } from './operations.ts';
import { type BenchOptions, parseOptions, usage } from './options.ts';
import { save } from './report/save.ts';
import { type Summary, summaryOf } from './report/summary.ts';
import { tablesOf } from './report/table.ts';
import { verdictLines, verdictsOf } from './report/verdict.ts';

const started = performance.now();
const seconds = () => Math.round((performance.now() - started) / 1000);

function progress(line: string): void {
  console.error(`${String(seconds()).padStart(5)} s  ${line}`);
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) return console.log(usage);
  const wanted = operationNames.filter((name) => options.only?.includes(name) ?? true);
  const { implementations, absent } = await contenders(options.implementations);
  for (const { name, reason } of absent) progress(`${name} does not take part: ${reason}`);
  await using cluster = options.url === null ? await startCluster(options.keep) : foreignCluster(options.url);
  progress('PostgreSQL is up');
  if (options.checks) await checkAll(cluster, implementations, wanted);
  const layout = layoutOf(options.meetings, options.chatLength);
  const url = await filled(cluster, options, layout);
  const machine = await machineFacts(url);
  const loadBefore = loadavg()[0] ?? 0;
  const summary = await measure(url, options, layout, implementations, wanted);
  const verdicts = verdictsOf(summary);
  const labels = new Map(implementations.map(({ name, label }) => [name, label]));
  console.log(tablesOf(summary));
  console.log(`\n${verdictLines(verdicts, (name) => labels.get(name) ?? name)}`);
  console.log(
    `\n${options.meetings.toLocaleString('en')} meetings, ${machine.cpu} x ${machine.cpuCount}, load ${loadBefore.toFixed(1)} at the start`,
  );
  const profile = options.quick ? 'quick' : 'full';
  const { meetings, chatLength } = options;
  const report = { profile, meetings, chatLength, poolSize, machine, loadBefore, absent, verdicts, summary } as const;
  const whole = options.only === null && options.implementations.length === names.length;
  const directory = options.output ?? (whole ? fileURLToPath(new URL('../docs/benchmarks', import.meta.url)) : null);
  if (options.save && directory !== null)
    for (const path of save({ ...report, seconds: seconds() }, directory)) progress(`saved ${path}`);
  if (options.assert && verdicts.some(({ holds }) => !holds)) process.exitCode = 1;
}

/** In a database of its own, which the schema's own rules judge at the end. */
async function checkAll(
  cluster: Cluster,
  implementations: readonly Implementation[],
  wanted: readonly OperationName[],
): Promise<void> {
  const name = `convoke_bench_checks_${process.pid}`;
  const url = databaseUrl(cluster, name);
  await execute(cluster.url, `create database ${name}`);
  const admin = new pg.Client(url);
  await using service = await MeetingService.open({ database: { url } });
  try {
    await admin.connect();
    await admin.query('set search_path = convoke');
    await admin.query(idFunctions);
    const world = new World(admin);
    for (const implementation of implementations) {
      await using contender = await implementation.open(url);
      const made = await check(contender, world, wanted);
      progress(`${implementation.label}: ${made} checks`);
    }
    const { violations } = await service.checkIntegrity();
    // The small meetings that are over were made without analytics; only the checks of those ask for any.
    const wrong = violations.filter(({ level, invariant }) => level === 'error' && invariant !== 'S02');
    if (wrong.length > 0) throw new Error(`the checks left wrong data behind: ${JSON.stringify(wrong.slice(0, 5))}`);
  } finally {
    await admin.end();
    await service.close();
    await execute(cluster.url, `drop database ${name} with (force)`);
  }
}

/** A database with the data in it: one that was kept, if it is of the same make, or a new one. */
async function filled(cluster: Cluster, options: BenchOptions, layout: Layout): Promise<string> {
  // Kept data is of use only while the schema, of which one migration may still change, and the layout are the same.
  const schema = createHash('sha256').update(JSON.stringify(migrations)).digest('hex');
  const make = JSON.stringify({ schema, layout });
  const url = databaseUrl(cluster, 'convoke_bench');
  const [known] = await execute<{ make: string | null }>(
    cluster.url,
    `select shobj_description(oid, 'pg_database') as make from pg_database where datname = 'convoke_bench'`,
  );
  if (known?.make === make) {
    progress('the data is there already');
    return url;
  }
  await execute(cluster.url, 'drop database if exists convoke_bench with (force)');
  await execute(cluster.url, 'create database convoke_bench');
  const service = await MeetingService.open({ database: { url } });
  await service.close();
  progress(`making ${options.meetings.toLocaleString('en')} meetings`);
  await fill(url, layout, progress);
  await execute(cluster.url, `comment on database convoke_bench is '${make.replaceAll("'", "''")}'`);
  return url;
}

async function measure(
  url: string,
  options: BenchOptions,
  layout: Layout,
  implementations: readonly Implementation[],
  wanted: readonly OperationName[],
): Promise<Summary> {
  const admin = new pg.Client(url);
  await admin.connect();
  const running: Running[] = [];
  try {
    for (const implementation of implementations)
      running.push({ implementation, contender: await implementation.open(url) });
    const workloads = workloadsOf(layout).filter(({ steps }) =>
      steps.some(({ operation }) => wanted.includes(operation)),
    );
    const bench = new Bench(running, admin);
    progress('warming up');
    await bench.run(workloads, options, progress);
    return summaryOf(bench.batches, workloads, implementations);
  } finally {
    for (const { contender } of running) await contender[Symbol.asyncDispose]();
    await admin.end();
  }
}

await main();
