import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { execute } from '../setup/postgres.ts';
import { fails, minutes, people, test, unchanged } from '../setup/service.ts';

describe('remove', () => {
  test('takes a present person out on all devices', async ({ service, running, events, url, clock }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [guest] = participants as [string];
    for (const connectionId of ['phone', 'laptop'])
      await service.as({ userId: guest }).participants.join(id, { connectionId });
    events.length = 0;
    clock.advance(2 * minutes);
    const rooms = service.as({ userId: host });
    expect(await rooms.participants.remove(id, guest)).toBeUndefined();
    expect(await rooms.meetings.get(id)).toMatchObject({ currentParticipantsCount: 1 });
    const sessions = await execute<{ left_reason: string; left_at: Date }>(
      url,
      `select left_reason, left_at from convoke.meeting_participant_sessions
       where meeting_id = '${id}' and auth_user_id = '${guest}'`,
    );
    expect(sessions).toEqual(Array.from({ length: 3 }, () => ({ left_reason: 'removed', left_at: clock.now() })));
    expect(events).toMatchObject([
      { type: 'participant.removed', stream: { kind: 'meeting', id }, audience: 'all', actorId: host },
      { type: 'participant.removed', stream: { kind: 'user', id: guest }, audience: { users: [guest] } },
    ]);
    expect(events.map(({ data }) => data)).toEqual([{ userId: guest }, { userId: guest, meetingId: id }]);
    const { items, total } = await rooms.participants.list(id);
    expect(items.map(({ authUserId }) => authUserId)).toEqual([host]);
    expect(total).toBe(1);
  });

  test('leaves what the person attended on record', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [guest] = participants as [string];
    clock.advance(7 * minutes);
    const rooms = service.as({ userId: host });
    await rooms.participants.remove(id, guest);
    clock.advance(3 * minutes);
    await rooms.meetings.end(id);
    const { people: came, peak } = await rooms.participants.attendance(id);
    expect(peak).toBe(2);
    expect(Object.fromEntries(came.map(({ authUserId, minutes: stayed }) => [authUserId, stayed]))).toEqual({
      [host]: 10,
      [guest]: 7,
    });
  });

  test('shuts every way back in until the person is invited again', async ({ service, running, url }) => {
    const { id, host, participants } = await running({ participants: 1, settings: { openJoin: true } });
    const [guest] = participants as [string];
    const rooms = service.as({ userId: guest });
    await service.as({ userId: host }).participants.remove(id, guest);
    await unchanged(url, async () => {
      const unknown = await fails(rooms.participants.join(newId()), 'NOT_FOUND');
      for (const input of [{}, { connectionId: 'another' }, { meetingPassword: 'guess' }])
        expect((await fails(rooms.participants.join(id, input), 'NOT_FOUND')).toJSON()).toEqual(unknown.toJSON());
      await fails(rooms.participants.leave(id), 'NOT_FOUND');
      await fails(rooms.participants.heartbeat(id), 'NOT_FOUND');
      await fails(rooms.participants.raiseHand(id), 'NOT_FOUND');
      await fails(rooms.participants.list(id), 'NOT_FOUND');
      await fails(rooms.participants.attendance(id), 'NOT_FOUND');
      await fails(rooms.meetings.get(id), 'NOT_FOUND');
      await fails(rooms.invitations.respond(id, { response: 'Accepted' }), 'EXPIRED');
      await fails(
        service.asSystem().participants.recordSession(id, { userId: guest, source: 'zoom', joinedAt: new Date() }),
        'CONFLICT',
      );
    });
    expect(await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [guest] })).toEqual({
      ...{ invited: [guest], alreadyInvited: [], failed: [] },
    });
    expect(await rooms.participants.join(id)).toMatchObject({ isPresent: true, status: 'Accepted' });
  });

  test('takes the invitation back', async ({ service, scheduled, clock }) => {
    const { id, host } = await scheduled();
    const [guest] = people(1) as [string];
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [guest] });
    await service.as({ userId: guest }).invitations.respond(id, { response: 'Tentative' });
    clock.advance(minutes);
    await rooms.participants.remove(id, guest);
    const { items } = await service.as({ userId: guest }).invitations.mine();
    expect(items).toMatchObject([{ status: 'Expired', revokedAt: clock.now() }]);
    expect((await service.as({ userId: guest }).meetings.list({ upcoming: true })).items).toEqual([]);
  });

  test('frees a seat for the next in line', async ({ service, scheduled, events }) => {
    const { id, host } = await scheduled({ settings: { limitAcceptances: 2 } });
    const [seated, waiting] = people(2) as [string, string];
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [seated, waiting] });
    await service.as({ userId: seated }).invitations.respond(id, { response: 'Accepted' });
    await service.as({ userId: waiting }).invitations.respond(id, { response: 'Accepted' });
    events.length = 0;
    await rooms.participants.remove(id, seated);
    const promoted = events.filter(({ type }) => type === 'invitation.promoted');
    expect(promoted.map(({ stream }) => stream)).toEqual([
      { kind: 'meeting', id },
      { kind: 'user', id: waiting },
    ]);
    expect((await service.as({ userId: waiting }).invitations.mine()).items).toMatchObject([{ status: 'Accepted' }]);
  });

  test('lets a seat in the room be taken by another', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 2, present: false, maxParticipants: 2 });
    const [first, second] = participants as [string, string];
    for (const userId of [host, first]) await service.as({ userId }).participants.join(id);
    await fails(service.as({ userId: second }).participants.join(id), 'CAPACITY');
    await service.as({ userId: host }).participants.remove(id, first);
    expect(await service.as({ userId: second }).participants.join(id)).toMatchObject({ isPresent: true });
  });

  test('is for people of lower rank: never oneself, never the Host, whoever asks', async ({
    service,
    running,
    url,
  }) => {
    const { id, host, participants } = await running({ participants: 3 });
    const [deputy, other, guest] = participants as [string, string, string];
    const rooms = service.as({ userId: host }).participants;
    await rooms.setRole(id, deputy, 'CoHost');
    await rooms.setRole(id, other, 'CoHost');
    const act = (actor: string, target: string) => service.as({ userId: actor }).participants.remove(id, target);
    await unchanged(url, async () => {
      await fails(act(host, host), 'FORBIDDEN');
      for (const target of [host, deputy, other]) await fails(act(deputy, target), 'FORBIDDEN');
      for (const target of [guest, host, deputy]) await fails(act(guest, target), 'FORBIDDEN');
      await fails(act(newId(), guest), 'NOT_FOUND');
      await fails(act(host, newId()), 'NOT_FOUND');
      await fails(service.asSystem().participants.remove(id, host), 'CONFLICT');
    });
    await act(deputy, guest);
    await act(host, deputy);
    await service.asSystem().participants.remove(id, other);
    expect((await rooms.list(id)).total).toBe(1);
  });

  test('twice is once, and with its key says so', async ({ service, running, url }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const keyed = service.as({ userId: host }).with({ idempotencyKey: 'remove-1' }).participants;
    await keyed.remove(id, participants[0]!);
    await unchanged(url, async () => {
      expect(await keyed.remove(id, participants[0]!)).toBeUndefined();
      await fails(service.as({ userId: host }).participants.remove(id, participants[0]!), 'NOT_FOUND');
    });
  });

  test('and a join at the same moment: whoever comes second finds what the first did', async ({
    service,
    running,
    url,
  }) => {
    const { id, host, participants } = await running({ participants: 6, present: false });
    await Promise.all(
      participants.map(async (userId) => {
        const removal = service.as({ userId: host }).participants.remove(id, userId);
        await service
          .as({ userId })
          .participants.join(id)
          .catch(() => {});
        await removal;
      }),
    );
    const open = await execute(
      url,
      `select 1 from convoke.meeting_participant_sessions where meeting_id = '${id}' and left_at is null`,
    );
    expect(open).toEqual([]);
  });

  test('does not reach into a meeting that is over', async ({ service, running, url }) => {
    const { id, host, participants } = await running({ participants: 1 });
    await service.as({ userId: host }).meetings.end(id);
    await unchanged(url, () =>
      fails(service.as({ userId: host }).participants.remove(id, participants[0]!), 'INVALID_TRANSITION'),
    );
  });

  test('of somebody who said yes and never came makes no absentee of them', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 1, present: false });
    const [guest] = participants as [string];
    await service.as({ userId: host }).participants.remove(id, guest);
    await service.as({ userId: host }).meetings.end(id);
    expect(await service.as({ userId: host }).engagement.meeting(id)).toMatchObject({ totalParticipants: 0 });
  });
});
