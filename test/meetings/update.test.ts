import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { scryptHasher } from '../../src/core/password-hasher.ts';
import type { UpdateInput } from '../../src/meetings/index.ts';
import { execute } from '../setup/postgres.ts';
import { fails, openService, people, test, unchanged } from '../setup/service.ts';

const descriptive = {
  ...{ title: 'Trees', description: 'Chapter 4', meetingType: 'Lecture', maxParticipants: 12 },
  ...{ partyId: newId(), guildId: newId(), classId: newId(), subjectId: newId() },
} satisfies UpdateInput;
const access = {
  ...{ meetingUrl: 'https://video.example/9', meetingPassword: 'correct horse', recordingEnabled: true },
  settings: { openJoin: true },
} satisfies UpdateInput;

test('changes what is given, says which fields, and leaves the rest', async ({ service, scheduled, clock, events }) => {
  const { id, host, meeting } = await scheduled();
  clock.advance(1);
  events.length = 0;
  const changed = await service.as({ userId: host }).meetings.update(id, descriptive);
  expect(changed).toEqual({ ...meeting, ...descriptive, version: 2, updatedAt: clock.now() });
  expect(events).toMatchObject([
    {
      ...{ type: 'meeting.updated', stream: { kind: 'meeting', id }, audience: 'all', actorId: host },
      data: { version: 2 },
    },
  ]);
  expect(events[0]?.data).toMatchObject({ changed: expect.arrayContaining(Object.keys(descriptive)) });
});

test('null empties what may be empty', async ({ service, scheduled }) => {
  const { id, host } = await scheduled({ ...descriptive, ...access });
  const empty = {
    description: null,
    partyId: null,
    guildId: null,
    classId: null,
    subjectId: null,
    maxParticipants: null,
  };
  const { meetings } = service.as({ userId: host });
  const changed = await meetings.update(id, { ...empty, meetingUrl: null, meetingPassword: null });
  expect(changed).toMatchObject({ ...empty, hasPassword: false });
  expect(await meetings.joinInfo(id)).toMatchObject({ requiresPassword: false });
  await fails(meetings.update(id, { title: null } as unknown as UpdateInput), 'VALIDATION');
});

test('what stays the same is no change: no event, no new version', async ({ service, scheduled, events, url }) => {
  const { id, host, meeting } = await scheduled({ ...descriptive, settings: { openJoin: true } });
  events.length = 0;
  const same = { ...descriptive, settings: { openJoin: true }, meetingPassword: null, recordingEnabled: false };
  const answer = await unchanged(url, () => service.as({ userId: host }).meetings.update(id, same));
  expect(answer).toEqual(meeting);
  expect(events).toEqual([]);
});

test.for<[string, object, RegExp]>([
  ['nothing', {}, /at least one field/],
  ['only undefined', { title: undefined }, /at least one field/],
  ['a time', { scheduledStartTime: '2026-03-02T12:00:00Z' }, /not a known field/],
  ['a status', { status: 'Completed' }, /not a known field/],
  ['a blank title', { title: ' ' }, /blank/],
  ['an unknown setting', { settings: { mayDance: true } }, /not a known field/],
])('refuses %s', async ([, patch, message], { service, scheduled, url }) => {
  const { id, host } = await scheduled();
  const error = await unchanged(url, () =>
    fails(service.as({ userId: host }).meetings.update(id, patch), 'VALIDATION'),
  );
  expect(error.message).toMatch(message);
});

describe('who may change what', () => {
  test('a CoHost changes what describes the meeting, and nothing about access', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled();
    const [ada = ''] = people(1);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [ada], role: 'CoHost' });
    const { meetings } = service.as({ userId: ada });
    expect(await meetings.update(id, descriptive)).toMatchObject(descriptive);
    for (const field of Object.keys(access) as (keyof typeof access)[]) {
      const error = await unchanged(url, () => fails(meetings.update(id, { [field]: access[field] }), 'FORBIDDEN'));
      expect(error.details).toMatchObject({ operation: 'meeting.setAccess', allowedRoles: ['Host'] });
    }
    // All or nothing: one field too many takes the others down.
    await unchanged(url, () => fails(meetings.update(id, { title: 'Graphs', recordingEnabled: true }), 'FORBIDDEN'));
  });

  test.for(['Presenter', 'Participant', 'Observer'] as const)(
    'a %s changes nothing',
    async (role, { service, scheduled }) => {
      const { id, host } = await scheduled();
      const [ada = ''] = people(1);
      await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [ada], role });
      await fails(service.as({ userId: ada }).meetings.update(id, { title: 'Trees' }), 'FORBIDDEN');
    },
  );

  test('outsiders learn nothing', async ({ service, scheduled }) => {
    const { id } = await scheduled();
    const hidden = await fails(service.as({ userId: newId() }).meetings.update(id, { title: 'Trees' }), 'NOT_FOUND');
    const absent = await fails(
      service.as({ userId: newId() }).meetings.update(newId(), { title: 'Trees' }),
      'NOT_FOUND',
    );
    expect(hidden.toJSON()).toEqual(absent.toJSON());
  });
});

describe('the state of the meeting', () => {
  test('while it runs only title, description and capacity still change, and access does', async ({
    service,
    running,
    url,
  }) => {
    const { id, host } = await running();
    const { meetings } = service.as({ userId: host });
    const open = { title: 'Trees', description: 'Now', maxParticipants: 5 };
    expect(await meetings.update(id, open)).toMatchObject(open);
    expect(await meetings.update(id, access)).toMatchObject({ hasPassword: true, recordingEnabled: true });
    for (const field of ['meetingType', 'partyId', 'guildId', 'classId', 'subjectId'] as const) {
      const patch = { title: 'Other', [field]: descriptive[field] };
      const error = await unchanged(url, () => fails(meetings.update(id, patch), 'INVALID_TRANSITION'));
      expect(error.details).toMatchObject({ status: 'InProgress', fields: [field] });
    }
  });

  test('a postponed meeting can be edited, one that is over or off cannot', async ({ service, scheduled, running }) => {
    const [postponed, cancelled, over] = [await scheduled(), await scheduled(), await running()];
    const as = ({ host }: { host: string }) => service.as({ userId: host }).meetings;
    await as(postponed).postpone(postponed.id);
    await as(cancelled).cancel(cancelled.id);
    await as(over).end(over.id);
    const patch = { title: 'Trees', recordingEnabled: true };
    expect(await as(postponed).update(postponed.id, patch)).toMatchObject({ title: 'Trees', status: 'Postponed' });
    for (const meeting of [cancelled, over])
      for (const part of [{ title: 'Trees' }, { recordingEnabled: true }])
        await fails(as(meeting).update(meeting.id, part), 'INVALID_TRANSITION');
  });

  test('editing resets no answer', async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    const [ada = ''] = people(1);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [ada] });
    await service.as({ userId: ada }).invitations.respond(id, { response: 'Accepted' });
    await service.as({ userId: host }).meetings.update(id, descriptive);
    const { items } = await service.as({ userId: host }).participants.list(id);
    expect(items.map(({ status }) => status)).toEqual(['Accepted', 'Accepted']);
  });
});

describe('the version', () => {
  test('lets through whoever has read the last change, and nobody else', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled();
    const { meetings } = service.as({ userId: host });
    expect((await meetings.update(id, { title: 'Trees' }, { version: 1 })).version).toBe(2);
    const stale = () => fails(meetings.update(id, { title: 'Graphs' }, { version: 1 }), 'VERSION_CONFLICT');
    expect((await unchanged(url, stale)).details).toEqual({ current: 2 });
    expect((await meetings.update(id, { title: 'Graphs' })).version).toBe(3);
    await fails(meetings.update(id, { title: 'Graphs' }, { version: 0 }), 'VALIDATION');
  });

  test('lets through one of many who read the same', async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    const { meetings } = service.as({ userId: host });
    const wishes = Array.from({ length: 8 }, (_, at) => meetings.update(id, { title: `Trees ${at}` }, { version: 1 }));
    const outcomes = await Promise.allSettled(wishes);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') await fails(Promise.reject(outcome.reason as Error), 'VERSION_CONFLICT');
    expect((await meetings.get(id)).version).toBe(2);
  });

  test('without one, changes of different fields do not undo each other', async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    const { meetings } = service.as({ userId: host });
    const { description, meetingType, guildId } = descriptive;
    await Promise.all(
      [{ title: 'Trees' }, { description }, { meetingType }, { guildId }].map((patch) => meetings.update(id, patch)),
    );
    expect(await meetings.get(id)).toMatchObject({ title: 'Trees', description, meetingType, guildId, version: 5 });
  });

  test('is not touched by people who come and go', async ({ service, running }) => {
    const { id, host, meeting } = await running({ participants: 2 });
    await service.as({ userId: host }).participants.leave(id);
    expect(await service.as({ userId: host }).meetings.get(id)).toMatchObject({
      version: 2,
      updatedAt: meeting.updatedAt,
    });
  });
});

describe('settings', () => {
  test('are merged: what is given is set, null goes back to the default, the rest stays', async ({
    service,
    scheduled,
  }) => {
    const { id, host } = await scheduled({ settings: { openJoin: true, privateChat: 'off' } });
    const { meetings } = service.as({ userId: host });
    const settings = { privateChat: null, attendanceThreshold: { minutes: 10 } };
    const changed = await meetings.update(id, { settings });
    expect(changed.settings).toEqual({ openJoin: true, attendanceThreshold: { minutes: 10 } });
    expect((await meetings.update(id, { settings: { attendanceThreshold: { share: 0.5 } } })).settings).toEqual({
      openJoin: true,
      attendanceThreshold: { share: 0.5 },
    });
  });

  test('of a later version survive a change of those known now', async ({ service, scheduled, url }) => {
    const { id, host } = await scheduled();
    await execute(url, `update convoke.meetings set settings = '{"mood": "quiet"}' where id = '${id}'`);
    const changed = await service.as({ userId: host }).meetings.update(id, { settings: { openJoin: true } });
    expect(changed.settings).toEqual({ mood: 'quiet', openJoin: true });
  });

  test.for([
    [{ limitAcceptances: 3 }, 1],
    [{ limitAcceptances: null }, 2],
  ] as const)('%o lets in who waits in line: %i', async ([settings, promoted], { service, scheduled, events }) => {
    const { id, host } = await scheduled({ settings: { limitAcceptances: 2 } });
    const guests = people(3);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: guests });
    for (const userId of guests) await service.as({ userId }).invitations.respond(id, { response: 'Accepted' });
    events.length = 0;
    await service.as({ userId: host }).meetings.update(id, { settings });
    const told = events.filter(({ type, stream }) => type === 'invitation.promoted' && stream.kind === 'user');
    expect(told.map(({ stream }) => stream.id)).toEqual(guests.slice(1, 1 + promoted));
    const accepted = (await service.as({ userId: host }).invitations.list(id, { status: 'Accepted' })).items;
    expect(accepted).toHaveLength(1 + promoted);
  });

  test('with a lower limit throw nobody out', async ({ service, scheduled }) => {
    const { id, host } = await scheduled({ settings: { limitAcceptances: 3 } });
    const guests = people(2);
    await service.as({ userId: host }).invitations.invite(id, { inviteeIds: guests });
    for (const userId of guests) await service.as({ userId }).invitations.respond(id, { response: 'Accepted' });
    await service.as({ userId: host }).meetings.update(id, { settings: { limitAcceptances: 1 } });
    const { items } = await service.as({ userId: host }).participants.list(id);
    expect(items.map(({ status }) => status)).toEqual(['Accepted', 'Accepted', 'Accepted']);
  });
});

describe('the capacity', () => {
  test('holds everybody who is present, and one seat for a Host who is not', async ({ service, running, url }) => {
    const { id, host } = await running({ participants: 2 });
    const { meetings, participants } = service.as({ userId: host });
    const tooFew = () => fails(meetings.update(id, { maxParticipants: 2 }), 'CAPACITY');
    expect((await unchanged(url, tooFew)).details).toMatchObject({ needed: 3 });
    expect((await meetings.update(id, { maxParticipants: 3 })).maxParticipants).toBe(3);
    await participants.leave(id);
    await fails(meetings.update(id, { maxParticipants: 2 }), 'CAPACITY');
    expect((await meetings.update(id, { maxParticipants: null })).maxParticipants).toBeNull();
  });

  test('of a meeting that has not begun may be anything', async ({ service, scheduled }) => {
    const { id, host } = await scheduled({ maxParticipants: 50 });
    expect((await service.as({ userId: host }).meetings.update(id, { maxParticipants: 1 })).maxParticipants).toBe(1);
  });
});

describe('a password', () => {
  test('is hashed once for each change, and shows up nowhere', async ({ url, clock, scheduled }) => {
    const hasher = scryptHasher({ ln: 4, r: 1, p: 1 });
    const hashed: string[] = [];
    const hash = (password: string) => {
      hashed.push(password);
      return hasher.hash(password);
    };
    await using service = await openService(url, { clock, passwordHasher: { hash, verify: hasher.verify } });
    const { id, host } = await scheduled();
    const told: unknown[] = [];
    service.on('*', (event) => void told.push(event));
    const rooms = service.as({ userId: host });
    const keyed = rooms.with({ idempotencyKey: newId() });
    const answers = [
      await keyed.meetings.update(id, { meetingPassword: 'correct horse' }),
      await rooms.meetings.get(id),
      (await rooms.meetings.list()).items,
      await rooms.meetings.history(id),
      await rooms.meetings.joinInfo(id),
    ];
    expect(hashed).toEqual(['correct horse']);
    expect(told).toMatchObject([{ type: 'meeting.updated', data: { changed: ['meetingPassword'] } }]);
    const [keys] = await execute<{ rows: string }>(
      url,
      `select string_agg(k::text, '') as rows from convoke.meeting_idempotency_keys k where actor_id = '${host}'`,
    );
    expect(JSON.stringify([answers, told, keys])).not.toMatch(/correct horse|\$scrypt/);
    expect(answers[1]).toMatchObject({ hasPassword: true });
  });

  test('that is set opens the door to whoever knows it, in any of its spellings', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 1, present: false });
    await service.as({ userId: host }).meetings.update(id, { meetingPassword: 'cafe\u0301' });
    const ada = service.as({ userId: participants[0]! }).participants;
    await fails(ada.join(id), 'WRONG_PASSWORD');
    await fails(ada.join(id, { meetingPassword: 'cafe' }), 'WRONG_PASSWORD');
    expect(await ada.join(id, { meetingPassword: 'caf\u00E9' })).toMatchObject({ isPresent: true });
  });
});
