import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { memoryNotifier } from '../../src/notifiers/index.ts';
import { fails, hours, minutes, openService, people, start, test, unchanged } from '../setup/service.ts';

/** A week away, so that there is time to remind. */
const away = {
  scheduledStartTime: new Date(new Date(start).getTime() + 168 * hours),
  scheduledEndTime: new Date(new Date(start).getTime() + 169 * hours),
};

describe('remind', () => {
  test('asks everybody who has not answered, and nobody else', async ({ service, scheduled, events, clock }) => {
    const { id, host } = await scheduled(away);
    const [silent, other, yes, no, maybe, revoked] = people(6) as [string, string, string, string, string, string];
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: [silent, other, yes, no, maybe, revoked] });
    await service.as({ userId: yes }).invitations.respond(id, { response: 'Accepted' });
    await service.as({ userId: no }).invitations.respond(id, { response: 'Declined' });
    await service.as({ userId: maybe }).invitations.respond(id, { response: 'Tentative' });
    await rooms.invitations.revoke(id, revoked);
    events.length = 0;
    clock.advance(minutes);
    expect(await rooms.invitations.remind(id)).toEqual({ reminded: [silent, other].toSorted(), skipped: [] });
    expect(
      events.filter(({ stream }) => stream.kind === 'user').map(({ type, stream, data }) => ({ type, stream, data })),
    ).toEqual(
      expect.arrayContaining(
        [silent, other].map((inviteeId) => ({
          ...{
            type: 'invitation.reminded',
            stream: { kind: 'user', id: inviteeId },
            data: { meetingId: id, inviteeId },
          },
        })),
      ),
    );
    expect(events.filter(({ stream }) => stream.kind === 'meeting')).toMatchObject([
      { audience: 'hosts' },
      { audience: 'hosts' },
    ]);
    expect(events).toHaveLength(4);
    const { items } = await rooms.invitations.list(id);
    expect(items.map(({ reminderSentAt }) => reminderSentAt?.getTime() ?? null).filter((at) => at !== null)).toEqual([
      ...[clock.now().getTime(), clock.now().getTime()],
    ]);
  });

  test('asks a person once in twelve hours', async ({ service, scheduled, clock, url, events }) => {
    const { id, host } = await scheduled(away);
    const [first, second] = people(2).toSorted() as [string, string];
    const rooms = service.as({ userId: host }).invitations;
    await rooms.invite(id, { inviteeIds: [first] });
    await rooms.remind(id);
    clock.advance(6 * hours);
    await rooms.invite(id, { inviteeIds: [second] });
    expect(await rooms.remind(id, [first, second])).toEqual({ reminded: [second], skipped: [first] });
    clock.advance(6 * hours - 1);
    events.length = 0;
    await unchanged(url, async () => {
      for (const wanted of [undefined, [first, second], [first]] as const) {
        const flood = await fails(rooms.remind(id, wanted), 'RATE_LIMITED');
        expect(flood.details).toMatchObject({ condition: 'reminderInterval', retryAfterSeconds: 1 });
        expect(flood.retryable).toBe(true);
      }
      const later = await fails(rooms.remind(id, [second]), 'RATE_LIMITED');
      expect(later.details).toMatchObject({ retryAfterSeconds: 6 * 3600 + 1 });
    });
    expect(events).toEqual([]);
    clock.advance(1);
    expect(await rooms.remind(id)).toEqual({ reminded: [first], skipped: [second] });
  });

  test('passes over those who were never asked, have answered, or whose time is over', async ({
    service,
    scheduled,
    clock,
    url,
  }) => {
    const { id, host } = await scheduled(away);
    const [answered, late, stranger] = people(3) as [string, string, string];
    const rooms = service.as({ userId: host }).invitations;
    await rooms.invite(id, { inviteeIds: [answered] });
    await rooms.invite(id, { inviteeIds: [late], expiresAt: new Date(clock.now().getTime() + minutes) });
    await service.as({ userId: answered }).invitations.respond(id, { response: 'Accepted' });
    clock.advance(minutes);
    await unchanged(url, async () => {
      expect(await rooms.remind(id, [answered, late, stranger])).toEqual({
        ...{ reminded: [], skipped: [answered, late, stranger] },
      });
      expect(await rooms.remind(id)).toEqual({ reminded: [], skipped: [] });
    });
  });

  test('does not ask who already waits for a seat', async ({ service, scheduled }) => {
    const { id, host } = await scheduled({ ...away, settings: { limitAcceptances: 1 } });
    const [waiting] = people(1) as [string];
    const rooms = service.as({ userId: host }).invitations;
    await rooms.invite(id, { inviteeIds: [waiting] });
    await service.as({ userId: waiting }).invitations.respond(id, { response: 'Accepted' });
    expect(await rooms.remind(id)).toEqual({ reminded: [], skipped: [] });
  });

  test('by two hosts at once asks each person once', async ({ service, scheduled, events }) => {
    const { id, host } = await scheduled(away);
    const crowd = people(10);
    const rooms = service.as({ userId: host }).invitations;
    await rooms.invite(id, { inviteeIds: crowd });
    events.length = 0;
    await Promise.allSettled(Array.from({ length: 4 }, () => rooms.remind(id)));
    const told = events.filter(({ type, stream }) => type === 'invitation.reminded' && stream.kind === 'user');
    expect(told.map(({ stream }) => stream.id).toSorted()).toEqual(crowd.toSorted());
  });

  test('is for hosts, until the meeting is over', async ({ service, running, scheduled, url }) => {
    const { id, host, participants } = await running({ participants: 2, present: false });
    const [deputy, guest] = participants as [string, string];
    const rooms = service.as({ userId: host });
    await rooms.participants.setRole(id, deputy, 'CoHost');
    await rooms.invitations.invite(id, { inviteeIds: people(1) });
    await unchanged(url, async () => {
      await fails(service.as({ userId: guest }).invitations.remind(id), 'FORBIDDEN');
      await fails(service.as({ userId: newId() }).invitations.remind(id), 'NOT_FOUND');
      await fails(rooms.invitations.remind(id, []), 'VALIDATION');
      await fails(rooms.invitations.remind(id, ['nonsense']), 'VALIDATION');
    });
    expect((await service.as({ userId: deputy }).invitations.remind(id)).reminded).toHaveLength(1);
    const ahead = await scheduled(away);
    await service.as({ userId: ahead.host }).invitations.invite(ahead.id, { inviteeIds: people(1) });
    expect((await service.asSystem().invitations.remind(ahead.id)).reminded).toHaveLength(1);
    await service.as({ userId: ahead.host }).meetings.cancel(ahead.id);
    await fails(service.as({ userId: ahead.host }).invitations.remind(ahead.id), 'INVALID_TRANSITION');
  });

  test('repeated with its key reminds once', async ({ service, scheduled, clock, url }) => {
    const { id, host } = await scheduled(away);
    const rooms = service.as({ userId: host });
    await rooms.invitations.invite(id, { inviteeIds: people(2) });
    const keyed = rooms.with({ idempotencyKey: 'remind-1' }).invitations;
    const first = await keyed.remind(id);
    clock.advance(13 * hours);
    await unchanged(url, async () => expect(await keyed.remind(id)).toEqual(first));
  });
});

describe('the notifier', () => {
  test('is told what reaches a person: asked, reminded, waiting, promoted, taken back', async ({
    scheduled,
    clock,
    url,
  }) => {
    const notifier = memoryNotifier();
    const service = await openService(url, { clock, notifier });
    const { id, host } = await scheduled({ ...away, title: 'Sets & <maps>', settings: { limitAcceptances: 2 } });
    const [seated, waiting] = people(2) as [string, string];
    const rooms = service.as({ userId: host }).invitations;
    await rooms.invite(id, { inviteeIds: [seated] });
    await rooms.remind(id);
    await service.as({ userId: seated }).invitations.respond(id, { response: 'Accepted' });
    await rooms.invite(id, { inviteeIds: [waiting] });
    await service.as({ userId: waiting }).invitations.respond(id, { response: 'Accepted' });
    await service.as({ userId: seated }).invitations.respond(id, { response: 'Declined' });
    await rooms.revoke(id, waiting);
    await service.close();
    const told = notifier.notices.map(({ kind, userId, meetingId, title }) => ({ kind, userId, meetingId, title }));
    const notice = (kind: string, userId: string) => ({ kind, userId, meetingId: id, title: 'Sets & <maps>' });
    // Answers are no news to whoever gave them.
    expect(told).toHaveLength(6);
    expect(told).toEqual(
      expect.arrayContaining([
        notice('invitation.sent', seated),
        notice('invitation.reminded', seated),
        notice('invitation.sent', waiting),
        notice('invitation.waitlisted', waiting),
        notice('invitation.promoted', waiting),
        notice('invitation.revoked', waiting),
      ]),
    );
    expect(notifier.notices.find(({ kind }) => kind === 'invitation.waitlisted')?.data).toMatchObject({ position: 1 });
  });

  test('that fails stops nobody and nothing', async ({ scheduled, clock, url }) => {
    const errors: unknown[] = [];
    const logger = { ...silentLogger, error: (...entry: unknown[]) => void errors.push(entry) };
    const notifier = { specVersion: 1, notify: () => Promise.reject(new Error('mail is down')) } as const;
    const service = await openService(url, { clock, notifier, logger });
    const { id, host } = await scheduled(away);
    const guests = people(2);
    const asked = await service.as({ userId: host }).invitations.invite(id, { inviteeIds: guests });
    expect(asked.invited).toHaveLength(2);
    await service.close();
    expect(errors).toHaveLength(2);
    expect(errors[0]).toMatchObject(['a notice was not delivered', {}]);
  });

  test('is told nothing of what was rolled back', async ({ scheduled, clock, url, orm }) => {
    const notifier = memoryNotifier();
    const service = await openService(url, { clock, notifier });
    const { id, host } = await scheduled(away);
    const rolledBack = orm.em.fork().transactional(async (em) => {
      await service.as({ userId: host }, { em }).invitations.invite(id, { inviteeIds: people(1) });
      throw new Error('changed my mind');
    });
    await expect(rolledBack).rejects.toThrow('changed my mind');
    await service.close();
    expect(notifier.notices).toEqual([]);
  });
});
