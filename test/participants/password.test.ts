import { describe, expect } from 'vitest';
import type { MeetingError } from '../../src/core/errors.ts';
import { newId } from '../../src/core/identifier.ts';
import { type PasswordHasher, scryptHasher } from '../../src/core/password-hasher.ts';
import type { MeetingService } from '../../src/meeting-service.ts';
import { execute } from '../setup/postgres.ts';
import { test as base, fails, minutes, openService, people, quickHasher, unchanged } from '../setup/service.ts';

const secret = 'open sesame';
const wrong = 'close sesame';

/** Counts what it is asked to compare; answers as the real one does, unless told otherwise. */
interface CountingHasher extends PasswordHasher {
  verified: number;
  answer: (password: string, hash: string) => Promise<boolean>;
}

const test = base.extend<{ hasher: CountingHasher; counted: MeetingService }>({
  hasher: [
    // oxlint-disable-next-line no-empty-pattern -- vitest reads the destructuring
    ({}, use) =>
      use({
        verified: 0,
        answer: quickHasher.verify,
        hash: quickHasher.hash,
        verify(password, hash) {
          this.verified++;
          return this.answer(password, hash);
        },
      }),
    { scope: 'file' },
  ],
  counted: [
    async ({ url, fileClock, hasher }, use) => {
      await using service = await openService(url, { clock: fileClock, passwordHasher: hasher });
      await use(service);
    },
    { scope: 'file' },
  ],
});

const locked = { meetingPassword: secret, present: false } as const;

async function countOf(hasher: CountingHasher, act: () => Promise<unknown>): Promise<number> {
  hasher.verified = 0;
  await act();
  return hasher.verified;
}

const tries = (url: string, meetingId: string) =>
  execute<{ auth_user_id: string; attempts: number }>(
    url,
    `select auth_user_id, attempts from convoke.meeting_password_attempts where meeting_id = '${meetingId}'`,
  );

describe('who needs it', () => {
  test('a participant does: none and a wrong one are refused, the right one opens', async ({
    service,
    running,
    url,
  }) => {
    const { id, participants } = await running({ ...locked, participants: 1 });
    const rooms = service.as({ userId: participants[0]! }).participants;
    const none = await unchanged(url, () => fails(rooms.join(id), 'WRONG_PASSWORD'));
    expect(none.details).toMatchObject({ operation: 'participant.join', given: false });
    const other = await fails(rooms.join(id, { meetingPassword: wrong }), 'WRONG_PASSWORD');
    expect(other.details).toMatchObject({ given: true });
    expect(await rooms.join(id, { meetingPassword: secret })).toMatchObject({ isPresent: true });
  });

  test('a Presenter and an Observer do; the Host and a CoHost do not, whatever they type', async ({
    service,
    running,
  }) => {
    const { id, host, participants } = await running({ ...locked, participants: 3 });
    const [presenter, watcher, deputy] = participants as [string, string, string];
    const hostRooms = service.as({ userId: host }).participants;
    await hostRooms.setRole(id, presenter, 'Presenter');
    await hostRooms.setRole(id, watcher, 'Observer');
    await hostRooms.setRole(id, deputy, 'CoHost');
    for (const userId of [presenter, watcher])
      await fails(service.as({ userId }).participants.join(id), 'WRONG_PASSWORD');
    expect(await hostRooms.join(id)).toMatchObject({ isPresent: true });
    expect(await hostRooms.join(id, { meetingPassword: wrong })).toMatchObject({ isPresent: true });
    expect(await service.as({ userId: deputy }).participants.join(id)).toMatchObject({ isPresent: true });
  });

  test('an open door asks for it too', async ({ service, running }) => {
    const { id } = await running({ ...locked, settings: { openJoin: true } });
    const rooms = service.as({ userId: newId() }).participants;
    await fails(rooms.join(id), 'WRONG_PASSWORD');
    await fails(rooms.join(id, { meetingPassword: wrong }), 'WRONG_PASSWORD');
    expect(await rooms.join(id, { meetingPassword: secret })).toMatchObject({ isPresent: true });
  });

  test('a further device and coming back do too', async ({ service, running }) => {
    const { id, participants } = await running({ participants: 1, meetingPassword: secret });
    const rooms = service.as({ userId: participants[0]! }).participants;
    await fails(rooms.join(id, { connectionId: 'phone' }), 'WRONG_PASSWORD');
    await rooms.leave(id);
    await fails(rooms.join(id), 'WRONG_PASSWORD');
  });

  test('a meeting without one takes any', async ({ service, running }) => {
    const { id, participants } = await running({ participants: 1, present: false });
    const rooms = service.as({ userId: participants[0]! }).participants;
    expect(await rooms.join(id, { meetingPassword: wrong })).toMatchObject({ isPresent: true });
  });

  test('a password that was changed meanwhile opens no more', async ({ service, running }) => {
    const { id, host, participants } = await running({ ...locked, participants: 1 });
    const rooms = service.as({ userId: participants[0]! }).participants;
    await service.as({ userId: host }).meetings.update(id, { meetingPassword: 'another' });
    await fails(rooms.join(id, { meetingPassword: secret }), 'WRONG_PASSWORD');
    await service.as({ userId: host }).meetings.update(id, { meetingPassword: null });
    expect(await rooms.join(id)).toMatchObject({ isPresent: true });
  });

  test('a password changed between comparing and joining opens no more', async ({
    service,
    running,
    counted,
    hasher,
  }) => {
    const { id, host, participants } = await running({ ...locked, participants: 1 });
    hasher.answer = async (password, hash) => {
      const right = await quickHasher.verify(password, hash);
      await service.as({ userId: host }).meetings.update(id, { meetingPassword: 'another' });
      return right;
    };
    const join = counted.as({ userId: participants[0]! }).participants.join(id, { meetingPassword: secret });
    await fails(join, 'WRONG_PASSWORD').finally(() => (hasher.answer = quickHasher.verify));
  });
});

describe('the hasher', () => {
  test('runs exactly once, whether the password is right or wrong and whether there is anything behind it', async ({
    service,
    running,
    counted,
    hasher,
  }) => {
    const { id, host, participants } = await running({ ...locked, participants: 1 });
    const open = await running({ participants: 1, present: false });
    const [guest] = participants as [string];
    const [gone] = people(1) as [string];
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [gone] });
    await service.as({ userId: host }).participants.remove(id, gone);
    const attempt = (userId: string, meetingId: string, meetingPassword: string) => () =>
      counted
        .as({ userId })
        .participants.join(meetingId, { meetingPassword })
        .catch(() => {});
    expect(await countOf(hasher, attempt(guest, id, wrong))).toBe(1);
    expect(await countOf(hasher, attempt(guest, id, secret))).toBe(1);
    expect(await countOf(hasher, attempt(newId(), id, secret)), 'an outsider').toBe(1);
    expect(await countOf(hasher, attempt(gone, id, secret)), 'removed').toBe(1);
    expect(await countOf(hasher, attempt(guest, newId(), secret)), 'no such meeting').toBe(1);
    expect(await countOf(hasher, attempt(open.participants[0]!, open.id, secret)), 'no password').toBe(1);
    expect(await countOf(hasher, attempt(host, id, secret)), 'exempt').toBe(1);
  });

  test('does not run for whoever gives none', async ({ running, counted, hasher }) => {
    const { id, participants } = await running({ ...locked, participants: 1 });
    const rooms = counted.as({ userId: participants[0]! }).participants;
    expect(await countOf(hasher, () => fails(rooms.join(id), 'WRONG_PASSWORD'))).toBe(0);
  });

  test('that says no later lets nobody in', async ({ running, counted, hasher }) => {
    const { id, participants } = await running({ ...locked, participants: 1, settings: { openJoin: true } });
    hasher.answer = () => new Promise((resolve) => setTimeout(resolve, 1, false));
    for (const userId of [participants[0]!, newId()]) {
      const join = counted.as({ userId }).participants.join(id, { meetingPassword: secret });
      await fails(join, 'WRONG_PASSWORD');
    }
    hasher.answer = quickHasher.verify;
  });

  test('that fails lets nobody in', async ({ running, counted, hasher, url }) => {
    const { id, participants } = await running({ ...locked, participants: 1 });
    hasher.answer = () => Promise.reject(new Error('no entropy'));
    const rooms = counted.as({ userId: participants[0]! }).participants;
    await fails(rooms.join(id, { meetingPassword: secret }), 'INTERNAL');
    hasher.answer = quickHasher.verify;
    const [present] = await execute<{ n: number }>(
      url,
      `select current_participants_count as n from convoke.meetings where id = '${id}'`,
    );
    expect(present?.n).toBe(0);
  });

  test('a hash that was made with other parameters still opens', async ({ running, counted, hasher }) => {
    const { id, participants } = await running({ ...locked, participants: 1 });
    hasher.needsRehash = () => true;
    const rooms = counted.as({ userId: participants[0]! }).participants;
    expect(await rooms.join(id, { meetingPassword: secret })).toMatchObject({ isPresent: true });
    delete hasher.needsRehash;
  });
});

describe('tries', () => {
  test('are five; then even the right one waits, and nothing is hashed any more', async ({
    running,
    counted,
    hasher,
    url,
    clock,
  }) => {
    const { id, participants } = await running({ ...locked, participants: 2 });
    const [guest, other] = participants as [string, string];
    const rooms = counted.as({ userId: guest }).participants;
    for (let attempt = 0; attempt < 5; attempt++)
      await fails(rooms.join(id, { meetingPassword: wrong }), 'WRONG_PASSWORD');
    expect(await tries(url, id)).toEqual([{ auth_user_id: guest, attempts: 5 }]);
    const hashed = await countOf(hasher, () =>
      unchanged(url, async () => {
        const tired = await fails(rooms.join(id, { meetingPassword: wrong }), 'RATE_LIMITED');
        expect(tired.retryable).toBe(true);
        expect(tired.details).toEqual({ retryAfterSeconds: 15 * 60 });
        await fails(rooms.join(id, { meetingPassword: secret }), 'RATE_LIMITED');
      }),
    );
    expect(hashed).toBe(0);
    // Others are not held back by one person's mistakes.
    await counted.as({ userId: other }).participants.join(id, { meetingPassword: secret });
    clock.advance(15 * minutes - 1);
    await fails(rooms.join(id, { meetingPassword: secret }), 'RATE_LIMITED');
    clock.advance(1);
    expect(await rooms.join(id, { meetingPassword: secret })).toMatchObject({ isPresent: true });
  });

  test('say how long they have been used up', async ({ running, service, clock }) => {
    const { id, participants } = await running({ ...locked, participants: 1 });
    const rooms = service.as({ userId: participants[0]! }).participants;
    for (let attempt = 0; attempt < 5; attempt++)
      await fails(rooms.join(id, { meetingPassword: wrong }), 'WRONG_PASSWORD');
    clock.advance(10 * minutes);
    const tired = await fails(rooms.join(id, { meetingPassword: wrong }), 'RATE_LIMITED');
    expect(tired.details).toEqual({ retryAfterSeconds: 5 * 60 });
  });

  test('begin anew when the window has passed', async ({ running, service, url, clock }) => {
    const { id, participants } = await running({ ...locked, participants: 1 });
    const rooms = service.as({ userId: participants[0]! }).participants;
    for (let attempt = 0; attempt < 3; attempt++)
      await fails(rooms.join(id, { meetingPassword: wrong }), 'WRONG_PASSWORD');
    clock.advance(15 * minutes);
    await fails(rooms.join(id, { meetingPassword: wrong }), 'WRONG_PASSWORD');
    expect(await tries(url, id)).toMatchObject([{ attempts: 1 }]);
  });

  test('are given back by the right password', async ({ running, service, url }) => {
    const { id, participants } = await running({ ...locked, participants: 1 });
    const rooms = service.as({ userId: participants[0]! }).participants;
    for (let round = 0; round < 3; round++) {
      for (let attempt = 0; attempt < 4; attempt++)
        await fails(rooms.join(id, { meetingPassword: wrong }), 'WRONG_PASSWORD');
      await rooms.join(id, { meetingPassword: secret });
      expect(await tries(url, id)).toEqual([]);
      await rooms.leave(id);
    }
  });

  test('are counted although the join they belong to fails', async ({ running, service, url }) => {
    const { id, participants } = await running({ ...locked, participants: 1, maxParticipants: 1 });
    const [guest] = participants as [string];
    const keyed = service.as({ userId: guest }).with({ idempotencyKey: 'password-1' }).participants;
    await fails(keyed.join(id, { meetingPassword: wrong }), 'WRONG_PASSWORD');
    await fails(keyed.join(id, { meetingPassword: wrong }), 'WRONG_PASSWORD');
    expect(await tries(url, id)).toEqual([{ auth_user_id: guest, attempts: 2 }]);
    await fails(keyed.join(id, { meetingPassword: secret }), 'CAPACITY');
  });

  test('are bounded even where a transaction of the host undoes each', async ({
    running,
    counted,
    hasher,
    orm,
    url,
  }) => {
    const { id, participants } = await running({ ...locked, participants: 1 });
    const [guest] = participants as [string];
    const attempt = () =>
      orm.em
        .fork()
        .transactional((em) => counted.as({ userId: guest }, { em }).participants.join(id, { meetingPassword: wrong }));
    const hashed = await countOf(hasher, async () => {
      for (let n = 0; n < 20; n++) await fails(attempt(), 'WRONG_PASSWORD');
      expect(await tries(url, id)).toEqual([]);
      const tired = await fails(attempt(), 'RATE_LIMITED');
      expect(tired.details['retryAfterSeconds']).toBeGreaterThan(0);
    });
    expect(hashed).toBe(20);
  });

  test('at once are no more than one after another', async ({ running, counted, hasher }) => {
    const { id, participants } = await running({ ...locked, participants: 1 });
    const rooms = counted.as({ userId: participants[0]! }).participants;
    let codes: string[] = [];
    const hashed = await countOf(hasher, async () => {
      const attempts = Array.from({ length: 20 }, () => rooms.join(id, { meetingPassword: wrong }));
      const outcomes = await Promise.allSettled(attempts);
      codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as MeetingError).code : 'in'));
    });
    expect(hashed).toBe(5);
    expect(codes.filter((code) => code === 'WRONG_PASSWORD')).toHaveLength(5);
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(15);
  });

  test('of all people together are fifty', async ({ running, counted, hasher, clock }) => {
    const { id, host } = await running({ ...locked, settings: { openJoin: true } });
    const join = (userId: string, meetingPassword: string) =>
      counted.as({ userId }).participants.join(id, { meetingPassword });
    const crowd = people(10);
    for (const userId of crowd)
      for (let attempt = 0; attempt < 5; attempt++) await fails(join(userId, wrong), 'WRONG_PASSWORD');
    const late = newId();
    clock.advance(10 * minutes);
    const hashed = await countOf(hasher, async () => {
      const tired = await fails(join(late, secret), 'RATE_LIMITED');
      expect(tired.details).toEqual({ retryAfterSeconds: 5 * 60 });
    });
    expect(hashed).toBe(0);
    expect(await join(host, secret)).toMatchObject({ isPresent: true });
  });

  test('of people outside are not counted: they cannot lock the members out', async ({ running, service, url }) => {
    const { id } = await running(locked);
    for (let attempt = 0; attempt < 6; attempt++)
      await fails(service.as({ userId: newId() }).participants.join(id, { meetingPassword: wrong }), 'NOT_FOUND');
    expect(await tries(url, id)).toEqual([]);
  });

  test('belong to one meeting', async ({ running, service }) => {
    const { id, participants } = await running({ ...locked, participants: 1 });
    const [guest] = participants as [string];
    const other = await running({ ...locked, settings: { openJoin: true } });
    const rooms = service.as({ userId: guest }).participants;
    for (let attempt = 0; attempt < 5; attempt++)
      await fails(rooms.join(id, { meetingPassword: wrong }), 'WRONG_PASSWORD');
    expect(await rooms.join(other.id, { meetingPassword: secret })).toMatchObject({ isPresent: true });
  });
});

describe('a hash made with yesterday’s parameters', () => {
  const strong = scryptHasher({ ln: 5, r: 1, p: 1 });

  test('is made anew when the right password comes by, and not by a wrong one', async ({ running, url, fileClock }) => {
    const { id, participants } = await running({ participants: 1, meetingPassword: secret, present: false });
    const stored = async () =>
      (
        await execute<{ hash: string }>(url, `select meeting_password as hash from convoke.meetings where id = '${id}'`)
      )[0]?.hash;
    const before = await stored();
    await using service = await openService(url, { clock: fileClock, passwordHasher: strong });
    const rooms = service.as({ userId: participants[0]! });
    await fails(rooms.participants.join(id, { meetingPassword: wrong }), 'WRONG_PASSWORD');
    expect(await stored()).toBe(before);
    expect(await rooms.participants.join(id, { meetingPassword: secret })).toMatchObject({ isPresent: true });
    const after = await stored();
    expect(after).not.toBe(before);
    expect(strong.needsRehash(after ?? '')).toBe(false);
    expect(await rooms.participants.join(id, { meetingPassword: secret, connectionId: 'phone' })).toMatchObject({
      isPresent: true,
    });
  });
});

test('a hasher that fails is a typed error where a password is set', async ({ scheduled, url, fileClock }) => {
  const { id, host } = await scheduled();
  const broken: PasswordHasher = { ...quickHasher, hash: () => Promise.reject(new Error('the key service is down')) };
  await using service = await openService(url, { clock: fileClock, passwordHasher: broken });
  const set = () => fails(service.as({ userId: host }).meetings.update(id, { meetingPassword: secret }), 'INTERNAL');
  expect(JSON.stringify(await unchanged(url, set))).not.toContain('key service');
});
