import type { Invariant } from './invariant.ts';

/** Chat messages, public and private. */
export const chatInvariants: readonly Invariant[] = [
  {
    id: 'C01',
    level: 'error',
    about: 'private <=> has a recipient',
    sql: (t) => `
      select id, 'private='||is_private as detail
      from ${t.meeting_chat_messages}
      where is_private <> (recipient_id is not null)`,
  },
  {
    id: 'C02',
    level: 'error',
    about: 'recipient is somebody else',
    sql: (t) => `
      select id, sender_id::text as detail
      from ${t.meeting_chat_messages}
      where recipient_id=sender_id`,
  },
  {
    id: 'C03',
    level: 'error',
    about: 'reply stays in the meeting and is not older than its parent',
    sql: (t) => `
      select c.id, 'parent '||p.id as detail
      from ${t.meeting_chat_messages} c
      join ${t.meeting_chat_messages} p on p.id=c.reply_to_message_id
      where p.meeting_id<>c.meeting_id or c.sent_at < p.sent_at`,
  },
  {
    id: 'C04',
    level: 'error',
    about: 'a reply to a private message stays between the same two people; a private reply to a public one is allowed',
    sql: (t) => `
      select c.id, 'leaks parent '||p.id as detail
      from ${t.meeting_chat_messages} c
      join ${t.meeting_chat_messages} p on p.id=c.reply_to_message_id
      where p.is_private
        and (not c.is_private
          or array(select unnest(array[c.sender_id,c.recipient_id]) order by 1)
            <> array(select unnest(array[p.sender_id,p.recipient_id]) order by 1))`,
  },
  {
    id: 'C05',
    level: 'error',
    about: 'edit/delete times are after sending, no edit after deletion',
    sql: (t) => `
      select id, 'times' as detail
      from ${t.meeting_chat_messages}
      where edited_at < sent_at or deleted_at < sent_at or edited_at > deleted_at`,
  },
  {
    id: 'C06',
    level: 'error',
    about: 'a deleted message keeps no content',
    withholdDetail: true,
    sql: (t) => `
      select id, left(content,20) as detail
      from ${t.meeting_chat_messages}
      where deleted_at is not null and content <> ''`,
  },
  {
    id: 'C07',
    level: 'error',
    about: 'sender and recipient belong to the meeting (System messages excepted)',
    sql: (t) => `
      select c.id, c.sender_id::text as detail
      from ${t.meeting_chat_messages} c
      where c.message_type<>'System'
        and (not exists (select 1 from ${t.meeting_participants} p
            where p.meeting_id=c.meeting_id and p.auth_user_id=c.sender_id)
          or (c.recipient_id is not null
            and not exists (select 1 from ${t.meeting_participants} p
              where p.meeting_id=c.meeting_id and p.auth_user_id=c.recipient_id)))`,
  },
  {
    id: 'C08',
    level: 'error',
    about: 'no empty live message; System messages are never private',
    sql: (t) => `
      select id, message_type::text as detail
      from ${t.meeting_chat_messages}
      where (deleted_at is null and btrim(content)='') or (message_type='System' and is_private)`,
  },
];
