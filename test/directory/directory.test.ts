import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type GroupKind, memoryGroups, memoryUsers, type MemoryUser } from '../../src/directory/index.ts';

const ada = '018f2e5c-9a3b-7cde-8f01-23456789abcd';
const bob = '018f2e5c-9a3b-7cde-8f01-23456789abce';

test('profiles come with what is known, null for the rest, and nobody unknown', async () => {
  const users = memoryUsers(new Map([[ada, { displayName: 'Ada', timezone: 'Europe/Berlin' }]]));
  expect(await users.profiles([ada, bob])).toEqual(
    new Map([[ada, { userId: ada, displayName: 'Ada', timezone: 'Europe/Berlin', email: null, locale: null }]]),
  );
  expect(await memoryUsers().profiles([ada])).toEqual(new Map());
});

test('people who are added later are found', async () => {
  const known = new Map<string, MemoryUser>();
  const users = memoryUsers(known);
  known.set(bob, { displayName: 'Bob' });
  expect((await users.profiles([bob])).get(bob)?.displayName).toBe('Bob');
});

async function everyone(groups: ReturnType<typeof memoryGroups>, id: string, limit: number): Promise<string[]> {
  const found: string[] = [];
  let after: string | null = null;
  do {
    const part = await groups.members({ kind: 'guild', id }, { after, limit });
    expect(part.userIds.length).toBeLessThanOrEqual(limit);
    found.push(...part.userIds);
    after = part.next;
  } while (after !== null);
  return found;
}

test('paging through a group meets every member once, whatever the size of the parts', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uuid(), { maxLength: 40 }),
      fc.integer({ min: 1, max: 15 }),
      async (members, limit) => {
        const groups = memoryGroups(new Map([['guild:owls' as const, members]]));
        expect(await everyone(groups, 'owls', limit)).toEqual([...new Set(members)].toSorted());
      },
    ),
  );
});

test('somebody who leaves between two parts makes nobody else be missed or met twice', async () => {
  const known = new Map<`${GroupKind}:${string}`, string[]>([['guild:owls', ['a', 'b', 'c', 'd']]]);
  const groups = memoryGroups(known);
  const first = await groups.members({ kind: 'guild', id: 'owls' }, { after: null, limit: 2 });
  known.set('guild:owls', ['a', 'c', 'd']);
  const second = await groups.members({ kind: 'guild', id: 'owls' }, { after: first.next, limit: 2 });
  expect([first, second]).toEqual([
    { userIds: ['a', 'b'], next: 'b' },
    { userIds: ['c', 'd'], next: null },
  ]);
});

test('a group of another kind with the same id is another group, and an unknown one is empty', async () => {
  const groups = memoryGroups(new Map([['guild:1' as const, [ada]]]));
  expect(await groups.members({ kind: 'party', id: '1' }, { after: null, limit: 10 })).toEqual({
    userIds: [],
    next: null,
  });
  expect(await memoryGroups().members({ kind: 'class', id: '1' }, { after: null, limit: 10 })).toEqual({
    userIds: [],
    next: null,
  });
});
