import { isMeeting } from '../core/access.ts';
import { hostRoles } from '../core/permission-terms.ts';
import { allowedRoles, isLegalState, isRole } from '../core/policy.ts';
import { type Statement, statement, type Tables } from '../core/statement.ts';
import { type Lane, reserveNumber, storeEvent, takeNumber, takeReserved } from '../events/index.ts';
import { isReadable } from './message.statements.ts';

/** What was stored; no row where nothing was. */
export interface StoredMessage {
  readonly id: string;
  readonly sent_at: string;
  readonly seq: string | number;
  readonly prev: string | number;
  readonly epoch: string;
}

/** What a message has beside its words. Each form is a statement of its own: what it does not have costs nothing. */
export interface MessageForm {
  readonly isPrivate: boolean;
  readonly isReply: boolean;
  /** Has a client id. */
  readonly isNamed: boolean;
  readonly isFile: boolean;
}

/** UUIDv7 of a time and a number: 48 bits of milliseconds, 32 of the number, 40 random ones. */
const orderedId = (now: string, number: string, random: string) => `(
      lpad(to_hex((extract(epoch from ${now}) * 1000)::bigint), 12, '0') || '7' || left(${number}, 3)
      || '8' || right(${number}, 5) || right(${random}, 10))::uuid`;

const now = `coalesce($3::timestamptz, date_trunc('milliseconds', clock_timestamp()))`;

/** How an instant is written in the data of an event. */
const written = (instant: string) => `to_char(${instant} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

interface Parts {
  /** A query for the meeting (`stream_id`), if the message may be sent; of an answer, also for the time of what it answers. */
  readonly verdict: string;
  readonly actor: string;
  readonly reply: string;
  readonly recipient: string;
  readonly client: string;
}

const none = 'null::uuid';
const nameless = 'null::text';

/**
 * The CTEs `place`, `message`, `sent` and `stored`, which store a message and its event where there is a verdict. The number of the
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
  verdict as (${verdict}),
  head as (${(isNamed ? reserveNumber : takeNumber)(t, lane, 'select stream_id from verdict')}),
  place as (
    select h.*, lpad(to_hex(h.seq), 8, '0') as number, ${reply === none ? now : `greatest(${now}, v.sent_at)`} as now
    from head h ${reply === none ? '' : 'cross join verdict v'}),
  message as materialized (select ${orderedId('p.now', 'p.number', '$4::text')} as id, p.* from place p),
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
    select id, now as sent_at, seq, prev, epoch from message
    ${isNamed ? 'where exists (select from sent)' : ''}`;

/** Public: the sender's row alone. */
const sender = (t: Tables) => `
  me as (
    select p.role, p.removed_at is not null as removed, p.can_use_chat, p.joined_at is not null and p.left_at is null as present,
           m.id as meeting_id, m.status
    from ${t.meeting_participants} p join ${t.meetings} m on m.id = p.meeting_id
    where p.meeting_id = $1::uuid and p.auth_user_id = $2::uuid and ${isMeeting}
    for share of p)`;

/** Who may send each other something, by role. */
const privateRoles = allowedRoles('chat.sendPrivate');

/** Private: with the sender's row the recipient's, if they are there, in the order in which everybody locks rows of the roster. */
const senderAndRecipient = (t: Tables, recipient: string, unlessSet: string) => `
  people as (
    select p.auth_user_id, p.role, p.removed_at is not null as removed, p.can_use_chat,
           p.joined_at is not null and p.left_at is null as present
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
    select me.role, me.removed, me.can_use_chat, me.present, m.id as meeting_id, m.status,
           coalesce(${recipient} <> $2::uuid and ${isRole([...privateRoles.always, ...privateRoles.byFlag], 'them.role')}, false) as reachable,
           case coalesce(m.settings->>'privateChat', ${unlessSet}::text)
             when 'all' then true
             when 'hostsOnly' then ${isRole(hostRoles, 'me.role')} or ${isRole(hostRoles, 'them.role')}
             else false end as pair_may
    from people me join ${t.meetings} m on m.id = $1::uuid
    left join people them on them.auth_user_id = ${recipient}
    where me.auth_user_id = $2::uuid and ${isMeeting})`;

/** Locked, so that it is not deleted meanwhile. */
const answered = (t: Tables, reply: string, recipient: string) => `
  parent as (
    select ${isReadable('c', '$2')} as visible, c.deleted_at is not null as deleted, c.message_type = 'System' as system,
           not c.is_private or coalesce(${recipient} in (c.sender_id, c.recipient_id), false) as same_conversation, c.sent_at
    from me join ${t.meeting_chat_messages} c on c.id = ${reply} and c.meeting_id = me.meeting_id
    for share of c)`;

const sentBefore = (t: Tables, client: string) => `
  existing as (
    select from ${t.meeting_chat_messages} c
    where c.meeting_id = $1::uuid and c.sender_id = $2::uuid and c.client_message_id = ${client})`;

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
function sendStatement({ isPrivate, isReply, isNamed, isFile }: MessageForm): Statement<StoredMessage> {
  let given = 6;
  const next = (type: string) => `$${++given}::${type}`;
  const recipient = isPrivate ? next('uuid') : none;
  const pair = isPrivate ? ([recipient, next('text')] as const) : null;
  const reply = isReply ? next('uuid') : none;
  const client = isNamed ? next('text') : nameless;
  const name = [isPrivate && 'private', isReply && 'reply', isNamed && 'named', isFile && 'file'].filter(Boolean);
  const roles = isPrivate ? privateRoles : allowedRoles('chat.send');
  const operation = isPrivate ? 'chat.sendPrivate' : 'chat.send';
  return statement<StoredMessage>(['chat-send', ...name].join('-'), (t) => {
    const file = `exists (select from ${t.meeting_attachments} f where f.id = $6::uuid and f.meeting_id = me.meeting_id)`;
    const verdict = `
    select me.meeting_id as stream_id${isReply ? ', parent.sent_at' : ''} from me ${isReply ? 'join parent on true' : ''}
    where me.present and not me.removed and ${isLegalState(operation, 'me.status')}
      and (${isRole(roles.always, 'me.role')} or ${isRole(roles.byFlag, 'me.role')} and me.can_use_chat)
      ${isPrivate ? 'and me.reachable and me.pair_may' : ''}
      ${isReply ? 'and parent.visible and not parent.deleted and not parent.system and parent.same_conversation' : ''}
      ${isNamed ? 'and not exists (select from existing)' : ''}
      ${isFile ? `and ${file}` : ''}`;
    return `
  with ${pair === null ? sender(t) : senderAndRecipient(t, ...pair)},
  ${isReply ? `${answered(t, reply, recipient)},` : ''}
  ${isNamed ? `${sentBefore(t, client)},` : ''}
  ${sendingCtes(t, { verdict, actor: '$2::uuid', reply, recipient, client })}
  ${storedMessage(isNamed)}`;
  });
}

const forms: Statement<StoredMessage>[] = [];

/** The statement that sends messages of a form. */
export function sendOf(form: MessageForm): Statement<StoredMessage> {
  const { isPrivate, isReply, isNamed, isFile } = form;
  const place = (isPrivate ? 1 : 0) + (isReply ? 2 : 0) + (isNamed ? 4 : 0) + (isFile ? 8 : 0);
  return (forms[place] ??= sendStatement(form));
}

/** Lets the system speak. Parameters: those of {@link sendingCtes}. No row: there is no such meeting. */
export const sendSystem = statement<StoredMessage>('chat-send-system', (t) => {
  const verdict = `
    select m.id as stream_id from ${t.meetings} m where m.id = $1::uuid and ${isMeeting}`;
  const nothing = { reply: none, recipient: none, client: nameless };
  return `
  with ${sendingCtes(t, { verdict, actor: none, ...nothing })}
  ${storedMessage(false)}`;
});
