import { type Parameter, type Statement, statement } from '../core/statement.ts';
import { invariants } from './invariants/index.ts';
import type { Invariant } from './invariants/invariant.ts';

/** Runs one statement with its table names rendered for the schema under examination. */
export type StatementRunner = <Row>(of: Statement<Row>, parameters: readonly Parameter[]) => Promise<readonly Row[]>;

/** One row that breaks an invariant. */
export interface Violation {
  /** The id of the invariant, such as `M07`. */
  readonly invariant: string;
  /** What should hold, in words. */
  readonly about: string;
  /** `error`: the data is wrong. `warn`: somebody should look. */
  readonly level: 'error' | 'warn';
  /** The id of the violating row, or of the meeting or stream it belongs to. */
  readonly id: string;
  /** The facts that disagree, without a word that people wrote; null where the facts are such words. */
  readonly detail: string | null;
}

/** What a check of the whole schema found. */
export interface IntegrityReport {
  /** At most a thousand rows of each invariant. Empty when all is well. */
  readonly violations: readonly Violation[];
  /** The ids of the invariants that were asked. */
  readonly checked: readonly string[];
  /** Invariants that could not be asked, and the tables and columns that this schema lacks for them. */
  readonly skipped: readonly { readonly id: string; readonly missing: readonly string[] }[];
}

/** Rows reported for one invariant. A broken counter may concern every meeting, and a thousand show the pattern. */
const violationLimit = 1000;

interface ViolatingRow {
  readonly id: string;
  readonly detail: string | null;
}

const catalogue = statement<{ table: string; column: string }>(
  'integrity.catalogue',
  () => `
    select c.relname as "table", a.attname as "column"
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where n.nspname = $1 and c.relkind in ('r', 'p')`,
  { prepare: false },
);

const questions = invariants.map((invariant) => ({ ...invariant, statement: question(invariant) }));

/**
 * Asks every invariant of one schema, one after the other over whatever connection `run` uses, and changes nothing. An invariant
 * is skipped only when the catalogue lacks a table or column that it names, so a schema that is a migration behind is
 * still checked for all the rest; any other failure of a query is thrown.
 */
export async function checkIntegrity(run: StatementRunner, schema: string): Promise<IntegrityReport> {
  const present = new Set<string>();
  for (const { table, column } of await run(catalogue, [schema])) present.add(table).add(`${table}.${column}`);
  const violations: Violation[] = [];
  const checked: string[] = [];
  const skipped: { id: string; missing: string[] }[] = [];
  for (const { id, about, level, needs = [], withholdDetail = false, statement: asked } of questions) {
    const missing = needs.filter((name) => !present.has(name));
    if (missing.length > 0) {
      skipped.push({ id, missing });
      continue;
    }
    for (const row of await run(asked, []))
      violations.push({ invariant: id, about, level, id: row.id, detail: withholdDetail ? null : row.detail });
    checked.push(id);
  }
  return { violations, checked, skipped };
}

/** Whole-table aggregates: a plan made anew for the data at hand beats a prepared one. */
function question(invariant: Invariant): Statement<ViolatingRow> {
  return statement(
    `integrity.${invariant.id}`,
    (t) => `select id::text as id, detail::text as detail from (${invariant.sql(t)}) violation limit ${violationLimit}`,
    { prepare: false },
  );
}
