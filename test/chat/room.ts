import { Client } from 'pg';
import type { ChatService } from '../../src/chat/index.ts';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { type RunningMeeting, type RunningOptions, test as base } from '../setup/service.ts';

/** A running meeting whose people write to each other. */
export interface Room extends RunningMeeting {
  readonly ada: ChatService;
  readonly bob: ChatService;
  readonly eve: ChatService;
  /** Their ids; Ada is the Host. */
  readonly ids: { readonly ada: string; readonly bob: string; readonly eve: string };
}

export async function roomOf(service: MeetingService, meeting: RunningMeeting): Promise<Room> {
  const [bob = '', eve = ''] = meeting.participants;
  const ids = { ada: meeting.host, bob, eve };
  const chat = (userId: string) => service.as({ userId }).chat;
  return { ...meeting, ids, ada: chat(ids.ada), bob: chat(bob), eve: chat(eve) };
}

/** `test` with a room of three people who are present, and a look at the tables past the service. */
export const test = base.extend<{
  room: (options?: RunningOptions) => Promise<Room>;
  sql: <Row>(text: string, values?: unknown[]) => Promise<Row[]>;
  /** The tables in which this word stands. */
  tablesHolding: (word: string) => Promise<string[]>;
  /** Somebody's chat over a client that counts: what was asked, but for how transactions go. It is rolled back. */
  counted: (userId: string) => Promise<{ chat: ChatService; statements: string[] }>;
  /** An attachment of a room; gives its id. */
  attach: (room: Room) => Promise<string>;
}>({
  room: ({ service, running }, use) =>
    use(async (options = {}) => roomOf(service, await running({ participants: 2, ...options }))),
  sql: async ({ url }, use) => {
    const client = new Client(url);
    await client.connect();
    await use(async <Row>(text: string, values: unknown[] = []) => (await client.query(text, values)).rows as Row[]);
    await client.end();
  },
  tablesHolding: ({ sql }, use) =>
    use(async (word) => {
      const tables = await sql<{ name: string }>(
        `select tablename as name from pg_tables where schemaname = 'convoke'`,
      );
      const holding: string[] = [];
      for (const { name } of tables) {
        const rows = await sql(`select from convoke."${name}" r where position($1 in r::text) > 0 limit 1`, [word]);
        if (rows.length > 0) holding.push(name);
      }
      return holding.toSorted();
    }),
  counted: async ({ service, url }, use) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('begin');
    await use(async (userId) => {
      const statements: string[] = [];
      const query = (text: string, values: unknown[]) => {
        if (!text.includes('savepoint') && !text.includes('as identity')) statements.push(text);
        return client.query(text, values);
      };
      return { chat: service.as({ userId }, { client: { query } }).chat, statements };
    });
    await client.end();
  },
  attach: ({ sql }, use) =>
    use(async ({ id, host }) => {
      const attachment = newId();
      await sql(
        `insert into convoke.meeting_attachments (id, meeting_id, uploader_id, file_name, file_path, file_size_bytes, mime_type)
         values ($1, $2, $3, 'a.pdf', $4, 1, 'application/pdf')`,
        [attachment, id, host, `meetings/${id}/${attachment}`],
      );
      return attachment;
    }),
});
