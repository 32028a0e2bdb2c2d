import type { Invariant } from './invariant.ts';

/** The event log: no gap, nothing lost, nothing told to the wrong people; and the idempotency keys. */
export const eventInvariants: readonly Invariant[] = [
  {
    id: 'X04',
    level: 'error',
    needs: ['meeting_events', 'meeting_event_heads'],
    about: 'meeting streams have no gap and no repeat: max(seq)-min(seq)+1 = count (from min_seq on)',
    sql: (t) => `
      select e.stream_id as id, 'n='||count(*)||' seq '||min(e.seq)||'..'||max(e.seq) as detail
      from ${t.meeting_events} e
      left join ${t.meeting_event_heads} h on h.stream_kind=e.stream_kind and h.stream_id=e.stream_id
      where e.stream_kind=0 and e.seq >= coalesce(h.min_seq,0)
      group by e.stream_id
      having max(e.seq)-min(e.seq)+1 <> count(*) or count(distinct e.seq) <> count(*) or min(e.seq) < 1`,
  },
  {
    id: 'X05',
    level: 'error',
    needs: ['meeting_events', 'meeting_event_heads'],
    about:
      'exactly one chat.message.sent per chat message (none lost, none doubled); edited or deleted ones may be redacted, then the totals decide',
    sql: (t) => `
      with ev as (select stream_id, data->>'messageId' mid
          from ${t.meeting_events}
          where stream_kind=0 and type='chat.message.sent'),
        kept as (select m.id
          from ${t.meetings} m
          left join ${t.meeting_event_heads} h on h.stream_kind=0 and h.stream_id=m.id
          where coalesce(h.min_seq,0) <= 1),
        f as (select c.id, c.meeting_id, c.edited_at is null and c.deleted_at is null fresh,
            (select count(*) from ev where ev.stream_id=c.meeting_id and ev.mid=c.id::text) n
          from ${t.meeting_chat_messages} c)
      select f.id::text as id, 'sent events='||f.n as detail
      from f
      where f.n>1 or (f.n=0 and f.fresh and f.meeting_id in (select id from kept))
      union all
      select k.id::text, 'messages='||t.c||' sent events='||t.e
      from kept k
      cross join lateral (select
          (select count(*) from ${t.meeting_chat_messages} c where c.meeting_id=k.id) c,
          (select count(*) from ev where ev.stream_id=k.id) e) t
      where t.c<>t.e`,
  },
  {
    id: 'X06',
    level: 'error',
    needs: ['meeting_events', 'meeting_event_heads'],
    about: "a stream's head is never behind its events, and equals the last one when there are any",
    sql: (t) => `
      select e.stream_id as id, 'kind='||e.stream_kind||' head='||coalesce(h.seq::text,'none')||' last='||e.last as detail
      from (select stream_kind, stream_id, max(seq) last from ${t.meeting_events} group by stream_kind, stream_id) e
      left join ${t.meeting_event_heads} h on h.stream_kind=e.stream_kind and h.stream_id=e.stream_id
      where h.seq is distinct from e.last`,
  },
  {
    id: 'X07',
    level: 'error',
    needs: ['meeting_events'],
    about:
      "private text only to its two people; a vote only to the voter's own stream, anonymous ones nowhere, no voter or choice beside an anonymous poll; secrets never",
    sql: (t) => String.raw`
      select e.id, e.type as detail
      from ${t.meeting_events} e
      left join ${t.meeting_chat_messages} c on c.id::text=e.data->>'messageId' and c.is_private
      left join ${t.meeting_polls} p on p.id::text=e.data->>'pollId' and p.is_anonymous
      where (e.stream_kind=0 and e.data->>'isPrivate'='true' and e.audience<>'users')
        or (c.id is not null
          and case when e.stream_kind=1 then e.stream_id not in (c.sender_id,c.recipient_id)
            else e.audience<>'users' or e.audience_users is null
              or not e.audience_users <@ array[c.sender_id,c.recipient_id] end)
        or (e.type='poll.vote-received' and (e.stream_kind<>1 or e.actor_id<>e.stream_id or p.id is not null))
        or (p.id is not null and e.data ?| array['respondentId','voterId','voters','userId','selectedOptions'])
        or e.data::text ~* '"(meeting_?password|password_?hash)"\s*:'`,
  },
  {
    id: 'X08',
    level: 'error',
    needs: ['meeting_idempotency_keys'],
    about: '(actor, operation, key) has one result only, and expired keys are swept (1 day grace)',
    sql: (t) => `
      select key::text as id, coalesce(actor_id::text,'-')||' '||operation||' n='||count(*) as detail
      from ${t.meeting_idempotency_keys}
      group by actor_id,operation,key
      having count(*)>1 or min(expires_at) < now()-interval '1 day'`,
  },
];
