import { streamKinds } from '../core/event.ts';
import type { Tables } from '../core/statement.ts';

/**
 * As {@link appendCtes}, for a statement that tells of one event at most, of one meeting: the CTEs `heads` and `appended` out of a CTE
 * `draft (stream_id, id, type, audience, audience_users, actor_id, data, occurred_at)`. With nothing to rank it costs a third, which
 * counts where it is most of the statement. `appended` gives the columns `event_id`, `seq`, `prev` and `epoch`.
 */
export function appendOneCtes(t: Tables): string {
  return `
  heads as (
    insert into ${t.meeting_event_heads} as h (stream_kind, stream_id, seq, public_seq, hosts_seq)
    select ${streamKinds.meeting}, d.stream_id, 1, (d.audience = 'all')::int, (d.audience = 'hosts')::int from draft d
    on conflict (stream_kind, stream_id) do update set
      public_prev = h.public_seq,
      hosts_prev = h.hosts_seq,
      public_seq = case when excluded.public_seq = 0 then h.public_seq else h.seq + 1 end,
      hosts_seq = case when excluded.hosts_seq = 0 then h.hosts_seq else h.seq + 1 end,
      seq = h.seq + 1
    returning h.seq, h.epoch, h.public_prev, h.hosts_prev),
  stored as (
    insert into ${t.meeting_events}
      (stream_kind, stream_id, seq, id, prev, type, occurred_at, audience, audience_users, actor_id, data)
    select ${streamKinds.meeting}, d.stream_id, h.seq, d.id,
           case d.audience when 'all' then h.public_prev when 'hosts' then h.hosts_prev else 0 end,
           d.type, d.occurred_at, d.audience, d.audience_users, d.actor_id, d.data
    from draft d cross join heads h
    returning id, seq, prev),
  appended as (select s.id as event_id, s.seq, s.prev, h.epoch from stored s cross join heads h)`;
}
