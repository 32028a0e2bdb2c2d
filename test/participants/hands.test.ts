import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { execute } from '../setup/postgres.ts';
import { fails, minutes, start, test, unchanged } from '../setup/service.ts';

const hands = (url: string, meetingId: string) =>
  execute<{ ended: boolean }>(
    url,
    `select ended_at is not null as ended from convoke.meeting_media_intervals
     where meeting_id = '${meetingId}' and kind = 'hand' order by started_at`,
  );

/** Makes a meeting the template of a series. */
async function hide(url: string, meetingId: string, host: string): Promise<void> {
  const series = newId();
  await execute(
    url,
    `insert into convoke.recurring_meeting_series
       (id, series_name, template_meeting_id, creator_id, recurrence_pattern, series_start_date)
     values ('${series}', 'Weekly', '${meetingId}', '${host}', '{}', '2026-03-02');
     update convoke.meetings set series_id = '${series}', is_recurring = true, recurrence_pattern = '{}'
     where id = '${meetingId}'`,
  );
}

describe('a hand', () => {
  test('goes up and comes down, and everybody sees it', async ({ service, running, events, clock }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [guest] = participants as [string];
    const rooms = service.as({ userId: guest }).participants;
    events.length = 0;
    clock.advance(minutes);
    expect(await rooms.raiseHand(id)).toMatchObject({ authUserId: guest, handRaisedAt: clock.now() });
    const { items } = await service.as({ userId: host }).participants.list(id);
    expect(items.map(({ handRaisedAt }) => handRaisedAt)).toEqual([null, clock.now()]);
    expect(await rooms.lowerHand(id)).toMatchObject({ handRaisedAt: null });
    expect(events).toMatchObject([
      { type: 'participant.hand-raised', audience: 'all', actorId: guest, data: { userId: guest } },
      { type: 'participant.hand-lowered', audience: 'all', actorId: guest, data: { userId: guest } },
    ]);
  });

  test('that is up stays as it is when raised again; one that is down, when lowered', async ({
    service,
    running,
    events,
    url,
    clock,
  }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host }).participants;
    await rooms.raiseHand(id);
    events.length = 0;
    clock.advance(minutes);
    await unchanged(url, async () =>
      expect(await rooms.raiseHand(id)).toMatchObject({ handRaisedAt: new Date(start) }),
    );
    expect(events).toEqual([]);
    await rooms.lowerHand(id);
    events.length = 0;
    await unchanged(url, async () => expect(await rooms.lowerHand(id)).toMatchObject({ handRaisedAt: null }));
    expect(events).toEqual([]);
  });

  test('raised many times at once is one hand and one announcement', async ({ service, running, events, url }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host }).participants;
    events.length = 0;
    await Promise.all(Array.from({ length: 6 }, () => rooms.raiseHand(id)));
    expect(await hands(url, id)).toEqual([{ ended: false }]);
    expect(events.map(({ type }) => type)).toEqual(['participant.hand-raised']);
  });

  test('comes down when its owner leaves with the last device', async ({ service, running, url }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host }).participants;
    await rooms.join(id, { connectionId: 'phone' });
    await rooms.raiseHand(id);
    await rooms.leave(id, { connectionId: 'phone' });
    expect(await hands(url, id)).toEqual([{ ended: false }]);
    await rooms.leave(id);
    expect(await hands(url, id)).toEqual([{ ended: true }]);
    expect(await rooms.join(id)).toMatchObject({ handRaisedAt: null });
    expect(await rooms.raiseHand(id)).toMatchObject({ handRaisedAt: new Date(start) });
  });

  test('comes down when its owner is removed, and when the meeting ends', async ({ service, running, url }) => {
    const { id, host, participants } = await running({ participants: 2 });
    for (const userId of participants) await service.as({ userId }).participants.raiseHand(id);
    await service.as({ userId: host }).participants.remove(id, participants[0]!);
    expect((await hands(url, id)).filter(({ ended }) => ended)).toHaveLength(1);
    await service.as({ userId: host }).meetings.end(id);
    expect(await hands(url, id)).toEqual([{ ended: true }, { ended: true }]);
  });

  test('comes down when its owner becomes an Observer, who has none to raise', async ({
    service,
    running,
    events,
    url,
  }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [guest, other] = participants as [string, string];
    for (const userId of participants) await service.as({ userId }).participants.raiseHand(id);
    events.length = 0;
    expect(await service.as({ userId: host }).participants.setRole(id, guest, 'Observer')).toMatchObject({
      handRaisedAt: null,
    });
    await service.as({ userId: host }).participants.setRole(id, other, 'CoHost');
    expect((await hands(url, id)).filter(({ ended }) => ended)).toHaveLength(1);
    expect(events).toMatchObject([
      { type: 'participant.role-changed', data: { userId: guest } },
      { type: 'participant.hand-lowered', data: { userId: guest } },
      { type: 'participant.role-changed', data: { userId: other } },
    ]);
  });

  test('is raised only by people who are there and may speak', async ({ service, running, scheduled, url }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [watcher, absent] = participants as [string, string];
    await service.as({ userId: host }).participants.setRole(id, watcher, 'Observer');
    await service.as({ userId: absent }).participants.leave(id);
    const ahead = await scheduled();
    await unchanged(url, async () => {
      for (const act of ['raiseHand', 'lowerHand'] as const) {
        const watching = await fails(service.as({ userId: watcher }).participants[act](id), 'FORBIDDEN');
        expect(watching.details).toMatchObject({ operation: 'participant.raiseHand' });
        const away = await fails(service.as({ userId: absent }).participants[act](id), 'FORBIDDEN');
        expect(away.details).toMatchObject({ condition: 'present' });
        await fails(service.as({ userId: newId() }).participants[act](id), 'NOT_FOUND');
        await fails(service.asSystem().participants[act](id), 'FORBIDDEN');
        await fails(service.as({ userId: ahead.host }).participants[act](ahead.id), 'INVALID_TRANSITION');
      }
    });
  });

  test('is not raised in the hidden template of a series, which is no meeting', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled();
    const rooms = service.as({ userId: host }).participants;
    await hide(url, id, host);
    await unchanged(url, async () => {
      for (const act of ['raiseHand', 'lowerHand'] as const) {
        const missing = await fails(rooms[act](newId()), 'NOT_FOUND');
        expect((await fails(rooms[act](id), 'NOT_FOUND')).toJSON()).toEqual(missing.toJSON());
      }
    });
  });

  test('raised again with its key stays as the first answer said', async ({ service, running, clock, url }) => {
    const { id, host } = await running();
    const keyed = service.as({ userId: host }).with({ idempotencyKey: 'hand-1' }).participants;
    const first = await keyed.raiseHand(id);
    clock.advance(minutes);
    await service.as({ userId: host }).participants.lowerHand(id);
    await unchanged(url, async () => expect(await keyed.raiseHand(id)).toEqual(first));
  });
});
