import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { createDatabase, test } from '../setup/db.ts';
import { expectIntegrity } from '../setup/integrity.ts';
import { fails, openService, people } from '../setup/service.ts';

/** Whoever needed a second connection would wait for the first, which is its own. */
const limits = { poolSize: 1, connectTimeoutMs: 1_000 };
const meetingPassword = 'open sesame';

async function live(service: MeetingService, options: { keys: boolean }): Promise<void> {
  const [host = '', second = '', third = '', fourth = '', silent = ''] = people(5);
  let calls = 0;
  const as = (userId: string) => {
    const rooms = service.as({ userId });
    return options.keys ? rooms.with({ idempotencyKey: `call-${calls++}` }) : rooms;
  };
  const times = {
    scheduledStartTime: new Date(Date.now() + 60_000),
    scheduledEndTime: new Date(Date.now() + 3_660_000),
  };
  const { id } = await as(host).meetings.schedule({
    ...{ title: 'On a string', meetingType: 'Workshop', meetingPassword, settings: { limitAcceptances: 3 } },
    ...times,
  });
  await as(host).invitations.invite(id, { inviteeIds: [second, third, fourth, silent] });
  await as(host).meetings.update(id, { title: 'On one string', meetingPassword });
  await as(host).meetings.reschedule(id, times);
  for (const userId of [second, third, fourth]) await as(userId).invitations.respond(id, { response: 'Accepted' });
  await as(second).invitations.respond(id, { response: 'Declined' });
  await as(host).invitations.remind(id, [silent]);
  await as(host).invitations.revoke(id, silent);
  await as(host).meetings.start(id);
  await as(host).participants.join(id);
  await as(third).participants.join(id, { meetingPassword, connectionId: 'phone' });
  await as(fourth).participants.join(id, { meetingPassword });
  await fails(as(second).participants.join(id, { meetingPassword: 'wrong' }), 'WRONG_PASSWORD');
  await as(third).participants.heartbeat(id);
  await as(third).participants.raiseHand(id);
  await as(third).participants.lowerHand(id);
  await as(host).participants.setRole(id, third, 'Presenter');
  await as(host).participants.setPermissions(id, fourth, { canUseChat: false });
  await as(third).participants.reportIssue(id, { kind: 'audio' });
  await as(fourth).participants.leave(id);
  await as(host).participants.remove(id, fourth);
  await as(host).participants.transferHost(id, third);
  await service.asSystem().participants.recordSession(id, {
    ...{ userId: newId(), source: 'zoom', joinedAt: new Date(), leftAt: new Date() },
  });
  await as(third).meetings.end(id);
  await as(third).participants.markAttendance(id, host, 'NoShow');
  await as(third).engagement.recompute(id);

  const reads = service.as({ userId: third });
  expect((await reads.meetings.get(id)).status).toBe('Completed');
  await reads.meetings.list();
  await reads.meetings.history(id);
  await reads.participants.list(id);
  await reads.participants.attendance(id);
  await reads.invitations.list(id);
  await reads.invitations.mine();
  await reads.engagement.meeting(id);
  await reads.engagement.participants(id);
  expect((await service.worker.runOnce()).failed).toEqual([]);
  expect((await service.checkIntegrity()).violations).toEqual([]);
  expect((await service.health()).database).toBe('up');
}

test('a meeting lives from beginning to end on one connection', async ({ url }) => {
  await using service = await openService(url, { limits });
  await live(service, { keys: false });
});

test('and so it does with a key for every call', async ({ url }) => {
  await using service = await openService(url, { limits });
  await live(service, { keys: true });
  await service.close();
  await expectIntegrity(url);
});

test('many calls at once take turns on it', async ({ url }) => {
  await using service = await openService(url, { limits: { ...limits, connectTimeoutMs: 20_000 } });
  await Promise.all(Array.from({ length: 5 }, (_, n) => live(service, { keys: n % 2 === 0 })));
});

test('one connection is enough to make the schema', async () => {
  await using database = await createDatabase();
  await using service = await openService(database.url, { limits });
  expect((await service.check()).pending).toEqual([]);
});
