import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { openService, people } from '../setup/service.ts';
import { atOnce, endings, hold, type Room, rounds, test, waiting } from './arena.ts';
import { astray, expectShareHistory, open, stuck } from './live.ts';

type Rooms = ReturnType<MeetingService['as']>['participants'];

test(
  'nobody has anything on who has left, however late they switched it on',
  { timeout: 60_000 },
  async ({ arena }) => {
    await rounds(50, async (round) => {
      const [leaver = '', removed = '', watcher = '', stayer = ''] = people(4);
      const crowd = [leaver, removed, watcher, stayer];
      const { id, host } = await arena.room({ started: true, invite: crowd, present: crowd });
      const as = (userId: string) => arena.service.as({ userId });
      const calls: (() => Promise<unknown>)[] = crowd.flatMap((userId) => [
        () => as(userId).participants.setMedia(id, { microphone: true, speaking: true }),
        () => as(userId).participants.setMedia(id, { camera: true }),
        () => as(userId).participants.setMedia(id, { microphone: false }),
        () => as(userId).screenShare.start(id),
      ]);
      calls.push(
        () => as(leaver).participants.leave(id),
        () => as(host).participants.remove(id, removed),
        () => as(host).participants.setRole(id, watcher, 'Observer'),
      );
      if (round % 2 === 0) calls.push(() => as(host).meetings.end(id));
      const expected = ['ok', 'CONFLICT', 'FORBIDDEN', 'NOT_FOUND', 'INVALID_TRANSITION'];
      expect((await endings(atOnce(calls))).filter((end) => !expected.includes(end))).toEqual([]);
      expect(await astray(arena, id)).toEqual([]);
      expect(round % 2 === 0 ? await open(arena, id) : []).toEqual([]);
      await expectShareHistory(arena, id);
    });
  },
);

test('many devices of one person agree in the end with the last thing that was told', async ({ arena }) => {
  await rounds(20, async () => {
    const { id, host } = await arena.room({ started: true });
    const { participants } = arena.service.as({ userId: host });
    const wishes = [
      { microphone: true },
      { microphone: true, speaking: true },
      { microphone: false },
      { speaking: true },
      { camera: true },
      { camera: false, microphone: true },
    ];
    const ends = await endings(atOnce(wishes.map((wish) => () => participants.setMedia(id, wish))));
    expect(ends.filter((end) => !['ok', 'CONFLICT'].includes(end))).toEqual([]);
    expect(await astray(arena, id)).toEqual([]);
    const told = await arena.sql<{ changed: Record<string, boolean> }>(
      `select data->'changed' as changed from convoke.meeting_events
       where stream_id = $1 and type = 'media.changed' order by seq`,
      [id],
    );
    const last = new Map(told.flatMap(({ changed }) => Object.entries(changed)));
    const on = [...last].filter(([, isOn]) => isOn).map(([kind]) => kind);
    expect((await open(arena, id)).map(({ kind }) => kind)).toEqual(on.toSorted());
    // Told only what changed: no kind goes on or off twice in a row.
    for (const kind of ['microphone', 'speaking', 'camera']) {
      const turns = told.flatMap(({ changed }) => changed[kind] ?? []);
      expect(turns).toEqual(turns.map((_, index) => index % 2 === 0));
    }
  });
});

const goings = [
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
  [
    'a platform says that the person is gone',
    (service: MeetingService, { id }: Room, userId: string) =>
      service.asSystem().participants.recordSession(id, {
        ...{ userId, source: 'host', joinedAt: new Date(), leftAt: new Date() },
      }),
  ],
  [
    'the person becomes an Observer',
    (service: MeetingService, { id, host }: Room, userId: string) =>
      service.as({ userId: host }).participants.setRole(id, userId, 'Observer'),
  ],
] as const;

test.for(goings)('what is just going on when %s goes off again', async ([name, act], { url, arena }) => {
  for (const begin of [
    (room: Room, userId: string) =>
      arena.service.as({ userId }).participants.setMedia(room.id, { microphone: true, speaking: true, camera: true }),
    (room: Room, userId: string) => arena.service.as({ userId }).screenShare.start(room.id),
  ]) {
    const userId = newId();
    const room = await arena.room({ started: true, invite: [userId], present: [userId] });
    await using service = await openService(url, { limits: { poolSize: 2 }, policy: { heartbeatGraceSeconds: 1 } });
    if (name.startsWith('the sweep')) {
      await service.as({ userId }).participants.heartbeat(room.id);
      await wait(1_010);
    }
    const finish = await stuck(url, arena, room.id, () => begin(room, userId));
    expect(await finish(act(service, room, userId))).toEqual(['ok', 'ok']);
    expect(await open(arena, room.id)).toEqual([]);
    await expectShareHistory(arena, room.id);
  }
});

test('whoever mutes while another device begins to speak is silent afterwards', async ({ url, arena }) => {
  const { id, host } = await arena.room({ started: true });
  const { participants } = arena.service.as({ userId: host });
  await participants.setMedia(id, { microphone: true });
  const finish = await stuck(url, arena, id, () => participants.setMedia(id, { speaking: true }));
  expect(await finish(participants.setMedia(id, { microphone: false }))).toEqual(['ok', 'ok']);
  expect(await open(arena, id)).toEqual([]);
});

test('whoever begins to speak while another device mutes is not heard', async ({ url, arena }) => {
  const { id, host } = await arena.room({ started: true });
  const { participants } = arena.service.as({ userId: host });
  await participants.setMedia(id, { microphone: true });
  const finish = await stuck(url, arena, id, () => participants.setMedia(id, { microphone: false }));
  expect(await finish(participants.setMedia(id, { speaking: true }))).toEqual(['ok', 'CONFLICT']);
  expect(await open(arena, id)).toEqual([]);
});

test.for([
  ['a hand', (rooms: Rooms, id: string) => rooms.raiseHand(id)],
  ['a microphone', (rooms: Rooms, id: string) => rooms.setMedia(id, { microphone: true })],
] as const)('%s that waits goes up when the wait is over, not when it began', async ([, act], { url, arena }) => {
  const { id, host } = await arena.room({ started: true });
  // A lock without a change, as the many have who only look whether a person is there.
  const release = await hold(
    url,
    'select 1 from convoke.meeting_participants where meeting_id = $1 and auth_user_id = $2 for share',
    [id, host],
  );
  const waited = act(arena.service.as({ userId: host }).participants, id);
  await waiting(arena, 1);
  await wait(20);
  const released = await release();
  await waited;
  const [up] = await arena.sql<{ at: string; told: string }>(
    `select floor(extract(epoch from i.started_at) * 1000) as at, floor(extract(epoch from e.occurred_at) * 1000) as told
     from convoke.meeting_media_intervals i join convoke.meeting_events e on e.stream_id = i.meeting_id
     where i.meeting_id = $1 and e.type in ('participant.hand-raised', 'media.changed')`,
    [id],
  );
  expect(Number(up?.at)).toBeGreaterThanOrEqual(released);
  expect(Number(up?.told)).toBeGreaterThanOrEqual(released);
});
