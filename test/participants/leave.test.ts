import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { execute } from '../setup/postgres.ts';
import { fails, minutes, start, test, unchanged } from '../setup/service.ts';

const seconds = 1000;
const after = (milliseconds: number) => new Date(new Date(start).getTime() + milliseconds);

describe('leaving', () => {
  test('with one of two devices one stays, and nobody hears of it', async ({ service, running, events, clock }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host });
    await rooms.participants.join(id, { connectionId: 'phone' });
    events.length = 0;
    clock.advance(minutes);
    const view = await rooms.participants.leave(id, { connectionId: 'phone' });
    expect(view).toMatchObject({ isPresent: true, leftAt: null });
    expect(await rooms.meetings.get(id)).toMatchObject({ currentParticipantsCount: 1 });
    expect(events).toEqual([]);
  });

  test('with the last device one is gone', async ({ service, running, events, clock }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host });
    await rooms.participants.join(id, { connectionId: 'phone' });
    await rooms.participants.leave(id, { connectionId: 'phone' });
    events.length = 0;
    clock.advance(3 * minutes);
    expect(await rooms.participants.leave(id)).toMatchObject({
      ...{ isPresent: false, joinedAt: new Date(start), leftAt: clock.now(), totalDurationMinutes: 3 },
    });
    expect(await rooms.meetings.get(id)).toMatchObject({ currentParticipantsCount: 0 });
    expect(events).toMatchObject([
      { type: 'participant.left', audience: 'all', actorId: host, data: { userId: host, reason: 'left' } },
    ]);
  });

  test('without naming a device one leaves with all', async ({ service, running, events }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host });
    for (const connectionId of ['phone', 'laptop']) await rooms.participants.join(id, { connectionId });
    events.length = 0;
    expect(await rooms.participants.leave(id)).toMatchObject({ isPresent: false });
    expect(await rooms.meetings.get(id)).toMatchObject({ currentParticipantsCount: 0 });
    expect(events.map(({ type }) => type)).toEqual(['participant.left']);
  });

  test('who is not there changes nothing by leaving', async ({ service, running, events, url, clock }) => {
    const { id, host, participants } = await running({ participants: 1, present: false });
    const [guest] = participants as [string];
    await service.as({ userId: host }).participants.join(id);
    clock.advance(minutes);
    await service.as({ userId: host }).participants.leave(id);
    clock.advance(minutes);
    events.length = 0;
    await unchanged(url, async () => {
      expect(await service.as({ userId: guest }).participants.leave(id)).toMatchObject({ joinedAt: null });
      expect(await service.as({ userId: host }).participants.leave(id)).toMatchObject({ leftAt: after(minutes) });
      await service.as({ userId: host }).participants.leave(id, { connectionId: 'never seen' });
    });
    expect(events).toEqual([]);
  });

  test('a device that was never there does not take the others along', async ({ service, running, url }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host }).participants;
    await unchanged(url, async () => {
      expect(await rooms.leave(id, { connectionId: 'never seen' })).toMatchObject({ isPresent: true });
    });
  });

  test('the order of errors: outsider, then state', async ({ service, running, scheduled, url }) => {
    const { id, host } = await scheduled();
    const { id: other } = await running();
    await unchanged(url, async () => {
      await fails(service.as({ userId: newId() }).participants.leave(other), 'NOT_FOUND');
      await fails(service.as({ userId: host }).participants.leave(id), 'INVALID_TRANSITION');
      await fails(service.as({ userId: host }).participants.leave(newId()), 'NOT_FOUND');
      await fails(service.asSystem().participants.leave(other), 'VALIDATION');
    });
  });

  test('a repeated leave with its key gives the first answer', async ({ service, running, url, clock }) => {
    const { id, host } = await running();
    const keyed = service.as({ userId: host }).with({ idempotencyKey: 'leave-1' }).participants;
    const first = await keyed.leave(id);
    clock.advance(minutes);
    await service.as({ userId: host }).participants.join(id);
    await unchanged(url, async () => expect(await keyed.leave(id)).toEqual(first));
  });
});

test('leaving while another device is on its way in leaves with that one too', async ({
  service,
  running,
  orm,
  url,
  clock,
}) => {
  const { id, host } = await running();
  clock.advance(minutes);
  const rooms = service.as({ userId: host }).participants;
  let leaving: ReturnType<typeof rooms.leave> | undefined;
  // The leave begins before the phone's join is committed, and has to wait for it.
  await orm.em.fork().transactional(async (em) => {
    await service.as({ userId: host }, { em }).participants.join(id, { connectionId: 'phone' });
    leaving = rooms.leave(id);
    const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await expect.poll(() => execute(url, waiting), { timeout: 10_000 }).toHaveLength(1);
  });
  expect(await leaving).toMatchObject({ isPresent: false, leftAt: clock.now(), totalDurationMinutes: 1 });
  const { people } = await rooms.attendance(id);
  expect(people[0]?.sessions.map(({ leftAt }) => leftAt)).toEqual([clock.now(), clock.now()]);
});

describe('minutes', () => {
  test('are whole minutes of the exact union, rounded down once', async ({ service, running, clock }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host }).participants;
    // Three stays of 50 seconds each, ten seconds apart: two and a half minutes, not three times none.
    for (let stay = 0; stay < 3; stay++) {
      clock.advance(50 * seconds);
      await rooms.leave(id);
      clock.advance(10 * seconds);
      await rooms.join(id);
    }
    expect(await rooms.leave(id)).toMatchObject({ totalDurationMinutes: 2 });
    clock.advance(minutes);
    await rooms.join(id);
    clock.advance(29_999);
    expect(await rooms.leave(id)).toMatchObject({ totalDurationMinutes: 2 });
    await rooms.join(id);
    clock.advance(1);
    expect(await rooms.leave(id)).toMatchObject({ totalDurationMinutes: 3 });
  });

  test('two devices at once count once', async ({ service, running, clock }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host }).participants;
    clock.advance(5 * minutes);
    await rooms.join(id, { connectionId: 'phone' });
    clock.advance(5 * minutes);
    await rooms.leave(id, { connectionId: 'phone' });
    clock.advance(5 * minutes);
    expect(await rooms.leave(id)).toMatchObject({ totalDurationMinutes: 15 });
  });

  test('are kept while a person is back, and grow when they leave again', async ({ service, running, clock }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host }).participants;
    clock.advance(4 * minutes);
    await rooms.leave(id);
    clock.advance(minutes);
    expect(await rooms.join(id)).toMatchObject({ totalDurationMinutes: 4, isPresent: true });
    clock.advance(4 * minutes);
    expect(await rooms.leave(id)).toMatchObject({ totalDurationMinutes: 8 });
  });
});

describe('heartbeats', () => {
  test('silence after the first one ends the session at the last one and the grace', async ({
    service,
    running,
    events,
    clock,
  }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host });
    clock.advance(10 * minutes);
    await rooms.participants.heartbeat(id);
    clock.advance(90 * seconds);
    await service.worker.runOnce('sessions.reap');
    expect(await rooms.meetings.get(id)).toMatchObject({ currentParticipantsCount: 1 });
    events.length = 0;
    clock.advance(1);
    await service.worker.runOnce('sessions.reap');
    expect(await rooms.meetings.get(id)).toMatchObject({ currentParticipantsCount: 0 });
    const { items } = await rooms.participants.list(id);
    expect(items).toMatchObject([{ isPresent: false, leftAt: after(11.5 * minutes), totalDurationMinutes: 11 }]);
    expect(events).toMatchObject([
      { type: 'participant.left', actorId: null, data: { userId: host, reason: 'timed-out' } },
    ]);
  });

  test('a device that never sent one is never silent', async ({ service, running, clock }) => {
    const { id, host } = await running();
    clock.advance(50 * minutes);
    await service.worker.runOnce('sessions.reap');
    expect(await service.as({ userId: host }).meetings.get(id)).toMatchObject({ currentParticipantsCount: 1 });
  });

  test('one device falls silent, the other stays', async ({ service, running, events, clock }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host });
    await rooms.participants.join(id, { connectionId: 'phone' });
    await rooms.participants.heartbeat(id, { connectionId: 'phone' });
    events.length = 0;
    clock.advance(10 * minutes);
    await service.worker.runOnce('sessions.reap');
    expect(await rooms.meetings.get(id)).toMatchObject({ currentParticipantsCount: 1 });
    expect(events).toEqual([]);
    const { people } = await rooms.participants.attendance(id);
    expect(people[0]?.sessions).toMatchObject([
      { connectionId: '', leftAt: null },
      { connectionId: 'phone', leftAt: after(90 * seconds) },
    ]);
  });

  test('a heartbeat in time keeps the session', async ({ service, running, clock }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host });
    for (let beat = 0; beat < 5; beat++) {
      clock.advance(80 * seconds);
      await rooms.participants.heartbeat(id);
      await service.worker.runOnce('sessions.reap');
    }
    expect(await rooms.meetings.get(id)).toMatchObject({ currentParticipantsCount: 1 });
  });

  test('the end of the meeting ends a silent session where it fell silent', async ({ service, running, clock }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host });
    clock.advance(10 * minutes);
    await rooms.participants.heartbeat(id);
    clock.advance(20 * minutes);
    await rooms.meetings.end(id);
    const { items } = await rooms.participants.list(id);
    expect(items).toMatchObject([{ leftAt: after(11.5 * minutes), totalDurationMinutes: 11, status: 'Attended' }]);
  });

  test('who is not there on that device cannot say they are', async ({ service, running, scheduled, url }) => {
    const { id, host, participants } = await running({ participants: 1, present: false });
    const ahead = await scheduled();
    await service.as({ userId: host }).participants.join(id);
    await unchanged(url, async () => {
      await fails(service.as({ userId: participants[0]! }).participants.heartbeat(id), 'FORBIDDEN');
      await fails(service.as({ userId: host }).participants.heartbeat(id, { connectionId: 'phone' }), 'FORBIDDEN');
      await fails(service.as({ userId: newId() }).participants.heartbeat(id), 'NOT_FOUND');
      await fails(service.as({ userId: ahead.host }).participants.heartbeat(ahead.id), 'INVALID_TRANSITION');
    });
  });
});
