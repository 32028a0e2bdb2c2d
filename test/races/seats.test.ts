import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { people } from '../setup/service.ts';
import { type Arena, atOnce, endings, rounds, tally, test } from './arena.ts';

const limit = 3;

/** A meeting with `limit` seats: the Host's, the accepted, and people in line in the order given. */
async function fullMeeting(arena: Arena, accepted: readonly string[], line: readonly string[]) {
  const room = await arena.room({
    invite: [...accepted, ...line],
    settings: { limitAcceptances: accepted.length + 1 },
  });
  for (const userId of [...accepted, ...line])
    await arena.service.as({ userId }).invitations.respond(room.id, { response: 'Accepted' });
  return room;
}

async function standing({ sql }: Arena, meetingId: string) {
  const [row] = await sql<{ accepted: string[]; promoted: string[]; waiting: string[] }>(
    `select
       array(select auth_user_id::text from convoke.meeting_participants
         where meeting_id = $1 and status = 'Accepted' and removed_at is null and role <> 'Host' order by 1) as accepted,
       array(select auth_user_id::text from convoke.meeting_waitlist_entries
         where meeting_id = $1 and promoted_at is not null order by 1) as promoted,
       array(select auth_user_id::text from convoke.meeting_waitlist_entries
         where meeting_id = $1 and promoted_at is null and left_at is null order by entered_at, id) as waiting`,
    [meetingId],
  );
  if (row === undefined) throw new Error('there is no such meeting');
  return row;
}

test('for one seat many say yes: one has it, the others stand in one line', async ({ arena }) => {
  await rounds(10, async () => {
    const crowd = people(8);
    const { id, host } = await fullMeeting(arena, people(limit - 2), []);
    await arena.service.as({ userId: host }).meetings.update(id, { settings: { limitAcceptances: limit } });
    await arena.service.as({ userId: host }).invitations.invite(id, { inviteeIds: crowd });
    const answers = await Promise.all(
      crowd.map((userId) => arena.service.as({ userId }).invitations.respond(id, { response: 'Accepted' })),
    );
    const positions = answers.map((answer) => answer.waitlistPosition);
    expect(positions.toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual([null, 1, 2, 3, 4, 5, 6, 7]);
    const { accepted, waiting } = await standing(arena, id);
    expect(accepted).toHaveLength(limit - 1);
    expect(waiting).toEqual(
      crowd
        .map((userId, index) => ({ userId, position: positions[index] ?? null }))
        .filter((person) => person.position !== null)
        .toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0))
        .map((person) => person.userId),
    );
  });
});

test('one person saying yes many times takes one seat or one place in line', async ({ arena }) => {
  const [seated = newId(), waiting = newId()] = people(2);
  const { id } = await fullMeeting(arena, [seated], [waiting]);
  const calls = [seated, waiting, seated, waiting, seated, waiting].map(
    (userId) => () => arena.service.as({ userId }).invitations.respond(id, { response: 'Accepted' }),
  );
  expect(await tally(atOnce(calls))).toEqual({ ok: 6 });
  expect(await standing(arena, id)).toEqual({ accepted: [seated], promoted: [], waiting: [waiting] });
});

test('seats that come free in every way at once go to the first in line, each once', async ({ arena }) => {
  await rounds(10, async () => {
    const accepted = people(4);
    const line = people(8);
    const [declines = '', maybes = '', removed = '', revoked = ''] = accepted;
    const { id, host } = await fullMeeting(arena, accepted, line);
    const rooms = arena.service.as({ userId: host });
    const ends = await endings(
      atOnce([
        () => arena.service.as({ userId: declines }).invitations.respond(id, { response: 'Declined' }),
        () => arena.service.as({ userId: maybes }).invitations.respond(id, { response: 'Tentative' }),
        () => rooms.participants.remove(id, removed),
        () => rooms.invitations.revoke(id, revoked),
        () => rooms.meetings.update(id, { settings: { limitAcceptances: 6 } }),
        () => arena.service.worker.runOnce('waitlist.repair'),
      ]),
    );
    expect(ends).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'ok']);
    const first = line.slice(0, 5).toSorted();
    expect(await standing(arena, id)).toEqual({ accepted: first, promoted: first, waiting: line.slice(5) });
    const { events } = await arena.facts(id);
    expect(events['invitation.promoted']).toBe(5);
  });
});

test('at the door of a meeting with one accepted seat left one gets in', async ({ arena }) => {
  await rounds(10, async () => {
    const crowd = people(6);
    const { id } = await arena.room({ started: true, invite: crowd, settings: { limitAcceptances: 2 } });
    const calls = crowd.map((userId) => () => arena.service.as({ userId }).participants.join(id));
    expect(await tally(atOnce(calls))).toEqual({ ok: 1, CAPACITY: 5 });
    expect(await arena.facts(id)).toMatchObject({ counter: 2, present: 2, openSessions: 2 });
  });
});

test('a limit that is lowered while people come in stays above those inside', async ({ arena }) => {
  await rounds(10, async () => {
    const crowd = people(8);
    const { id, host } = await arena.room({ started: true, invite: crowd, maxParticipants: 9 });
    const { meetings } = arena.service.as({ userId: host });
    const ends = await endings(
      atOnce([
        ...crowd.map((userId) => () => arena.service.as({ userId }).participants.join(id)),
        ...[4, 5, 6].map((maxParticipants) => () => meetings.update(id, { maxParticipants })),
      ]),
    );
    expect(ends.filter((end) => !['ok', 'CAPACITY'].includes(end))).toEqual([]);
    const { counter, present } = await arena.facts(id);
    expect(counter).toBe(present);
    const [row] = await arena.sql<{ seats: number }>(
      'select max_participants as seats from convoke.meetings where id = $1',
      [id],
    );
    expect(counter).toBeLessThanOrEqual(row?.seats ?? 0);
  });
});
