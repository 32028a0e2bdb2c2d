/** What people have on, and the one screen, past the service; and calls that are held up on their way. */
import { expect } from 'vitest';
import { type Arena, endings, hold, waiting } from './arena.ts';

/** What is on in a meeting. */
export const open = ({ sql }: Arena, id: string) =>
  sql<{ kind: string; userId: string }>(
    `select kind, auth_user_id as "userId" from convoke.meeting_media_intervals
     where meeting_id = $1 and ended_at is null order by kind, auth_user_id`,
    [id],
  );

/** Things that are on with somebody who is not there, or where they cannot be. */
export const astray = ({ sql }: Arena, id: string) =>
  sql(
    `select i.kind, p.role from convoke.meeting_media_intervals i
     join convoke.meeting_participants p on p.meeting_id = i.meeting_id and p.auth_user_id = i.auth_user_id
     where i.meeting_id = $1 and i.ended_at is null and (
       p.left_at is not null or p.removed_at is not null or p.role = 'Observer'
       or i.kind = 'speaking' and not exists (
         select from convoke.meeting_media_intervals m where m.meeting_id = i.meeting_id
           and m.auth_user_id = i.auth_user_id and m.kind = 'microphone' and m.ended_at is null))`,
    [id],
  );

/** The shares as the events tell them: each start after the former stop, and as many of both as there are intervals. */
export async function expectShareHistory({ sql }: Arena, id: string): Promise<void> {
  const told = await sql<{ type: string; userId: string }>(
    `select type, data->>'userId' as "userId" from convoke.meeting_events
     where stream_id = $1 and type like 'screen-share.%' order by seq`,
    [id],
  );
  const stored = await sql<{ userId: string; ended: boolean }>(
    `select auth_user_id as "userId", ended_at is not null as ended from convoke.meeting_media_intervals
     where meeting_id = $1 and kind = 'screen' order by started_at, ended_at nulls last, id`,
    [id],
  );
  const expected = stored.flatMap(({ userId, ended }) => [
    { type: 'screen-share.started', userId },
    ...(ended ? [{ type: 'screen-share.stopped', userId }] : []),
  ]);
  expect(told.filter(({ type }, index) => (type === 'screen-share.started') === (index % 2 === 0))).toEqual(told);
  expect(told.toSorted(byUser)).toEqual(expected.toSorted(byUser));
}

function byUser(one: { userId: string; type: string }, other: { userId: string; type: string }): number {
  return one.userId.localeCompare(other.userId) || one.type.localeCompare(other.type);
}

/** Something that gets stuck on its way to the log, until somebody lets it. */
export async function stuck(url: string, arena: Arena, id: string, act: () => Promise<unknown>) {
  const lane = 'select 1 from convoke.meeting_event_heads where stream_kind = 0 and stream_id = $1 for update';
  const release = await hold(url, lane, [id]);
  const done = act();
  await waiting(arena, 1);
  return async (meanwhile: Promise<unknown>) => {
    const ends = endings([done, meanwhile]);
    await waiting(arena, 2);
    await release();
    return ends;
  };
}
