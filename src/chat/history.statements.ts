import { isMeeting } from '../core/access.ts';
import { type Statement, statement, type Tables } from '../core/statement.ts';
import { isReadable, messageColumns, type MessageRow } from './message.statements.ts';

/** Where a part of the chat lies. */
export type Place = 'latest' | 'before' | 'after' | 'around';

/** `newer` is told of what lies around a message, and only there. */
export type HistoryRow = MessageRow & { readonly newer?: boolean };

/**
 * Whether the actor may read the meeting's chat now; asked once, and if not, nothing is read. The messages are looked for by the
 * parameter, not by what this finds: where a host's pool prepares nothing, the planner then sees whether this very meeting has a long
 * chat, and goes by the index in the order of time instead of sorting fifty thousand messages for a page.
 */
const isReadableMeeting = (t: Tables) => `exists (
    select from ${t.meetings} m join ${t.meeting_participants} p on p.meeting_id = m.id
    where m.id = $1::uuid and ${isMeeting} and m.status::text = any($5::text[]) and p.auth_user_id = $2::uuid
      and p.removed_at is null and p.status <> 'Declined' and p.role::text = any($4::text[]))`;

/** The place of the message that the caller named, to the microsecond; nowhere, if it is not theirs to read. */
const anchor = (t: Tables) => `(
    select a.sent_at, a.id from ${t.meeting_chat_messages} a
    where a.id = $6::uuid and a.meeting_id = $1::uuid and ${isReadable('a', '$2')})`;

/**
 * More than any page asks for. A limit that is a parameter tells the planner nothing: it would expect a tenth of the meeting, and plan
 * anew each time because it knows better then.
 */
const mostRows = 201;

const beyond = (t: Tables, operator: string) => `and (c.sent_at, c.id) ${operator} ${anchor(t)}`;

const between = (person: string) => `
      c.is_private and least(c.sender_id, c.recipient_id) = least($2::uuid, ${person}::uuid)
      and greatest(c.sender_id, c.recipient_id) = greatest($2::uuid, ${person}::uuid)`;

/**
 * A part of a meeting's chat in one statement: the right to read, the place and the messages. Without the right or without the
 * message that marks the place there are no rows; why, is asked then.
 * Parameters: 1 meeting, 2 person, 3 limit, 4 roles that may, 5 legal states; then the message that marks the place, unless the
 * latest are asked for; then the other person of a private conversation. Around a message the limit counts the older ones and
 * itself, and a last parameter the newer ones; they come oldest first.
 */
function historyStatement(place: Place, isConversation: boolean): Statement<HistoryRow> {
  const person = place === 'latest' ? '$6' : '$7';
  const which = isConversation ? between(person) : isReadable('c', '$2');
  const part = (t: Tables, columns: string, bound: string, order: 'asc' | 'desc', limit: string) => `
  select * from (
    select ${columns} from ${t.meeting_chat_messages} c
    where c.meeting_id = $1::uuid and ${isReadableMeeting(t)} and ${which} ${bound}
    order by c.sent_at ${order}, c.id ${order} limit ${mostRows}) c
  limit ${limit}::int`;
  const columns = messageColumns('c');
  const render: Readonly<Record<Place, (t: Tables) => string>> = {
    latest: (t) => part(t, columns, '', 'desc', '$3'),
    before: (t) => part(t, columns, beyond(t, '<'), 'desc', '$3'),
    after: (t) => part(t, columns, beyond(t, '>'), 'asc', '$3'),
    around: (t) => {
      const older = part(t, `${columns}, false as newer`, beyond(t, '<='), 'desc', '$3');
      const newer = part(t, `${columns}, true as newer`, beyond(t, '>'), 'asc', isConversation ? '$8' : '$7');
      return `select * from ((${older}) union all (${newer})) c order by c.sent_at, c.id`;
    },
  };
  return statement(`chat-${isConversation ? 'conversation' : 'history'}-${place}`, render[place]);
}

const places = ['latest', 'before', 'after', 'around'] as const;
const statements = (isConversation: boolean) =>
  Object.fromEntries(places.map((place) => [place, historyStatement(place, isConversation)])) as Record<
    Place,
    Statement<HistoryRow>
  >;

/** The whole of what the actor may read. */
export const historyOf = statements(false);
/** A private conversation. */
export const conversationOf = statements(true);
