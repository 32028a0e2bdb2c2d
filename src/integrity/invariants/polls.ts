import type { Invariant } from './invariant.ts';

/** Polls and the votes in them. */
export const pollInvariants: readonly Invariant[] = [
  {
    id: 'L01',
    level: 'error',
    needs: ['meeting_polls.opened_at'],
    about: 'is_active <=> opened and not closed (draft: opened_at null)',
    sql: (t) => `
      select id, 'active='||is_active||' opened='||(opened_at is not null)||' closed='||(closed_at is not null) as detail
      from ${t.meeting_polls}
      where is_active <> (opened_at is not null and closed_at is null) or closed_at < created_at`,
  },
  {
    id: 'L02',
    level: 'error',
    about:
      "options fit the type (choice 2..50, YesNo 2, Rating labels '1'..'n' with n 2..10, OpenEnded 0; abstaining is never an option)",
    withholdDetail: true,
    sql: (t) => `
      select id, poll_type||' '||left(options::text,60) as detail
      from ${t.meeting_polls}
      where jsonb_typeof(options)<>'array'
        or case when jsonb_typeof(options)='array' then case poll_type
          when 'YesNo' then jsonb_array_length(options)<>2
          when 'OpenEnded' then jsonb_array_length(options)<>0
          when 'Rating' then jsonb_array_length(options) not between 2 and 10
            or options is distinct from
              (select jsonb_agg(g::text order by g) from generate_series(1,jsonb_array_length(options)) g)
          else jsonb_array_length(options) not between 2 and 50 end end`,
  },
  {
    id: 'L03',
    level: 'error',
    about: 'options are distinct',
    sql: (t) => `
      select p.id, 'duplicate options' as detail
      from ${t.meeting_polls} p
      where jsonb_typeof(p.options)='array'
        and (select count(*)<>count(distinct o) from jsonb_array_elements(p.options) o)`,
  },
  {
    id: 'L04',
    level: 'error',
    about: 'several choices only on MultipleChoice',
    sql: (t) => `
      select id, poll_type::text as detail
      from ${t.meeting_polls}
      where allow_multiple_choices and poll_type<>'MultipleChoice'`,
  },
  {
    id: 'L05',
    level: 'error',
    about: 'a closed poll received no later vote; no vote before creation',
    sql: (t) => `
      select r.id, r.responded_at||' vs '||coalesce(p.closed_at::text,'open') as detail
      from ${t.meeting_poll_responses} r
      join ${t.meeting_polls} p on p.id=r.poll_id
      where r.responded_at > p.closed_at or r.responded_at < p.created_at`,
  },
  {
    id: 'L06',
    level: 'error',
    about: 'selections are distinct integers inside the option list',
    withholdDetail: true,
    sql: (t) => String.raw`
      select r.id, left(r.selected_options::text,60) as detail
      from ${t.meeting_poll_responses} r
      join ${t.meeting_polls} p on p.id=r.poll_id
      where jsonb_typeof(r.selected_options)<>'array'
        or exists (select 1
          from jsonb_array_elements(case when jsonb_typeof(r.selected_options)='array' then r.selected_options else '[]' end) s
          where jsonb_typeof(s)<>'number' or s::text !~ '^\d{1,4}$' or s::text::int >= jsonb_array_length(p.options))
        or (select count(*)<>count(distinct s)
          from jsonb_array_elements(case when jsonb_typeof(r.selected_options)='array' then r.selected_options else '[]' end) s)`,
  },
  {
    id: 'L07',
    level: 'error',
    needs: ['meeting_polls.allow_abstain'],
    about: 'number of selections fits the type; empty = abstained, only where allowed',
    sql: (t) => `
      select r.id, p.poll_type||' n='||jsonb_array_length(r.selected_options) as detail
      from ${t.meeting_poll_responses} r
      join ${t.meeting_polls} p on p.id=r.poll_id
      where jsonb_typeof(r.selected_options)='array'
        and case when p.allow_abstain and jsonb_array_length(r.selected_options)=0 then false
          when p.poll_type='OpenEnded'
            then jsonb_array_length(r.selected_options)<>0 or coalesce(btrim(r.response_text),'')=''
          when p.poll_type='MultipleChoice' and p.allow_multiple_choices then jsonb_array_length(r.selected_options)<1
          else jsonb_array_length(r.selected_options)<>1 end`,
  },
  {
    id: 'L08',
    level: 'error',
    about: 'one vote per respondent (belt and braces over the UNIQUE)',
    sql: (t) => `
      select min(id::text) as id, poll_id||' '||respondent_id as detail
      from ${t.meeting_poll_responses}
      group by poll_id,respondent_id
      having count(*)>1`,
  },
  {
    id: 'L09',
    level: 'error',
    about: 'open-identity votes come from participants',
    sql: (t) => `
      select r.id, r.respondent_id::text as detail
      from ${t.meeting_poll_responses} r
      join ${t.meeting_polls} p on p.id=r.poll_id
      where not p.is_anonymous
        and not exists (select 1 from ${t.meeting_participants} q
          where q.meeting_id=p.meeting_id and q.auth_user_id=r.respondent_id)`,
  },
  {
    id: 'L10',
    level: 'error',
    about: 'anonymous votes hold a pseudonym: never a known participant/invitee/creator id',
    sql: (t) => `
      select r.id, 'real identity in anonymous poll '||p.id as detail
      from ${t.meeting_poll_responses} r
      join ${t.meeting_polls} p on p.id=r.poll_id
      where p.is_anonymous
        and (exists (select 1 from ${t.meeting_participants} q where q.auth_user_id=r.respondent_id)
          or exists (select 1 from ${t.meeting_invitations} i where i.invitee_id=r.respondent_id)
          or exists (select 1 from ${t.meetings} m where m.creator_id=r.respondent_id))`,
  },
  {
    id: 'L11',
    level: 'error',
    about: 'no open poll in a finished meeting',
    sql: (t) => `
      select p.id, m.status::text as detail
      from ${t.meeting_polls} p
      join ${t.meetings} m on m.id=p.meeting_id
      where p.is_active and m.status in ('Completed','Cancelled')`,
  },
  {
    id: 'L12',
    level: 'error',
    about: 'never more votes than people who could vote',
    sql: (t) => `
      select p.id, count(r.id)||' votes' as detail
      from ${t.meeting_polls} p
      join ${t.meeting_poll_responses} r on r.poll_id=p.id
      group by p.id
      having count(r.id) > (select count(*) from ${t.meeting_participants} q where q.meeting_id=p.meeting_id)`,
  },
];
