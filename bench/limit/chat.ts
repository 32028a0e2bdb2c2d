/** What is said in a meeting, and what was said. */
import { newId } from '../../src/core/identifier.ts';
import { type ChatHistory, type MessageView, type Place, Refused } from '../operations.ts';
import { type MessageRow, messageView } from '../views.ts';
import { clock, type LimitClient } from './client.ts';

/**
 * The own row stands still while the message is written. The head is locked before the clock is read and the id is made, so
 * that messages stand in the order of their events. Parameters: 1 meeting, 2 sender, 3 content, 4 event.
 */
const sendText = `
  with me as (
    select p.meeting_id
    from convoke.meeting_participants p join convoke.meetings m on m.id = p.meeting_id
    where p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid and p.removed_at is null and p.joined_at is not null
      and p.left_at is null and m.status = 'InProgress'
      and (p.role in ('Host', 'CoHost') or p.role in ('Presenter', 'Participant') and p.can_use_chat)
    for share of p),
  head as (
    insert into convoke.meeting_event_heads as h (stream_kind, stream_id, seq, public_seq)
    select 0, meeting_id, 1, 1 from me
    on conflict (stream_kind, stream_id) do update
    set seq = h.seq + 1, public_seq = h.seq + 1, public_prev = h.public_seq, hosts_prev = h.hosts_seq
    returning h.stream_id, h.seq, h.public_prev),
  place as materialized (select h.*, uuidv7() as id, ${clock} as now from head h),
  sent as (
    insert into convoke.meeting_chat_messages (id, meeting_id, sender_id, content, sent_at)
    select id, stream_id, $2::uuid, $3::text, now from place),
  announced as (
    insert into convoke.meeting_events (stream_kind, stream_id, seq, id, prev, type, occurred_at, audience, actor_id, data)
    select 0, stream_id, seq, $4::uuid, public_prev, 'chat.message.sent', now, 'all', $2::uuid,
           jsonb_build_object('messageId', id, 'senderId', $2::uuid, 'messageType', 'Text', 'content', $3::text,
             'replyToMessageId', null, 'isPrivate', false, 'recipientId', null,
             'sentAt', to_char(now at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
             'editedAt', null, 'deletedAt', null, 'clientMessageId', null)
    from place)
  select id, now as sent_at from place`;

const chatters = ['Host', 'CoHost', 'Presenter', 'Participant'];

export async function sendChat(
  client: LimitClient,
  { meetingId, userId, content }: Place & { readonly content: string },
): Promise<MessageView> {
  const values = [meetingId, userId, content, newId()];
  const [row] = await client.named<{ id: string; sent_at: Date }>('sendChat', sendText, values);
  if (row === undefined)
    return client.refuse(meetingId, userId, { roles: chatters, states: ['InProgress'], otherwise: 'FORBIDDEN' });
  return messageView({
    ...{ id: row.id, meeting_id: meetingId, sender_id: userId, message_type: 'Text', content },
    ...{ reply_to_message_id: null, is_private: false, recipient_id: null },
    ...{ sent_at: row.sent_at, edited_at: null, deleted_at: null, client_message_id: null },
  });
}

const pageLength = 50;

/**
 * Membership and a page in one go; a member of an empty chat gets one row without a message. An ordinary
 * chat is shorter than a page, and the planner would sort all of it, whatever its length: a limit that it cannot know keeps it to
 * the index that is in order. Parameters: 1 meeting, 2 reader, 3 limit.
 */
const historyText = `
  select p.status = 'Declined' as declined, c.*
  from convoke.meeting_participants p
  left join lateral (select * from (
    select c.id, c.meeting_id, c.sender_id, c.message_type, c.content, c.reply_to_message_id, c.is_private, c.recipient_id,
           c.sent_at, c.edited_at, c.deleted_at, c.client_message_id
    from convoke.meeting_chat_messages c
    where c.meeting_id = p.meeting_id and (not c.is_private or c.sender_id = $2::uuid or c.recipient_id = $2::uuid)
      and p.status <> 'Declined'
    order by c.sent_at desc, c.id desc limit ${pageLength + 1}) c limit (select $3::int)) c on true
  where p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid and p.removed_at is null
  order by c.sent_at desc, c.id desc`;

type HistoryRow = { readonly declined: boolean } & (MessageRow | { readonly id: null });

export async function history(client: LimitClient, { meetingId, userId }: Place): Promise<ChatHistory> {
  const rows = await client.named<HistoryRow>('history', historyText, [meetingId, userId, pageLength + 1]);
  if (rows[0] === undefined) throw new Refused('NOT_FOUND');
  if (rows[0].declined) throw new Refused('FORBIDDEN');
  const items = rows.slice(0, pageLength).flatMap((row) => (row.id === null ? [] : [messageView(row)]));
  return { items, nextCursor: rows.length > pageLength ? (items.at(-1)?.id ?? null) : null, previousCursor: null };
}
