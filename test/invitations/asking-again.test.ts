import { describe, expect } from 'vitest';
import { fails, hours, minutes, people, start, test } from '../setup/service.ts';

const nobody = { invited: [], alreadyInvited: [], failed: [] };

describe('asking again', () => {
  test('somebody whose invitation has expired: the same row, anew', async ({ service, scheduled, events, clock }) => {
    const { id, host } = await scheduled();
    const [guest] = people(1) as [string];
    const rooms = service.as({ userId: host });
    const expiresAt = new Date(clock.now().getTime() + minutes);
    await rooms.invitations.invite(id, { inviteeIds: [guest], expiresAt, message: 'first' });
    await rooms.invitations.remind(id);
    const { items: before } = await rooms.invitations.list(id);
    clock.advance(minutes);
    await service.worker.runOnce('invitations.expire');
    expect((await rooms.invitations.list(id)).items).toMatchObject([{ status: 'Expired', revokedAt: null }]);
    events.length = 0;
    expect(await rooms.invitations.invite(id, { inviteeIds: [guest], role: 'Presenter' })).toEqual({
      ...nobody,
      invited: [guest],
    });
    const { items: after } = await rooms.invitations.list(id);
    expect(after).toMatchObject([
      {
        ...{ id: before[0]?.id, status: 'Pending', role: 'Participant', message: null, invitedAt: clock.now() },
        ...{ expiresAt: null, reminderSentAt: null, respondedAt: null },
      },
    ]);
    expect(events.map(({ data }) => data)).toMatchObject([{ again: true }, { again: true }]);
    expect(await service.as({ userId: guest }).invitations.respond(id, { response: 'Accepted' })).toMatchObject({
      participationStatus: 'Accepted',
    });
  });

  test('somebody who has not answered and whose time is over, though nobody has swept yet', async ({
    service,
    scheduled,
    clock,
  }) => {
    const { id, host } = await scheduled();
    const [guest] = people(1) as [string];
    const rooms = service.as({ userId: host });
    const expiresAt = new Date(clock.now().getTime() + minutes);
    await rooms.invitations.invite(id, { inviteeIds: [guest], expiresAt });
    clock.advance(minutes);
    await fails(service.as({ userId: guest }).invitations.respond(id, { response: 'Declined' }), 'EXPIRED');
    expect(await rooms.invitations.invite(id, { inviteeIds: [guest] })).toMatchObject({ invited: [guest] });
    expect(await rooms.participants.list(id)).toMatchObject({ items: [{}, { status: 'Invited' }] });
    const own = service.as({ userId: guest }).invitations;
    expect((await own.mine()).items).toMatchObject([{ status: 'Pending', respondedAt: null, expiresAt: null }]);
    expect(await own.respond(id, { response: 'Tentative' })).toMatchObject({ participationStatus: 'Tentative' });
  });

  test('nobody who came, or took the meeting over, after their invitation had expired', async ({
    service,
    running,
    clock,
  }) => {
    const { id, host } = await running();
    const [came, next] = people(2) as [string, string];
    const rooms = service.as({ userId: host });
    const expiresAt = new Date(clock.now().getTime() + minutes);
    await rooms.invitations.invite(id, { inviteeIds: [came, next], expiresAt });
    clock.advance(minutes);
    await service.worker.runOnce('invitations.expire');
    await service.as({ userId: came }).participants.join(id);
    await rooms.participants.transferHost(id, next);
    for (const leaves of [false, true]) {
      if (leaves) await service.as({ userId: came }).participants.leave(id);
      const again = await rooms.invitations.invite(id, { inviteeIds: [came, next] });
      expect(again).toEqual({ ...nobody, alreadyInvited: [came, next].toSorted() });
    }
    const { items } = await rooms.participants.list(id);
    expect(items.map(({ status }) => status)).toEqual(['Accepted', 'Accepted', 'Accepted']);
  });

  test('somebody who was removed: they are back with the new role', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [guest] = participants as [string];
    const rooms = service.as({ userId: host });
    clock.advance(5 * minutes);
    await rooms.participants.remove(id, guest);
    await fails(service.as({ userId: guest }).meetings.get(id), 'NOT_FOUND');
    clock.advance(minutes);
    expect(await rooms.invitations.invite(id, { inviteeIds: [guest], role: 'Observer' })).toMatchObject({
      invited: [guest],
    });
    const { items } = await rooms.participants.list(id);
    // They have been there: when they were asked first stays.
    expect(items[1]).toMatchObject({
      role: 'Observer',
      status: 'Invited',
      canUseChat: false,
      invitedAt: new Date(start),
    });
    expect(await service.as({ userId: guest }).participants.join(id)).toMatchObject({
      ...{ isPresent: true, status: 'Accepted', totalDurationMinutes: 5 },
    });
  });

  test('somebody who was removed before they ever came: asked now', async ({ service, scheduled, clock }) => {
    const { id, host } = await scheduled();
    const [guest] = people(1) as [string];
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [guest] });
    await rooms.participants.remove(id, guest);
    clock.advance(minutes);
    await rooms.invitations.invite(id, { inviteeIds: [guest] });
    expect((await service.as({ userId: guest }).invitations.mine()).items).toMatchObject([
      { status: 'Pending', invitedAt: clock.now(), revokedAt: null },
    ]);
  });

  test('a walk-in who was removed: their first invitation', async ({ service, running }) => {
    const { id, host } = await running({ settings: { openJoin: true } });
    const [walkIn] = people(1) as [string];
    await service.as({ userId: walkIn }).participants.join(id);
    await service.as({ userId: host }).participants.remove(id, walkIn);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [walkIn] });
    expect(await service.as({ userId: walkIn }).participants.join(id)).toMatchObject({ isPresent: true });
    expect((await service.as({ userId: walkIn }).invitations.mine()).items).toMatchObject([{ status: 'Accepted' }]);
  });
});

test('invitations nobody has answered expire when their time is over, swept once and told once', async ({
  service,
  scheduled,
  events,
  clock,
}) => {
  const { id, host } = await scheduled({
    scheduledStartTime: new Date(new Date(start).getTime() + 24 * hours),
    scheduledEndTime: new Date(new Date(start).getTime() + 25 * hours),
  });
  const [silent, maybe, yes] = people(3) as [string, string, string];
  const rooms = service.as({ userId: host });
  const expiresAt = new Date(clock.now().getTime() + hours);
  await rooms.invitations.invite(id, { inviteeIds: [silent, maybe, yes], expiresAt });
  await service.as({ userId: maybe }).invitations.respond(id, { response: 'Tentative' });
  await service.as({ userId: yes }).invitations.respond(id, { response: 'Accepted' });
  clock.advance(hours - 1);
  events.length = 0;
  await service.worker.runOnce('invitations.expire');
  expect(events.filter(({ stream }) => stream.id === id)).toEqual([]);
  clock.advance(1);
  await service.worker.runOnce('invitations.expire');
  await service.worker.runOnce('invitations.expire');
  const expired = events.filter(
    ({ type, stream, data }) =>
      type === 'invitation.expired' && stream.kind === 'user' && 'meetingId' in data && data.meetingId === id,
  );
  expect(expired).toMatchObject([{ actorId: null, stream: { id: silent } }]);
  const { items } = await rooms.participants.list(id);
  expect(Object.fromEntries(items.map(({ authUserId, status }) => [authUserId, status]))).toEqual({
    ...{ [host]: 'Accepted', [yes]: 'Accepted', [silent]: 'Invited', [maybe]: 'Tentative' },
  });
});
