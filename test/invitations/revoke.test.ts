import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { execute } from '../setup/postgres.ts';
import { fails, minutes, people, start, test, unchanged } from '../setup/service.ts';

describe('revoke', () => {
  test('takes the invitation back: the person is an outsider, and knows why', async ({
    service,
    scheduled,
    events,
    clock,
  }) => {
    const { id, host } = await scheduled();
    const [guest] = people(1) as [string];
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [guest] });
    clock.advance(minutes);
    events.length = 0;
    expect(await rooms.invitations.revoke(id, guest)).toBeUndefined();
    expect((await rooms.invitations.list(id)).items).toMatchObject([{ status: 'Expired', revokedAt: clock.now() }]);
    expect((await rooms.participants.list(id)).total).toBe(1);
    expect(events).toMatchObject([
      { type: 'invitation.revoked', stream: { kind: 'meeting', id }, audience: 'hosts', actorId: host },
      { type: 'invitation.revoked', stream: { kind: 'user', id: guest }, audience: { users: [guest] } },
    ]);
    expect(events.map(({ data }) => data)).toEqual([{ inviteeId: guest }, { meetingId: id, inviteeId: guest }]);
    const own = service.as({ userId: guest });
    await fails(own.meetings.get(id), 'NOT_FOUND');
    await fails(own.invitations.respond(id, { response: 'Accepted' }), 'EXPIRED');
    expect((await own.meetings.list({ upcoming: true })).items).toEqual([]);
    expect((await own.invitations.mine()).items).toMatchObject([{ status: 'Expired' }]);
  });

  test.for(['Accepted', 'Declined', 'Tentative'] as const)(
    'by a host reaches answered ones: %s',
    async (response, { service, scheduled }) => {
      const { id, host } = await scheduled();
      const [guest] = people(1) as [string];
      const rooms = service.as({ userId: host });
      await rooms.invitations.invite(id, { inviteeIds: [guest] });
      await service.as({ userId: guest }).invitations.respond(id, { response });
      await rooms.invitations.revoke(id, guest);
      await fails(service.as({ userId: guest }).meetings.get(id), 'NOT_FOUND');
    },
  );

  test('by others reaches what they sent themselves and nobody has answered', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled({ settings: { participantsMayInvite: true } });
    const [sender, other, watcher] = people(3) as [string, string, string];
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [sender, other] });
    await rooms.invitations.invite(id, { inviteeIds: [watcher], role: 'Observer' });
    const [open, answered] = people(2) as [string, string];
    await service.as({ userId: sender }).invitations.invite(id, { inviteeIds: [open, answered] });
    await service.as({ userId: answered }).invitations.respond(id, { response: 'Accepted' });
    const revoke = (actor: string, target: string) => service.as({ userId: actor }).invitations.revoke(id, target);
    await unchanged(url, async () => {
      for (const target of [open, answered, sender]) {
        await fails(revoke(other, target), 'FORBIDDEN');
        await fails(revoke(watcher, target), 'FORBIDDEN');
      }
      for (const target of [answered, other, host, newId()]) await fails(revoke(sender, target), 'FORBIDDEN');
      await fails(revoke(newId(), open), 'NOT_FOUND');
    });
    await revoke(sender, open);
    await service.asSystem().invitations.revoke(id, answered);
    expect((await rooms.participants.list(id)).total).toBe(4);
  });

  test('is no way to remove the Host or somebody who is there', async ({ service, running, url }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [guest, next] = participants as [string, string];
    await service.as({ userId: host }).participants.transferHost(id, next);
    await service.as({ userId: next }).participants.leave(id);
    await unchanged(url, async () => {
      await fails(service.as({ userId: next }).invitations.revoke(id, guest), 'CONFLICT');
      await fails(service.as({ userId: host }).invitations.revoke(id, next), 'FORBIDDEN');
      await fails(service.asSystem().invitations.revoke(id, next), 'CONFLICT');
    });
    await service.as({ userId: guest }).participants.leave(id);
    await service.as({ userId: next }).invitations.revoke(id, guest);
    await fails(service.as({ userId: guest }).participants.join(id), 'NOT_FOUND');
  });

  test('of nothing is NOT_FOUND: never invited, taken back before, removed', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled();
    const [revoked, removed] = people(2) as [string, string];
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [revoked, removed] });
    await rooms.invitations.revoke(id, revoked);
    await rooms.participants.remove(id, removed);
    await unchanged(url, async () => {
      for (const target of [newId(), host, revoked, removed])
        await fails(rooms.invitations.revoke(id, target), 'NOT_FOUND');
    });
  });

  test('of an invitation that has expired keeps it expired, and the person out', async ({
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
    await service.worker.runOnce('invitations.expire');
    await rooms.invitations.revoke(id, guest);
    expect((await rooms.invitations.list(id)).items).toMatchObject([{ status: 'Expired', revokedAt: clock.now() }]);
    expect((await rooms.participants.list(id)).total).toBe(1);
  });

  test('can be undone by asking again: the same row', async ({ service, scheduled, clock }) => {
    const { id, host } = await scheduled();
    const [guest] = people(1) as [string];
    const rooms = service.as({ userId: host }).invitations;
    await rooms.invite(id, { inviteeIds: [guest] });
    const [before] = (await rooms.list(id)).items;
    await rooms.revoke(id, guest);
    clock.advance(minutes);
    expect(await rooms.invite(id, { inviteeIds: [guest], message: 'sorry' })).toMatchObject({ invited: [guest] });
    expect((await rooms.list(id)).items).toMatchObject([
      { id: before?.id, status: 'Pending', revokedAt: null, message: 'sorry', invitedAt: clock.now() },
    ]);
    expect(await service.as({ userId: guest }).invitations.respond(id, { response: 'Accepted' })).toMatchObject({
      participationStatus: 'Accepted',
    });
  });

  test('of an invitation without a place on the roster takes it back all the same', async ({
    service,
    scheduled,
    url,
  }) => {
    const { id, host } = await scheduled();
    const [guest] = people(1) as [string];
    await execute(
      url,
      `insert into convoke.meeting_invitations (meeting_id, inviter_id, invitee_id, invited_at)
       values ('${id}', '${host}', '${guest}', '${start}')`,
    );
    await service.as({ userId: host }).invitations.revoke(id, guest);
    expect((await service.as({ userId: guest }).invitations.mine()).items).toMatchObject([
      { status: 'Expired', revokedAt: new Date(start) },
    ]);
  });

  test('leaves what somebody attended on record', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [guest] = participants as [string];
    clock.advance(5 * minutes);
    await service.as({ userId: guest }).participants.leave(id);
    const rooms = service.as({ userId: host });
    await rooms.invitations.revoke(id, guest);
    clock.advance(5 * minutes);
    await rooms.meetings.end(id);
    expect(await rooms.engagement.meeting(id)).toMatchObject({
      totalParticipants: 2,
      averageAttendanceDurationMinutes: 7.5,
    });
  });

  test('is over when the meeting is; repeated with its key it says so', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled();
    const [first, second] = people(2) as [string, string];
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [first, second] });
    const keyed = rooms.with({ idempotencyKey: 'revoke-1' }).invitations;
    await keyed.revoke(id, first);
    await unchanged(url, async () => expect(await keyed.revoke(id, first)).toBeUndefined());
    await rooms.meetings.cancel(id);
    await unchanged(url, () => fails(rooms.invitations.revoke(id, second), 'INVALID_TRANSITION'));
  });
});
