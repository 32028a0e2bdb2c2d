/** Meetings by the thousand, made in SQL: valid by every rule of the schema, and known by their numbers. */
import { kinds, perMeeting } from './ids.ts';

/** Consecutive meetings of one make. */
export interface MeetingBatch {
  readonly first: number;
  readonly count: number;
  /** Besides the Host. */
  readonly people: number;
  /** How many users there are for meetings to share. */
  readonly users: number;
  /** SQL over the meeting's number `n`. */
  readonly status: string;
  /** SQL over `n` and `status`: the scheduled start. */
  readonly starts: string;
  /** Who is in the meetings that are InProgress. */
  readonly present: 'everybody' | 'host' | 'nobody';
  /** SQL over `place`, from 1: what the people of a scheduled meeting have said. */
  readonly answer: string;
  readonly maxParticipants: number | null;
  /** Polls with three options, open where the meeting is InProgress. */
  readonly polls: number;
  /** SQL over `place`, from 1, and the poll's `number` in its meeting: who has voted. */
  readonly votes?: string;
  /** Chat messages, by everybody in turn, a second apart and all before now. */
  readonly messages: number;
  /** Microphone, speaking, camera and hand of everybody: for meetings that are over. */
  readonly media?: boolean;
}

const defaults: Omit<MeetingBatch, 'first' | 'count' | 'users'> = {
  ...{ people: 10, status: `'InProgress'`, present: 'everybody', answer: `'Accepted'`, maxParticipants: null },
  starts: `date_trunc('minute', now()) - interval '30 minutes'`,
  ...{ polls: 0, messages: 0 },
};

export function meetingBatch(
  of: Pick<MeetingBatch, 'first' | 'count' | 'users'> & Partial<MeetingBatch>,
): MeetingBatch {
  return { ...defaults, ...of };
}

/** The statements that make a batch, each with what it makes. They rely on `search_path`. */
export function insertsOf(batch: MeetingBatch): readonly { readonly table: string; readonly text: string }[] {
  const inserts = [
    { table: 'meetings', text: meetings(batch) },
    { table: 'meeting_participants', text: participants(batch) },
    { table: 'meeting_invitations', text: invitations(batch) },
    { table: 'meeting_participant_sessions', text: sessions(batch) },
    { table: 'meeting_events', text: events(batch) },
    { table: 'meeting_event_heads', text: heads(batch) },
  ];
  if (batch.messages > 0) inserts.push({ table: 'meeting_chat_messages', text: messages(batch) });
  if (batch.polls > 0) inserts.push({ table: 'meeting_polls', text: polls(batch) });
  if (batch.votes !== undefined) inserts.push({ table: 'meeting_poll_responses', text: votes(batch) });
  if (batch.media === true) inserts.push({ table: 'meeting_media_intervals', text: media(batch) });
  return inserts;
}

const id = (kind: keyof typeof kinds, number: string) => `bench.id(${kinds[kind]}, ${number})`;

/** The meetings of the batch as rows `m`. */
function these({ first, count }: MeetingBatch): string {
  return `(select g.n, m.* from generate_series(${first}::bigint, ${first + count - 1}) g(n) join meetings m on m.id = ${id('meeting', 'g.n')}) m`;
}

function meetings({ first, count, people, users, status, starts, present, maxParticipants }: MeetingBatch): string {
  const inside = { everybody: people + 1, host: 1, nobody: 0 }[present];
  return `
  insert into meetings (id, title, meeting_type, creator_id, scheduled_start_time, scheduled_end_time, actual_start_time,
    actual_end_time, timezone, max_participants, current_participants_count, status, created_at, updated_at)
  select ${id('meeting', 'n')}, 'Meeting ' || n,
         (array['StudySession', 'Lecture', 'Discussion', 'Workshop'])[1 + n % 4]::meeting_type,
         bench.person(n, 0, ${users}), starts, starts + interval '1 hour',
         case when status in ('InProgress', 'Completed') then starts end,
         case when status = 'Completed' then starts + interval '1 hour' end, 'Europe/Berlin', ${maxParticipants ?? 'null'},
         case when status = 'InProgress' then ${inside} else 0 end, status::meeting_status, made, made
  from (select n, status, starts, least(starts - interval '7 days', date_trunc('minute', now())) as made
        from (select n, status, ${starts} as starts
              from (select n, ${status} as status
                    from generate_series(${first}::bigint, ${first + count - 1}) n) a) b) c`;
}

function participants(batch: MeetingBatch): string {
  const { people, users, present, answer } = batch;
  const inside = { everybody: 'true', host: 'place = 0', nobody: 'false' }[present];
  const running = `m.status = 'InProgress'`;
  const over = `m.status = 'Completed'`;
  // Everybody comes at a minute of their own, and stays to the end.
  const came = `m.actual_start_time + interval '1 minute' * (place % 30)`;
  return `
  insert into meeting_participants (id, meeting_id, auth_user_id, role, status, invited_at, joined_at, left_at,
    total_duration_minutes, upcoming_at)
  select ${id('participant', `m.n * ${perMeeting} + place`)}, m.id, bench.person(m.n, place, ${users}),
         case when place = 0 then 'Host' else 'Participant' end::participant_role,
         case when place = 0 and not ${over} then 'Accepted' when ${over} then 'Attended'
              when m.status = 'Scheduled' then ${answer} else 'Accepted' end::participation_status,
         m.created_at,
         case when ${over} then ${came} when ${running} and ${inside} then m.actual_start_time end,
         case when ${over} then m.actual_end_time end,
         case when ${over} then 60 - place % 30 else 0 end,
         case when m.status in ('Scheduled', 'InProgress') and (place = 0 or ${running} or ${answer} <> 'Declined')
              then m.scheduled_start_time end
  from ${these(batch)} cross join generate_series(0, ${people}) place`;
}

function invitations(batch: MeetingBatch): string {
  const { people, users, answer } = batch;
  const status = `case when m.status <> 'Scheduled' then 'Accepted'
                       when ${answer} in ('Invited', 'Tentative') then 'Pending' else ${answer} end`;
  return `
  insert into meeting_invitations (id, meeting_id, inviter_id, invitee_id, status, invited_at, responded_at)
  select ${id('invitation', `m.n * ${perMeeting} + place`)}, m.id, m.creator_id, bench.person(m.n, place, ${users}),
         (${status})::invitation_status, m.created_at,
         case when m.status = 'Scheduled' and ${answer} = 'Invited' then null else m.created_at end
  from ${these(batch)} cross join generate_series(1, ${people}) place`;
}

/** One stay of everybody who is or was there. */
function sessions(batch: MeetingBatch): string {
  return `
  insert into meeting_participant_sessions (id, meeting_id, auth_user_id, joined_at, left_at, left_reason, created_at)
  select ${id('session', `m.n * ${perMeeting} + place`)}, m.id, p.auth_user_id, p.joined_at, p.left_at,
         case when p.left_at is not null then 'ended' end, p.joined_at
  from ${these(batch)} cross join generate_series(0, ${batch.people}) place
  join meeting_participants p on p.id = ${id('participant', `m.n * ${perMeeting} + place`)}
  where p.joined_at is not null`;
}

function events(batch: MeetingBatch): string {
  return `
  insert into meeting_events (stream_kind, stream_id, seq, id, prev, type, occurred_at, actor_id, data)
  select 0, m.id, 1, ${id('event', 'm.n')}, 0, 'meeting.scheduled', m.created_at, m.creator_id,
         jsonb_build_object('title', m.title, 'meetingType', m.meeting_type, 'timezone', m.timezone,
           'scheduledStartTime', m.scheduled_start_time, 'scheduledEndTime', m.scheduled_end_time)
  from ${these(batch)}`;
}

/** The messages made here have no events: as after a retention that let the older part of each stream go. */
function heads(batch: MeetingBatch): string {
  return `
  insert into meeting_event_heads (stream_kind, stream_id, seq, public_seq, min_seq)
  select 0, m.id, 1, 1, ${batch.messages > 0 ? 2 : 0} from ${these(batch)}`;
}

function messages(batch: MeetingBatch): string {
  const { people, users, messages: count } = batch;
  return `
  insert into meeting_chat_messages (id, meeting_id, sender_id, content, sent_at)
  select ${id('message', `m.n * ${perMeeting * 64} + k`)}, m.id, bench.person(m.n, k % ${people + 1}, ${users}),
         'Message ' || k || ' about ' || (array['graphs', 'trees', 'proofs', 'flows', 'cuts'])[1 + k % 5]
           || ': does anybody see why this holds for every n?',
         coalesce(m.actual_start_time, m.created_at) - interval '1 second' * (${count} - k)
  from ${these(batch)} cross join generate_series(0, ${count - 1}) k`;
}

function polls(batch: MeetingBatch): string {
  return `
  insert into meeting_polls (id, meeting_id, creator_id, question, poll_type, options, is_active, created_at, opened_at,
    closed_at)
  select ${id('poll', `m.n * ${perMeeting} + number`)}, m.id, m.creator_id, 'Which one, ' || number || '?', 'SingleChoice',
         '["this", "that", "neither"]', m.status = 'InProgress', m.actual_start_time, m.actual_start_time,
         m.actual_end_time
  from ${these(batch)} cross join generate_series(0, ${batch.polls - 1}) number`;
}

function votes(batch: MeetingBatch): string {
  const { people, users, polls: count, votes: voted = 'false' } = batch;
  return `
  insert into meeting_poll_responses (id, poll_id, respondent_id, selected_options, responded_at)
  select ${id('response', `(m.n * 8 + number) * ${perMeeting} + place`)}, ${id('poll', `m.n * ${perMeeting} + number`)},
         bench.person(m.n, place, ${users}), jsonb_build_array(place % 3), m.actual_start_time + interval '5 minutes'
  from ${these(batch)} cross join generate_series(0, ${count - 1}) number cross join generate_series(1, ${people}) place
  where ${voted}`;
}

function media(batch: MeetingBatch): string {
  const { people, users } = batch;
  return `
  insert into meeting_media_intervals (id, meeting_id, auth_user_id, kind, started_at, ended_at)
  select ${id('media', `(m.n * 4 + k.number) * ${perMeeting} + place`)}, m.id, bench.person(m.n, place, ${users}), k.kind,
         m.actual_start_time + interval '1 minute' * (place % 30 + 1),
         m.actual_start_time + interval '1 minute' * (place % 30 + 1 + place % 7 + k.number)
  from ${these(batch)} cross join generate_series(0, ${people}) place
  cross join (values (0, 'microphone'), (1, 'speaking'), (2, 'camera'), (3, 'hand')) k(number, kind)
  where (place + k.number) % 3 <> 0`;
}
