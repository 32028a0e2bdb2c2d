import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { fakeClock } from '../../src/testing/fake-clock.ts';
import { openService, people } from '../setup/service.ts';
import { arena as arenaOf, atOnce, endings, test } from './arena.ts';

const hour = 3_600_000;

test('sweeps of several processes at once do everything once, beside people who do it by hand', async ({
  url,
  arena,
}) => {
  // The past, so that what the sweeps write does not lie in the future.
  const clock = fakeClock(new Date(Date.now() - 4 * hour));
  await using first = await openService(url, { clock, limits: { poolSize: 6 } });
  await using second = await openService(url, { clock, limits: { poolSize: 6 } });
  const times = {
    scheduledStartTime: clock.now(),
    scheduledEndTime: new Date(clock.now().getTime() + hour),
  };
  const { room } = arenaOf(first, arena);
  const forgotten: { id: string; host: string; guest: string }[] = [];
  for (let n = 0; n < 6; n++) {
    const guest = newId();
    const { id, host } = await room({ ...times, settings: { limitAcceptances: 2 } });
    const rooms = first.as({ userId: host });
    const expiresAt = new Date(clock.now().getTime() + hour);
    await rooms.invitations.invite(id, { inviteeIds: [guest], expiresAt });
    await rooms.meetings.start(id);
    await rooms.participants.join(id);
    await rooms.participants.heartbeat(id);
    forgotten.push({ id, host, guest });
  }
  clock.advance(3 * hour);

  const sweep = (service: typeof first) => async () => {
    expect((await service.worker.runOnce()).failed).toEqual([]);
  };
  const byHand = forgotten.slice(0, 3).map(
    ({ id, host }) =>
      () =>
        second.as({ userId: host }).meetings.end(id),
  );
  const ends = await endings(atOnce([sweep(first), sweep(second), sweep(first), sweep(second), ...byHand]));
  expect(ends.filter((end) => !['ok', 'INVALID_TRANSITION'].includes(end))).toEqual([]);

  await sweep(first)();
  for (const { id } of forgotten) {
    const { status, counter, openSessions, events } = await arena.facts(id);
    expect({ status, counter, openSessions, ended: events['meeting.ended'], ready: events['analytics.ready'] }).toEqual(
      {
        ...{ status: 'Completed', counter: 0, openSessions: 0, ended: 1, ready: 1 },
      },
    );
    expect(events['invitation.expired'] ?? 0).toBeLessThanOrEqual(1);
  }
});

test('a place in line that a crash left unserved is given once, however many look', async ({ url, arena }) => {
  const [seated = '', waiting = '', behind = ''] = people(3);
  const { id } = await arena.room({ invite: [seated, waiting, behind], settings: { limitAcceptances: 2 } });
  for (const userId of [seated, waiting, behind])
    await arena.service.as({ userId }).invitations.respond(id, { response: 'Accepted' });
  // As if the process had died between freeing the seat and giving it on, which takes two transactions only by hand.
  await arena.sql(
    `update convoke.meeting_participants set status = 'Declined' where meeting_id = $1 and auth_user_id = $2`,
    [id, seated],
  );
  await arena.sql(
    `update convoke.meeting_invitations set status = 'Declined' where meeting_id = $1 and invitee_id = $2`,
    [id, seated],
  );
  await using other = await openService(url);
  const repair = (service: typeof other) => () => service.worker.runOnce('waitlist.repair');
  const services = [arena.service, other, arena.service, other];
  await Promise.all(atOnce(services.map(repair)));
  expect((await arena.facts(id)).events['invitation.promoted']).toBe(1);
  const line = await arena.sql<{ id: string }>(
    `select auth_user_id as id from convoke.meeting_waitlist_entries
     where meeting_id = $1 and promoted_at is null and left_at is null`,
    [id],
  );
  expect(line).toEqual([{ id: behind }]);
});
