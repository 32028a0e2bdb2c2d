/** Asking again and taking back are no ways around rank, nor around who holds the meeting. */
import { describe, expect } from 'vitest';
import { fails, hours, minutes, people, start, test, unchanged } from '../setup/service.ts';

const soon = () => new Date(new Date(start).getTime() + minutes);
const at = (offset: number) => new Date(new Date(start).getTime() + offset);

describe('whoever takes a meeting over', () => {
  test('has accepted, is not asked again, and keeps the meeting', async ({ service, scheduled, clock }) => {
    const { id, host } = await scheduled();
    const [next] = people(1);
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [next!], expiresAt: soon() });
    expect(await rooms.participants.transferHost(id, next!)).toMatchObject({ role: 'Host', status: 'Accepted' });
    clock.advance(2 * minutes);
    await service.worker.runOnce('invitations.expire');
    const again = await rooms.invitations.invite(id, { inviteeIds: [next!], role: 'Observer' });
    expect(again).toMatchObject({ invited: [], alreadyInvited: [next] });
    const { items } = await rooms.participants.list(id);
    expect(items.find(({ authUserId }) => authUserId === next)).toMatchObject({ role: 'Host' });
  });

  test('waits in no line, so that a free seat goes to the next', async ({ service, running, clock }) => {
    const { id, host } = await running({ settings: { limitAcceptances: 2 } });
    const [a, b, c] = people(3) as [string, string, string];
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [a, b, c] });
    for (const userId of [a, b, c]) {
      await service.as({ userId }).invitations.respond(id, { response: 'Accepted' });
      clock.advance(1000);
    }
    await service.as({ userId: host }).participants.transferHost(id, b);
    await service.as({ userId: b }).meetings.update(id, { settings: { limitAcceptances: 4 } });
    const { items } = await service.as({ userId: b }).participants.list(id);
    expect(items.find(({ authUserId }) => authUserId === c)).toMatchObject({ status: 'Accepted' });
  });
});

test('whose answer a new time has voided can answer, though the old bound has passed', async ({
  service,
  scheduled,
  clock,
}) => {
  const { id, host } = await scheduled();
  const [guest] = people(1);
  const rooms = service.as({ userId: host });
  await rooms.invitations.invite(id, { inviteeIds: [guest!], expiresAt: soon() });
  await service.as({ userId: guest! }).invitations.respond(id, { response: 'Accepted' });
  clock.advance(2 * minutes);
  await rooms.meetings.reschedule(id, { scheduledStartTime: at(5 * hours), scheduledEndTime: at(6 * hours) });
  await service.worker.runOnce('invitations.expire');
  const answer = await service.as({ userId: guest! }).invitations.respond(id, { response: 'Accepted' });
  expect(answer).toMatchObject({ participationStatus: 'Accepted' });
});

describe('a place', () => {
  test('is taken back only from people of lower rank', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled();
    const [a, b, watcher] = people(3) as [string, string, string];
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [a, b], role: 'CoHost' });
    await rooms.invitations.invite(id, { inviteeIds: [watcher], role: 'Observer' });
    const deputy = service.as({ userId: a });
    await unchanged(url, () => fails(deputy.invitations.revoke(id, b), 'FORBIDDEN'));
    await deputy.invitations.revoke(id, watcher);
    await rooms.invitations.revoke(id, b);
  });

  test('of somebody one has asked oneself can be taken back, unless they have risen since', async ({
    service,
    scheduled,
    url,
  }) => {
    const { id, host } = await scheduled({ settings: { participantsMayInvite: true } });
    const [guest, peer, risen] = people(3) as [string, string, string];
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [guest] });
    const asGuest = service.as({ userId: guest });
    await asGuest.invitations.invite(id, { inviteeIds: [peer, risen] });
    await rooms.participants.setRole(id, risen, 'CoHost');
    await unchanged(url, () => fails(asGuest.invitations.revoke(id, risen), 'FORBIDDEN'));
    await asGuest.invitations.revoke(id, peer);
  });

  test('keeps its role when its holder is asked again, and whoever is there is not asked', async ({
    service,
    running,
    clock,
  }) => {
    const { id, host } = await running();
    const [deputy, other, present] = people(3) as [string, string, string];
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [deputy, other], role: 'CoHost', expiresAt: soon() });
    await rooms.invitations.invite(id, { inviteeIds: [present], expiresAt: soon() });
    await service.as({ userId: other }).invitations.respond(id, { response: 'Accepted' });
    await service.as({ userId: present }).participants.join(id);
    await service.as({ userId: present }).invitations.respond(id, { response: 'Tentative' });
    clock.advance(2 * minutes);
    await service.worker.runOnce('invitations.expire');
    const asked = await service
      .as({ userId: other })
      .invitations.invite(id, { inviteeIds: [deputy, present], role: 'Observer' });
    expect(asked).toMatchObject({ invited: [deputy], alreadyInvited: [present] });
    const { items } = await rooms.participants.list(id);
    const roles = new Map(items.map(({ authUserId, role }) => [authUserId, role]));
    expect([roles.get(deputy), roles.get(present)]).toEqual(['CoHost', 'Participant']);
  });
});

test('who was removed no longer reads what the people they asked have answered', async ({ service, scheduled }) => {
  const { id, host } = await scheduled({ settings: { participantsMayInvite: true } });
  const [guest, friend] = people(2) as [string, string];
  await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [guest] });
  const asGuest = service.as({ userId: guest });
  await asGuest.invitations.invite(id, { inviteeIds: [friend] });
  expect((await asGuest.invitations.list(id)).items).toHaveLength(2);
  await service.as({ userId: host }).participants.remove(id, guest);
  await service.as({ userId: friend }).invitations.respond(id, { response: 'Declined', message: 'private words' });
  const { items } = await asGuest.invitations.list(id);
  expect(items.map(({ inviteeId }) => inviteeId)).toEqual([guest]);
});

describe('a call that is repeated with its key', () => {
  test('gives the first answer, though the meeting no longer takes invitations', async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    const [guest] = people(1);
    const keyed = service.as({ userId: host }).with({ idempotencyKey: 'asked once' });
    const first = await keyed.invitations.invite(id, { inviteeIds: [guest!] });
    await service.as({ userId: host }).meetings.cancel(id);
    expect(await keyed.invitations.invite(id, { inviteeIds: [guest!] })).toEqual(first);
    await fails(keyed.invitations.invite(id, { inviteeIds: people(1) }), 'IDEMPOTENCY_CONFLICT');
  });

  test('gives the first answer, though the password is another by now', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 1, present: false, meetingPassword: 'one' });
    const keyed = service.as({ userId: participants[0]! }).with({ idempotencyKey: 'came once' });
    const first = await keyed.participants.join(id, { meetingPassword: 'one' });
    await service.as({ userId: host }).meetings.update(id, { meetingPassword: 'two' });
    expect(await keyed.participants.join(id, { meetingPassword: 'one' })).toEqual(first);
  });

  test('needs a key that can be stored', async ({ service }) => {
    const rooms = service.as({ userId: people(1)[0]! });
    for (const idempotencyKey of ['', 'a\0', '\ud800', 'x'.repeat(256)])
      expect(() => rooms.with({ idempotencyKey })).toThrow(expect.objectContaining({ code: 'VALIDATION' }));
  });
});
