/**
 * A place in the log of all streams, which is ordered by (transaction, kind of stream, stream, number): the one order in which every
 * committed event comes after whatever was read before it, as long as nothing is read of transactions that are not over.
 */
export interface Place {
  /** Transaction ids have 64 bits, so they stay text. */
  readonly tx: string;
  readonly streamKind: number;
  readonly streamId: string;
  readonly seq: number;
}

/** The columns of a place as statements give them back, null where there is none. */
export interface PlaceRow {
  readonly tx: string | null;
  readonly stream_kind: number | null;
  readonly stream_id: string | null;
  readonly seq: string | number | null;
}

const nil = '00000000-0000-0000-0000-000000000000';
const columns = ['tx', 'stream_kind', 'stream_id', 'seq'] as const;

/** Pieces of SQL about places. */
export const place = {
  /** What comes before every event of a transaction, as the last three columns. */
  lowest: `(-1)::smallint, '${nil}'::uuid, 0::bigint`,
  /** A row's place as a tuple. */
  of: (alias: string, prefix = '') => `(${columns.map((name) => `${alias}.${prefix}${name}`).join(', ')})`,
  /** A place from four parameters. */
  parameters: (first: number) =>
    `($${first}::xid8, $${first + 1}::smallint, $${first + 2}::uuid, $${first + 3}::bigint)`,
  /** By a row's place, in the log's order. */
  order: (alias: string, direction: 'asc' | 'desc' = 'asc') =>
    columns.map((name) => `${alias}.${name}${direction === 'asc' ? '' : ' desc'}`).join(', '),
};

export type PlaceParameters = readonly [string | null, number | null, string | null, number | null];

export function placeParameters(at: Place | null): PlaceParameters {
  return at === null ? [null, null, null, null] : [at.tx, at.streamKind, at.streamId, at.seq];
}

export function placeOf({ tx, stream_kind: streamKind, stream_id: streamId, seq }: PlaceRow): Place | null {
  if (tx === null || streamKind === null || streamId === null || seq === null) return null;
  return { tx, streamKind, streamId, seq: Number(seq) };
}
