import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import type { AssignableRole } from '../../src/participants/index.ts';
import { fails, test, unchanged } from '../setup/service.ts';

const usual = { isPresenter: false, canShareScreen: true, canUseChat: true };
const watching = { isPresenter: false, canShareScreen: false, canUseChat: false };

/** A meeting with one person of each role. */
async function staged(
  service: MeetingService,
  running: (options: object) => Promise<{ id: string; host: string; participants: readonly string[] }>,
) {
  const { id, host, participants } = await running({ participants: 5, present: false });
  const [CoHost, deputy, Presenter, Participant, Observer] = participants as [string, string, string, string, string];
  const rooms = service.as({ userId: host }).participants;
  await rooms.setRole(id, CoHost, 'CoHost');
  await rooms.setRole(id, deputy, 'CoHost');
  await rooms.setRole(id, Presenter, 'Presenter');
  await rooms.setRole(id, Observer, 'Observer');
  return { id, roles: { Host: host, CoHost, deputy, Presenter, Participant, Observer } };
}

describe('setRole', () => {
  test.for([
    ['CoHost', usual],
    ['Presenter', { ...usual, isPresenter: true }],
    ['Observer', watching],
  ] as const)(
    'makes a Participant a %s, with the flags that go with it',
    async ([role, flags], { service, running, events }) => {
      const { id, host, participants } = await running({ participants: 1 });
      const [guest] = participants as [string];
      events.length = 0;
      expect(await service.as({ userId: host }).participants.setRole(id, guest, role)).toMatchObject({
        role,
        ...flags,
      });
      expect(events).toMatchObject([
        {
          ...{ type: 'participant.role-changed', stream: { kind: 'meeting', id }, audience: 'all', actorId: host },
          data: { userId: guest, role, formerRole: 'Participant' },
        },
      ]);
      const back = await service.as({ userId: host }).participants.setRole(id, guest, 'Participant');
      expect(back).toMatchObject({ role: 'Participant', ...usual });
    },
  );

  test('keeps what a host forbade, but for what the role itself brings', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [guest] = participants as [string];
    const rooms = service.as({ userId: host }).participants;
    await rooms.setPermissions(id, guest, { canUseChat: false });
    expect(await rooms.setRole(id, guest, 'Presenter')).toMatchObject({ isPresenter: true, canUseChat: false });
    expect(await rooms.setRole(id, guest, 'CoHost')).toMatchObject({ isPresenter: false, canUseChat: false });
  });

  test('to the role somebody has already changes nothing', async ({ service, running, events, url }) => {
    const { id, host, participants } = await running({ participants: 1 });
    events.length = 0;
    await unchanged(url, () => service.as({ userId: host }).participants.setRole(id, participants[0]!, 'Participant'));
    expect(events).toEqual([]);
  });

  test('reaches those of lower rank only, never oneself', async ({ service, running, url }) => {
    const { id, roles } = await staged(service, running);
    const act = (actor: string, target: string, role: AssignableRole) =>
      service.as({ userId: actor }).participants.setRole(id, target, role);
    await unchanged(url, async () => {
      for (const target of [roles.Host, roles.CoHost, roles.deputy])
        await fails(act(roles.CoHost, target, 'Participant'), 'FORBIDDEN');
      await fails(act(roles.Host, roles.Host, 'CoHost'), 'FORBIDDEN');
      for (const actor of [roles.Presenter, roles.Participant, roles.Observer])
        for (const target of [roles.Observer, actor]) await fails(act(actor, target, 'Participant'), 'FORBIDDEN');
    });
    for (const target of [roles.Presenter, roles.Participant, roles.Observer])
      expect(await act(roles.CoHost, target, 'Presenter')).toMatchObject({ role: 'Presenter' });
    expect(await act(roles.Host, roles.CoHost, 'Observer')).toMatchObject({ role: 'Observer' });
  });

  test('gives no more than one may give: only the Host makes CoHosts', async ({ service, running, url }) => {
    const { id, roles } = await staged(service, running);
    await unchanged(url, async () => {
      const error = await fails(
        service.as({ userId: roles.CoHost }).participants.setRole(id, roles.Participant, 'CoHost'),
        'FORBIDDEN',
      );
      expect(error.details).toMatchObject({ grantable: ['Presenter', 'Participant', 'Observer'] });
    });
  });

  test('never makes a Host, nor unmakes one, not even for the system', async ({ service, running, url }) => {
    const { id, roles } = await staged(service, running);
    const untyped = service
      .as({ userId: roles.Host })
      .participants.setRole.bind(service.as({ userId: roles.Host }).participants) as (
      ...given: unknown[]
    ) => Promise<unknown>;
    await unchanged(url, async () => {
      await fails(untyped(id, roles.CoHost, 'Host'), 'VALIDATION');
      await fails(untyped(id, roles.CoHost, 'Nobody'), 'VALIDATION');
      await fails(service.asSystem().participants.setRole(id, roles.Host, 'Participant'), 'CONFLICT');
    });
    const changed = await service.asSystem().participants.setRole(id, roles.Participant, 'CoHost');
    expect(changed).toMatchObject({ role: 'CoHost' });
  });

  test('of somebody who is not there is NOT_FOUND; outsiders learn nothing; a meeting that is over stays as it was', async ({
    service,
    running,
    url,
  }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [guest, gone] = participants as [string, string];
    const rooms = service.as({ userId: host }).participants;
    await rooms.remove(id, gone);
    await unchanged(url, async () => {
      await fails(rooms.setRole(id, newId(), 'Observer'), 'NOT_FOUND');
      await fails(rooms.setRole(id, gone, 'Observer'), 'NOT_FOUND');
      await fails(service.as({ userId: newId() }).participants.setRole(id, guest, 'Observer'), 'NOT_FOUND');
    });
    await service.as({ userId: host }).meetings.end(id);
    await fails(rooms.setRole(id, guest, 'Observer'), 'INVALID_TRANSITION');
  });

  test('repeated with its key gives the first answer', async ({ service, running, url }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const keyed = service.as({ userId: host }).with({ idempotencyKey: 'role-1' }).participants;
    const first = await keyed.setRole(id, participants[0]!, 'Presenter');
    await service.as({ userId: host }).participants.setRole(id, participants[0]!, 'Observer');
    await unchanged(url, async () => expect(await keyed.setRole(id, participants[0]!, 'Presenter')).toEqual(first));
    await fails(keyed.setRole(id, participants[0]!, 'Observer'), 'IDEMPOTENCY_CONFLICT');
  });
});

describe('setPermissions', () => {
  test('changes what differs, and says what', async ({ service, running, events }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [guest] = participants as [string];
    events.length = 0;
    const rooms = service.as({ userId: host }).participants;
    const flags = { isPresenter: true, canShareScreen: true, canUseChat: false };
    expect(await rooms.setPermissions(id, guest, flags)).toMatchObject(flags);
    expect(events).toMatchObject([{ type: 'participant.permissions-changed', audience: 'all', actorId: host }]);
    expect(events[0]?.data).toEqual({ userId: guest, changed: { isPresenter: true, canUseChat: false } });
  });

  test('to what holds already changes nothing', async ({ service, running, events, url }) => {
    const { id, host, participants } = await running({ participants: 1 });
    events.length = 0;
    await unchanged(url, async () => {
      const view = await service.as({ userId: host }).participants.setPermissions(id, participants[0]!, usual);
      expect(view).toMatchObject(usual);
    });
    expect(events).toEqual([]);
  });

  test('lifts nobody above their role: Observers watch, Presenters present', async ({ service, running, url }) => {
    const { id, roles } = await staged(service, running);
    const rooms = service.as({ userId: roles.Host }).participants;
    await unchanged(url, async () => {
      for (const flag of ['isPresenter', 'canShareScreen', 'canUseChat'] as const)
        await fails(rooms.setPermissions(id, roles.Observer, { [flag]: true }), 'CONFLICT');
      await fails(rooms.setPermissions(id, roles.Presenter, { isPresenter: false, canUseChat: false }), 'CONFLICT');
      expect(await rooms.setPermissions(id, roles.Observer, watching)).toMatchObject(watching);
    });
    expect(await rooms.setPermissions(id, roles.Presenter, { canUseChat: false })).toMatchObject({
      ...{ isPresenter: true, canUseChat: false },
    });
  });

  test('is for people of lower rank, by hosts', async ({ service, running, url }) => {
    const { id, roles } = await staged(service, running);
    const act = (actor: string, target: string) =>
      service.as({ userId: actor }).participants.setPermissions(id, target, { canUseChat: false });
    await unchanged(url, async () => {
      for (const target of [roles.Host, roles.deputy, roles.CoHost])
        await fails(act(roles.CoHost, target), 'FORBIDDEN');
      for (const actor of [roles.Presenter, roles.Participant, roles.Observer])
        await fails(act(actor, roles.Observer), 'FORBIDDEN');
      await fails(act(roles.Host, newId()), 'NOT_FOUND');
      await fails(act(newId(), roles.Participant), 'NOT_FOUND');
    });
    expect(await act(roles.CoHost, roles.Participant)).toMatchObject({ canUseChat: false });
    expect(await act(roles.Host, roles.CoHost)).toMatchObject({ canUseChat: false });
  });

  test('needs at least one flag and knows no others', async ({ service, running, url }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const rooms = service.as({ userId: host }).participants;
    const untyped = rooms.setPermissions.bind(rooms) as (...given: unknown[]) => Promise<unknown>;
    await unchanged(url, async () => {
      await fails(untyped(id, participants[0], {}), 'VALIDATION');
      await fails(untyped(id, participants[0], { canUseChat: undefined }), 'VALIDATION');
      await fails(untyped(id, participants[0], { canUseChat: 'no' }), 'VALIDATION');
      await fails(untyped(id, participants[0], { canUseChat: false, role: 'Host' }), 'VALIDATION');
    });
  });
});
