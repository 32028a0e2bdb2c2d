import { isMeeting } from '../core/access.ts';
import { hostRoles } from '../core/permission-terms.ts';
import { allowedRoles, isLegalState, isRole } from '../core/policy.ts';
import { type Statement, statement, type Tables } from '../core/statement.ts';
import { type Lane, reserveNumber, storeEvent, takeNumber, takeReserved } from '../events/index.ts';
import { isReadable } from './message.statements.ts';

/** What was stored. */
export type StoredMessage = readonly [id: string, sentAt: string, seq: number, prev: number, epoch: string];

/** No row where nothing was stored. One column, of whose parts none takes the time that a column of its own does. */
export interface SentRow {
  readonly stored: StoredMessage;
}

/** What a message has beside its words. Each form is a statement of its own: what it does not have costs nothing. */
export interface MessageForm {
  readonly isPrivate: boolean;
  readonly isReply: boolean;
  /** Has a client id. */
  readonly isNamed: boolean;
  readonly isFile: boolean;
}

const now = `coalesce($3::timestamptz, date_trunc('milliseconds', clock_timestamp()))`;

/** UUIDv7 of the time and a number: 48 bits of milliseconds, 32 of the number, 40 random ones. */
function orderedId(number: string, random: string): string {
  const hex = `lpad(to_hex(${number}), 8, '0')`;
  return `(
      lpad(to_hex((extract(epoch from ${now}) * 1000)::bigint), 12, '0') || '7' || left(${hex}, 3)
      || '8' || right(${hex}, 5) || right(${random}, 10))::uuid`;
}

/** How an instant is written in the data of an event. */
const written = (instant: string) => `to_char(${instant} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

interface Parts {
  /** A CTE that gives the meeting (`stream_id`), if the message may be sent; of an answer, also `sent_at` of what it answers. */
  readonly verdict: string;
  readonly actor: string;
  readonly reply: string;
  readonly recipient: string;
  readonly client: string;
}

const none = 'null::uuid';
const nameless = 'null::text';

/**
 * The CTEs `head`, `message`, `sent` and `stored`, which store a message and its event where there is a verdict. The number of the
 * event is taken before the clock is read, which locks the head of the meeting's events, and the id is made of the time and that
 * number: ordered by (sent_at, id), messages stand as their events do, in the order of their commits. Whoever has read up to a
 * message never misses one that comes to stand before it.
 *
 * A message with a client id may find that a twin was stored while this waited for the head. So its number is taken only when it
 * is stored; a number that is taken and not used would be a gap.
 *
 * Parameters: 1 meeting, 2 sender, 3 now, 4 event id, of which the message's is made too, 5 type, 6 content.
 */
function sendingCtes(t: Tables, { verdict, actor, reply, recipient, client }: Parts): string {
  const isNamed = client !== nameless;
  const isPrivate = recipient === none ? 'false' : 'true';
  const lane: Lane = recipient === none ? 'all' : 'users';
  const told = {
    ...{ id: '$4::uuid', type: `'chat.message.sent'`, actor, at: 'now' },
    users: recipient === none ? 'null::uuid[]' : `array[$2::uuid, ${recipient}]`,
    data: `jsonb_build_object(
             'messageId', id, 'senderId', $2::uuid, 'messageType', $5::text, 'content', $6::text,
             'replyToMessageId', ${reply}, 'isPrivate', ${isPrivate}, 'recipientId', ${recipient},
             'sentAt', ${written('now')}, 'editedAt', null, 'deletedAt', null, 'clientMessageId', ${client})`,
  };
  return `
  head as (${(isNamed ? reserveNumber : takeNumber)(t, lane, `select stream_id from ${verdict}`)}),
  message as materialized (
    select ${orderedId('h.seq', '$4::text')} as id, ${reply === none ? now : `greatest(${now}, v.sent_at)`} as now, h.*
    from head h ${reply === none ? '' : `cross join ${verdict} v`}),
  sent as (
    insert into ${t.meeting_chat_messages}
      (id, meeting_id, sender_id, message_type, content, reply_to_message_id, is_private, recipient_id, sent_at,
       client_message_id)
    select id, stream_id, $2::uuid, $5::${t.type('chat_message_type')}, $6::text, ${reply}, ${isPrivate}, ${recipient}, now,
           ${client}
    from message
    ${
      isNamed
        ? `on conflict (meeting_id, sender_id, client_message_id) where client_message_id is not null do nothing
    returning meeting_id as stream_id`
        : ''
    }),
  ${isNamed ? `taken as (${takeReserved(t, lane, 'select stream_id from sent')}),` : ''}
  stored as (${storeEvent(t, lane, told, isNamed ? 'message join sent using (stream_id)' : 'message')})`;
}

/** The message, once it is stored. */
const storedMessage = (isNamed: boolean) => `
    select json_build_array(id, now, seq, prev, epoch) as stored from message
    ${isNamed ? 'where exists (select from sent)' : ''}`;

/** Whether the sender `p`, a row of the roster, may send in the meeting `m`. */
function mayIn(operation: 'chat.send' | 'chat.sendPrivate'): string {
  const { always, byFlag } = allowedRoles(operation);
  return `${isMeeting} and ${isLegalState(operation, 'm.status')} and p.removed_at is null and p.joined_at is not null
      and p.left_at is null and (${isRole(always, 'p.role')} or ${isRole(byFlag, 'p.role')} and p.can_use_chat)`;
}

/** Public: the sender's row alone. */
const sender = (t: Tables) => `
  me as (
    select m.id as stream_id from ${t.meeting_participants} p join ${t.meetings} m on m.id = p.meeting_id
    where p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid and ${mayIn('chat.send')}
    for share of p)`;

/** Private: with the sender's row the recipient's, if they are there, in the order in which everybody locks rows of the roster. */
function senderAndRecipient(t: Tables, recipient: string, unlessSet: string): string {
  const { always, byFlag } = allowedRoles('chat.sendPrivate');
  return `
  people as (
    select p.auth_user_id, p.role, p.removed_at, p.can_use_chat, p.joined_at, p.left_at
    from ${t.meeting_participants} p
    where p.meeting_id = $1::uuid and p.auth_user_id = any(array[$2::uuid, ${recipient}])
      -- Whoever is away sends nothing, and must not hold their own row while they wait for somebody's who is there: the row of
      -- somebody who is away is written out of order by whoever gives them a seat.
      and (p.auth_user_id = $2::uuid
           or p.joined_at is not null and p.left_at is null and p.removed_at is null and exists (
             select from ${t.meeting_participants} s
             where s.meeting_id = $1::uuid and s.auth_user_id = $2::uuid and s.joined_at is not null and s.left_at is null))
    order by p.id
    for share of p),
  me as (
    select m.id as stream_id
    from people p join ${t.meetings} m on m.id = $1::uuid join people them on them.auth_user_id = ${recipient}
    where p.auth_user_id = $2::uuid and ${recipient} <> $2::uuid and ${mayIn('chat.sendPrivate')}
      and ${isRole([...always, ...byFlag], 'them.role')} and case coalesce(m.settings->>'privateChat', ${unlessSet}::text)
            when 'all' then true
            when 'hostsOnly' then ${isRole(hostRoles, 'p.role')} or ${isRole(hostRoles, 'them.role')}
            else false end)`;
}

/** Locked, so that it is not deleted meanwhile. */
const answered = (t: Tables, reply: string, recipient: string) => `
  parent as (
    select me.stream_id, c.sent_at from me join ${t.meeting_chat_messages} c on c.id = ${reply} and c.meeting_id = me.stream_id
    where ${isReadable('c', '$2')} and c.deleted_at is null and c.message_type <> 'System'
      and (not c.is_private or coalesce(${recipient} in (c.sender_id, c.recipient_id), false))
    for share of c)`;

/**
 * Says something: judges the right, the recipient and the answered message, stores the message and its event, in one round trip.
 *
 * What guards what: the sender's own row is locked, which removal, the end and a change of rights write first; with it the
 * recipient's, and the answered message. What was committed while this waited for them is read anew. Then come the head of the
 * events and the rest of {@link sendingCtes}. The meeting itself is not locked: it would be the one row that all who write
 * and all who come and go wait for, and its end is seen on the sender's row.
 *
 * Parameters: those of {@link sendingCtes}; then, of a private message, the recipient and what privateChat is where the meeting is
 * silent; of an answer, the answered message; of a named one, the client id.
 */
function sendStatement({ isPrivate, isReply, isNamed, isFile }: MessageForm): Statement<SentRow> {
  let given = 6;
  const next = (type: string) => `$${++given}::${type}`;
  const recipient = isPrivate ? next('uuid') : none;
  const pair = isPrivate ? ([recipient, next('text')] as const) : null;
  const reply = isReply ? next('uuid') : none;
  const client = isNamed ? next('text') : nameless;
  const name = [isPrivate && 'private', isReply && 'reply', isNamed && 'named', isFile && 'file'].filter(Boolean);
  return statement<SentRow>(['chat-send', ...name].join('-'), (t) => {
    const allowed = isReply ? 'parent' : 'me';
    const unsent = `not exists (
      select from ${t.meeting_chat_messages} c
      where c.meeting_id = $1::uuid and c.sender_id = $2::uuid and c.client_message_id = ${client})`;
    const file = `exists (select from ${t.meeting_attachments} f where f.id = $6::uuid and f.meeting_id = $1::uuid)`;
    const further = [...(isNamed ? [unsent] : []), ...(isFile ? [file] : [])];
    const verdict = further.length === 0 ? allowed : 'verdict';
    return `
  with ${pair === null ? sender(t) : senderAndRecipient(t, ...pair)},
  ${isReply ? `${answered(t, reply, recipient)},` : ''}
  ${further.length === 0 ? '' : `verdict as (select * from ${allowed} where ${further.join(' and ')}),`}
  ${sendingCtes(t, { verdict, actor: '$2::uuid', reply, recipient, client })}
  ${storedMessage(isNamed)}`;
  });
}

const forms: Statement<SentRow>[] = [];

/** The statement that sends messages of a form. */
export function sendOf(form: MessageForm): Statement<SentRow> {
  const { isPrivate, isReply, isNamed, isFile } = form;
  const place = (isPrivate ? 1 : 0) + (isReply ? 2 : 0) + (isNamed ? 4 : 0) + (isFile ? 8 : 0);
  return (forms[place] ??= sendStatement(form));
}

/** Lets the system speak. Parameters: those of {@link sendingCtes}. No row: there is no such meeting. */
export const sendSystem = statement<SentRow>(
  'chat-send-system',
  (t) => `
  with meeting as (select m.id as stream_id from ${t.meetings} m where m.id = $1::uuid and ${isMeeting}),
  ${sendingCtes(t, { verdict: 'meeting', actor: none, reply: none, recipient: none, client: nameless })}
  ${storedMessage(false)}`,
);
