import { describe, expect } from 'vitest';
import { SYSTEM_USER_ID } from '../../src/core/actor.ts';
import { newId } from '../../src/core/identifier.ts';
import { memoryUsers } from '../../src/directory/index.ts';
import { execute } from '../setup/postgres.ts';
import { fails, minutes, openService, people, test, unchanged } from '../setup/service.ts';

const nobody = { invited: [], alreadyInvited: [], failed: [] };

describe('invite', () => {
  test('puts people on the roster and asks them', async ({ service, scheduled, events, clock }) => {
    const { id, host } = await scheduled();
    const guests = people(2).toSorted() as [string, string];
    events.length = 0;
    clock.advance(minutes);
    const expiresAt = new Date(clock.now().getTime() + minutes);
    const rooms = service.as({ userId: host });
    const wish = { inviteeIds: guests, role: 'Presenter', message: 'Bring chapter 3\n— Ada', expiresAt } as const;
    expect(await rooms.invitations.invite(id, wish)).toEqual({ ...nobody, invited: guests });
    const { items } = await rooms.invitations.list(id);
    expect(items.map((item) => item.inviteeId).toSorted()).toEqual(guests);
    expect(items[0]).toEqual({
      ...{ id: expect.any(String) as string, meetingId: id, inviterId: host, inviteeId: items[0]?.inviteeId },
      ...{ role: 'Presenter', status: 'Pending', message: 'Bring chapter 3\n— Ada', invitedAt: clock.now(), expiresAt },
      ...{ respondedAt: null, responseMessage: null, reminderSentAt: null, revokedAt: null },
    });
    const roster = await rooms.participants.list(id);
    expect(roster.items.slice(1)).toMatchObject(
      [0, 1].map(() => ({ role: 'Presenter', status: 'Invited', isPresenter: true, joinedAt: null })),
    );
    const sent = guests.flatMap((inviteeId) => {
      const data = { inviteeId, inviterId: host, role: 'Presenter', again: false };
      const fact = { type: 'invitation.sent', actorId: host };
      return [
        { ...fact, stream: { kind: 'meeting', id }, audience: 'hosts', data },
        {
          ...fact,
          stream: { kind: 'user', id: inviteeId },
          audience: { users: [inviteeId] },
          data: { ...data, meetingId: id },
        },
      ];
    });
    expect(events).toHaveLength(4);
    expect(events).toEqual(expect.arrayContaining(sent.map((event) => expect.objectContaining(event) as unknown)));
    for (const userId of guests)
      expect((await service.as({ userId }).meetings.list({ upcoming: true })).items.map((item) => item.id)).toEqual([
        id,
      ]);
  });

  test.for([
    ['CoHost', { isPresenter: false, canUseChat: true }],
    ['Observer', { isPresenter: false, canUseChat: false }],
  ] as const)('as %s brings the flags of the role', async ([role, flags], { service, scheduled }) => {
    const { id, host } = await scheduled();
    const [guest] = people(1) as [string];
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [guest], role });
    const { items } = await service.as({ userId: host }).participants.list(id);
    expect(items[1]).toMatchObject({ authUserId: guest, role, ...flags });
  });

  test('reaches five hundred people at once, and refuses one more before it looks at any', async ({
    service,
    scheduled,
    events,
    url,
  }) => {
    const { id, host } = await scheduled();
    const crowd = people(500);
    const rooms = service.as({ userId: host });
    events.length = 0;
    const { invited, alreadyInvited, failed } = await rooms.invitations.invite(id, { inviteeIds: crowd });
    expect([invited.length, alreadyInvited, failed]).toEqual([500, [], []]);
    expect(events).toHaveLength(1000);
    expect((await rooms.participants.list(id)).total).toBe(501);
    const tooMany = await unchanged(url, () =>
      fails(rooms.invitations.invite(id, { inviteeIds: [...people(500), 'nonsense'] }), 'VALIDATION'),
    );
    expect(tooMany.details['fields']).toMatchObject([{ path: 'inviteeIds', message: 'must have at most 500 items' }]);
  });

  test('announces what it has stored, in streams that are new and in others', async ({
    service,
    scheduled,
    events,
    clock,
    url,
  }) => {
    const { id, host } = await scheduled();
    const [again, ...others] = people(3) as [string, string, string];
    const rooms = service.as({ userId: host });
    events.length = 0;
    await rooms.invitations.invite(id, { inviteeIds: [again], expiresAt: new Date(clock.now().getTime() + minutes) });
    clock.advance(minutes);
    await rooms.meetings.update(id, { title: 'Trees' });
    await rooms.invitations.invite(id, { inviteeIds: [again, ...others], role: 'Presenter' });
    const sent = events.filter(({ type }) => type === 'invitation.sent');
    const meeting = { kind: 'meeting', id };
    expect(sent.map(({ stream }) => stream)).toEqual([
      ...[meeting, { kind: 'user', id: again }, meeting, meeting, meeting],
      ...[again, ...others].toSorted().map((userId) => ({ kind: 'user', id: userId })),
    ]);
    const stored = await execute(
      url,
      `select e.id, json_build_object('kind', case e.stream_kind when 0 then 'meeting' else 'user' end, 'id', e.stream_id) as stream,
              e.seq::int, h.epoch, e.prev::int, e.type, to_json(e.occurred_at) as time,
              case e.audience when 'hosts' then to_json(e.audience) else json_build_object('users', e.audience_users) end as audience,
              e.actor_id as "actorId", e.data
       from convoke.meeting_events e join convoke.meeting_event_heads h using (stream_kind, stream_id)
       where e.type = 'invitation.sent'
         and (e.stream_id = '${id}' or e.stream_id in ('${[again, ...others].join("', '")}'))`,
    );
    const told = sent.map((event) => ({ ...event, time: expect.anything() as unknown }));
    expect(stored).toEqual(expect.arrayContaining(told));
    expect(stored).toHaveLength(8);
    expect(sent.every((event) => Object.isFrozen(event) && Object.isFrozen(event.data))).toBe(true);
    // Before the first the meeting was scheduled, which is for everybody to see, and so not in the lane of the hosts alone.
    expect(sent.map(({ seq, prev }) => seq - prev)).toEqual([2, 1, 2, 1, 1, 1, 1, 1]);
    expect(new Set(sent.slice(2).map(({ time }) => time))).toEqual(new Set([clock.now().toISOString()]));
  });

  test('names each person once, in any letter case', async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    const [guest] = people(1) as [string];
    const wish = { inviteeIds: [guest, guest.toUpperCase(), guest] };
    expect(await service.as({ userId: host }).invitations.invite(id, wish)).toEqual({ ...nobody, invited: [guest] });
  });

  test('says who could not be asked: oneself, and whom the directory does not know', async ({
    scheduled,
    clock,
    url,
  }) => {
    const [known, unknown] = people(2) as [string, string];
    const users = memoryUsers(new Map([[known, { displayName: 'Bob' }]]));
    await using service = await openService(url, { clock, directory: { users } });
    const { id, host } = await scheduled();
    const rooms = service.as({ userId: host });
    const asked = await rooms.invitations.invite(id, { inviteeIds: [known, unknown, unknown] });
    expect(asked).toEqual({
      invited: [known],
      alreadyInvited: [],
      failed: [{ userId: unknown, reason: 'unknown-user' }],
    });
    await unchanged(url, async () =>
      expect(await rooms.invitations.invite(id, { inviteeIds: [unknown] })).toMatchObject({ invited: [] }),
    );
  });

  test('of oneself fails and harms nobody else', async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    const [guest] = people(1) as [string];
    expect(await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [host, guest] })).toEqual({
      ...{ invited: [guest], alreadyInvited: [], failed: [{ userId: host, reason: 'self' }] },
    });
  });

  test('leaves those alone who are on the roster, whatever they answered', async ({
    service,
    scheduled,
    events,
    url,
  }) => {
    const { id, host } = await scheduled();
    const [silent, yes, no, maybe] = people(4).toSorted() as [string, string, string, string];
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [silent, yes, no, maybe] });
    await service.as({ userId: yes }).invitations.respond(id, { response: 'Accepted' });
    await service.as({ userId: no }).invitations.respond(id, { response: 'Declined' });
    await service.as({ userId: maybe }).invitations.respond(id, { response: 'Tentative' });
    events.length = 0;
    await unchanged(url, async () => {
      const again = { inviteeIds: [silent, yes, no, maybe], role: 'Observer', message: 'again' } as const;
      expect(await rooms.invitations.invite(id, again)).toEqual({
        ...nobody,
        alreadyInvited: [silent, yes, no, maybe],
      });
    });
    expect(events).toEqual([]);
  });

  test('while people walk in and leave leaves walk-ins alone too', async ({ service, running, url }) => {
    const { id, host } = await running({ settings: { openJoin: true } });
    const [walkIn] = people(1) as [string];
    await service.as({ userId: walkIn }).participants.join(id);
    await unchanged(url, async () =>
      expect(await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [walkIn] })).toEqual({
        ...nobody,
        alreadyInvited: [walkIn],
      }),
    );
  });

  test('needs a time to answer that lies ahead, and somebody to ask', async ({ service, scheduled, clock, url }) => {
    const { id, host } = await scheduled();
    const rooms = service.as({ userId: host }).invitations;
    await unchanged(url, async () => {
      const late = await fails(rooms.invite(id, { inviteeIds: people(1), expiresAt: clock.now() }), 'VALIDATION');
      expect(late.details['fields']).toMatchObject([{ path: 'expiresAt' }]);
      await fails(rooms.invite(id, {}), 'VALIDATION');
      await fails(rooms.invite(id, { inviteeIds: [] }), 'VALIDATION');
      await fails(rooms.invite(id, { inviteeIds: ['nonsense'] }), 'VALIDATION');
      await fails(rooms.invite(id, { inviteeIds: people(1), message: 'x'.repeat(4001) }), 'VALIDATION');
    });
  });

  test('is over when the meeting is', async ({ service, scheduled, running, url }) => {
    const ahead = await scheduled();
    await service.as({ userId: ahead.host }).meetings.cancel(ahead.id);
    const over = await running();
    await service.as({ userId: over.host }).meetings.end(over.id);
    await unchanged(url, async () => {
      for (const { id, host } of [ahead, over])
        await fails(
          service.as({ userId: host }).invitations.invite(id, { inviteeIds: people(1) }),
          'INVALID_TRANSITION',
        );
    });
  });

  test("while a meeting is postponed asks, and puts it on nobody's calendar yet", async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    const [guest] = people(1) as [string];
    await service.as({ userId: host }).meetings.postpone(id);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [guest] });
    expect((await service.as({ userId: guest }).meetings.list({ upcoming: true })).items).toEqual([]);
  });

  test('repeated with its key asks once', async ({ service, scheduled, events, url }) => {
    const { id, host } = await scheduled();
    const [guest] = people(1) as [string];
    const keyed = service.as({ userId: host }).with({ idempotencyKey: 'invite-1' }).invitations;
    const first = await keyed.invite(id, { inviteeIds: [guest] });
    events.length = 0;
    await unchanged(url, async () => expect(await keyed.invite(id, { inviteeIds: [guest] })).toEqual(first));
    await fails(keyed.invite(id, { inviteeIds: people(1) }), 'IDEMPOTENCY_CONFLICT');
    expect(events).toEqual([]);
  });

  test('of the same people by two hosts at once asks each once', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled();
    const [deputy] = people(1) as [string];
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [deputy], role: 'CoHost' });
    const crowd = people(20);
    const answers = await Promise.all(
      [host, deputy].map((userId) => service.as({ userId }).invitations.invite(id, { inviteeIds: crowd })),
    );
    expect(answers.flatMap(({ invited }) => invited).toSorted()).toEqual(crowd.toSorted());
    const rows = await execute(url, `select 1 from convoke.meeting_invitations where meeting_id = '${id}'`);
    expect(rows).toHaveLength(21);
  });
});

describe('who may invite', () => {
  test('the Host in any role but Host, a CoHost in lower ones', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled();
    const [deputy] = people(1) as [string];
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [deputy], role: 'CoHost' });
    const rooms = service.as({ userId: deputy }).invitations;
    for (const role of ['Presenter', 'Participant', 'Observer'] as const)
      expect((await rooms.invite(id, { inviteeIds: people(1), role })).invited).toHaveLength(1);
    await unchanged(url, () => fails(rooms.invite(id, { inviteeIds: people(1), role: 'CoHost' }), 'FORBIDDEN'));
  });

  test('others only where the switch says so, and only to lower roles; Observers never', async ({
    service,
    scheduled,
    url,
  }) => {
    const { id, host } = await scheduled();
    const [presenter, guest, watcher] = people(3) as [string, string, string];
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [presenter], role: 'Presenter' });
    await rooms.invitations.invite(id, { inviteeIds: [guest] });
    await rooms.invitations.invite(id, { inviteeIds: [watcher], role: 'Observer' });
    const invite = (userId: string, role: 'Presenter' | 'Participant' | 'Observer' = 'Participant') =>
      service.as({ userId }).invitations.invite(id, { inviteeIds: people(1), role });
    await unchanged(url, async () => {
      for (const userId of [presenter, guest, watcher]) await fails(invite(userId), 'FORBIDDEN');
    });
    await rooms.meetings.update(id, { settings: { participantsMayInvite: true } });
    for (const userId of [presenter, guest])
      for (const role of ['Participant', 'Observer'] as const)
        expect((await invite(userId, role)).invited).toHaveLength(1);
    await unchanged(url, async () => {
      for (const userId of [presenter, guest]) await fails(invite(userId, 'Presenter'), 'FORBIDDEN');
      await fails(invite(watcher), 'FORBIDDEN');
    });
  });

  test('nobody outside, who learns nothing', async ({ service, scheduled, url }) => {
    const { id } = await scheduled();
    const invite = (meetingId: string) =>
      service.as({ userId: newId() }).invitations.invite(meetingId, { inviteeIds: people(1) });
    await unchanged(url, async () => {
      const unknown = await fails(invite(newId()), 'NOT_FOUND');
      expect((await fails(invite(id), 'NOT_FOUND')).toJSON()).toEqual(unknown.toJSON());
    });
  });

  test("the system, in the Host's name", async ({ service, scheduled, events }) => {
    const { id, host } = await scheduled();
    const [guest] = people(1) as [string];
    events.length = 0;
    expect(await service.asSystem().invitations.invite(id, { inviteeIds: [guest, host], role: 'CoHost' })).toEqual({
      ...{ invited: [guest], alreadyInvited: [], failed: [{ userId: host, reason: 'self' }] },
    });
    expect((await service.as({ userId: guest }).invitations.mine()).items).toMatchObject([{ inviterId: host }]);
    expect(events).toMatchObject([
      { actorId: null, data: { inviterId: host } },
      { actorId: null, data: { inviterId: host } },
    ]);
  });

  test('nobody invites the system', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled();
    await unchanged(url, async () => {
      const answer = await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [SYSTEM_USER_ID] });
      expect(answer).toEqual({ ...nobody, failed: [{ userId: SYSTEM_USER_ID, reason: 'unknown-user' }] });
    });
  });
});
