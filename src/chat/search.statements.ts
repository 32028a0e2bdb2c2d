import { statement } from '../core/statement.ts';
import { isReadable, messageColumns, type MessageRow } from './message.statements.ts';

/**
 * What the search index holds of a message: its words, and the meeting's id as one more of them, so that a search reads the
 * postings of one meeting. To be written exactly as in the index.
 */
const searchable = (alias: string) =>
  `(array_to_tsvector(array[${alias}.meeting_id::text]) || to_tsvector('simple'::regconfig, left(${alias}.content, 10000)))`;

/**
 * Messages with these words, newest first. The meeting is asked for twice: its id may also stand in somebody's words. A text
 * without any word finds nothing, where it would find everything.
 * Parameters: 1 meeting, 2 person, 3 text, 4 and 5 the time and id of the last one found before, 6 limit.
 */
export const searchPage = statement<MessageRow & { sent_text: string }>(
  'chat-search',
  (t) => `
  select ${messageColumns('c')}, c.sent_at::text as sent_text
  from ${t.meeting_chat_messages} c
  where ${searchable('c')} @@ (('''' || $1::uuid || '''')::tsquery && websearch_to_tsquery('simple'::regconfig, $3::text))
    and numnode(websearch_to_tsquery('simple'::regconfig, $3::text)) > 0
    and c.deleted_at is null and c.meeting_id = $1::uuid and ${isReadable('c', '$2')}
    and ($4::timestamptz is null or (c.sent_at, c.id) < ($4::timestamptz, $5::uuid))
  order by c.sent_at desc, c.id desc limit $6::int`,
  { prepare: false },
);
