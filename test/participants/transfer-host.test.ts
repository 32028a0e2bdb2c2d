import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { fails, people, test, unchanged } from '../setup/service.ts';

describe('transferHost', () => {
  test('makes one the Host and the other a CoHost, at once', async ({ service, running, events }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [next] = participants as [string];
    events.length = 0;
    const rooms = service.as({ userId: host });
    expect(await rooms.participants.transferHost(id, next)).toMatchObject({ authUserId: next, role: 'Host' });
    expect(events).toMatchObject([
      {
        type: 'participant.host-transferred',
        audience: 'all',
        actorId: host,
        data: { userId: next, formerHostId: host },
      },
    ]);
    const { items } = await rooms.participants.list(id);
    expect(Object.fromEntries(items.map(({ authUserId, role }) => [authUserId, role]))).toEqual({
      [host]: 'CoHost',
      [next]: 'Host',
    });
    // The rights went along.
    await fails(rooms.meetings.update(id, { meetingPassword: 'mine' }), 'FORBIDDEN');
    expect(await service.as({ userId: next }).meetings.update(id, { meetingPassword: 'mine' })).toMatchObject({
      hasPassword: true,
    });
  });

  test('leaves the flags in order: a Presenter who becomes Host is one no more, an Observer may speak', async ({
    service,
    running,
  }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [presenter, watcher] = participants as [string, string];
    const rooms = service.as({ userId: host }).participants;
    await rooms.setRole(id, presenter, 'Presenter');
    await rooms.setRole(id, watcher, 'Observer');
    expect(await rooms.transferHost(id, presenter)).toMatchObject({ role: 'Host', isPresenter: false });
    expect(await service.as({ userId: presenter }).participants.transferHost(id, watcher)).toMatchObject({
      ...{ role: 'Host', canUseChat: true, canShareScreen: true },
    });
  });

  test("the seat that waits is the new Host's", async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 3, present: false, maxParticipants: 3 });
    const [next, second, third] = participants as [string, string, string];
    await service.as({ userId: host }).participants.join(id);
    await service.as({ userId: second }).participants.join(id);
    await service.as({ userId: host }).participants.transferHost(id, next);
    await fails(service.as({ userId: third }).participants.join(id), 'CAPACITY');
    expect(await service.as({ userId: next }).participants.join(id)).toMatchObject({ role: 'Host', isPresent: true });
  });

  test('to somebody absent is refused while every seat is taken, for they could not get in', async ({
    service,
    running,
    url,
  }) => {
    const { id, host, participants } = await running({ participants: 2, present: false, maxParticipants: 2 });
    const [absent, present] = participants as [string, string];
    await service.as({ userId: host }).participants.join(id);
    await service.as({ userId: present }).participants.join(id);
    const rooms = service.as({ userId: host }).participants;
    await unchanged(url, () => fails(rooms.transferHost(id, absent), 'CONFLICT'));
    expect(await rooms.transferHost(id, present)).toMatchObject({ role: 'Host' });
  });

  test('to somebody who declined is refused; to somebody undecided it is not', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled();
    const [declined, undecided] = people(2) as [string, string];
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [declined, undecided] });
    await service.as({ userId: declined }).invitations.respond(id, { response: 'Declined' });
    await unchanged(url, async () => {
      const error = await fails(rooms.participants.transferHost(id, declined), 'CONFLICT');
      expect(error.details).toMatchObject({ condition: 'targetMayHost' });
    });
    expect(await rooms.participants.transferHost(id, undecided)).toMatchObject({ role: 'Host', status: 'Accepted' });
  });

  test('to nobody of this meeting is NOT_FOUND', async ({ service, running, url }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const rooms = service.as({ userId: host }).participants;
    await rooms.remove(id, participants[0]!);
    await unchanged(url, async () => {
      await fails(rooms.transferHost(id, newId()), 'NOT_FOUND');
      await fails(rooms.transferHost(id, participants[0]!), 'NOT_FOUND');
      await fails(service.as({ userId: newId() }).participants.transferHost(id, host), 'NOT_FOUND');
    });
  });

  test("is the Host's alone, so that a repeat is refused; with its key it gives the first answer", async ({
    service,
    running,
    events,
    url,
  }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [next] = participants as [string];
    await unchanged(url, () => fails(service.as({ userId: next }).participants.transferHost(id, next), 'FORBIDDEN'));
    const keyed = service.as({ userId: host }).with({ idempotencyKey: 'transfer-1' }).participants;
    const first = await keyed.transferHost(id, next);
    events.length = 0;
    await unchanged(url, async () => {
      expect(await keyed.transferHost(id, next)).toEqual(first);
      await fails(service.as({ userId: host }).participants.transferHost(id, next), 'FORBIDDEN');
      // To whom it belongs already, it is there.
      expect(await service.as({ userId: next }).participants.transferHost(id, next)).toMatchObject({ role: 'Host' });
    });
    expect(events).toEqual([]);
  });

  test('back and forth ends where it began', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [next] = participants as [string];
    await service.as({ userId: host }).participants.transferHost(id, next);
    expect(await service.as({ userId: next }).participants.transferHost(id, host)).toMatchObject({ role: 'Host' });
  });

  test('by many at once leaves one Host', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 4 });
    const rooms = service.as({ userId: host }).participants;
    const outcomes = await Promise.allSettled(participants.map((userId) => rooms.transferHost(id, userId)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const { items } = await rooms.list(id);
    expect(items.filter(({ role }) => role === 'Host')).toHaveLength(1);
  });

  test("the system may hand over in nobody's absence but a person's", async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const view = await service.asSystem().participants.transferHost(id, participants[0]!);
    expect(view).toMatchObject({ role: 'Host' });
    const { items } = await service.as({ userId: host }).participants.list(id);
    expect(items.find(({ authUserId }) => authUserId === host)).toMatchObject({ role: 'CoHost' });
  });

  test('a meeting that is over keeps its Host', async ({ service, running, url }) => {
    const { id, host, participants } = await running({ participants: 1 });
    await service.as({ userId: host }).meetings.end(id);
    await unchanged(url, () =>
      fails(service.as({ userId: host }).participants.transferHost(id, participants[0]!), 'INVALID_TRANSITION'),
    );
  });

  test('a Host who had waited in line has accepted, and stays so when the meeting moves', async ({
    service,
    scheduled,
    clock,
  }) => {
    const { id, host } = await scheduled({ settings: { limitAcceptances: 2 } });
    const [seated, waiting] = people(2) as [string, string];
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [seated, waiting] });
    await service.as({ userId: seated }).invitations.respond(id, { response: 'Accepted' });
    await service.as({ userId: waiting }).invitations.respond(id, { response: 'Accepted' });
    await rooms.participants.transferHost(id, waiting);
    const from = clock.now().getTime() + 48 * 3_600_000;
    await rooms.meetings.reschedule(id, {
      ...{ scheduledStartTime: new Date(from), scheduledEndTime: new Date(from + 3_600_000) },
    });
    expect((await service.as({ userId: waiting }).invitations.mine()).items).toMatchObject([{ status: 'Accepted' }]);
  });
});
