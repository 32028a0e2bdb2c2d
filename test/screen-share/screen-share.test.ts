import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { fails, minutes, start, test, unchanged } from '../setup/service.ts';
import { shares } from './shares.ts';

const acts = ['start', 'stop', 'takeOver', 'current'] as const;

describe('a screen', () => {
  test('is shared from start to stop, and everybody knows whose', async ({ service, running, events, clock, url }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [guest = ''] = participants;
    const { screenShare } = service.as({ userId: guest });
    const { screenShare: watching } = service.as({ userId: host });
    expect(await watching.current(id)).toBeNull();
    events.length = 0;
    clock.advance(minutes);
    const share = await screenShare.start(id);
    expect(share).toEqual({
      id: expect.any(String) as string,
      ...{ meetingId: id, authUserId: guest, startedAt: clock.now() },
    });
    expect(Object.isFrozen(share)).toBe(true);
    clock.advance(4 * minutes);
    expect(await watching.current(id)).toEqual(share);
    expect(await screenShare.stop(id)).toBeUndefined();
    expect(await watching.current(id)).toBeNull();
    expect(await shares(url, id)).toEqual([{ by: guest, from: 1, to: 5 }]);
    expect(events).toMatchObject([
      { type: 'screen-share.started', audience: 'all', actorId: guest, stream: { kind: 'meeting', id } },
      { type: 'screen-share.stopped', audience: 'all', actorId: guest },
    ]);
    expect(events.map(({ data }) => data)).toEqual([{ userId: guest }, { userId: guest, reason: 'stopped' }]);
  });

  test('that is shared already goes on when its owner starts again', async ({
    service,
    running,
    events,
    clock,
    url,
  }) => {
    const { id, host } = await running();
    const { screenShare } = service.as({ userId: host });
    const share = await screenShare.start(id);
    events.length = 0;
    clock.advance(minutes);
    await unchanged(url, async () => {
      expect(await screenShare.start(id)).toEqual(share);
      expect(await screenShare.takeOver(id)).toEqual(share);
    });
    expect(events).toEqual([]);
  });

  test('is one at a time: whoever comes second is told who shares', async ({ service, running, url }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [guest = ''] = participants;
    await service.as({ userId: guest }).screenShare.start(id);
    await unchanged(url, async () => {
      const error = await fails(service.as({ userId: host }).screenShare.start(id), 'CONFLICT');
      expect(error.details).toEqual({ operation: 'screen.share', condition: 'noOtherSharer', sharerId: guest });
      expect(error.message).not.toContain(guest);
    });
    await service.as({ userId: guest }).screenShare.stop(id);
    expect(await service.as({ userId: host }).screenShare.start(id)).toMatchObject({ authUserId: host });
  });

  test('is taken over in one step', async ({ service, running, events, clock, url }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [guest = ''] = participants;
    await service.as({ userId: guest }).screenShare.start(id);
    clock.advance(minutes);
    events.length = 0;
    const share = await service.as({ userId: host }).screenShare.takeOver(id);
    expect(share).toMatchObject({ authUserId: host, startedAt: clock.now() });
    expect(await service.as({ userId: guest }).screenShare.current(id)).toEqual(share);
    expect(await shares(url, id)).toEqual([
      { by: guest, from: 0, to: 1 },
      { by: host, from: 1, to: null },
    ]);
    expect(events).toMatchObject([
      { type: 'screen-share.stopped', actorId: host, data: { userId: guest, reason: 'taken-over' } },
      { type: 'screen-share.started', actorId: host, data: { userId: host } },
    ]);
    expect(events[1]!.seq).toBe(events[0]!.seq + 1);
    expect(events[1]!.prev).toBe(events[0]!.seq);
  });

  test('that nobody shares is taken over by sharing one’s own', async ({ service, running, events }) => {
    const { id, host } = await running();
    events.length = 0;
    expect(await service.as({ userId: host }).screenShare.takeOver(id)).toMatchObject({ authUserId: host });
    expect(events.map(({ type }) => type)).toEqual(['screen-share.started']);
  });

  test('is stopped by Host, CoHost and the system, whoever shares it', async ({ service, running, events }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [guest = '', second = ''] = participants;
    await service.as({ userId: host }).participants.setRole(id, second, 'CoHost');
    for (const [rooms, actorId] of [
      [service.as({ userId: host }), host],
      [service.as({ userId: second }), second],
      [service.asSystem(), null],
    ] as const) {
      await service.as({ userId: guest }).screenShare.start(id);
      events.length = 0;
      await rooms.screenShare.stop(id);
      expect(events).toMatchObject([
        { type: 'screen-share.stopped', actorId, data: { userId: guest, reason: 'stopped' } },
      ]);
    }
  });

  test('that is not shared needs no stopping', async ({ service, running, events, url }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [guest = ''] = participants;
    events.length = 0;
    await unchanged(url, async () => {
      for (const rooms of [service.as({ userId: guest }), service.as({ userId: host }), service.asSystem()])
        await rooms.screenShare.stop(id);
    });
    expect(events).toEqual([]);
  });

  test('answers a repeated key as the first time', async ({ service, running, events, clock }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [guest = ''] = participants;
    const as = (userId: string, idempotencyKey: string) => service.as({ userId }).with({ idempotencyKey }).screenShare;
    const share = await as(guest, 'a').start(id);
    const taken = await as(host, 'b').takeOver(id);
    await as(host, 'c').stop(id);
    events.length = 0;
    clock.advance(minutes);
    expect(await as(guest, 'a').start(id)).toEqual(share);
    expect(await as(host, 'b').takeOver(id)).toEqual(taken);
    await service.as({ userId: guest }).screenShare.start(id);
    await as(host, 'c').stop(id);
    expect(await service.as({ userId: host }).screenShare.current(id)).toMatchObject({ authUserId: guest });
    expect(events.map(({ type }) => type)).toEqual(['screen-share.started']);
    const elsewhere = await running({ host });
    await fails(as(host, 'b').takeOver(elsewhere.id), 'IDEMPOTENCY_CONFLICT');
  });
});

describe('who may', () => {
  test('share: everybody but Observers, and Participants only while their flag is on', async ({
    service,
    running,
    url,
  }) => {
    const { id, host, participants } = await running({ participants: 4 });
    const [coHost = '', presenter = '', guest = '', watcher = ''] = participants;
    const rooms = service.as({ userId: host }).participants;
    for (const userId of [presenter, guest]) await rooms.setPermissions(id, userId, { canShareScreen: false });
    await rooms.setRole(id, coHost, 'CoHost');
    await rooms.setRole(id, presenter, 'Presenter');
    await rooms.setRole(id, watcher, 'Observer');
    for (const userId of [host, coHost, presenter]) {
      await service.as({ userId }).screenShare.start(id);
      await service.as({ userId }).screenShare.stop(id);
    }
    await unchanged(url, async () => {
      const flagless = await fails(service.as({ userId: guest }).screenShare.start(id), 'FORBIDDEN');
      expect(flagless.details).toMatchObject({ operation: 'screen.share', flag: 'canShareScreen' });
      await fails(service.as({ userId: watcher }).screenShare.start(id), 'FORBIDDEN');
      await fails(service.asSystem().screenShare.start(id), 'FORBIDDEN');
    });
    await rooms.setPermissions(id, guest, { canShareScreen: true });
    expect(await service.as({ userId: guest }).screenShare.start(id)).toMatchObject({ authUserId: guest });
  });

  test('take over: Host, CoHost and Presenter', async ({ service, running, url }) => {
    const { id, host, participants } = await running({ participants: 4 });
    const [coHost = '', presenter = '', guest = '', watcher = ''] = participants;
    const rooms = service.as({ userId: host }).participants;
    await rooms.setRole(id, coHost, 'CoHost');
    await rooms.setRole(id, presenter, 'Presenter');
    await rooms.setRole(id, watcher, 'Observer');
    for (const userId of [host, coHost, presenter])
      expect(await service.as({ userId }).screenShare.takeOver(id)).toMatchObject({ authUserId: userId });
    await unchanged(url, async () => {
      for (const userId of [guest, watcher]) {
        const error = await fails(service.as({ userId }).screenShare.takeOver(id), 'FORBIDDEN');
        expect(error.details).toMatchObject({ operation: 'screen.takeOver' });
      }
      await fails(service.asSystem().screenShare.takeOver(id), 'FORBIDDEN');
    });
  });

  test('stop: the sharer, even without the flag by now, and no other guest', async ({ service, running, url }) => {
    const { id, host, participants } = await running({ participants: 3 });
    const [guest = '', other = '', watcher = ''] = participants;
    const rooms = service.as({ userId: host }).participants;
    await rooms.setRole(id, other, 'Presenter');
    await rooms.setRole(id, watcher, 'Observer');
    await service.as({ userId: guest }).screenShare.start(id);
    await unchanged(url, async () => {
      for (const userId of [other, watcher]) {
        const error = await fails(service.as({ userId }).screenShare.stop(id), 'FORBIDDEN');
        expect(error.details).toMatchObject({ operation: 'screen.stop' });
      }
    });
    await service.as({ userId: guest }).screenShare.stop(id);
  });

  test('see whose it is: every member, in every state', async ({ service, running, scheduled }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [guest = '', watcher = ''] = participants;
    await service.as({ userId: host }).participants.setRole(id, watcher, 'Observer');
    const share = await service.as({ userId: guest }).screenShare.start(id);
    await service.as({ userId: watcher }).participants.leave(id);
    for (const rooms of [service.as({ userId: watcher }), service.asSystem()])
      expect(await rooms.screenShare.current(id)).toEqual(share);
    await service.as({ userId: host }).meetings.end(id);
    expect(await service.as({ userId: watcher }).screenShare.current(id)).toBeNull();
    const ahead = await scheduled();
    expect(await service.as({ userId: ahead.host }).screenShare.current(ahead.id)).toBeNull();
  });

  test('nobody who is away, outside, or too early or late', async ({ service, running, scheduled, url }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [absent = '', removed = ''] = participants;
    await service.as({ userId: host }).participants.setRole(id, absent, 'Presenter');
    await service.as({ userId: absent }).participants.leave(id);
    await service.as({ userId: host }).participants.remove(id, removed);
    const ahead = await scheduled();
    await unchanged(url, async () => {
      for (const act of ['start', 'takeOver'] as const) {
        const away = await fails(service.as({ userId: absent }).screenShare[act](id), 'FORBIDDEN');
        expect(away.details).toMatchObject({ condition: 'present' });
      }
      for (const act of acts) {
        const nowhere = await fails(service.as({ userId: host }).screenShare[act](newId()), 'NOT_FOUND');
        for (const userId of [newId(), removed])
          expect(await fails(service.as({ userId }).screenShare[act](id), 'NOT_FOUND')).toEqual(nowhere);
        await fails(service.as({ userId: host }).screenShare[act]('x'), 'VALIDATION');
        await fails(service.as({ userId: host }).screenShare[act](undefined as unknown as string), 'VALIDATION');
      }
      for (const act of ['start', 'takeOver', 'stop'] as const)
        await fails(service.as({ userId: ahead.host }).screenShare[act](ahead.id), 'INVALID_TRANSITION');
      await fails(service.asSystem().screenShare.stop(ahead.id), 'INVALID_TRANSITION');
    });
  });

  test('a busy screen is the last thing that is said', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [guest = '', other = ''] = participants;
    await service.as({ userId: guest }).screenShare.start(id);
    await service.as({ userId: other }).participants.leave(id);
    await fails(service.as({ userId: other }).screenShare.start(id), 'FORBIDDEN');
    await service.as({ userId: host }).participants.setPermissions(id, other, { canShareScreen: false });
    await service.as({ userId: other }).participants.join(id);
    await fails(service.as({ userId: other }).screenShare.start(id), 'FORBIDDEN');
  });
});

test('a share begins when the clock says so', async ({ service, running, clock }) => {
  const { id, host } = await running();
  clock.advance(1_234);
  const { startedAt } = await service.as({ userId: host }).screenShare.start(id);
  expect(startedAt).toEqual(new Date(Date.parse(start) + 1_234));
});
