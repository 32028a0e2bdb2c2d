/** The invariants, asked after tests: whatever a test did to its database, what it left behind must be sound. */
import { Client } from 'pg';
import { expect } from 'vitest';
import { tablesOf } from '../../src/core/statement.ts';
import { checkIntegrity, type StatementRunner } from '../../src/integrity/integrity.ts';

/** Runs statements over a plain client. */
export function statementRunner(client: Client, schema: string): StatementRunner {
  const tables = tablesOf(schema);
  return async (of, parameters) => (await client.query(of.render(tables), [...parameters])).rows;
}

/**
 * Fails when the database breaks an invariant. Call it once for a file, in `afterAll`: it takes a tenth of a second, a
 * quarter of that for M09, which reads the server's whole list of time zones.
 */
export async function expectIntegrity(url: string, schema = 'convoke'): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { violations, skipped } = await checkIntegrity(statementRunner(client, schema), schema);
    const lines = violations.map(({ invariant, about, id, detail }) => `${invariant} ${id} ${detail ?? ''} (${about})`);
    if (lines.length > 0) throw new Error(`broken rows were left behind:\n${lines.join('\n')}`);
    // A longer list would mean that a migration lost what an invariant reads.
    expect(skipped).toEqual([]);
  } finally {
    await client.end();
  }
}
