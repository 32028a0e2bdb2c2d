import { Client } from 'pg';
import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import type { ScheduleInput } from '../../src/meetings/index.ts';
import { execute } from '../setup/postgres.ts';
import { fails, hours, minutes, people, start, test, unchanged } from '../setup/service.ts';

const wish = {
  ...{ title: 'Graph theory', meetingType: 'StudySession', timezone: 'Europe/Berlin' },
  ...{
    scheduledStartTime: new Date(Date.parse(start) + hours),
    scheduledEndTime: new Date(Date.parse(start) + 2 * hours),
  },
} satisfies ScheduleInput;

async function keysOf(url: string, userId: string): Promise<number> {
  const rows = await execute(url, `select 1 from convoke.meeting_idempotency_keys where actor_id = '${userId}'`);
  return rows.length;
}

const moved = { scheduledStartTime: wish.scheduledEndTime, scheduledEndTime: '2026-03-02T12:00:00Z' };

describe('the same key and input', () => {
  test('give the same answer and do nothing again, dates being dates', async ({ service, events, url }) => {
    const userId = newId();
    const rooms = service.as({ userId }).with({ idempotencyKey: 'schedule-1' });
    const first = await rooms.meetings.schedule({ ...wish, settings: { attendanceThreshold: { share: 0.5 } } });
    events.length = 0;
    // The order of keys and the spelling of an instant are no other input.
    const again = {
      settings: { attendanceThreshold: { share: 0.5 } },
      ...{ scheduledEndTime: wish.scheduledEndTime.toISOString(), scheduledStartTime: '2026-03-02T11:00:00+01:00' },
      ...{ timezone: wish.timezone, meetingType: wish.meetingType, title: wish.title },
    };
    const repeat = await unchanged(url, () => rooms.meetings.schedule(again));
    expect(repeat).toEqual(first);
    expect(repeat.createdAt).toBeInstanceOf(Date);
    expect(repeat.actualStartTime).toBeNull();
    expect(events).toEqual([]);
    expect((await service.as({ userId }).meetings.list()).items).toHaveLength(1);
  });

  test('give the first answer even after the meeting has changed', async ({ service, running }) => {
    const { id, host } = await running();
    const keyed = service.as({ userId: host }).with({ idempotencyKey: 'end' });
    const first = await keyed.meetings.end(id);
    expect(await keyed.meetings.end(id)).toEqual(first);
    await fails(service.as({ userId: host }).meetings.end(id), 'INVALID_TRANSITION');
  });

  test('are done once by many at once, who all get the same', async ({ service, events }) => {
    const userId = newId();
    const { meetings } = service.as({ userId }).with({ idempotencyKey: newId() });
    const answers = await Promise.all(Array.from({ length: 9 }, () => meetings.schedule(wish)));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(events.filter(({ type }) => type === 'meeting.scheduled')).toHaveLength(1);
    expect((await service.as({ userId }).meetings.list()).items).toHaveLength(1);
  });

  test.for(['update', 'reschedule', 'postpone', 'start', 'end', 'cancel'] as const)(
    'count for %s as well',
    async (name, { service, scheduled, clock, events }) => {
      const soon = { scheduledStartTime: clock.now(), scheduledEndTime: new Date(clock.now().getTime() + hours) };
      const { id, host } = await scheduled(soon);
      if (name === 'end') await service.as({ userId: host }).meetings.start(id);
      const { meetings } = service.as({ userId: host }).with({ idempotencyKey: name });
      const act = {
        ...{ update: () => meetings.update(id, { title: 'Trees' }), reschedule: () => meetings.reschedule(id, moved) },
        ...{ postpone: () => meetings.postpone(id), start: () => meetings.start(id) },
        ...{ end: () => meetings.end(id), cancel: () => meetings.cancel(id) },
      }[name];
      const first = await act();
      events.length = 0;
      clock.advance(minutes);
      expect(await act()).toEqual(first);
      expect(events).toEqual([]);
    },
  );
});

describe('a key', () => {
  test('does not stand for another input', async ({ service, url }) => {
    const userId = newId();
    const { meetings } = service.as({ userId }).with({ idempotencyKey: 'key' });
    await meetings.schedule(wish);
    for (const change of [{ title: 'Trees' }, { settings: { openJoin: true } }, { maxParticipants: 5 }])
      await unchanged(url, () => fails(meetings.schedule({ ...wish, ...change }), 'IDEMPOTENCY_CONFLICT'));
  });

  test('that is used at the same time for several inputs belongs to one of them', async ({ service }) => {
    const userId = newId();
    const { meetings } = service.as({ userId }).with({ idempotencyKey: newId() });
    const wishes = Array.from({ length: 6 }, (_, at) => meetings.schedule({ ...wish, title: `Trees ${at}` }));
    const outcomes = await Promise.allSettled(wishes);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') await fails(Promise.reject(outcome.reason as Error), 'IDEMPOTENCY_CONFLICT');
  });

  test("belongs to one person and one operation; others' are others", async ({ service, scheduled }) => {
    const [ada = '', bob = ''] = people(2);
    const as = (userId: string) => service.as({ userId }).with({ idempotencyKey: 'shared' }).meetings;
    const [one, other] = [await as(ada).schedule(wish), await as(bob).schedule(wish)];
    expect(one.id).not.toBe(other.id);
    expect((await as(ada).update(one.id, { title: 'Trees' })).title).toBe('Trees');
    const { id } = await scheduled({ host: ada });
    await fails(as(ada).update(id, { title: 'Trees' }), 'IDEMPOTENCY_CONFLICT');
  });

  test('answers for 24 hours, and is as good as new afterwards', async ({ service, clock }) => {
    const { meetings } = service.as({ userId: newId() }).with({ idempotencyKey: 'daily' });
    const tomorrow = { scheduledStartTime: '2026-03-04T10:00:00Z', scheduledEndTime: '2026-03-04T11:00:00Z' };
    const first = await meetings.schedule({ ...wish, ...tomorrow });
    clock.advance(24 * hours - 1);
    expect((await meetings.schedule({ ...wish, ...tomorrow })).id).toBe(first.id);
    clock.advance(1);
    const second = await meetings.schedule({ ...wish, ...tomorrow, title: 'Trees' });
    expect(second).toMatchObject({ title: 'Trees' });
    expect(second.id).not.toBe(first.id);
    expect((await meetings.schedule({ ...wish, ...tomorrow, title: 'Trees' })).id).toBe(second.id);
  });

  test('may be long and strange, but not empty or longer than 255', async ({ service }) => {
    const rooms = service.as({ userId: newId() });
    for (const idempotencyKey of ['', 'x'.repeat(256), 7 as unknown as string])
      expect(() => rooms.with({ idempotencyKey })).toThrow(expect.objectContaining({ code: 'VALIDATION' }));
    for (const idempotencyKey of ['x'.repeat(255), `'); drop table meetings; --`, '🎓 \\ "'])
      expect((await rooms.with({ idempotencyKey }).meetings.schedule(wish)).title).toBe(wish.title);
  });

  test('means nothing to reads', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled();
    const { meetings } = service.as({ userId: host }).with({ idempotencyKey: 'read' });
    await meetings.get(id);
    await meetings.list();
    expect(await keysOf(url, host)).toBe(0);
  });
});

describe('a call that is refused', () => {
  test('stores nothing, so that the corrected one may use the same key', async ({ service, url }) => {
    const userId = newId();
    const { meetings } = service.as({ userId }).with({ idempotencyKey: 'key' });
    await fails(meetings.schedule({ ...wish, title: '' }), 'VALIDATION');
    await fails(meetings.schedule({ ...wish, scheduledEndTime: wish.scheduledStartTime }), 'VALIDATION');
    expect(await keysOf(url, userId)).toBe(0);
    expect((await meetings.schedule(wish)).title).toBe(wish.title);
  });

  test('is judged anew when it is repeated', async ({ service, scheduled, clock, url }) => {
    const { id, host } = await scheduled();
    const { meetings } = service.as({ userId: host }).with({ idempotencyKey: 'start' });
    await unchanged(url, () => fails(meetings.start(id), 'INVALID_TRANSITION'));
    clock.advance(50 * minutes);
    expect((await meetings.start(id)).status).toBe('InProgress');
  });

  test('is refused to each of its twins', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled();
    const [ada = ''] = people(1);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [ada] });
    const { meetings } = service.as({ userId: ada }).with({ idempotencyKey: 'cancel' });
    await Promise.all(Array.from({ length: 5 }, () => fails(meetings.cancel(id), 'FORBIDDEN')));
    expect(await keysOf(url, ada)).toBe(0);
  });
});

describe('a twin waits for the first one', () => {
  test.for(['commit', 'rollback'] as const)('and %s decides what it gets', async (outcome, { service, url }) => {
    const userId = newId();
    const idempotencyKey = newId();
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('begin');
    const first = await service.as({ userId }, { client }).with({ idempotencyKey }).meetings.schedule(wish);
    const twin = service.as({ userId }).with({ idempotencyKey }).meetings.schedule(wish);
    await expect
      .poll(
        () =>
          execute(
            url,
            "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
          ),
        { timeout: 10_000 },
      )
      .toHaveLength(1);
    await client.query(outcome);
    await client.end();
    const answer = await twin;
    expect(answer.id === first.id).toBe(outcome === 'commit');
    const { items } = await service.as({ userId }).meetings.list();
    expect(items.map(({ id }) => id)).toEqual([answer.id]);
  });
});

test('what is stored of a call tells nothing of a password, not even whether it is another', async ({
  service,
  url,
}) => {
  const userId = newId();
  const { meetings } = service.as({ userId }).with({ idempotencyKey: 'secret' });
  const first = await meetings.schedule({ ...wish, meetingPassword: 'correct horse' });
  expect(await meetings.schedule({ ...wish, meetingPassword: 'correct horse' })).toEqual(first);
  const [row] = await execute<{ stored: string }>(
    url,
    `select k::text as stored from convoke.meeting_idempotency_keys k where actor_id = '${userId}'`,
  );
  expect(row?.stored).not.toMatch(/correct horse|scrypt/);
  // Were the password hashed with the rest, whoever reads the table could try passwords at the speed of that hash.
  expect(await meetings.schedule({ ...wish, meetingPassword: 'another' })).toEqual(first);
  await fails(meetings.schedule(wish), 'IDEMPOTENCY_CONFLICT');
});
