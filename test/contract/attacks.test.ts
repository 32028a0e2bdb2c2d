/** What attackers, careless hosts and hostile text try: each is refused with a typed error, and nothing changes. */
import { inspect } from 'node:util';
import { Client } from 'pg';
import { describe, expect } from 'vitest';
import { SYSTEM_USER_ID } from '../../src/core/actor.ts';
import { isMeetingError } from '../../src/core/errors.ts';
import { newId } from '../../src/core/identifier.ts';
import type { Rooms } from '../../src/rooms.ts';
import { fails, hours, minutes, test, unchanged } from '../setup/service.ts';
import { watchedClient } from '../setup/watched-client.ts';

// A hostile caller is not bound by our types; this is the one place where they are taken off.
type Untyped = Record<string, Record<string, (...given: unknown[]) => Promise<unknown>>>;
const untyped = (rooms: Rooms) => rooms as unknown as Untyped;

// `isPresenter` is a flag that setPermissions takes; its own smuggled form is a wrong type.
function refusedFlag(extra: object): object {
  return 'isPresenter' in extra ? { isPresenter: 'yes' } : extra;
}

async function notFoundFacts(call: Promise<unknown>): Promise<string> {
  return JSON.stringify(await fails(call, 'NOT_FOUND'));
}

describe('role smuggling', () => {
  const smuggled = [
    { role: 'Host' },
    { status: 'Attended' },
    { creatorId: newId() },
    { currentParticipantsCount: 0 },
    { isPresenter: true },
    { id: newId() },
    { version: 99 },
    { meeting: { id: newId(), title: 'HACKED' } },
    { meetingId: newId() },
  ];

  test.for(smuggled)('%o is refused wherever it is put', async (extra, { service, running, url }) => {
    const { id, host, participants } = await running({ participants: 1 });
    const [person] = participants;
    const [hostRooms, own] = [untyped(service.as({ userId: host })), untyped(service.as({ userId: person! }))];
    await unchanged(url, async () => {
      await fails(own['participants']!['join']!(id, { ...extra }), 'VALIDATION');
      await fails(own['invitations']!['respond']!(id, { response: 'Accepted', ...extra }), 'VALIDATION');
      await fails(hostRooms['meetings']!['update']!(id, { title: 'New', ...extra }), 'VALIDATION');
      await fails(hostRooms['meetings']!['update']!(id, { settings: { ...extra } }), 'VALIDATION');
      await fails(
        hostRooms['participants']!['setPermissions']!(id, person, { canUseChat: true, ...refusedFlag(extra) }),
        'VALIDATION',
      );
      if (!('role' in extra))
        await fails(hostRooms['invitations']!['invite']!(id, { inviteeIds: [newId()], ...extra }), 'VALIDATION');
    });
  });

  test('nobody is invited as Host', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled();
    const rooms = untyped(service.as({ userId: host }));
    await unchanged(url, () =>
      fails(rooms['invitations']!['invite']!(id, { inviteeIds: [newId()], role: 'Host' }), 'VALIDATION'),
    );
  });
});

test('operators, lists and wrong types in place of values are refused before any statement', async ({
  service,
  running,
  url,
}) => {
  const { id, host, participants } = await running({ participants: 1 });
  await using client = await watchedClient(url);
  const rooms = untyped(service.as({ userId: host }, { client }));
  // A cursor is read where its list is, behind the savepoint that every call in a host's transaction begins with.
  const pooled = untyped(service.as({ userId: host }));
  const [person] = participants;
  const bad: unknown[] = [
    { $ne: null },
    ['a', 'b'],
    { $like: '%' },
    true,
    0,
    null,
    '',
    "' or 1=1 --",
    'x'.repeat(100_000),
  ];
  for (const value of bad) {
    const calls = [
      ...['get', 'start', 'end', 'joinInfo', 'history', 'cancel', 'postpone'].map((name) =>
        rooms['meetings']![name]!(value),
      ),
      ...['list', 'join', 'leave', 'heartbeat', 'raiseHand', 'lowerHand', 'attendance'].map((name) =>
        rooms['participants']![name]!(value),
      ),
      ...['remove', 'transferHost'].map((name) => rooms['participants']![name]!(id, value)),
      rooms['participants']!['setRole']!(id, person, value),
      rooms['participants']!['setPermissions']!(id, person, { canUseChat: value === true ? 1 : value }),
      rooms['participants']!['join']!(id, {
        connectionId: value === '' ? 7 : Array.isArray(value) ? value : { $ne: null },
      }),
      rooms['meetings']!['list']!({ classId: value }),
      pooled['meetings']!['list']!({ cursor: value === '' ? 5 : value }),
      rooms['meetings']!['update']!(id, { maxParticipants: value === null ? -1 : value }),
      rooms['invitations']!['invite']!(id, { inviteeIds: [value] }),
      rooms['invitations']!['respond']!(id, { response: value }),
      rooms['engagement']!['explain']!(id, value),
    ];
    for (const call of calls) await fails(call, 'VALIDATION');
  }
  expect(client.texts).toEqual([]);
  await fails(rooms['meetings']!['get']!(newId()), 'NOT_FOUND');
  expect(client.texts).not.toEqual([]);
});

test('keys that would change a prototype are refused and pollute nothing', async ({ service, scheduled, url }) => {
  const { id, host } = await scheduled();
  const rooms = untyped(service.as({ userId: host }));
  const payloads = ['{"__proto__":{"polluted":true}}', '{"constructor":{"prototype":{"polluted":true}}}'];
  await unchanged(url, async () => {
    for (const payload of payloads) {
      await fails(rooms['meetings']!['update']!(id, { settings: JSON.parse(payload) }), 'VALIDATION');
      await fails(rooms['meetings']!['update']!(id, JSON.parse(payload)), 'VALIDATION');
    }
  });
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('somebody of another meeting is as unknown as nobody at all', async ({ service, running }) => {
  const one = await running({ participants: 1 });
  const other = await running({ participants: 1 });
  const rooms = service.as({ userId: one.host });
  const [stranger] = other.participants;
  for (const act of [
    (userId: string) => rooms.participants.remove(one.id, userId),
    (userId: string) => rooms.participants.setRole(one.id, userId, 'Observer'),
    (userId: string) => rooms.participants.transferHost(one.id, userId),
    (userId: string) => rooms.engagement.explain(one.id, userId),
    (userId: string) => rooms.invitations.revoke(one.id, userId),
  ])
    expect(await notFoundFacts(act(stranger!))).toBe(await notFoundFacts(act(newId())));
  // To people outside, a meeting that is there and one that is not answer alike.
  const outsider = service.as({ userId: newId() });
  for (const act of [
    (id: string) => outsider.meetings.get(id),
    (id: string) => outsider.meetings.end(id),
    (id: string) => outsider.meetings.update(id, { title: 'x' }),
    (id: string) => outsider.participants.join(id),
    (id: string) => outsider.participants.join(id, { meetingPassword: 'guess' }),
    (id: string) => outsider.participants.list(id),
    (id: string) => outsider.invitations.respond(id, { response: 'Accepted' }),
    (id: string) => outsider.invitations.list(id),
  ])
    expect(await notFoundFacts(act(one.id))).toBe(await notFoundFacts(act(newId())));
});

test('who was removed stays out: by link, password, second device, or where everybody may walk in', async ({
  service,
  running,
}) => {
  const { id, host, participants } = await running({ participants: 1, meetingPassword: 'let me in' });
  const [person] = participants;
  const rooms = service.as({ userId: person! });
  await service.as({ userId: host }).meetings.update(id, { settings: { openJoin: true } });
  await service.as({ userId: host }).participants.remove(id, person!);
  await fails(rooms.participants.join(id), 'NOT_FOUND');
  await fails(rooms.participants.join(id, { meetingPassword: 'let me in' }), 'NOT_FOUND');
  await fails(rooms.participants.join(id, { meetingPassword: 'let me in', connectionId: 'phone' }), 'NOT_FOUND');
  // Their own invitation they know of: it was taken back.
  await fails(rooms.invitations.respond(id, { response: 'Accepted' }), 'EXPIRED');
  await fails(rooms.meetings.joinInfo(id), 'NOT_FOUND');
  await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [person!] });
  expect(await rooms.participants.join(id, { meetingPassword: 'let me in' })).toMatchObject({ isPresent: true });
});

test('a demotion holds from the moment it is acknowledged', async ({ service, running, clock }) => {
  const { id, host, participants } = await running({ participants: 2 });
  const [deputy, other] = participants;
  const [hostRooms, deputyRooms] = [service.as({ userId: host }), service.as({ userId: deputy! })];
  await hostRooms.participants.setRole(id, deputy!, 'CoHost');
  await deputyRooms.participants.setPermissions(id, other!, { canUseChat: false });
  await hostRooms.participants.setRole(id, deputy!, 'Participant');
  const later = {
    scheduledStartTime: new Date(clock.now().getTime() + hours),
    scheduledEndTime: new Date(clock.now().getTime() + 2 * hours),
  };
  const outcomes = await Promise.allSettled([
    deputyRooms.participants.remove(id, other!),
    deputyRooms.meetings.end(id),
    deputyRooms.meetings.reschedule(id, later),
    deputyRooms.meetings.update(id, { title: 'Mine' }),
  ]);
  expect(
    outcomes.map((outcome) => outcome.status === 'rejected' && isMeetingError(outcome.reason) && outcome.reason.code),
  ).toEqual(Array.from({ length: 4 }, () => 'FORBIDDEN'));
});

test('the system cannot be spelled by a caller', ({ service }) => {
  const as = service.as.bind(service) as (actor: unknown) => unknown;
  for (const actor of [
    { type: 'system' },
    { kind: 'system' },
    { userId: 'system' },
    { userId: SYSTEM_USER_ID },
    { userId: newId(), kind: 'system' },
    null,
    undefined,
    'system',
    { userId: { toString: () => newId() } },
  ])
    expect(() => as(actor)).toThrow(expect.objectContaining({ code: 'VALIDATION' }));
});

describe('text', () => {
  const refused = {
    NUL: 'a\0b',
    'half of an emoji': 'a\ud83d',
    'too long': 'x'.repeat(256),
    blank: '   ',
    invisible: '\u200b\u200d',
  };
  test.for(Object.entries(refused))('a title that is %s is refused', async ([, title], { service, clock, url }) => {
    const rooms = service.as({ userId: newId() });
    const times = {
      scheduledStartTime: new Date(clock.now().getTime() + hours),
      scheduledEndTime: new Date(clock.now().getTime() + 2 * hours),
    };
    const call = () => fails(rooms.meetings.schedule({ title, meetingType: 'Review', ...times }), 'VALIDATION');
    const error = await unchanged(url, call);
    expect(error.details['fields']).toMatchObject([{ path: 'title' }]);
  });

  test('255 emoji, quotes and SQL come back as they were given', async ({ service, scheduled }) => {
    const title = '🧮'.repeat(255);
    const description = `'; drop table meetings; -- "$1" \\ %s ? ?? {{x}} <b>\n\ttab`;
    const { id, host } = await scheduled({ title, description });
    expect(await service.as({ userId: host }).meetings.get(id)).toMatchObject({ title, description });
  });
});

test('a password appears nowhere: not in answers, events, errors, or the database', async ({
  service,
  running,
  events,
  url,
  clock,
}) => {
  const secret = 'correct horse battery staple';
  const { id, host, participants } = await running({
    participants: 1,
    meetingPassword: secret,
    meetingUrl: 'https://meet.example.org/secret-room',
  });
  const [person] = participants;
  const rooms = service.as({ userId: host });
  const seen: unknown[] = [
    await rooms.meetings.get(id),
    await rooms.meetings.list(),
    await rooms.meetings.update(id, { meetingPassword: `${secret} 2` }),
    await rooms.meetings.history(id),
    await rooms.participants.list(id),
    await service
      .as({ userId: person! })
      .participants.join(id, { meetingPassword: `${secret} 2`, connectionId: 'two' }),
    await fails(
      service
        .as({ userId: person! })
        .participants.join(id, { meetingPassword: `${secret} wrong`, connectionId: 'three' }),
      'WRONG_PASSWORD',
    ),
    await rooms.with({ idempotencyKey: 'k1' }).meetings.schedule({
      ...{ title: 'Other', meetingType: 'Review', meetingPassword: secret },
      ...{
        scheduledStartTime: new Date(clock.now().getTime() + 10 * minutes),
        scheduledEndTime: new Date(clock.now().getTime() + hours),
      },
    }),
    events,
  ];
  for (const value of seen) {
    const text = `${JSON.stringify(value)} ${inspect(value, { depth: 10, showHidden: true })} ${inspect({ ...(value as object) })}`;
    expect(text).not.toContain('horse');
    expect(text).not.toContain('$scrypt$');
    expect(text).not.toContain('secret-room');
  }
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(`select meeting_password from convoke.meetings where id = $1`, [id]);
  expect(rows[0].meeting_password).toMatch(/^\$scrypt\$/);
  const tables = await client.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'convoke'`,
  );
  for (const { name } of tables.rows) {
    const found = await client.query(`select count(*)::int as n from convoke."${name}" r where r::text like '%horse%'`);
    expect({ name, ...found.rows[0] }).toEqual({ name, n: 0 });
  }
  await client.end();
});

test('an id in upper case is the same id', async ({ service, scheduled }) => {
  const { id, host } = await scheduled();
  expect(await service.as({ userId: host.toUpperCase() }).meetings.get(id.toUpperCase())).toMatchObject({
    id,
    creatorId: host,
  });
});
