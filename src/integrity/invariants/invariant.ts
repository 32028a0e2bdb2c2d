import type { Tables } from '../../core/statement.ts';

/** One thing that is true of every sound database of meetings, as a query for the rows that break it. */
export interface Invariant {
  /** A letter for the group and a number: `M07`. Stable, so operators can look it up and silence it. */
  readonly id: string;
  /** `error`: the data is wrong. `warn`: nothing is wrong yet, but somebody should look. */
  readonly level: 'error' | 'warn';
  /** Tables (`a`) and columns (`a.b`) it reads beyond the thirteen tables; absent is none. */
  readonly needs?: readonly string[];
  /** What holds, in words. */
  readonly about: string;
  /**
   * The query's `detail` quotes what people wrote, a link or a storage key. It serves a developer at the database; a report,
   * which ends up in logs and tickets, must leave it out.
   */
  readonly withholdDetail?: true;
  /** The violating rows as `id` and `detail`; no row means that it holds. */
  readonly sql: (t: Tables) => string;
}
