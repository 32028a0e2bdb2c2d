import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { fails, minutes, start, test } from '../setup/service.ts';

describe('list', () => {
  test('gives everybody in the order they were added, present or not', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 2, present: false });
    clock.advance(minutes);
    const late = newId();
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [late] });
    await service.as({ userId: host }).participants.join(id);
    const { items, nextCursor, total } = await service.as({ userId: late }).participants.list(id);
    expect(items[0]?.authUserId).toBe(host);
    expect(items.at(-1)?.authUserId).toBe(late);
    expect(new Set(items.map(({ authUserId }) => authUserId))).toEqual(new Set([host, ...participants, late]));
    expect(items.map(({ isPresent }) => isPresent)).toEqual([true, false, false, false]);
    expect(nextCursor).toBeNull();
    expect(total).toBe(4);
    expect(items[0]).toEqual({
      ...{ id: expect.any(String) as string, meetingId: id, authUserId: host, role: 'Host', status: 'Accepted' },
      ...{ invitedAt: new Date(start), joinedAt: clock.now(), leftAt: null, totalDurationMinutes: 0, isPresent: true },
      ...{ isPresenter: false, canShareScreen: true, canUseChat: true, handRaisedAt: null },
      media: { microphone: false, speaking: false, camera: false },
    });
  });

  test('comes in pages that miss and repeat nobody', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 6, present: false });
    const rooms = service.as({ userId: host }).participants;
    const seen: string[] = [];
    const sizes: number[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof rooms.list>> = await rooms.list(id, {
        limit: 3,
        ...(cursor && { cursor }),
      });
      seen.push(...page.items.map(({ authUserId }) => authUserId));
      sizes.push(page.items.length);
      expect(page.total).toBe(7);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(sizes).toEqual([3, 3, 1]);
    expect(seen).toHaveLength(7);
    expect(new Set(seen)).toEqual(new Set([host, ...participants]));
  });

  test('shows an Observer the hosts and themselves, and how many there are', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 4, present: false });
    const [deputy, watcher, other] = participants as [string, string, string];
    const rooms = service.as({ userId: host }).participants;
    await rooms.setRole(id, deputy, 'CoHost');
    await rooms.setRole(id, watcher, 'Observer');
    await rooms.setRole(id, other, 'Observer');
    const { items, total } = await service.as({ userId: watcher }).participants.list(id);
    expect(new Set(items.map(({ authUserId }) => authUserId))).toEqual(new Set([host, deputy, watcher]));
    expect(total).toBe(5);
    const first = await service.as({ userId: watcher }).participants.list(id, { limit: 2 });
    expect(first.nextCursor).not.toBeNull();
    const rest = await service.as({ userId: watcher }).participants.list(id, { limit: 2, cursor: first.nextCursor! });
    expect(first.items.concat(rest.items)).toEqual(items);
    expect(rest.nextCursor).toBeNull();
  });

  test('is open to members, also those who declined, and to the system; outsiders learn nothing', async ({
    service,
    running,
  }) => {
    const { id, participants } = await running({ participants: 1, present: false });
    await service.as({ userId: participants[0]! }).invitations.respond(id, { response: 'Declined' });
    expect((await service.as({ userId: participants[0]! }).participants.list(id)).total).toBe(2);
    expect((await service.asSystem().participants.list(id)).total).toBe(2);
    const unknown = await fails(service.as({ userId: newId() }).participants.list(newId()), 'NOT_FOUND');
    const hidden = await fails(service.as({ userId: newId() }).participants.list(id), 'NOT_FOUND');
    expect(hidden.toJSON()).toEqual(unknown.toJSON());
  });

  test('takes a cursor of its own kind only, and pages of 1 to 200', async ({ service, running }) => {
    const { id, host } = await running({ participants: 2, present: false });
    const rooms = service.as({ userId: host });
    const { nextCursor } = await rooms.invitations.list(id, { limit: 1 });
    await fails(rooms.participants.list(id, { cursor: nextCursor! }), 'VALIDATION');
    await fails(rooms.participants.list(id, { cursor: 'nonsense' }), 'VALIDATION');
    await fails(rooms.participants.list(id, { limit: 0 }), 'VALIDATION');
    await fails(rooms.participants.list(id, { limit: 201 }), 'VALIDATION');
  });
});
