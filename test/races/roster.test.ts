import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { openService, people } from '../setup/service.ts';
import { type Arena, atOnce, endings, hold, type Room, rounds, tally, test, waiting } from './arena.ts';

test('of twenty transfers of the meeting one happens, and there is one Host', async ({
  arena: { service, room, facts, sql },
}) => {
  await rounds(5, async () => {
    const crowd = people(20);
    const { id, host } = await room({ started: true, invite: crowd });
    const { participants } = service.as({ userId: host });
    const ends = await endings(crowd.map((userId) => participants.transferHost(id, userId)));
    const next = crowd[ends.indexOf('ok')];
    expect(ends.filter((end) => end === 'FORBIDDEN')).toHaveLength(19);
    const hosts = await sql(
      `select auth_user_id from convoke.meeting_participants where meeting_id = $1 and role = 'Host'`,
      [id],
    );
    expect(hosts).toEqual([{ auth_user_id: next }]);
    expect(await facts(id)).toMatchObject({ hosts: 1, events: { 'participant.host-transferred': 1 } });
  });
});

test('the meeting is handed on while people push in: the seat of whoever is Host is kept', async ({
  arena: { service, room, facts },
}) => {
  await rounds(20, async () => {
    const [next = '', ...crowd] = people(8);
    const { id, host } = await room({ started: true, invite: [next, ...crowd], maxParticipants: 4 });
    const ends = await endings(
      atOnce([
        () => service.as({ userId: host }).participants.transferHost(id, next),
        ...crowd.map((userId) => () => service.as({ userId }).participants.join(id)),
      ]),
    );
    expect(ends.filter((end) => !['ok', 'CAPACITY', 'CONFLICT'].includes(end))).toEqual([]);
    const entitled = ends[0] === 'ok' ? next : host;
    expect(await endings([service.as({ userId: entitled }).participants.join(id)])).toEqual(['ok']);
    const { counter, present } = await facts(id);
    expect([counter, present]).toEqual([present, 4]);
  });
});

test('whoever waits at the door while the meeting is handed on is judged by the new Host’s presence', async ({
  arena,
  orm,
}) => {
  const [next = '', comes = ''] = people(2);
  const { id, host } = await arena.room({ started: true, invite: [next, comes], present: [next], maxParticipants: 3 });
  let joined: Promise<unknown> = Promise.resolve();
  await orm.em.fork().transactional(async (em) => {
    await arena.service.as({ userId: host }, { em }).participants.transferHost(id, next);
    joined = arena.service.as({ userId: comes }).participants.join(id);
    await waiting(arena, 1);
  });
  expect(await endings([joined])).toEqual(['ok']);
});

test('who is removed is out, whichever device was just coming in', async ({ arena: { service, room, facts, sql } }) => {
  await rounds(30, async (round) => {
    const userId = newId();
    const { id, host } = await room({ started: true, invite: [userId], present: round % 2 === 0 ? [userId] : [] });
    const { participants } = service.as({ userId });
    const ends = await endings(
      atOnce([
        () => service.as({ userId: host }).participants.remove(id, userId),
        () => participants.join(id, { connectionId: 'phone' }),
        () => participants.join(id, { connectionId: 'desk' }),
        () => participants.raiseHand(id),
        () => participants.leave(id),
      ]),
    );
    expect(ends[0]).toBe('ok');
    expect(ends.filter((end) => !['ok', 'NOT_FOUND', 'FORBIDDEN'].includes(end))).toEqual([]);
    expect(await facts(id)).toMatchObject({ counter: 1, present: 1, inSession: 1, openSessions: 1 });
    const left = await sql(
      `select (select removed_at is not null from convoke.meeting_participants where meeting_id = $1 and auth_user_id = $2) as removed,
         (select count(*)::int from convoke.meeting_media_intervals where meeting_id = $1 and ended_at is null) as hands`,
      [id, userId],
    );
    expect(left).toEqual([{ removed: true, hands: 0 }]);
    expect(await endings([participants.join(id)])).toEqual(['NOT_FOUND']);
  });
});

test('people invited by several hosts at once are asked once', async ({ arena: { service, room, facts } }) => {
  const hosts = people(4);
  const { id, host } = await room({ invite: hosts });
  for (const userId of hosts) await service.as({ userId: host }).participants.setRole(id, userId, 'CoHost');
  const crowd = people(30);
  const results = await Promise.all(
    [host, ...hosts].map((userId, index) =>
      service.as({ userId }).invitations.invite(id, { inviteeIds: index % 2 === 0 ? crowd : crowd.toReversed() }),
    ),
  );
  expect(results.flatMap((result) => result.invited).toSorted()).toEqual(crowd.toSorted());
  expect((await facts(id)).events['invitation.sent']).toBe(hosts.length + crowd.length);
});

test('a role changed by several hosts at once ends as the last event says', async ({
  arena: { service, room, sql },
}) => {
  const userId = newId();
  const { id, host } = await room({ invite: [userId] });
  const roles = ['CoHost', 'Presenter', 'Observer', 'Participant'] as const;
  await rounds(10, async () => {
    const calls = roles.map((role) => () => service.as({ userId: host }).participants.setRole(id, userId, role));
    expect(await tally(atOnce(calls))).toEqual({ ok: 4 });
    const [row] = await sql<{ role: string; told: string }>(
      `select role, (select data->>'role' from convoke.meeting_events e
         where e.stream_id = $1 and e.type = 'participant.role-changed' order by seq desc limit 1) as told
       from convoke.meeting_participants where meeting_id = $1 and auth_user_id = $2`,
      [id, userId],
    );
    expect(row?.told).toBe(row?.role);
  });
});

test('a hand goes down with the person, whichever of the two came first', async ({ arena: { service, room, sql } }) => {
  const still = `select count(*)::int as up from convoke.meeting_media_intervals i
    join convoke.meeting_participants p on p.meeting_id = i.meeting_id and p.auth_user_id = i.auth_user_id
    where i.meeting_id = $1 and i.ended_at is null and p.left_at is not null`;
  await rounds(15, async () => {
    const [leaver = '', stayer = ''] = people(2);
    const { id, host } = await room({ started: true, invite: [leaver, stayer], present: [leaver, stayer] });
    const { participants } = service.as({ userId: leaver });
    const ends = await endings(atOnce([() => participants.raiseHand(id), () => participants.leave(id)]));
    expect(ends.filter((end) => !['ok', 'FORBIDDEN'].includes(end))).toEqual([]);
    expect(await sql(still, [id])).toEqual([{ up: 0 }]);
    const last = [
      () => service.as({ userId: stayer }).participants.raiseHand(id),
      () => service.as({ userId: host }).participants.raiseHand(id),
      () => service.as({ userId: host }).meetings.end(id),
    ];
    const refused = (await endings(atOnce(last))).filter(
      (end) => !['ok', 'INVALID_TRANSITION', 'FORBIDDEN'].includes(end),
    );
    expect(refused).toEqual([]);
    expect(await sql(still, [id])).toEqual([{ up: 0 }]);
  });
});

test('one hand raised on many devices is one hand', async ({ arena: { service, room, facts } }) => {
  const userId = newId();
  const { id } = await room({ started: true, invite: [userId], present: [userId] });
  const { participants } = service.as({ userId });
  const raise = () => participants.raiseHand(id);
  expect(await tally(atOnce([raise, raise, raise, raise, raise, raise]))).toEqual({ ok: 6 });
  expect((await facts(id)).events['participant.hand-raised']).toBe(1);
});

/** A hand that goes up and gets stuck on its way to the log, until somebody lets it. */
async function raiseSlowly(url: string, arena: Arena, id: string, userId: string) {
  const lane = 'select 1 from convoke.meeting_event_heads where stream_kind = 0 and stream_id = $1 for update';
  const release = await hold(url, lane, [id]);
  const raised = arena.service.as({ userId }).participants.raiseHand(id);
  await waiting(arena, 1);
  return async (meanwhile: Promise<unknown>) => {
    await waiting(arena, 2);
    await release();
    await Promise.all([raised, meanwhile]);
    return arena.sql('select 1 from convoke.meeting_media_intervals where meeting_id = $1 and ended_at is null', [id]);
  };
}

test.for([
  [
    'the person leaves',
    (service: MeetingService, { id }: Room, userId: string) => service.as({ userId }).participants.leave(id),
  ],
  [
    'the person is removed',
    (service: MeetingService, { id, host }: Room, userId: string) =>
      service.as({ userId: host }).participants.remove(id, userId),
  ],
  ['the meeting ends', (service: MeetingService, { id, host }: Room) => service.as({ userId: host }).meetings.end(id)],
  ['the sweep finds the person silent', (service: MeetingService) => service.worker.runOnce('sessions.reap')],
] as const)('a hand that is just going up when %s comes down again', async ([, act], { url, arena }) => {
  const userId = newId();
  const room = await arena.room({ started: true, invite: [userId], present: [userId] });
  await using service = await openService(url, { limits: { poolSize: 2 }, policy: { heartbeatGraceSeconds: 1 } });
  await service.as({ userId }).participants.heartbeat(room.id);
  await wait(1_010);
  const upAfter = await raiseSlowly(url, arena, room.id, userId);
  expect(await upAfter(act(service, room, userId))).toEqual([]);
  expect((await arena.facts(room.id)).events['participant.hand-raised']).toBe(1);
});
