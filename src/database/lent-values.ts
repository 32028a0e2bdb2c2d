/** A column of a result. */
interface Field {
  readonly name: string;
  /** The type's object id in PostgreSQL. */
  readonly dataTypeID: number;
}

/** Object ids of the types whose values clients turn into something of their own, each in its way. */
const types = { json: 114, float4: 700, float8: 701, date: 1082, timestamptz: 1184, jsonb: 3802 } as const;

/**
 * Rows of a lent client as a connection of our own gives them: times and dates as text, JSON parsed. Its parsers are the
 * host's: by default `pg` makes a Date of a time, and settings may make it a text or an object of a library.
 */
export function textOf(rows: readonly unknown[], fields: readonly Field[]): unknown[] {
  const parsers = fields.flatMap(({ name, dataTypeID }) => {
    const parse = parserOf(dataTypeID);
    return parse === undefined ? [] : [{ name, parse }];
  });
  if (parsers.length === 0) return [...rows];
  return rows.map((row) => {
    if (typeof row !== 'object' || row === null) return row;
    const changed = parsers.map(({ name, parse }) => [name, parse(Reflect.get(row, name))] as const);
    return { ...row, ...Object.fromEntries(changed) };
  });
}

function parserOf(dataTypeId: number): ((value: unknown) => unknown) | undefined {
  switch (dataTypeId) {
    case types.timestamptz:
      return instantText;
    case types.date:
      return dateText;
    case types.float4:
    case types.float8:
      return (value) => (typeof value === 'string' ? Number(value) : value);
    case types.json:
    case types.jsonb:
      // Every JSON of ours is an object or a list, so a text is one that the host leaves as it came.
      return (value) => (typeof value === 'string' ? (JSON.parse(value) as unknown) : value);
    default:
      return undefined;
  }
}

/** `Date` and the libraries that replace it agree on one thing: what they are in JSON. */
function instantText(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? JSON.parse(JSON.stringify(value)) : value;
}

/** Some parsers put a day at midnight where the process is, others at midnight in UTC. */
function dateText(value: unknown): unknown {
  if (!(value instanceof Date)) return instantText(value);
  if (value.getTime() % 86_400_000 === 0) return value.toISOString().slice(0, 10);
  const [year, month, day] = [value.getFullYear(), value.getMonth() + 1, value.getDate()];
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}
