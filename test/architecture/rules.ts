/**
 * The architecture as rules over parsed sources. Every rule says what it found, where, and what to do instead; the
 * tests beside prove that each can fail.
 */
import { basename, dirname } from 'node:path/posix';
import type { Import, Source } from './source.ts';

export interface Finding {
  readonly rule: string;
  /** `path:line` below src. */
  readonly at: string;
  readonly message: string;
}

export type Rule = (tree: ReadonlyMap<string, Source>) => Iterable<Omit<Finding, 'rule'>>;

const ports = ['transports', 'backplanes', 'video', 'directory', 'storage', 'notifiers'];
/** They speak to the facade from outside. */
const outer = ['http', 'client', 'worker'];
const notRooms = new Set(['', '..', 'core', 'database', 'testing', 'demo', 'cli', ...ports, ...outer]);

/** The folder a file belongs to: `meetings`, `core`; '' for files directly in src. */
const area = (path: string) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '');
/** It gathers the events of all rooms, so it stands above them, with the facade. */
const catalogue = 'events/catalogue.ts';
/** What travels between a server and its clients, as types: both ends build against it, and neither loads anything of it. */
const wire = 'realtime/frame.ts';
const isRoom = (path: string) => !notRooms.has(area(path)) && path !== catalogue;
/** `rules` of `polls/poll.rules.ts`; '' where the name has none. */
const role = (path: string) => /\.([a-z-]+)\.ts$/.exec(basename(path))?.[1] ?? '';
const isPure = (path: string) => ['rules', 'schema', 'events'].includes(role(path)) && isRoom(path);
const isOrm = (specifier: string) => /^(@mikro-orm\/|kysely($|\/)|pg($|\/)|@electric-sql\/)/.test(specifier);
const isNode = (specifier: string) => specifier.startsWith('node:');

function* imports(tree: ReadonlyMap<string, Source>): Generator<{ source: Source; imported: Import; at: string }> {
  for (const source of tree.values())
    for (const imported of source.imports) yield { source, imported, at: `${source.path}:${imported.line}` };
}

/** Core is the ground: it stands on packages alone. */
const coreKnowsNoRoom: Rule = function* (tree) {
  for (const { source, imported, at } of imports(tree)) {
    if (area(source.path) !== 'core') continue;
    if (imported.file !== null && area(imported.file) !== 'core')
      yield { at, message: `core imports ${imported.file}; let the room import core` };
    if (
      /^node:(https?|net|http2|tls|dgram)$|^(ws|express|fastify|hono|socket\.io|redis|nats)($|\/)/.test(
        imported.specifier,
      )
    )
      yield { at, message: `core imports ${imported.specifier}; core knows no HTTP and no transport` };
  }
};

/** The database folder serves the kernel; what it opens it opens for the entities that are listed once. */
const databaseServesCore: Rule = function* (tree) {
  for (const { source, imported, at } of imports(tree)) {
    if (area(source.path) !== 'database' || imported.file === null) continue;
    if (
      !['core', 'database'].includes(area(imported.file)) &&
      imported.file !== 'entities.ts' &&
      imported.file !== 'events/index.ts'
    )
      yield { at, message: `database imports ${imported.file}; it may know core, entities.ts and events/index.ts` };
  }
};

const portsStandOnCore: Rule = function* (tree) {
  for (const { source, imported, at } of imports(tree)) {
    if (!ports.includes(area(source.path)) || imported.file === null) continue;
    if (![area(source.path), 'core'].includes(area(imported.file)))
      yield { at, message: `a port imports ${imported.file}; ports know core alone` };
  }
};

/** Rules, schemas and events take and give plain data. A schema also runs in a browser. */
const pureFilesStayPure: Rule = function* (tree) {
  for (const source of tree.values()) {
    if (!isPure(source.path)) continue;
    for (const imported of source.imports) {
      const at = `${source.path}:${imported.line}`;
      const impurity =
        impure(imported) ?? (imported.typeOnly ? null : reaches(tree, imported.file, new Set([source.path])));
      if (impurity !== null)
        yield { at, message: `${role(source.path)} import ${impurity}; keep them plain data in, plain data out` };
    }
  }
};

function impure({ specifier, file }: Import): string | null {
  if (isOrm(specifier) || isNode(specifier)) return specifier;
  if (file !== null && ['entity', 'statements', 'service'].includes(role(file))) return file;
  return null;
}

/** The first impure thing that loading a file would load, outside core, whose own promises are its own. */
function reaches(tree: ReadonlyMap<string, Source>, file: string | null, seen: Set<string>): string | null {
  if (file === null || seen.has(file) || area(file) === 'core') return null;
  seen.add(file);
  for (const imported of tree.get(file)?.imports ?? []) {
    if (imported.typeOnly) continue;
    const found = impure(imported);
    if (found !== null) return `${found} (by way of ${file})`;
    const deeper = reaches(tree, imported.file, seen);
    if (deeper !== null) return deeper;
  }
  return null;
}

/** entity <- statements <- service: nobody looks up. */
const rolesLookDown: Rule = function* (tree) {
  const above: Readonly<Record<string, readonly string[]>> = {
    entity: ['statements', 'service', 'routes'],
    statements: ['service', 'routes'],
    service: ['routes'],
  };
  for (const { source, imported, at } of imports(tree)) {
    if (imported.file !== null && above[role(source.path)]?.includes(role(imported.file)) === true)
      yield { at, message: `${role(source.path)} imports ${imported.file}; turn the dependency round` };
  }
};

/** Rooms meet at their doors. What collects a slice of every room may reach for the very file. */
const roomsMeetAtIndex: Rule = function* (tree) {
  const collectors: Readonly<Record<string, string>> = { 'entities.ts': 'entity', [catalogue]: 'events' };
  for (const { source, imported, at } of imports(tree)) {
    const { file } = imported;
    if (file === catalogue && isRoom(source.path))
      yield { at, message: `imports ${file}, which stands above the rooms; the room has its own events` };
    if (file === null || !isRoom(file) || area(file) === area(source.path) || file === `${area(file)}/index.ts`)
      continue;
    if (collectors[source.path] === role(file)) continue;
    // The outer layers know a room's shapes, and a browser must not load more than those.
    if (outer.includes(area(source.path)) && (role(file) === 'schema' || (file === wire && imported.typeOnly)))
      continue;
    yield { at, message: `imports ${file}; take it from ${area(file)}/index.ts` };
  }
};

/** A room may use what another room knows, never its use cases: those would nest transactions and rights. */
const servicesAreNotShared: Rule = function* (tree) {
  for (const { source, imported, at } of imports(tree)) {
    if (!isRoom(source.path) || imported.file === null || area(imported.file) === area(source.path)) continue;
    for (const name of imported.names) {
      const origin = originOf(tree, imported.file, name);
      const declared = tree.get(origin.file)?.types.some((type) => type.isClass && type.name === origin.name) ?? false;
      if (role(origin.file) === 'service' && (declared || origin.name === '*'))
        yield {
          at,
          message: `takes the service class ${origin.name} from ${origin.file}; reach the use case through the kernel`,
        };
    }
  }
};

/** Follows re-exports to the file that declares a name. */
function originOf(tree: ReadonlyMap<string, Source>, file: string, name: string): { file: string; name: string } {
  const next = tree.get(file)?.reexports.get(name);
  return next === undefined || next.file === null ? { file, name } : originOf(tree, next.file, next.name);
}

/** HTTP, client and worker know the facade's type, schemas and core. The worker's list of jobs collects the rooms' sweeps. */
const outerLayersKnowTheFacade: Rule = function* (tree) {
  for (const { source, imported, at } of imports(tree)) {
    const from = area(source.path);
    if (!outer.includes(from)) continue;
    const { file, specifier, typeOnly } = imported;
    const allowed =
      file === null ||
      [from, 'core'].includes(area(file)) ||
      file === catalogue ||
      role(file) === 'schema' ||
      (['meeting-service.ts', wire].includes(file) && typeOnly) ||
      (source.path === 'worker/jobs.ts' && file === `${area(file)}/index.ts`);
    if (!allowed) yield { at, message: `imports ${file}; it may know the facade's type, schemas and core` };
    if (from === 'client' && (isNode(specifier) || isOrm(specifier)))
      yield { at, message: `the browser's client imports ${specifier}` };
  }
};

/** The public surface, the examples and the test kit stand outside: nothing inside leans on them. */
const nothingImportsTheOutside: Rule = function* (tree) {
  for (const { source, imported, at } of imports(tree)) {
    const { file, specifier } = imported;
    if (file === 'index.ts' || specifier === 'convoke')
      yield { at, message: 'imports the public surface; import the file that declares it' };
    if (specifier.startsWith('convoke/')) yield { at, message: `imports ${specifier}; use a relative path` };
    if (file?.startsWith('../') === true) yield { at, message: `imports ${specifier}, outside src` };
    if (file !== null && area(file) === 'testing' && area(source.path) !== 'testing')
      yield { at, message: `imports the test kit` };
  }
};

/** One place each for libraries whose behaviour needs taming. */
const tamedLibraries: Rule = function* (tree) {
  const homes: Readonly<Record<string, string>> = {
    'date-fns-tz': 'core/time-zone.ts',
    eventemitter3: 'events/event-bus.ts',
  };
  for (const { source, imported, at } of imports(tree)) {
    for (const [name, home] of Object.entries(homes)) {
      if ((imported.specifier === name || imported.specifier.startsWith(`${name}/`)) && source.path !== home)
        yield { at, message: `imports ${name}; only ${home} does` };
    }
  }
};

/** One place opens, forks, flushes and commits; `work.flush()` is that place's own door. */
const oneUnitOfWork: Rule = function* (tree) {
  const transactional = new Set(['fork', 'flush', 'begin', 'commit', 'rollback', 'transactional']);
  const homes = new Set(['core/unit-of-work.ts', 'core/work.ts']);
  for (const source of tree.values()) {
    const { path } = source;
    if (homes.has(path) || area(path) === 'database' || ports.includes(area(path)) || area(path) === 'client') continue;
    for (const { line, receiver, method } of source.calls) {
      if (transactional.has(method) && receiver !== 'work')
        yield { at: `${path}:${line}`, message: `calls ${receiver}.${method}(); only the unit of work does` };
    }
  }
};

/** Names say what a thing is, not that somebody needed a place to put it. */
const tellingNames: Rule = function* (tree) {
  const empty = /(Manager|Helper|Utilities|Utils?|Impl)(?![a-z])/;
  for (const { path, types } of tree.values()) {
    if (/(^|[/.-])(manager|helper|util|utilitie|impl)s?([/.-])/.test(path))
      yield { at: `${path}:1`, message: 'the file name says nothing; name the thing' };
    for (const { name, line } of types) {
      const ownWords = name.replace('EntityManager', ''); // that one is the ORM's
      if (empty.test(ownWords))
        yield { at: `${path}:${line}`, message: `the name ${name} says nothing; name the thing` };
    }
  }
};

const surfaceIsWrittenOut: Rule = function* (tree) {
  for (const line of tree.get('index.ts')?.starExports ?? [])
    yield { at: `index.ts:${line}`, message: 'export * in the public surface; name what is public' };
};

/** Files that can be read in one go. */
const fileSizes: Rule = function* (tree) {
  const counted = [...tree.values()].filter(({ path }) => dirname(path) !== 'database/migrations');
  const sizes = counted.map(({ lines }) => lines).toSorted((a, b) => a - b);
  for (const { path, lines } of counted)
    if (lines > 400) yield { at: `${path}:1`, message: `${lines} lines; the most is 400` };
  const median = sizes[Math.floor((sizes.length - 1) / 2)] ?? 0;
  if (median > 100) yield { at: '.', message: `the median file has ${median} lines; the budget is 100` };
  const large = counted.filter(({ lines }) => lines > 300);
  if (large.length > counted.length * 0.05)
    yield {
      at: '.',
      message: `more than 5 % of the files are above 300 lines: ${large.map(({ path }) => path).join(', ')}`,
    };
};

export const rules = {
  coreKnowsNoRoom,
  databaseServesCore,
  portsStandOnCore,
  pureFilesStayPure,
  rolesLookDown,
  roomsMeetAtIndex,
  servicesAreNotShared,
  outerLayersKnowTheFacade,
  nothingImportsTheOutside,
  tamedLibraries,
  oneUnitOfWork,
  tellingNames,
  surfaceIsWrittenOut,
  fileSizes,
} satisfies Record<string, Rule>;

export function findings(sources: readonly Source[]): Finding[] {
  const tree = new Map(sources.map((source) => [source.path, source]));
  return Object.entries(rules).flatMap(([rule, check]) => [...check(tree)].map((finding) => ({ rule, ...finding })));
}
