import { Client } from 'pg';
import type { PlainClient } from '../../src/database/plain-client.ts';

/** The texts of all statements that calls over this client need; the transaction is open, and rolled back in the end. */
export async function watchedClient(
  url: string,
): Promise<PlainClient & AsyncDisposable & { readonly texts: string[] }> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('begin');
  const texts: string[] = [];
  return {
    texts,
    query: (text, values) => {
      texts.push(text);
      return client.query<Record<string, unknown>>(text, values);
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}
