import type { Invariant } from './invariant.ts';

/** Agendas, notes and attachments. */
export const contentInvariants: readonly Invariant[] = [
  {
    id: 'A01',
    level: 'error',
    about: 'agenda order is 1..n without gaps',
    sql: (t) => `
      select meeting_id as id, 'n='||count(*)||' min='||min(item_order)||' max='||max(item_order) as detail
      from ${t.meeting_agendas}
      group by meeting_id
      having min(item_order)<>1 or max(item_order)<>count(*)`,
  },
  {
    id: 'A02',
    level: 'error',
    about: 'allocated minutes positive',
    sql: (t) => `
      select id, allocated_minutes::text as detail
      from ${t.meeting_agendas}
      where allocated_minutes < 1`,
  },
  {
    id: 'A03',
    level: 'error',
    about: 'agenda presenter belongs to the meeting',
    sql: (t) => `
      select a.id, a.presenter_id::text as detail
      from ${t.meeting_agendas} a
      where a.presenter_id is not null
        and not exists (select 1 from ${t.meeting_participants} p
          where p.meeting_id=a.meeting_id and p.auth_user_id=a.presenter_id)`,
  },
  {
    id: 'A04',
    level: 'error',
    about: 'resources is an array and carries no script-capable URL',
    withholdDetail: true,
    sql: (t) => String.raw`
      select id, left(resources::text,80) as detail
      from ${t.meeting_agendas}
      where resources is not null
        and (jsonb_typeof(resources)<>'array' or resources::text ~* '"\s*(javascript|data|vbscript|file):')`,
  },
  {
    id: 'A05',
    level: 'warn',
    about: 'allocated time exceeds the scheduled time',
    sql: (t) => `
      select m.id, sum(a.allocated_minutes)||' min' as detail
      from ${t.meetings} m
      join ${t.meeting_agendas} a on a.meeting_id=m.id
      group by m.id
      having sum(a.allocated_minutes) > extract(epoch from m.scheduled_end_time-m.scheduled_start_time)/60`,
  },
  {
    id: 'N01',
    level: 'error',
    about: "note's agenda item is of the same meeting",
    sql: (t) => `
      select n.id, 'cross-meeting agenda item' as detail
      from ${t.meeting_notes} n
      join ${t.meeting_agendas} a on a.id=n.agenda_item_id
      where a.meeting_id<>n.meeting_id`,
  },
  {
    id: 'N02',
    level: 'error',
    about: 'is_action_item <=> note_type ActionItem',
    sql: (t) => `
      select id, note_type::text as detail
      from ${t.meeting_notes}
      where is_action_item <> (note_type='ActionItem')`,
  },
  {
    id: 'N03',
    level: 'error',
    about: 'assignee/due/priority and status Completed only on action items',
    sql: (t) => `
      select id, note_type||'/'||status as detail
      from ${t.meeting_notes}
      where not is_action_item
        and (assigned_to is not null or due_date is not null or priority is not null or status='Completed')`,
  },
  {
    id: 'N04',
    level: 'error',
    about: 'author and assignee belong to the meeting',
    sql: (t) => `
      select n.id, n.author_id::text as detail
      from ${t.meeting_notes} n
      where not exists (select 1 from ${t.meeting_participants} p
          where p.meeting_id=n.meeting_id and p.auth_user_id=n.author_id)
        or (n.assigned_to is not null
          and not exists (select 1 from ${t.meeting_participants} p
            where p.meeting_id=n.meeting_id and p.auth_user_id=n.assigned_to))`,
  },
  {
    id: 'F01',
    level: 'error',
    about: 'file name is a bare name',
    withholdDetail: true,
    sql: (t) => String.raw`
      select id, file_name as detail
      from ${t.meeting_attachments}
      where file_name ~ '[/\\]|[\x01-\x1f\x7f]' or btrim(file_name) in ('','.','..')`,
  },
  {
    id: 'F02',
    level: 'error',
    about: "storage key stays under the meeting's own prefix",
    withholdDetail: true,
    sql: (t) => String.raw`
      select id, file_path as detail
      from ${t.meeting_attachments}
      where file_path !~ ('(^|/)'||meeting_id::text||'/[^/]')
        or file_path ~ '(^|/)\.\.(/|$)|\\|^/|^[a-zA-Z][a-zA-Z0-9+.-]*:'`,
  },
  {
    id: 'F03',
    level: 'error',
    about: 'two attachments never share a stored object',
    withholdDetail: true,
    sql: (t) => `
      select min(id::text) as id, file_path as detail
      from ${t.meeting_attachments}
      group by file_path
      having count(*)>1`,
  },
  {
    id: 'F04',
    level: 'error',
    about: 'size is positive, mime is type/subtype',
    sql: (t) => `
      select id, file_size_bytes||' '||mime_type as detail
      from ${t.meeting_attachments}
      where file_size_bytes < 1 or mime_type !~ '^[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*$'`,
  },
  {
    id: 'F05',
    level: 'error',
    about: 'uploader belongs to the meeting',
    sql: (t) => `
      select f.id, f.uploader_id::text as detail
      from ${t.meeting_attachments} f
      where not exists (select 1 from ${t.meeting_participants} p
        where p.meeting_id=f.meeting_id and p.auth_user_id=f.uploader_id)`,
  },
];
