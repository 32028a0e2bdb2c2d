import { execute } from '../setup/postgres.ts';

/** What PostgreSQL's catalogue says of one schema: one line for each thing, in a fixed order, without the schema's name. */
export interface Catalogue {
  /** In the order of the columns: `table.column type [not null] [default …]`. */
  readonly columns: string[];
  readonly constraints: string[];
  /** Named from PostgreSQL 18 on. */
  readonly notNulls: string[];
  readonly indexes: string[];
  readonly enums: string[];
  readonly storage: string[];
}

const queries: Record<keyof Catalogue, string> = {
  columns: `select format('%s.%s %s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
      case when a.attnotnull then ' not null' end, ' default ' || pg_get_expr(d.adbin, d.adrelid)) as line
    from pg_attribute a join pg_class c on c.oid = a.attrelid
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where c.relnamespace = quote_ident(current_schema())::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
    order by c.relname, a.attnum`,
  constraints: `select format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as line from pg_constraint
    where connamespace = quote_ident(current_schema())::regnamespace and conrelid <> 0 and contype <> 'n' order by line`,
  notNulls: `select format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as line from pg_constraint
    where connamespace = quote_ident(current_schema())::regnamespace and conrelid <> 0 and contype = 'n' order by line`,
  indexes: `select pg_get_indexdef(oid, 0, true) as line from pg_class
    where relnamespace = quote_ident(current_schema())::regnamespace and relkind = 'i' order by line`,
  enums: `select format('%s: %s', t.typname, string_agg(e.enumlabel, ' | ' order by e.enumsortorder)) as line
    from pg_type t join pg_enum e on e.enumtypid = t.oid
    where t.typnamespace = quote_ident(current_schema())::regnamespace group by t.typname order by line`,
  storage: `select format('%s %s', relname, array_to_string(reloptions, ', ')) as line from pg_class
    where relnamespace = quote_ident(current_schema())::regnamespace and reloptions is not null order by line`,
};

/** The table that remembers which migrations ran is not part of what they describe. */
const trackingTable = /\bconvoke_migrations\b/;

export async function readCatalogue(url: string, schema: string): Promise<Catalogue> {
  const read = async (query: string) => {
    const rows = await execute<{ line: string }>(url, `set search_path to "${schema}"; ${query}`);
    return rows.map((row) => row.line).filter((line) => !trackingTable.test(line));
  };
  return {
    columns: await read(queries.columns),
    constraints: await read(queries.constraints),
    notNulls: await read(queries.notNulls),
    indexes: await read(queries.indexes),
    enums: await read(queries.enums),
    storage: await read(queries.storage),
  };
}
