import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import {
  type GroupDirectory,
  type GroupKind,
  memoryGroups,
  memoryUsers,
  type UserDirectory,
} from '../../src/directory/index.ts';
import { test as base, fails, openService, people, unchanged } from '../setup/service.ts';

const large = newId();
const small = newId();
const endless = newId();
const members = people(1201);
const few = [members[0]!, newId(), newId()];

/** Counts the parts it is asked for, and knows a group that has no end. */
class PagingGroups implements GroupDirectory {
  readonly specVersion = 1 as const;
  readonly sizes: number[] = [];
  readonly #groups = memoryGroups(
    new Map<`${GroupKind}:${string}`, string[]>([
      [`class:${large}`, members],
      [`party:${small}`, few],
    ]),
  );

  async members(...[group, page]: Parameters<GroupDirectory['members']>): ReturnType<GroupDirectory['members']> {
    if (group.id === endless) return { userIds: people(page.limit), next: newId() };
    const found = await this.#groups.members(group, page);
    this.sizes.push(found.userIds.length);
    return found;
  }
}

const test = base.extend<{ groups: PagingGroups; grouped: Awaited<ReturnType<typeof openService>> }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest reads the destructuring
  groups: ({}, use) => use(new PagingGroups()),
  grouped: async ({ url, clock, groups }, use) => {
    await using service = await openService(url, { clock, directory: { groups } });
    await use(service);
  },
});

test('a group is asked part by part, and all of its members are invited', async ({
  grouped,
  groups,
  scheduled,
  events,
}) => {
  const { id, host } = await scheduled({ host: members[7]! });
  events.length = 0;
  const rooms = grouped.as({ userId: host });
  const result = await rooms.invitations.invite(id, { groups: [{ kind: 'class', id: large }], role: 'Observer' });
  expect(result.invited).toHaveLength(1200);
  expect(result.alreadyInvited).toEqual([]);
  expect(result.failed).toEqual([{ userId: host, reason: 'self' }]);
  expect(groups.sizes).toEqual([500, 500, 201]);
  const { items, total } = await rooms.participants.list(id, { limit: 2 });
  expect(total).toBe(1201);
  expect(items[1]).toMatchObject({ role: 'Observer', status: 'Invited' });
});

test('who is in several groups, or named besides, is asked once', async ({ grouped, scheduled }) => {
  const { id, host } = await scheduled();
  const [extra] = people(1) as [string];
  const wish = {
    inviteeIds: [extra, few[1]!],
    groups: [
      { kind: 'party', id: small },
      { kind: 'party', id: small },
    ],
  } as const;
  const { invited } = await grouped.as({ userId: host }).invitations.invite(id, wish);
  expect(invited.toSorted()).toEqual([...few, extra].toSorted());
});

test('the whole class once more finds only who is new', async ({ grouped, scheduled }) => {
  const { id, host } = await scheduled();
  const rooms = grouped.as({ userId: host }).invitations;
  await rooms.invite(id, { groups: [{ kind: 'party', id: small }] });
  const result = await rooms.invite(id, { groups: [{ kind: 'class', id: large }] });
  expect(result.invited).toHaveLength(1200);
  expect(result.alreadyInvited).toEqual([members[0]]);
});

test('a group that nobody knows has no members', async ({ grouped, scheduled, url }) => {
  const { id, host } = await scheduled();
  await unchanged(url, async () => {
    const result = await grouped
      .as({ userId: host })
      .invitations.invite(id, { groups: [{ kind: 'guild', id: newId() }] });
    expect(result).toEqual({ invited: [], alreadyInvited: [], failed: [] });
  });
});

test('ids that are none are passed over, and letter case does not matter', async ({ scheduled, url, clock }) => {
  const [guest] = people(1) as [string];
  const groups = memoryGroups(new Map([['party:mixed', ['nonsense', guest.toUpperCase(), guest]]]));
  await using service = await openService(url, { clock, directory: { groups } });
  const { id, host } = await scheduled();
  const result = await service
    .as({ userId: host })
    .invitations.invite(id, { groups: [{ kind: 'party', id: 'mixed' }] });
  expect(result).toEqual({ invited: [guest], alreadyInvited: [], failed: [] });
});

test('members of a group need no profile, people who are named do', async ({ scheduled, url, clock }) => {
  const groups = memoryGroups(new Map([[`party:${small}` as const, few]]));
  await using service = await openService(url, { clock, directory: { groups, users: memoryUsers() } });
  const { id, host } = await scheduled();
  const [named] = people(1) as [string];
  const wish = { inviteeIds: [named], groups: [{ kind: 'party', id: small }] } as const;
  const result = await service.as({ userId: host }).invitations.invite(id, wish);
  expect(result.invited).toHaveLength(3);
  expect(result.failed).toEqual([{ userId: named, reason: 'unknown-user' }]);
});

test('a group without end is refused before anybody is asked', async ({ grouped, scheduled, url }) => {
  const { id, host } = await scheduled();
  const error = await unchanged(url, () =>
    fails(
      grouped.as({ userId: host }).invitations.invite(id, { groups: [{ kind: 'guild', id: endless }] }),
      'VALIDATION',
    ),
  );
  expect(error.details['fields']).toMatchObject([{ path: 'groups' }]);
});

test('without a directory groups cannot be asked', async ({ service, scheduled, url }) => {
  const { id, host } = await scheduled();
  await unchanged(url, () =>
    fails(
      service.as({ userId: host }).invitations.invite(id, { groups: [{ kind: 'party', id: small }] }),
      'NOT_CONFIGURED',
    ),
  );
});

test('at most twenty groups, of the kinds that there are', async ({ grouped, scheduled, url }) => {
  const { id, host } = await scheduled();
  const rooms = grouped.as({ userId: host }).invitations;
  const untyped = rooms.invite.bind(rooms) as (...given: unknown[]) => Promise<unknown>;
  await unchanged(url, async () => {
    const many = Array.from({ length: 21 }, () => ({ kind: 'party', id: small }) as const);
    await fails(rooms.invite(id, { groups: many }), 'VALIDATION');
    await fails(untyped(id, { groups: [{ kind: 'team', id: small }] }), 'VALIDATION');
    await fails(untyped(id, { groups: [{ kind: 'party', id: '' }] }), 'VALIDATION');
  });
});

test('a directory that fails is a typed error, and nobody is asked', async ({ scheduled, url, clock }) => {
  const down = new Error('connect ECONNREFUSED');
  const groups: GroupDirectory = { specVersion: 1, members: () => Promise.reject(down) };
  const users: UserDirectory = { specVersion: 1, profiles: () => Promise.reject(down) };
  await using service = await openService(url, { clock, directory: { groups, users } });
  const { id, host } = await scheduled();
  const rooms = service.as({ userId: host }).invitations;
  await unchanged(url, async () => {
    for (const wish of [{ groups: [{ kind: 'party', id: small }] }, { inviteeIds: people(1) }] as const) {
      const error = await fails(rooms.invite(id, wish), 'INTERNAL');
      expect(error.cause).toBe(down);
      expect(JSON.stringify(error)).not.toContain('ECONNREFUSED');
    }
  });
});

test('the directory is asked only for people who may invite', async ({ scheduled, url, clock }) => {
  const groups = new PagingGroups();
  await using service = await openService(url, { clock, directory: { groups } });
  const { id, host } = await scheduled();
  const guest = newId();
  await service.as({ userId: host }).invitations.invite(id, { inviteeIds: [guest] });
  const wish = { groups: [{ kind: 'class' as const, id: large }] };
  await fails(service.as({ userId: guest }).invitations.invite(id, wish), 'FORBIDDEN');
  await fails(service.as({ userId: newId() }).invitations.invite(id, wish), 'NOT_FOUND');
  expect(groups.sizes).toEqual([]);
});
