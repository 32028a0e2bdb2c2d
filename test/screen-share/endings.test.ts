import { describe, expect } from 'vitest';
import type { MeetingService } from '../../src/meeting-service.ts';
import type { Rooms } from '../../src/rooms.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';
import { minutes, type RunningMeeting, test } from '../setup/service.ts';
import { shares } from './shares.ts';

interface Ending {
  readonly service: MeetingService;
  readonly clock: FakeClock;
  readonly meeting: RunningMeeting;
  readonly sharer: string;
}

/** A way in which a share ends because of something else, and what is said about it, after the share. */
const endings: readonly [
  name: string,
  reason: string,
  by: 'sharer' | 'host' | null,
  act: (of: Ending) => Promise<unknown>,
  then: string[],
][] = [
  [
    'its owner leaves',
    ...(['left', 'sharer'] as const),
    ({ service, meeting, sharer }) => service.as({ userId: sharer }).participants.leave(meeting.id),
    ['participant.left'],
  ],
  [
    'its owner is removed',
    ...(['removed', 'host'] as const),
    ({ service, meeting, sharer }) => service.as({ userId: meeting.host }).participants.remove(meeting.id, sharer),
    ['participant.removed', 'participant.removed'],
  ],
  [
    'its owner falls silent',
    ...(['timed-out', null] as const),
    async ({ service, clock, meeting, sharer }) => {
      await service.as({ userId: sharer }).participants.heartbeat(meeting.id);
      clock.advance(10 * minutes);
      await service.worker.runOnce('sessions.reap');
    },
    ['participant.left'],
  ],
  [
    'the meeting ends',
    ...(['ended', 'host'] as const),
    ({ service, meeting }) => service.as({ userId: meeting.host }).meetings.end(meeting.id),
    ['meeting.ended', 'analytics.ready'],
  ],
  [
    'the meeting ends after its owner fell silent',
    ...(['timed-out', 'host'] as const),
    async ({ service, clock, meeting, sharer }) => {
      await service.as({ userId: sharer }).participants.heartbeat(meeting.id);
      clock.advance(10 * minutes);
      await service.as({ userId: meeting.host }).meetings.end(meeting.id);
    },
    ['meeting.ended', 'analytics.ready'],
  ],
];

describe('a share ends when', () => {
  test.for(endings)('%s', async ([, reason, by, act, then], { service, running, clock, events, url }) => {
    const meeting = await running({ participants: 1 });
    const [sharer = ''] = meeting.participants;
    await service.as({ userId: sharer }).screenShare.start(meeting.id);
    clock.advance(minutes);
    events.length = 0;
    await act({ service, clock, meeting, sharer });
    expect(events.map(({ type }) => type)).toEqual(['screen-share.stopped', ...then]);
    expect(events[0]).toMatchObject({
      actorId: by === 'sharer' ? sharer : by === 'host' ? meeting.host : null,
      data: { userId: sharer, reason },
    });
    const [share, ...others] = await shares(url, meeting.id);
    expect(others).toEqual([]);
    expect(share).toMatchObject({ by: sharer, from: 0, to: expect.any(Number) as number });
    expect(await service.as({ userId: meeting.host }).screenShare.current(meeting.id)).toBeNull();
  });

  test('a platform reports that its owner is gone', async ({ service, running, clock, events, url }) => {
    const { id, participants } = await running({ participants: 1, present: false });
    const [sharer = ''] = participants;
    const stay = { userId: sharer, source: 'zoom', connectionId: 'c1', joinedAt: clock.now() };
    await service.asSystem().participants.recordSession(id, stay);
    await service.as({ userId: sharer }).screenShare.start(id);
    clock.advance(3 * minutes);
    events.length = 0;
    await service.asSystem().participants.recordSession(id, { ...stay, leftAt: clock.now() });
    expect(events).toMatchObject([
      { type: 'screen-share.stopped', actorId: null, data: { userId: sharer, reason: 'left' } },
      { type: 'participant.left', data: { userId: sharer, reason: 'left' } },
    ]);
    expect(await shares(url, id)).toEqual([{ by: sharer, from: 0, to: 3 }]);
  });

  test.for<[string, (rooms: Rooms, id: string, sharer: string) => Promise<unknown>]>([
    [
      'their flag is switched off',
      ({ participants }, id, sharer) => participants.setPermissions(id, sharer, { canShareScreen: false }),
    ],
    ['they only watch from now on', ({ participants }, id, sharer) => participants.setRole(id, sharer, 'Observer')],
    [
      'they are no Presenter any more, and the flag was off',
      async ({ participants }, id, sharer) => {
        await participants.setRole(id, sharer, 'Presenter');
        await participants.setPermissions(id, sharer, { canShareScreen: false });
        await participants.setRole(id, sharer, 'Participant');
      },
    ],
  ])('its owner may not share any more: %s', async ([, takeAway], { service, running, clock, events, url }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [sharer = ''] = participants;
    await service.as({ userId: sharer }).screenShare.start(id);
    clock.advance(minutes);
    events.length = 0;
    await takeAway(service.as({ userId: host }), id, sharer);
    expect(events.filter(({ type }) => type === 'screen-share.stopped')).toEqual([events.at(-1)]);
    expect(events.at(-1)).toMatchObject({ actorId: host, data: { userId: sharer, reason: 'not-permitted' } });
    expect(await shares(url, id)).toEqual([{ by: sharer, from: 0, to: 1 }]);
  });
});

describe('a share goes on when', () => {
  test('its owner leaves with one device of two', async ({ service, running, events }) => {
    const { id, host } = await running();
    const { participants, screenShare } = service.as({ userId: host });
    await participants.join(id, { connectionId: 'phone' });
    const share = await screenShare.start(id);
    events.length = 0;
    await participants.leave(id, { connectionId: 'phone' });
    expect(await screenShare.current(id)).toEqual(share);
    expect(events).toEqual([]);
  });

  test('what is taken away is another right, or none', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [sharer = ''] = participants;
    const { participants: rooms } = service.as({ userId: host });
    const share = await service.as({ userId: sharer }).screenShare.start(id);
    await rooms.setPermissions(id, sharer, { canUseChat: false });
    await rooms.setRole(id, sharer, 'CoHost');
    await rooms.setRole(id, sharer, 'Presenter');
    // A Presenter shares by the role: the flag is for Participants.
    await rooms.setPermissions(id, sharer, { canShareScreen: false });
    expect(await service.as({ userId: sharer }).screenShare.current(id)).toEqual(share);
  });

  test('its owner hands the meeting over', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const share = await service.as({ userId: host }).screenShare.start(id);
    await service.as({ userId: host }).participants.transferHost(id, participants[0]!);
    expect(await service.as({ userId: host }).screenShare.current(id)).toEqual(share);
  });

  test('somebody else leaves or is removed', async ({ service, running, events }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [leaver = '', removed = ''] = participants;
    const share = await service.as({ userId: host }).screenShare.start(id);
    events.length = 0;
    await service.as({ userId: leaver }).participants.leave(id);
    await service.as({ userId: host }).participants.remove(id, removed);
    expect(await service.as({ userId: host }).screenShare.current(id)).toEqual(share);
    expect(events.filter(({ type }) => type === 'screen-share.stopped')).toEqual([]);
  });
});
