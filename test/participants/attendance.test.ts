import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { fails, minutes, start, test } from '../setup/service.ts';

const seconds = 1000;
const after = (milliseconds: number) => new Date(new Date(start).getTime() + milliseconds);

describe('attendance', () => {
  test('of a meeting that runs is as it stands now', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 1, present: false });
    const [guest] = participants as [string];
    await service.as({ userId: host }).participants.join(id);
    clock.advance(5 * minutes);
    await service.as({ userId: guest }).participants.join(id, { connectionId: 'phone' });
    clock.advance(5 * minutes + 30 * seconds);
    const view = await service.as({ userId: host }).participants.attendance(id);
    const [hosts, guests] = [host, guest].map((userId) => view.people.find((person) => person.authUserId === userId));
    expect(view).toMatchObject({ peak: 2, meetingSeconds: 630 });
    expect(view.people).toHaveLength(2);
    expect(hosts).toMatchObject({ seconds: 630, minutes: 10, share: 1 });
    expect(guests).toMatchObject({ seconds: 330, minutes: 5, share: 330 / 630 });
    expect(guests?.sessions).toEqual([
      {
        ...{ id: expect.any(String) as string, authUserId: guest, source: 'host', connectionId: 'phone' },
        ...{ joinedAt: after(5 * minutes), leftAt: null },
      },
    ]);
  });

  test('of a meeting that is over says the same as its stored minutes', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [early, twice] = participants as [string, string];
    clock.advance(10 * minutes + 59 * seconds);
    await service.as({ userId: early }).participants.leave(id);
    await service.as({ userId: twice }).participants.leave(id);
    clock.advance(10 * minutes);
    await service.as({ userId: twice }).participants.join(id);
    clock.advance(10 * minutes + 1 * seconds);
    const rooms = service.as({ userId: host });
    await rooms.meetings.end(id);
    const view = await rooms.participants.attendance(id);
    expect(view).toMatchObject({ peak: 3, meetingSeconds: 31 * 60 });
    const { items } = await rooms.participants.list(id);
    const stored = Object.fromEntries(items.map((item) => [item.authUserId, item.totalDurationMinutes]));
    expect(stored).toEqual({ [host]: 31, [early]: 10, [twice]: 21 });
    expect(Object.fromEntries(view.people.map((person) => [person.authUserId, person.minutes]))).toEqual(stored);
    expect(view.people.find(({ authUserId }) => authUserId === twice)?.sessions).toHaveLength(2);
    expect(items.map(({ status }) => status)).toEqual(['Attended', 'Attended', 'Attended']);
  });

  test('shows people themselves and no peak; hosts and the system see all', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 3 });
    const [deputy, guest, watcher] = participants as [string, string, string];
    await service.as({ userId: host }).participants.setRole(id, deputy, 'CoHost');
    await service.as({ userId: host }).participants.setRole(id, watcher, 'Observer');
    clock.advance(minutes);
    for (const userId of [guest, watcher]) {
      const own = await service.as({ userId }).participants.attendance(id);
      expect(own.people.map(({ authUserId }) => authUserId)).toEqual([userId]);
      expect(own).toMatchObject({ peak: null, meetingSeconds: 60 });
    }
    for (const rooms of [service.as({ userId: host }), service.as({ userId: deputy }), service.asSystem()]) {
      const all = await rooms.participants.attendance(id);
      expect(all.people).toHaveLength(4);
      expect(all.peak).toBe(4);
    }
  });

  test('peak counts people, never devices, and who leaves as another comes is gone before', async ({
    service,
    running,
    clock,
  }) => {
    const { id, host, participants } = await running({ participants: 2, present: false });
    const [first, second] = participants as [string, string];
    const join = (userId: string, connectionId: string) =>
      service.as({ userId }).participants.join(id, { connectionId });
    for (const device of ['phone', 'laptop']) await join(first, device);
    clock.advance(minutes);
    await service.as({ userId: first }).participants.leave(id);
    await join(second, 'phone');
    clock.advance(minutes);
    expect((await service.as({ userId: host }).participants.attendance(id)).peak).toBe(1);
  });

  test('before anybody came is empty', async ({ service, scheduled, running }) => {
    const { id, host } = await scheduled();
    const empty = { people: [], peak: 0, meetingSeconds: 0 };
    expect(await service.as({ userId: host }).participants.attendance(id)).toEqual(empty);
    const idle = await running({ participants: 1, present: false });
    const own = await service.as({ userId: idle.participants[0]! }).participants.attendance(idle.id);
    expect(own).toEqual({ people: [], peak: null, meetingSeconds: 0 });
  });

  test('does not count a silent device beyond its grace', async ({ service, running, clock }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host }).participants;
    clock.advance(10 * minutes);
    await rooms.heartbeat(id);
    clock.advance(10 * minutes);
    const view = await rooms.attendance(id);
    expect(view.people).toMatchObject([{ seconds: 11.5 * 60, minutes: 11, share: 11.5 / 20 }]);
  });

  test('is hidden from outsiders', async ({ service, running }) => {
    const { id } = await running();
    const unknown = await fails(service.as({ userId: newId() }).participants.attendance(newId()), 'NOT_FOUND');
    const hidden = await fails(service.as({ userId: newId() }).participants.attendance(id), 'NOT_FOUND');
    expect(hidden.toJSON()).toEqual(unknown.toJSON());
  });
});

describe('who attended', () => {
  test('is decided at the end: who came, who said they would, who never said', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 5, present: false });
    const [came, yes, maybe, no, glimpse] = participants as [string, string, string, string, string];
    const silent = newId();
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [silent] });
    await service.as({ userId: maybe }).invitations.respond(id, { response: 'Tentative' });
    await service.as({ userId: no }).invitations.respond(id, { response: 'Declined' });
    await service.as({ userId: glimpse }).participants.join(id);
    await service.as({ userId: glimpse }).participants.leave(id);
    await service.as({ userId: came }).participants.join(id);
    clock.advance(30 * minutes);
    await rooms.meetings.end(id);
    const { items } = await rooms.participants.list(id);
    expect(Object.fromEntries(items.map(({ authUserId, status }) => [authUserId, status]))).toEqual({
      ...{ [came]: 'Attended', [glimpse]: 'Attended', [yes]: 'NoShow', [maybe]: 'NoShow', [host]: 'NoShow' },
      ...{ [no]: 'Declined', [silent]: 'Invited' },
    });
  });

  test.for([
    ['minutes', { minutes: 10 }],
    ['a share', { share: 0.5 }],
  ] as const)(
    'may need %s: exactly that is enough, a second less is not',
    async ([, threshold], { service, running, clock }) => {
      const { id, host, participants } = await running({
        ...{ participants: 2, settings: { attendanceThreshold: threshold } },
      });
      const [enough, short] = participants as [string, string];
      clock.advance(10 * minutes - seconds);
      await service.as({ userId: short }).participants.leave(id);
      clock.advance(seconds);
      await service.as({ userId: enough }).participants.leave(id);
      clock.advance(10 * minutes);
      await service.as({ userId: host }).meetings.end(id);
      const { items } = await service.as({ userId: host }).participants.list(id);
      expect(Object.fromEntries(items.map(({ authUserId, status }) => [authUserId, status]))).toEqual({
        ...{ [host]: 'Attended', [enough]: 'Attended', [short]: 'NoShow' },
      });
    },
  );

  test('who declined while they were there, or after, came all the same', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 3 });
    const [there, gone, maybe] = participants as [string, string, string];
    clock.advance(5 * minutes);
    await service.as({ userId: gone }).participants.leave(id);
    for (const userId of [there, gone]) await service.as({ userId }).invitations.respond(id, { response: 'Declined' });
    await service.as({ userId: maybe }).invitations.respond(id, { response: 'Tentative' });
    const { items: during } = await service.as({ userId: host }).participants.list(id);
    expect(during.find(({ authUserId }) => authUserId === there)).toMatchObject({
      status: 'Declined',
      isPresent: true,
    });
    clock.advance(5 * minutes);
    await service.as({ userId: host }).meetings.end(id);
    const { items } = await service.as({ userId: host }).participants.list(id);
    expect(items.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => 'Attended'));
    const invitations = await service.as({ userId: host }).invitations.list(id);
    expect(invitations.items.map(({ status }) => status)).toEqual(Array.from({ length: 3 }, () => 'Accepted'));
  });

  test('who declined while they were there and stayed too short is a no-show', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({
      ...{ participants: 1, settings: { attendanceThreshold: { minutes: 30 } } },
    });
    await service.as({ userId: participants[0]! }).invitations.respond(id, { response: 'Declined' });
    clock.advance(5 * minutes);
    await service.as({ userId: host }).meetings.end(id);
    const { items } = await service.as({ userId: host }).participants.list(id);
    expect(items.map(({ status }) => status)).toEqual(['NoShow', 'NoShow']);
  });
});
