import { readFileSync } from 'node:fs';
import type { MikroORM } from '@mikro-orm/postgresql';
import { systemPrincipal } from '../../src/core/actor.ts';
import type { Clock } from '../../src/core/clock.ts';
import type { Database } from '../../src/core/database.ts';
import type { MediaKind, ParticipantRole } from '../../src/core/enums.ts';
import { newId } from '../../src/core/identifier.ts';
import { type Parameter, statement, StatementTexts, type Tables } from '../../src/core/statement.ts';
import { Work } from '../../src/core/work.ts';

const texts = new StatementTexts('convoke');
export const start = new Date('2026-03-02T09:00:00.000Z');

/** A time so many seconds after the start of every meeting here. */
export function after(seconds: number): Date {
  return new Date(start.getTime() + Math.round(seconds * 1000));
}

export interface SessionRow {
  readonly userId: string | null;
  readonly joinedAt: Date;
  readonly leftAt: Date | null;
}

export interface MediaRow {
  readonly userId: string;
  readonly kind: MediaKind;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
}

/** A stay between two seconds of the meeting; null: still open. */
export function stay(userId: string | null, from: number, to: number | null): SessionRow {
  return { userId, joinedAt: after(from), leftAt: to === null ? null : after(to) };
}

/** Something that was on between two seconds of the meeting; null: still on. */
export function on(userId: string, kind: MediaKind, from: number, to: number | null): MediaRow {
  return { userId, kind, startedAt: after(from), endedAt: to === null ? null : after(to) };
}

function databaseOf(orm: MikroORM): Database {
  return {
    schema: 'convoke',
    texts,
    fork: () => orm.em.fork(),
    execute: () => Promise.reject(new Error('Everything here happens through an entity manager.')),
  };
}

export function workOn(orm: MikroORM, clock: Clock | null = null): Work {
  return new Work(databaseOf(orm), systemPrincipal, clock, orm.em.fork());
}

/** Runs a text over the tables as a statement of its own. */
export function run<Row>(
  work: Work,
  render: (t: Tables) => string,
  parameters: readonly Parameter[] = [],
): Promise<readonly Row[]> {
  return work.run(statement<Row>('test', render, { prepare: false }), parameters);
}

/** A completed meeting of so many seconds, with its people on the roster, the first of them as its Host. */
export async function insertMeeting(work: Work, seconds: number, people: readonly string[]): Promise<string> {
  const id = newId();
  await run(
    work,
    (t) => `insert into ${t.meetings} (id, title, meeting_type, creator_id, scheduled_start_time, scheduled_end_time,
      actual_start_time, actual_end_time, status, created_at, updated_at)
    values ($1, 'Recorded', 'Lecture', $2, $3, $3::timestamptz + interval '2 hours', $3, $4, 'Completed', $3, $3)`,
    [id, people[0] ?? newId(), start, after(seconds)],
  );
  for (const [index, userId] of people.entries())
    await insertParticipant(work, id, userId, index === 0 ? 'Host' : 'Participant');
  return id;
}

export async function insertParticipant(
  work: Work,
  meetingId: string,
  userId: string,
  role: ParticipantRole,
): Promise<void> {
  await run(
    work,
    (t) => `insert into ${t.meeting_participants} (meeting_id, auth_user_id, role, status, invited_at, can_use_chat,
      can_share_screen) values ($1, $2, $3, 'Accepted', $4, $5, $5)`,
    [meetingId, userId, role, after(-3600), role !== 'Observer'],
  );
}

export async function insertSessions(work: Work, meetingId: string, sessions: readonly SessionRow[]): Promise<void> {
  await run(
    work,
    (t) => `insert into ${t.meeting_participant_sessions}
      (meeting_id, auth_user_id, external_identity, connection_id, joined_at, left_at)
    select $1, "userId", case when "userId" is null then '{"name": "Guest"}'::jsonb end, position::text,
           "joinedAt", "leftAt"
    from jsonb_to_recordset($2::text::jsonb) as g("userId" uuid, "joinedAt" timestamptz, "leftAt" timestamptz,
      position int)`,
    [meetingId, JSON.stringify(sessions.map((session, position) => ({ ...session, position })))],
  );
}

export async function insertMedia(work: Work, meetingId: string, media: readonly MediaRow[]): Promise<void> {
  await run(
    work,
    (t) => `insert into ${t.meeting_media_intervals} (meeting_id, auth_user_id, kind, started_at, ended_at)
    select $1, "userId", kind, "startedAt", "endedAt"
    from jsonb_to_recordset($2::text::jsonb) as g("userId" uuid, kind text, "startedAt" timestamptz,
      "endedAt" timestamptz)`,
    [meetingId, JSON.stringify(media)],
  );
}

export async function insertMessage(
  work: Work,
  meetingId: string,
  senderId: string,
  message: { type?: string; recipientId?: string; deleted?: boolean } = {},
): Promise<void> {
  const { type = 'Text', recipientId = null, deleted = false } = message;
  await run(
    work,
    (t) => `insert into ${t.meeting_chat_messages}
      (meeting_id, sender_id, message_type, content, is_private, recipient_id, sent_at, deleted_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      ...[meetingId, senderId, type, deleted ? '' : 'Hello', recipientId !== null, recipientId],
      ...[after(1), deleted ? after(2) : null],
    ],
  );
}

/** A poll with a vote for each voter: closed, or a draft that was never opened. */
export async function insertPoll(
  work: Work,
  meetingId: string,
  creatorId: string,
  poll: { voters?: readonly string[]; anonymous?: boolean; draft?: boolean } = {},
): Promise<void> {
  const { voters = [], anonymous = false, draft = false } = poll;
  const id = newId();
  await run(
    work,
    (t) => `insert into ${t.meeting_polls}
      (id, meeting_id, creator_id, question, poll_type, options, is_anonymous, is_active, created_at, opened_at, closed_at)
    values ($1, $2, $3, 'Clear?', 'YesNo', '["Yes", "No"]', $4, false, $5, $6, $7)`,
    [id, meetingId, creatorId, anonymous, after(1), draft ? null : after(1), draft ? null : after(5)],
  );
  for (const voter of voters)
    await run(
      work,
      (t) => `insert into ${t.meeting_poll_responses} (poll_id, respondent_id, selected_options, responded_at)
      values ($1, $2, '[0]', $3)`,
      [id, voter, after(2)],
    );
}

/** What ending a meeting stores about its people before the analytics are computed. */
export async function settleParticipants(
  work: Work,
  meetingId: string,
  minutes: ReadonlyMap<string, number>,
): Promise<void> {
  for (const [userId, total] of minutes)
    await run(
      work,
      (t) => `update ${t.meeting_participants} p set status = 'Attended', total_duration_minutes = $3,
        joined_at = s.first, left_at = s.last
      from (select min(joined_at) as first, max(left_at) as last from ${t.meeting_participant_sessions}
            where meeting_id = $1 and auth_user_id = $2) s
      where p.meeting_id = $1 and p.auth_user_id = $2`,
      [meetingId, userId, total],
    );
  await run(
    work,
    (t) => `update ${t.meeting_participants} set status = 'NoShow' where meeting_id = $1 and status = 'Accepted'`,
    [meetingId],
  );
}

const invariants = readFileSync(new URL('../fixtures/invariants.sql', import.meta.url), 'utf8')
  .split(/^-- @id /m)
  .slice(1)
  .map((block) => ({
    id: block.slice(0, 3),
    text: block.slice(block.indexOf('\n') + 1).replace(/;\s*(--.*\s*)*$/, ''),
  }));

/** Ids of the invariants, of those asked for, that some row of the database violates. */
export async function violated(orm: MikroORM, ids: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  await orm.em.fork().transactional(async (em) => {
    const work = new Work(databaseOf(orm), systemPrincipal, null, em);
    await run(work, () => 'set local search_path to convoke');
    for (const id of ids) {
      const invariant = invariants.find((candidate) => candidate.id === id);
      if (invariant === undefined) throw new Error(`There is no invariant ${id}.`);
      const rows = await run<{ detail: string }>(work, () => invariant.text);
      if (rows.length > 0) found.push(`${id}: ${rows.map(({ detail }) => detail).join(', ')}`);
    }
  });
  return found;
}
