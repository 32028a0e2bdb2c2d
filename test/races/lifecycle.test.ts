import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { people } from '../setup/service.ts';
import { atOnce, endings, hold, rounds, tally, test, waiting } from './arena.ts';

const played = 50;

test('of start and cancel one wins', async ({ arena: { service, room, facts } }) => {
  await rounds(played, async () => {
    const { id, host } = await room();
    const { meetings } = service.as({ userId: host });
    const [started] = await endings(atOnce([() => meetings.start(id), () => meetings.cancel(id)]));
    const { status, events } = await facts(id);
    expect({ status, events }).toEqual(
      started === 'ok'
        ? { status: 'InProgress', events: { 'meeting.scheduled': 1, 'meeting.started': 1 } }
        : { status: 'Cancelled', events: { 'meeting.scheduled': 1, 'meeting.cancelled': 1 } },
    );
  });
});

test('of postpone and start one wins', async ({ arena: { service, room, facts } }) => {
  await rounds(played, async () => {
    const { id, host } = await room();
    const { meetings } = service.as({ userId: host });
    const ends = await endings(atOnce([() => meetings.postpone(id), () => meetings.start(id)]));
    expect(ends.toSorted()).toEqual(['INVALID_TRANSITION', 'ok']);
    const { status, events } = await facts(id);
    expect({ status, events }).toEqual(
      ends[0] === 'ok'
        ? { status: 'Postponed', events: { 'meeting.scheduled': 1, 'meeting.postponed': 1 } }
        : { status: 'InProgress', events: { 'meeting.scheduled': 1, 'meeting.started': 1 } },
    );
  });
});

test('a meeting ends once, and its engagement is settled once', async ({ arena: { service, room, facts } }) => {
  await rounds(played, async () => {
    const { id, host } = await room({ started: true });
    const { meetings } = service.as({ userId: host });
    expect(await tally(atOnce([() => meetings.end(id), () => meetings.end(id)]))).toEqual({
      ok: 1,
      INVALID_TRANSITION: 1,
    });
    expect(await facts(id)).toMatchObject({
      ...{ status: 'Completed', counter: 0 },
      events: { 'meeting.ended': 1, 'analytics.ready': 1 },
    });
  });
});

test('the end of a meeting leaves nobody inside, whoever comes and goes meanwhile', async ({
  arena: { service, room, facts, sql },
}) => {
  await rounds(played, async () => {
    const invited = people(6);
    const inside = invited.slice(0, 3);
    const { id, host } = await room({ started: true, invite: invited, present: inside });
    const calls = [
      ...invited.slice(3).map((userId) => () => service.as({ userId }).participants.join(id)),
      ...inside.slice(0, 2).map((userId) => () => service.as({ userId }).participants.leave(id)),
      ...inside.map((userId) => () => service.as({ userId }).participants.heartbeat(id)),
      () => service.as({ userId: inside[2] ?? '' }).participants.join(id, { connectionId: 'second' }),
      () => service.as({ userId: host }).meetings.end(id),
    ];
    const ends = await endings(atOnce(calls));
    expect(ends.at(-1)).toBe('ok');
    expect(ends.filter((end) => !['ok', 'INVALID_TRANSITION', 'FORBIDDEN'].includes(end))).toEqual([]);

    const { status, counter, present, openSessions, events } = await facts(id);
    expect({ status, counter, present, openSessions }).toEqual({
      ...{ status: 'Completed', counter: 0, present: 0, openSessions: 0 },
    });
    expect(events['participant.joined']).toBe(4 + ends.slice(0, 3).filter((end) => end === 'ok').length);
    const wrong = await sql(
      `select p.auth_user_id, p.status, p.joined_at, p.left_at from convoke.meeting_participants p
       where p.meeting_id = $1 and (p.left_at < p.joined_at or (p.joined_at is not null) <> (p.status = 'Attended'))`,
      [id],
    );
    expect(wrong).toEqual([]);
  });
});

test('the last word of a person about an invitation is the same in both rows and in the log', async ({
  arena: { service, room, sql },
}) => {
  const userId = newId();
  const { id } = await room({ invite: [userId] });
  const { invitations } = service.as({ userId });
  await rounds(played, async () => {
    const answers = ['Accepted', 'Declined', 'Tentative'] as const;
    const calls = answers.map((response) => () => invitations.respond(id, { response }));
    expect(await tally(atOnce(calls))).toEqual({ ok: 3 });
    const [row] = await sql<{ invitation: string; participation: string; told: string }>(
      `select i.status as invitation, p.status as participation,
         (select e.type from convoke.meeting_events e where e.stream_kind = 1 and e.stream_id = $2
          order by e.seq desc limit 1) as told
       from convoke.meeting_invitations i
       join convoke.meeting_participants p on p.meeting_id = i.meeting_id and p.auth_user_id = i.invitee_id
       where i.meeting_id = $1 and i.invitee_id = $2`,
      [id, userId],
    );
    const { participation = '' } = row ?? {};
    expect(row).toEqual({
      participation,
      invitation: participation === 'Tentative' ? 'Pending' : participation,
      told: `invitation.${participation.toLowerCase()}`,
    });
  });
});

test('answers race the cancelling: afterwards nothing is open', async ({ arena: { service, room, sql } }) => {
  await rounds(20, async () => {
    const invited = people(4);
    const { id, host } = await room({ invite: invited });
    const ends = await endings(
      atOnce([
        ...invited.map((userId) => () => service.as({ userId }).invitations.respond(id, { response: 'Accepted' })),
        () => service.as({ userId: host }).meetings.cancel(id),
      ]),
    );
    expect(ends.at(-1)).toBe('ok');
    const rows = await sql<{ status: string; n: number }>(
      `select status, count(*)::int as n from convoke.meeting_invitations where meeting_id = $1 group by status`,
      [id],
    );
    const accepted = ends.slice(0, -1).filter((end) => end === 'ok').length;
    expect(Object.fromEntries(rows.map((row) => [row.status, row.n]))).toEqual({
      ...(accepted > 0 ? { Accepted: accepted } : {}),
      ...(accepted < 4 ? { Expired: 4 - accepted } : {}),
    });
  });
});

test('the end of a meeting and a message from somebody who is away do not wait for each other', async ({
  url,
  arena,
}) => {
  const [away = '', there = '', last = ''] = people(3);
  const { id, host } = await arena.room({ started: true, invite: [away, there, last], present: [there, last] });
  const release = await hold(
    url,
    'select 1 from convoke.meeting_participants where meeting_id = $1 and auth_user_id = $2 for update',
    [id, last],
  );
  const end = arena.service.as({ userId: host }).meetings.end(id); // holds whoever stands before the last one
  await waiting(arena, 1);
  const said = arena.service.as({ userId: away }).chat.send(id, { content: 'Wait for me', recipientId: there });
  await waiting(arena, 2);
  await release();
  // Whoever asks why they may not write may find the meeting over by then.
  const [ended, refused] = await endings([end, said]);
  expect(ended).toBe('ok');
  expect(['FORBIDDEN', 'INVALID_TRANSITION']).toContain(refused);
});
