import { expect } from 'vitest';
import { isMeetingError } from '../../src/core/errors.ts';
import { people } from '../setup/service.ts';
import { atOnce, endings, rounds, tally, test } from './arena.ts';
import { expectShareHistory, open, stuck } from './live.ts';

test('of four hundred who start to share at once, one does', { timeout: 60_000 }, async ({ arena }) => {
  const crowd = people(400);
  const { id } = await arena.room({ started: true, invite: crowd });
  await Promise.all(crowd.map((userId) => arena.service.as({ userId }).participants.join(id)));
  const outcomes = await Promise.allSettled(crowd.map((userId) => arena.service.as({ userId }).screenShare.start(id)));
  const begun = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  expect(begun).toHaveLength(1);
  const sharer = begun[0]?.authUserId;
  const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  expect(refusals.filter((error) => !isMeetingError(error) || error.code !== 'CONFLICT')).toEqual([]);
  expect(new Set(refusals.map((error) => isMeetingError(error) && error.details['sharerId']))).toEqual(
    new Set([sharer]),
  );
  expect(await open(arena, id)).toEqual([{ kind: 'screen', userId: sharer }]);
  expect((await arena.facts(id)).events['screen-share.started']).toBe(1);
});

test('one person who starts on many devices at once has one share, and the same answer everywhere', async ({
  arena,
}) => {
  const { id, host } = await arena.room({ started: true });
  const { screenShare } = arena.service.as({ userId: host });
  const shares = await Promise.all(Array.from({ length: 8 }, () => screenShare.start(id)));
  expect(new Set(shares.map((share) => share.id)).size).toBe(1);
  expect((await arena.facts(id)).events['screen-share.started']).toBe(1);
});

test('of twenty who take over at once each has it in turn', async ({ arena }) => {
  const crowd = people(20);
  const { id, host } = await arena.room({ started: true, invite: crowd, present: crowd });
  for (const userId of crowd) await arena.service.as({ userId: host }).participants.setRole(id, userId, 'Presenter');
  await arena.service.as({ userId: host }).screenShare.start(id);
  expect(await tally(crowd.map((userId) => arena.service.as({ userId }).screenShare.takeOver(id)))).toEqual({ ok: 20 });
  expect(await open(arena, id)).toHaveLength(1);
  expect((await arena.facts(id)).events).toMatchObject({ 'screen-share.started': 21, 'screen-share.stopped': 20 });
  await expectShareHistory(arena, id);
});

test('shares start, are taken over, stopped and left behind in any order', async ({ arena }) => {
  await rounds(25, async (round) => {
    const [leaver = '', guest = '', coHost = ''] = people(3);
    const { id, host } = await arena.room({
      started: true,
      ...{ invite: [leaver, guest, coHost], present: [leaver, guest, coHost] },
    });
    const as = (userId: string) => arena.service.as({ userId });
    await as(host).participants.setRole(id, coHost, 'CoHost');
    if (round % 2 === 0) await as(leaver).screenShare.start(id);
    const calls = [
      () => as(host).screenShare.takeOver(id),
      () => as(coHost).screenShare.takeOver(id),
      () => as(guest).screenShare.start(id),
      () => as(leaver).screenShare.stop(id),
      () => as(host).screenShare.stop(id),
      round % 3 === 0 ? () => as(host).participants.remove(id, leaver) : () => as(leaver).participants.leave(id),
      () => as(host).participants.setPermissions(id, guest, { canShareScreen: false }),
    ];
    const ends = await endings(atOnce(calls));
    expect(ends.filter((end) => !['ok', 'CONFLICT', 'FORBIDDEN', 'NOT_FOUND'].includes(end))).toEqual([]);
    expect([ends[0], ends[1], ends[4]]).toEqual(['ok', 'ok', 'ok']);
    const still = await open(arena, id);
    expect(still.length).toBeLessThan(2);
    expect(still.filter(({ userId }) => userId === leaver || userId === guest)).toEqual([]);
    await expectShareHistory(arena, id);
    expect((await as(host).screenShare.current(id))?.authUserId).toBe(still[0]?.userId);
  });
});

test('a share that begins while somebody waits to take over is taken over too', async ({ url, arena }) => {
  const [guest = ''] = people(1);
  const { id, host } = await arena.room({ started: true, invite: [guest], present: [guest] });
  const finish = await stuck(url, arena, id, () => arena.service.as({ userId: guest }).screenShare.start(id));
  expect(await finish(arena.service.as({ userId: host }).screenShare.takeOver(id))).toEqual(['ok', 'ok']);
  expect(await open(arena, id)).toEqual([{ kind: 'screen', userId: host }]);
  await expectShareHistory(arena, id);
});

test('whoever waits to stop a share that is taken over meanwhile stops the one that took it', async ({
  url,
  arena,
}) => {
  const [guest = '', coHost = ''] = people(2);
  const { id, host } = await arena.room({ started: true, invite: [guest, coHost], present: [guest, coHost] });
  await arena.service.as({ userId: host }).participants.setRole(id, coHost, 'CoHost');
  await arena.service.as({ userId: guest }).screenShare.start(id);
  const finish = await stuck(url, arena, id, () => arena.service.as({ userId: coHost }).screenShare.takeOver(id));
  expect(await finish(arena.service.as({ userId: host }).screenShare.stop(id))).toEqual(['ok', 'ok']);
  expect(await open(arena, id)).toEqual([]);
  await expectShareHistory(arena, id);
});

test.for([
  ['stop', 'CoHost'],
  ['takeOver', 'Presenter'],
] as const)(
  'whoever waits to %s a share and is no %s any more by then may not',
  async ([act, role], { url, arena }) => {
    const [sharer = '', demoted = ''] = people(2);
    const { id, host } = await arena.room({ started: true, invite: [sharer, demoted], present: [sharer, demoted] });
    const { participants } = arena.service.as({ userId: host });
    await participants.setRole(id, demoted, role);
    await arena.service.as({ userId: sharer }).screenShare.start(id);
    const finish = await stuck(url, arena, id, () => participants.setRole(id, demoted, 'Participant'));
    expect(await finish(arena.service.as({ userId: demoted }).screenShare[act](id))).toEqual(['ok', 'FORBIDDEN']);
    expect(await open(arena, id)).toEqual([{ kind: 'screen', userId: sharer }]);
  },
);

test('whoever waits to start a share and loses the flag meanwhile has none', async ({ url, arena }) => {
  const [guest = ''] = people(1);
  const { id, host } = await arena.room({ started: true, invite: [guest], present: [guest] });
  const finish = await stuck(url, arena, id, () =>
    arena.service.as({ userId: host }).participants.setPermissions(id, guest, { canShareScreen: false }),
  );
  expect(await finish(arena.service.as({ userId: guest }).screenShare.start(id))).toEqual(['ok', 'FORBIDDEN']);
  expect(await open(arena, id)).toEqual([]);
});
