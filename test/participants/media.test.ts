import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { MediaInput } from '../../src/participants/index.ts';
import { execute } from '../setup/postgres.ts';
import { fails, minutes, start, test, unchanged } from '../setup/service.ts';

interface Interval {
  readonly kind: string;
  readonly from: number;
  readonly to: number | null;
}

/** What was on, in minutes after the start. */
const intervals = (url: string, meetingId: string, userId: string) =>
  execute<Interval>(
    url,
    `select kind, (extract(epoch from started_at - '${start}') / 60)::int as "from",
            (extract(epoch from ended_at - '${start}') / 60)::int as "to"
     from convoke.meeting_media_intervals
     where meeting_id = '${meetingId}' and auth_user_id = '${userId}' order by started_at, kind`,
  );

const silent = { microphone: false, speaking: false, camera: false };

describe('microphone, voice and camera', () => {
  test('are switched one by one or together, and everybody is told what changed', async ({
    service,
    running,
    events,
    clock,
    url,
  }) => {
    const { id, participants } = await running({ participants: 1 });
    const [guest = ''] = participants;
    const rooms = service.as({ userId: guest }).participants;
    const me = { meetingId: id, authUserId: guest };
    events.length = 0;
    expect(await rooms.setMedia(id, { microphone: true, camera: true })).toEqual({
      ...{ ...me, ...silent },
      ...{ microphone: true, camera: true },
    });
    clock.advance(2 * minutes);
    expect(await rooms.setMedia(id, { speaking: true })).toMatchObject({ microphone: true, speaking: true });
    clock.advance(minutes);
    expect(await rooms.setMedia(id, { speaking: false, camera: false })).toEqual({
      ...me,
      ...silent,
      microphone: true,
    });
    clock.advance(minutes);
    expect(await rooms.setMedia(id, { microphone: false })).toEqual({ ...me, ...silent });
    expect(await intervals(url, id, guest)).toEqual([
      { kind: 'camera', from: 0, to: 3 },
      { kind: 'microphone', from: 0, to: 4 },
      { kind: 'speaking', from: 2, to: 3 },
    ]);
    expect(events).toMatchObject([
      { type: 'media.changed', audience: 'all', actorId: guest, stream: { kind: 'meeting', id } },
      { time: new Date(Date.parse(start) + 2 * minutes).toISOString() },
      { type: 'media.changed' },
      { type: 'media.changed' },
    ]);
    expect(events.map(({ data }) => data)).toEqual([
      { userId: guest, changed: { microphone: true, camera: true } },
      { userId: guest, changed: { speaking: true } },
      { userId: guest, changed: { speaking: false, camera: false } },
      { userId: guest, changed: { microphone: false } },
    ]);
  });

  test('that are as wanted stay so, and nobody is told', async ({ service, running, events, clock, url }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host }).participants;
    await rooms.setMedia(id, { microphone: true });
    events.length = 0;
    clock.advance(minutes);
    await unchanged(url, async () => {
      expect(await rooms.setMedia(id, { microphone: true, camera: false })).toMatchObject({ microphone: true });
      expect(await rooms.setMedia(id, { speaking: false })).toMatchObject({ microphone: true, speaking: false });
    });
    expect(events).toEqual([]);
    await rooms.setMedia(id, { microphone: true, camera: true });
    expect(events.map(({ data }) => data)).toEqual([{ userId: host, changed: { camera: true } }]);
  });

  test('muting ends speaking', async ({ service, running, events, clock, url }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host }).participants;
    await rooms.setMedia(id, { microphone: true, speaking: true });
    clock.advance(minutes);
    events.length = 0;
    expect(await rooms.setMedia(id, { microphone: false })).toMatchObject(silent);
    expect(await intervals(url, id, host)).toEqual([
      { kind: 'microphone', from: 0, to: 1 },
      { kind: 'speaking', from: 0, to: 1 },
    ]);
    expect(events.map(({ data }) => data)).toEqual([{ userId: host, changed: { microphone: false, speaking: false } }]);
  });

  test('nobody is heard through a microphone that is off', async ({ service, running, url }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host }).participants;
    const muted = await fails(rooms.setMedia(id, { speaking: true }), 'CONFLICT');
    expect(muted.details).toMatchObject({ field: 'speaking' });
    expect(muted.message).toContain('switch it on first');
    await unchanged(url, () => fails(rooms.setMedia(id, { speaking: true, camera: true }), 'CONFLICT'));
    await rooms.setMedia(id, { microphone: true, speaking: true });
    await rooms.setMedia(id, { microphone: false });
    await unchanged(url, () => fails(rooms.setMedia(id, { speaking: true }), 'CONFLICT'));
  });

  test.for<[MediaInput, string]>([
    [{}, 'must switch at least one'],
    [{ microphone: undefined }, 'must switch at least one'],
    [{ microphone: false, speaking: true }, 'speaking must not be true while the microphone is switched off'],
    [{ microphone: 'on' } as unknown as MediaInput, 'microphone'],
    [{ microphone: null } as unknown as MediaInput, 'microphone'],
    [{ screen: true } as unknown as MediaInput, 'screen'],
    [{ camera: true, userId: newId() } as unknown as MediaInput, 'userId'],
  ])('%j is no way to switch them', async ([input, message], { service, running, url }) => {
    const { id, host } = await running();
    await unchanged(url, async () => {
      const error = await fails(service.as({ userId: host }).participants.setMedia(id, input), 'VALIDATION');
      expect(error.message).toContain(message);
    });
  });

  test('are each person’s own, and seen on the roster', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [ada = '', bob = ''] = participants;
    await service.as({ userId: ada }).participants.setMedia(id, { microphone: true, speaking: true });
    await service.as({ userId: bob }).participants.setMedia(id, { camera: true });
    const { items } = await service.as({ userId: host }).participants.list(id);
    expect(items.map(({ media }) => media)).toEqual([
      silent,
      { ...silent, microphone: true, speaking: true },
      { ...silent, camera: true },
    ]);
  });

  test('stay on with another device, which finds them as they are', async ({ service, running, url, clock }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host }).participants;
    await rooms.setMedia(id, { microphone: true });
    await rooms.raiseHand(id);
    clock.advance(minutes);
    expect(await rooms.join(id, { connectionId: 'phone' })).toMatchObject({ handRaisedAt: new Date(start) });
    expect(await rooms.setMedia(id, { camera: false })).toMatchObject({ microphone: true });
    await rooms.leave(id, { connectionId: 'phone' });
    expect((await intervals(url, id, host)).map(({ to }) => to)).toEqual([null, null]);
  });

  test('go off when their owner leaves with the last device, unsaid', async ({
    service,
    running,
    clock,
    url,
    events,
  }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host }).participants;
    await rooms.setMedia(id, { microphone: true, speaking: true, camera: true });
    clock.advance(minutes);
    events.length = 0;
    await rooms.leave(id);
    expect((await intervals(url, id, host)).map(({ to }) => to)).toEqual([1, 1, 1]);
    expect(events.map(({ type }) => type)).toEqual(['participant.left']);
    await rooms.join(id);
    expect((await rooms.list(id)).items).toMatchObject([{ media: silent }]);
  });

  test('go off when their owner is removed, and when the meeting ends', async ({ service, running, clock, url }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [removed = '', stays = ''] = participants;
    for (const userId of participants)
      await service.as({ userId }).participants.setMedia(id, { microphone: true, speaking: true, camera: true });
    clock.advance(minutes);
    await service.as({ userId: host }).participants.remove(id, removed);
    expect((await intervals(url, id, removed)).map(({ to }) => to)).toEqual([1, 1, 1]);
    expect((await intervals(url, id, stays)).map(({ to }) => to)).toEqual([null, null, null]);
    clock.advance(minutes);
    await service.as({ userId: host }).meetings.end(id);
    expect((await intervals(url, id, stays)).map(({ to }) => to)).toEqual([2, 2, 2]);
  });

  test('go off when their owner falls silent, at the end of the grace', async ({ service, running, clock, url }) => {
    const { id, participants } = await running({ participants: 1 });
    const [guest = ''] = participants;
    const rooms = service.as({ userId: guest }).participants;
    await rooms.setMedia(id, { microphone: true });
    await rooms.heartbeat(id);
    clock.advance(10 * minutes);
    await service.worker.runOnce('sessions.reap');
    const [interval] = await intervals(url, id, guest);
    expect(interval?.to).toBeLessThan(10);
    await fails(rooms.setMedia(id, { camera: true }), 'FORBIDDEN');
  });

  test('go off when their owner becomes an Observer, who has none', async ({
    service,
    running,
    clock,
    events,
    url,
  }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [guest = '', other = ''] = participants;
    for (const userId of participants) {
      await service.as({ userId }).participants.setMedia(id, { microphone: true, speaking: true });
      await service.as({ userId }).participants.raiseHand(id);
    }
    clock.advance(minutes);
    events.length = 0;
    const { participants: rooms } = service.as({ userId: host });
    expect(await rooms.setRole(id, guest, 'Observer')).toMatchObject({ handRaisedAt: null });
    await rooms.setRole(id, other, 'Presenter');
    expect((await rooms.list(id)).items.map(({ media }) => media.microphone)).toEqual([false, false, true]);
    expect((await intervals(url, id, guest)).map(({ to }) => to)).toEqual([1, 1, 1]);
    expect(events).toMatchObject([
      { type: 'participant.role-changed', data: { userId: guest } },
      { type: 'participant.hand-lowered', data: { userId: guest } },
      {
        ...{ type: 'media.changed', actorId: host },
        data: { userId: guest, changed: { microphone: false, speaking: false } },
      },
      { type: 'participant.role-changed', data: { userId: other } },
    ]);
  });

  test('are switched only by people who are there and do not only watch', async ({
    service,
    running,
    scheduled,
    url,
  }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [watcher = '', absent = ''] = participants;
    await service.as({ userId: host }).participants.setRole(id, watcher, 'Observer');
    await service.as({ userId: absent }).participants.leave(id);
    const ahead = await scheduled();
    const on = { microphone: true };
    await unchanged(url, async () => {
      const watching = await fails(service.as({ userId: watcher }).participants.setMedia(id, on), 'FORBIDDEN');
      expect(watching.details).toMatchObject({ operation: 'participant.setMedia' });
      const away = await fails(service.as({ userId: absent }).participants.setMedia(id, on), 'FORBIDDEN');
      expect(away.details).toMatchObject({ condition: 'present' });
      const muted = await fails(
        service.as({ userId: absent }).participants.setMedia(id, { speaking: true }),
        'FORBIDDEN',
      );
      expect(muted.details).toMatchObject({ condition: 'present' });
      const stranger = await fails(service.as({ userId: newId() }).participants.setMedia(id, on), 'NOT_FOUND');
      const nowhere = await fails(service.as({ userId: host }).participants.setMedia(newId(), on), 'NOT_FOUND');
      expect(stranger).toEqual(nowhere);
      await fails(service.asSystem().participants.setMedia(id, on), 'FORBIDDEN');
      await fails(service.as({ userId: ahead.host }).participants.setMedia(ahead.id, on), 'INVALID_TRANSITION');
      await fails(service.as({ userId: host }).participants.setMedia('x', on), 'VALIDATION');
    });
    await service.as({ userId: host }).meetings.end(id);
    await unchanged(url, () => fails(service.as({ userId: host }).participants.setMedia(id, on), 'INVALID_TRANSITION'));
  });

  test('switched again with the key stay as the first answer said', async ({ service, running, clock, url }) => {
    const { id, host } = await running();
    const keyed = service.as({ userId: host }).with({ idempotencyKey: 'media-1' }).participants;
    const first = await keyed.setMedia(id, { microphone: true });
    clock.advance(minutes);
    await service.as({ userId: host }).participants.setMedia(id, { microphone: false });
    await unchanged(url, async () => {
      expect(await keyed.setMedia(id, { microphone: true })).toEqual(first);
      await fails(keyed.setMedia(id, { camera: true }), 'IDEMPOTENCY_CONFLICT');
    });
  });
});
