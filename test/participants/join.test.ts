import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { execute } from '../setup/postgres.ts';
import { fails, minutes, people, start, test, unchanged } from '../setup/service.ts';

const count = async (url: string, meetingId: string) => {
  const [row] = await execute<{ n: number }>(
    url,
    `select current_participants_count as n from convoke.meetings where id = '${meetingId}'`,
  );
  return row?.n;
};

const sessions = (url: string, meetingId: string, userId: string) =>
  execute<{ connection_id: string; source: string; open: boolean }>(
    url,
    `select connection_id, source, left_at is null as open from convoke.meeting_participant_sessions
     where meeting_id = '${meetingId}' and auth_user_id = '${userId}' order by joined_at, connection_id`,
  );

describe('who may join', () => {
  test.for(['Accepted', 'Declined', 'Tentative', null] as const)(
    'somebody whose answer was %s is Accepted once in, and so is the invitation',
    async (answer, { service, running, clock }) => {
      const { id, host } = await running();
      const [guest] = people(1) as [string];
      await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [guest] });
      const rooms = service.as({ userId: guest });
      if (answer !== null) await rooms.invitations.respond(id, { response: answer, message: 'as I said' });
      clock.advance(5 * minutes);
      expect(await rooms.participants.join(id)).toMatchObject({
        ...{ authUserId: guest, meetingId: id, role: 'Participant', status: 'Accepted', isPresent: true, leftAt: null },
        joinedAt: clock.now(),
      });
      const { items } = await rooms.invitations.mine();
      expect(items).toMatchObject([{ status: 'Accepted', responseMessage: answer === null ? null : 'as I said' }]);
      expect(items[0]?.respondedAt).toEqual(answer === 'Accepted' ? new Date(start) : clock.now());
    },
  );

  test('joining answers an open invitation, and says so to hosts and the person; a given answer is not repeated', async ({
    service,
    running,
    events,
  }) => {
    const { id, host, participants } = await running({ participants: 1, present: false });
    const [guest] = people(1) as [string];
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [guest] });
    events.length = 0;
    await service.as({ userId: guest }).participants.join(id);
    expect(events).toMatchObject([
      { type: 'participant.joined', stream: { kind: 'meeting', id }, audience: 'all', actorId: guest },
      { type: 'invitation.accepted', stream: { kind: 'meeting', id }, audience: 'hosts' },
      { type: 'invitation.accepted', stream: { kind: 'user', id: guest }, audience: { users: [guest] } },
    ]);
    expect(events[0]?.data).toEqual({ userId: guest, role: 'Participant' });
    expect(events[1]?.data).toEqual({ inviteeId: guest, byJoining: true });
    expect(events[2]?.data).toEqual({ meetingId: id, inviteeId: guest, byJoining: true });
    events.length = 0;
    await service.as({ userId: participants[0]! }).participants.join(id);
    expect(events.map(({ type }) => type)).toEqual(['participant.joined']);
  });

  test('somebody inside who has declined accepts by a further device: the answer is told, the coming is not', async ({
    service,
    running,
    events,
  }) => {
    const { id, host } = await running();
    const [guest] = people(1) as [string];
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [guest] });
    const rooms = service.as({ userId: guest });
    await rooms.participants.join(id);
    await rooms.invitations.respond(id, { response: 'Declined' });
    events.length = 0;
    expect(await rooms.participants.join(id, { connectionId: 'phone' })).toMatchObject({
      status: 'Accepted',
      isPresent: true,
    });
    expect(events).toMatchObject([
      { type: 'invitation.accepted', stream: { kind: 'meeting', id }, audience: 'hosts' },
      { type: 'invitation.accepted', stream: { kind: 'user', id: guest }, audience: { users: [guest] } },
    ]);
    expect((await rooms.invitations.mine()).items).toMatchObject([{ status: 'Accepted' }]);
  });

  test('somebody whose invitation has expired is on the roster still: they come in, and it stays expired', async ({
    service,
    running,
    clock,
  }) => {
    const { id, host } = await running();
    const [guest] = people(1) as [string];
    const expiresAt = new Date(clock.now().getTime() + minutes);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [guest], expiresAt });
    clock.advance(2 * minutes);
    await service.worker.runOnce('invitations.expire');
    const rooms = service.as({ userId: guest });
    expect(await rooms.participants.join(id)).toMatchObject({ status: 'Accepted', isPresent: true });
    expect((await rooms.invitations.mine()).items).toMatchObject([{ status: 'Expired' }]);
  });

  test('an outsider learns nothing: the error is that of an unknown meeting', async ({
    service,
    running,
    scheduled,
    url,
  }) => {
    const { id } = await running();
    const { id: ahead } = await scheduled();
    const rooms = service.as({ userId: newId() }).participants;
    await unchanged(url, async () => {
      const unknown = await fails(rooms.join(newId()), 'NOT_FOUND');
      for (const meetingId of [id, ahead]) {
        expect((await fails(rooms.join(meetingId), 'NOT_FOUND')).toJSON()).toEqual(unknown.toJSON());
        const guessing = await fails(rooms.join(meetingId, { meetingPassword: 'guess' }), 'NOT_FOUND');
        expect(guessing.toJSON()).toEqual(unknown.toJSON());
      }
    });
  });

  test('where the door is open anybody walks in and is on the roster from then on', async ({
    service,
    running,
    events,
    url,
  }) => {
    const { id, host } = await running({ settings: { openJoin: true } });
    const walkIn = newId();
    const rooms = service.as({ userId: walkIn });
    events.length = 0;
    expect(await rooms.participants.join(id)).toMatchObject({
      ...{ authUserId: walkIn, role: 'Participant', status: 'Accepted', isPresent: true },
      ...{ isPresenter: false, canShareScreen: true, canUseChat: true, invitedAt: new Date(start) },
    });
    expect(events.map(({ type }) => type)).toEqual(['participant.joined']);
    expect(await count(url, id)).toBe(2);
    const { items } = await service.as({ userId: host }).participants.list(id);
    expect(items.map(({ authUserId }) => authUserId)).toEqual([host, walkIn]);
    expect((await rooms.meetings.list({ upcoming: true })).items.map((meeting) => meeting.id)).toEqual([id]);
    expect((await rooms.invitations.mine()).items).toEqual([]);
  });

  test('the meeting decides about its door before the service does', async ({ service, running }) => {
    const { id } = await running({ settings: { openJoin: false } });
    await fails(service.as({ userId: newId() }).participants.join(id), 'NOT_FOUND');
  });

  test('the system is nobody who could sit there, not even through an open door', async ({ service, running, url }) => {
    const { id } = await running({ settings: { openJoin: true } });
    await unchanged(url, () => fails(service.asSystem().participants.join(id), 'FORBIDDEN'));
  });

  test('a meeting is joined while it runs', async ({ service, scheduled, running, url }) => {
    const { id, host } = await scheduled();
    const over = await running();
    await service.as({ userId: over.host }).meetings.end(over.id);
    await unchanged(url, async () => {
      const early = await fails(service.as({ userId: host }).participants.join(id), 'INVALID_TRANSITION');
      expect(early.details).toMatchObject({ status: 'Scheduled', legalStates: ['InProgress'] });
      const late = await fails(service.as({ userId: over.host }).participants.join(over.id), 'INVALID_TRANSITION');
      expect(late.details).toMatchObject({ status: 'Completed' });
    });
  });

  test('what is not a join is refused by shape', async ({ service, running, url }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host }).participants;
    await unchanged(url, async () => {
      await fails(rooms.join('nonsense'), 'VALIDATION');
      await fails(rooms.join(id, { connectionId: '' }), 'VALIDATION');
      await fails(rooms.join(id, { connectionId: 'x'.repeat(256) }), 'VALIDATION');
      await fails(rooms.join(id, { meetingPassword: '' }), 'VALIDATION');
    });
  });
});

describe('devices', () => {
  test('a second device is a session of its own, counted once and announced once', async ({
    service,
    running,
    events,
    url,
    clock,
  }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host }).participants;
    events.length = 0;
    clock.advance(minutes);
    const view = await rooms.join(id, { connectionId: 'phone' });
    expect(view).toMatchObject({ joinedAt: new Date(start), isPresent: true });
    expect(await count(url, id)).toBe(1);
    expect(await sessions(url, id, host)).toEqual([
      { connection_id: '', source: 'host', open: true },
      { connection_id: 'phone', source: 'host', open: true },
    ]);
    expect(events).toEqual([]);
  });

  test('joining twice with one device is joining once', async ({ service, running, events, url }) => {
    const { id, participants } = await running({ participants: 1, present: false });
    const [guest] = participants as [string];
    const rooms = service.as({ userId: guest }).participants;
    const first = await rooms.join(id, { connectionId: 'laptop' });
    events.length = 0;
    expect(await rooms.join(id, { connectionId: 'laptop' })).toEqual(first);
    expect(await sessions(url, id, guest)).toHaveLength(1);
    expect(await count(url, id)).toBe(1);
    expect(events).toEqual([]);
  });

  test('the same device many times at once is one session and one announcement', async ({
    service,
    running,
    events,
    url,
  }) => {
    const { id, participants } = await running({ participants: 1, present: false });
    const [guest] = participants as [string];
    events.length = 0;
    const rooms = service.as({ userId: guest }).participants;
    await Promise.all(Array.from({ length: 8 }, () => rooms.join(id, { connectionId: 'laptop' })));
    expect(await sessions(url, id, guest)).toHaveLength(1);
    expect(await count(url, id)).toBe(1);
    expect(events.filter(({ type }) => type === 'participant.joined')).toHaveLength(1);
  });

  test('many walk in at once through an open door, on two devices each', async ({ service, running, url }) => {
    const { id } = await running({ settings: { openJoin: true }, present: false });
    const crowd = people(10);
    await Promise.all(
      crowd.flatMap((userId) =>
        ['laptop', 'phone'].map((connectionId) => service.as({ userId }).participants.join(id, { connectionId })),
      ),
    );
    expect(await count(url, id)).toBe(10);
    for (const userId of crowd) expect(await sessions(url, id, userId)).toHaveLength(2);
  });

  test('coming back is a new session; the first coming stays', async ({ service, running, events, url, clock }) => {
    const { id, host } = await running();
    const rooms = service.as({ userId: host }).participants;
    clock.advance(10 * minutes);
    await rooms.leave(id);
    clock.advance(10 * minutes);
    events.length = 0;
    expect(await rooms.join(id)).toMatchObject({ joinedAt: new Date(start), leftAt: null, isPresent: true });
    expect(await sessions(url, id, host)).toEqual([
      { connection_id: '', source: 'host', open: false },
      { connection_id: '', source: 'host', open: true },
    ]);
    expect(events.map(({ type }) => type)).toEqual(['participant.joined']);
    expect(await count(url, id)).toBe(1);
  });
});

describe('seats', () => {
  test('while the Host is absent one seat waits for them: of two, one other gets in', async ({
    service,
    running,
    url,
  }) => {
    const { id, host, participants } = await running({ participants: 2, present: false, maxParticipants: 2 });
    const [first, second] = participants as [string, string];
    await service.as({ userId: first }).participants.join(id);
    await unchanged(url, () => fails(service.as({ userId: second }).participants.join(id), 'CAPACITY'));
    await service.as({ userId: host }).participants.join(id);
    expect(await count(url, id)).toBe(2);
    await fails(service.as({ userId: second }).participants.join(id), 'CAPACITY');
  });

  test("the only seat is the Host's", async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 1, present: false, maxParticipants: 1 });
    await fails(service.as({ userId: participants[0]! }).participants.join(id), 'CAPACITY');
    expect(await service.as({ userId: host }).participants.join(id)).toMatchObject({ isPresent: true });
  });

  test("a seat that is left is free, but for the Host's own", async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 2, present: false, maxParticipants: 2 });
    const [first, second] = participants as [string, string];
    await service.as({ userId: host }).participants.join(id);
    await service.as({ userId: first }).participants.join(id);
    await service.as({ userId: host }).participants.leave(id);
    await fails(service.as({ userId: second }).participants.join(id), 'CAPACITY');
    await service.as({ userId: first }).participants.leave(id);
    expect(await service.as({ userId: second }).participants.join(id)).toMatchObject({ isPresent: true });
  });

  test('a further device of somebody inside takes no seat', async ({ service, running }) => {
    const { id, participants } = await running({ participants: 1, maxParticipants: 2 });
    const rooms = service.as({ userId: participants[0]! }).participants;
    expect(await rooms.join(id, { connectionId: 'phone' })).toMatchObject({ isPresent: true });
  });

  test('a CoHost needs a seat like everybody else', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 2, present: false, maxParticipants: 2 });
    const [first, deputy] = participants as [string, string];
    await service.as({ userId: host }).participants.setRole(id, deputy, 'CoHost');
    await service.as({ userId: first }).participants.join(id);
    await fails(service.as({ userId: deputy }).participants.join(id), 'CAPACITY');
  });

  test('of many at once exactly as many enter as there are seats', async ({ service, running, url }) => {
    const { id, participants } = await running({ participants: 20, present: false, maxParticipants: 6 });
    const outcomes = await Promise.allSettled(
      participants.map((userId) => service.as({ userId }).participants.join(id)),
    );
    const codes = outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? 'in' : (outcome.reason as { code: string }).code,
    );
    expect(codes.filter((code) => code === 'in')).toHaveLength(5); // the sixth is the Host's
    expect(codes.filter((code) => code === 'CAPACITY')).toHaveLength(15);
    expect(await count(url, id)).toBe(5);
  });

  test('people coming and going at once leave a count that agrees with who is there', async ({
    service,
    running,
    url,
  }) => {
    const { id, participants } = await running({ participants: 10, present: false, maxParticipants: 8 });
    const wander = async (userId: string) => {
      const rooms = service.as({ userId }).participants;
      for (const connectionId of ['laptop', 'phone']) await rooms.join(id, { connectionId }).catch(() => {});
      await rooms.leave(id, { connectionId: 'laptop' });
      await rooms.join(id, { connectionId: 'laptop' }).catch(() => {});
      await rooms.leave(id);
    };
    await Promise.all(participants.map(wander));
    expect(await count(url, id)).toBe(0);
    const [open] = await execute<{ n: number }>(
      url,
      `select count(*)::int as n from convoke.meeting_participant_sessions where meeting_id = '${id}' and left_at is null`,
    );
    expect(open?.n).toBe(0);
  });
});

describe('with an idempotency key', () => {
  test('a repeated join gives the first answer and does nothing', async ({ service, running, events, clock, url }) => {
    const { id, participants } = await running({ participants: 1, present: false });
    const [guest] = participants as [string];
    const keyed = service.as({ userId: guest }).with({ idempotencyKey: 'join-1' }).participants;
    const first = await keyed.join(id);
    await service.as({ userId: guest }).participants.leave(id);
    clock.advance(minutes);
    events.length = 0;
    expect(await unchanged(url, () => keyed.join(id))).toEqual(first);
    expect(events).toEqual([]);
  });

  test('a key used for one device is not good for another', async ({ service, running }) => {
    const { id, host } = await running();
    const keyed = service.as({ userId: host }).with({ idempotencyKey: 'join-2' }).participants;
    await keyed.join(id, { connectionId: 'laptop' });
    await fails(keyed.join(id, { connectionId: 'phone' }), 'IDEMPOTENCY_CONFLICT');
  });

  test('a refused join stores nothing: the same key works once there is a seat', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 1, present: false, maxParticipants: 1 });
    const keyed = service.as({ userId: participants[0]! }).with({ idempotencyKey: 'join-3' }).participants;
    await fails(keyed.join(id), 'CAPACITY');
    await service.as({ userId: host }).meetings.update(id, { maxParticipants: 2 });
    expect(await keyed.join(id)).toMatchObject({ isPresent: true });
  });

  test('the answer that is stored never carries a password', async ({ service, running, url }) => {
    const { id, participants } = await running({ participants: 1, present: false, meetingPassword: 'open sesame' });
    const keyed = service.as({ userId: participants[0]! }).with({ idempotencyKey: 'join-4' }).participants;
    await keyed.join(id, { meetingPassword: 'open sesame' });
    const rows = await execute<{ row: string }>(
      url,
      `select k::text as row from convoke.meeting_idempotency_keys k where key = 'join-4'`,
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.row).not.toContain('sesame');
  });
});
