/**
 * Takes away what would keep a test from breaking rows: constraints and unique indexes of the schema on `search_path`.
 * Primary keys that queries group by stay.
 */
export const unconstrained = `
do $$
declare thing record;
begin
  for thing in select conrelid::regclass as place, conname from pg_constraint
    where connamespace = current_schema()::regnamespace and (contype in ('f', 'c', 'u') or (contype = 'p' and conrelid in ('meeting_events'::regclass, 'meeting_idempotency_keys'::regclass)))
    order by contype = 'f' desc
  loop
    execute format('alter table %s drop constraint %I cascade', thing.place, thing.conname);
  end loop;
  for thing in select i.indexrelid::regclass as place from pg_index i join pg_class c on c.oid = i.indexrelid
    where c.relnamespace = current_schema()::regnamespace and i.indisunique and not i.indisprimary
  loop
    execute format('drop index %s', thing.place);
  end loop;
end $$`;
