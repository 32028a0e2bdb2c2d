import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { people, test } from '../setup/service.ts';
import { accept, full, lineOf } from './line.ts';

describe('at once', () => {
  test.for([
    ['without keys', false],
    ['with keys', true],
  ] as const)(
    'twenty acceptances for five seats, %s: five are seated, the others stand in one line',
    async ([, withKeys], { service, scheduled, url }) => {
      const { id, host } = await scheduled({ settings: { limitAcceptances: 6 } });
      const crowd = people(20);
      await service.as({ userId: host }).invitations.invite(id, { inviteeIds: crowd });
      const answers = await Promise.all(
        crowd.map((userId) => {
          const rooms = service.as({ userId });
          return (withKeys ? rooms.with({ idempotencyKey: newId() }) : rooms).invitations.respond(id, {
            response: 'Accepted',
          });
        }),
      );
      expect(answers.filter(({ waitlistPosition }) => waitlistPosition === null)).toHaveLength(5);
      const positions = answers.flatMap(({ waitlistPosition }) => waitlistPosition ?? []).toSorted((a, b) => a - b);
      expect(positions).toEqual(Array.from({ length: 15 }, (_, n) => n + 1));
      expect(await lineOf(url, id)).toHaveLength(15);
    },
  );

  test('ten decline while ten accept: every seat is given once', async ({ service, scheduled, url, events }) => {
    const line = await full(service, scheduled, 11, 10);
    const late = people(10);
    await service.as({ userId: line.host }).invitations.invite(line.id, { inviteeIds: late });
    events.length = 0;
    await Promise.all([
      ...line.seated.map((userId) => service.as({ userId }).invitations.respond(line.id, { response: 'Declined' })),
      ...late.map((userId) => accept(service, line.id, userId)),
    ]);
    const { items } = await service.as({ userId: line.host }).participants.list(line.id);
    const accepted = items.filter(({ status }) => status === 'Accepted').map(({ authUserId }) => authUserId);
    expect(accepted).toHaveLength(11);
    // First come, first served: those who stood in line before are all seated, and nobody who came later.
    expect(accepted.toSorted()).toEqual([line.host, ...line.waiting].toSorted());
    expect((await lineOf(url, line.id)).toSorted()).toEqual(late.toSorted());
    const promotions = events.filter(({ type, stream }) => type === 'invitation.promoted' && stream.kind === 'meeting');
    expect(promotions).toHaveLength(10);
    expect(new Set(promotions.map(({ data }) => JSON.stringify(data))).size).toBe(10);
  });

  test('everything that frees a seat, with sweeps in between: never more seated than there are seats', async ({
    service,
    scheduled,
    url,
    events,
  }) => {
    const line = await full(service, scheduled, 9, 12);
    const rooms = service.as({ userId: line.host });
    const [a, b, c, d, e, f, g, h] = line.seated as [string, string, string, string, string, string, string, string];
    events.length = 0;
    await Promise.all([
      ...[a, b].map((userId) => service.as({ userId }).invitations.respond(line.id, { response: 'Declined' })),
      ...[c, d].map((userId) => rooms.participants.remove(line.id, userId)),
      ...[e, f].map((userId) => rooms.invitations.revoke(line.id, userId)),
      ...[g, h].map((userId) => service.as({ userId }).invitations.respond(line.id, { response: 'Tentative' })),
      rooms.meetings.update(line.id, { settings: { limitAcceptances: 10 } }),
      service.worker.runOnce('waitlist.repair'),
      service.worker.runOnce('invitations.expire'),
    ]);
    const { items } = await rooms.participants.list(line.id);
    expect(items.filter(({ status }) => status === 'Accepted')).toHaveLength(10);
    expect(await lineOf(url, line.id)).toEqual(line.waiting.slice(9));
    expect(events.filter(({ type, stream }) => type === 'invitation.promoted' && stream.id === line.id)).toHaveLength(
      9,
    );
  });

  test('joins for the last seats: as many enter as there are', async ({ service, running }) => {
    const { id, host } = await running({ settings: { limitAcceptances: 4 } });
    const crowd = people(12);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: crowd });
    const outcomes = await Promise.allSettled(crowd.map((userId) => service.as({ userId }).participants.join(id)));
    const codes = outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? 'in' : (outcome.reason as { code: string }).code,
    );
    expect(codes.filter((code) => code === 'in')).toHaveLength(3);
    expect(codes.filter((code) => code === 'CAPACITY')).toHaveLength(9);
  });
});
