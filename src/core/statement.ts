import { createHash } from 'node:crypto';

/** Every table of the schema, by its name in the database. */
export const tableNames = [
  'meetings',
  'meeting_participants',
  'meeting_invitations',
  'meeting_agendas',
  'meeting_notes',
  'meeting_attachments',
  'meeting_chat_messages',
  'meeting_polls',
  'meeting_poll_responses',
  'meeting_analytics',
  'participant_engagement_metrics',
  'meeting_templates',
  'recurring_meeting_series',
  'meeting_participant_sessions',
  'meeting_media_intervals',
  'meeting_waitlist_entries',
  'meeting_password_attempts',
  'meeting_event_heads',
  'meeting_events',
  'meeting_event_consumers',
  'meeting_event_parked',
  'meeting_idempotency_keys',
  'meeting_chat_read_markers',
  'meeting_realtime_nodes',
] as const;
export type TableName = (typeof tableNames)[number];

/** Quoted, schema-qualified names: statements never depend on `search_path`. */
export type Tables = Readonly<Record<TableName, string>> & {
  /** A qualified enum type, for casts. */
  type(name: string): string;
};

/** A parameter of a statement. Objects travel as JSON text the caller has made. */
export type Parameter = string | number | boolean | Date | null | readonly string[] | readonly number[];

/**
 * One hand-written SQL text with typed result rows. Timestamps come back as text: map them.
 * Only what zod has checked may become a parameter, and nothing else ever reaches the text.
 */
export interface Statement<Row> {
  readonly name: string;
  /**
   * Server-prepared under its name. For index point statements only: a generic plan ruins set-based
   * aggregates, whose best plan depends on the meeting's size.
   */
  readonly prepare: boolean;
  readonly render: (tables: Tables) => string;
  /** Carries the row type; never present at run time. */
  readonly row?: Row;
}

export function statement<Row>(
  name: string,
  render: (tables: Tables) => string,
  options: { prepare?: boolean } = {},
): Statement<Row> {
  return { name, render, prepare: options.prepare ?? true };
}

/** Names for one PostgreSQL schema. */
export function tablesOf(schema: string): Tables {
  const qualified = (name: string) => `"${schema.replaceAll('"', '""')}"."${name}"`;
  const names: Record<string, string> = {};
  for (const name of tableNames) names[name] = qualified(name);
  return Object.freeze(Object.assign({ type: qualified }, names as Record<TableName, string>));
}

/** What PostgreSQL's 63 characters for a name leave beside the prefix and the fingerprint. */
const nameLength = 42;

/** Renders each statement once for a service's schema, and knows which texts the pool may prepare. */
export class StatementTexts {
  readonly tables: Tables;
  readonly #texts = new Map<Statement<unknown>, string>();
  readonly #prepared = new Map<string, string>();

  constructor(schema: string) {
    this.tables = tablesOf(schema);
  }

  text(of: Statement<unknown>): string {
    const known = this.#texts.get(of);
    if (known !== undefined) return known;
    const text = of.render(this.tables);
    this.#texts.set(of, text);
    if (of.prepare) this.#prepared.set(text, `convoke.${of.name.slice(0, nameLength)}.${fingerprint(text)}`);
    return text;
  }

  /** The server-side name of a text on the allow-list: no other text has it, whatever services share a connection. */
  preparedName(text: string): string | undefined {
    return this.#prepared.get(text);
  }
}

/** A schema's name makes another text, and so does another version of the package. */
function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
