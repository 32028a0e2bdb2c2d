import { describe, expect } from 'vitest';
import type { ChatHistoryInput, MessageView } from '../../src/chat/chat.schema.ts';
import type { ChatService } from '../../src/chat/index.ts';
import { newId } from '../../src/core/identifier.ts';
import { fails } from '../setup/service.ts';
import { type Room, test } from './room.ts';

const idsOf = (messages: readonly MessageView[]) => messages.map(({ id }) => id);
const words = (items: readonly MessageView[]) => items.map(({ content }) => content);

async function say(chat: ChatService, meetingId: string, count: number): Promise<MessageView[]> {
  const messages: MessageView[] = [];
  for (let n = 1; n <= count; n++) messages.push(await chat.send(meetingId, { content: `${n}` }));
  return messages;
}

/** Everything that lies in one direction, page by page. */
async function walk(chat: ChatService, meetingId: string, from: ChatHistoryInput, on: 'before' | 'after') {
  const seen: MessageView[] = [];
  let { items, nextCursor } = await chat.history(meetingId, from);
  seen.push(...items);
  const { before: _before, after: _after, ...rest } = from;
  while (nextCursor !== null) {
    ({ items, nextCursor } = await chat.history(meetingId, { ...rest, [on]: nextCursor }));
    seen.push(...items);
  }
  return seen;
}

test('an empty chat is an empty page', async ({ room }) => {
  const { id, bob, ids } = await room();
  const nothing = { items: [], nextCursor: null, previousCursor: null };
  expect(await bob.history(id)).toEqual(nothing);
  expect(await bob.history(id, { with: ids.eve })).toEqual(nothing);
  expect(await bob.history(id, { with: newId() })).toEqual(nothing);
});

describe('in a chat of seven messages', () => {
  test('the latest come first, and go on backwards', async ({ room }) => {
    const { id, bob } = await room();
    const messages = await say(bob, id, 7);
    const page = await bob.history(id, { limit: 3 });
    expect(words(page.items)).toEqual(['7', '6', '5']);
    expect(page).toMatchObject({ nextCursor: messages[4]?.id, previousCursor: null });
    expect(Object.isFrozen(page) && Object.isFrozen(page.items)).toBe(true);
    expect(await walk(bob, id, { limit: 3 }, 'before')).toEqual(messages.toReversed());
    expect((await bob.history(id, { limit: 7 })).nextCursor).toBeNull();
  });

  test('what came before a message is told backwards, without it', async ({ room }) => {
    const { id, bob } = await room();
    const messages = await say(bob, id, 7);
    expect(words((await bob.history(id, { before: messages[3]!.id })).items)).toEqual(['3', '2', '1']);
    expect(await walk(bob, id, { before: messages[6]!.id, limit: 1 }, 'before')).toEqual(
      messages.slice(0, 6).toReversed(),
    );
    expect(await bob.history(id, { before: messages[0]!.id })).toMatchObject({ items: [], nextCursor: null });
  });

  test('what came after a message is told forwards, without it', async ({ room }) => {
    const { id, bob } = await room();
    const messages = await say(bob, id, 7);
    expect(words((await bob.history(id, { after: messages[3]!.id })).items)).toEqual(['5', '6', '7']);
    expect(await walk(bob, id, { after: messages[0]!.id, limit: 2 }, 'after')).toEqual(messages.slice(1));
    expect(await bob.history(id, { after: messages[6]!.id })).toMatchObject({ items: [], nextCursor: null });
  });

  test.for<[place: number, limit: number, seen: string, previous: boolean, next: boolean]>([
    [4, 3, '345', true, true],
    [4, 4, '3456', true, true],
    [4, 1, '4', true, true],
    [4, 7, '1234567', false, false],
    [4, 200, '1234567', false, false],
    [1, 3, '12', false, true],
    [7, 3, '67', true, false],
    [2, 4, '1234', false, true],
  ])('around %i with room for %i', async ([place, limit, seen, previous, next], { room }) => {
    const { id, bob } = await room();
    const messages = await say(bob, id, 7);
    const page = await bob.history(id, { around: messages[place - 1]!.id, limit });
    expect(words(page.items).join('')).toBe(seen);
    expect(page.previousCursor).toBe(previous ? page.items[0]?.id : null);
    expect(page.nextCursor).toBe(next ? page.items.at(-1)?.id : null);
    const older = page.previousCursor === null ? [] : await walk(bob, id, { before: page.previousCursor }, 'before');
    const newer = page.nextCursor === null ? [] : await walk(bob, id, { after: page.nextCursor }, 'after');
    expect([...older.toReversed(), ...page.items, ...newer]).toEqual(messages);
  });
});

test('rows that others wrote to the microsecond are each told once, in either direction', async ({ room, sql }) => {
  const { id, bob, ids } = await room();
  // Written past the service: they have no events, so they are gone again before the invariants are asked.
  await sql(
    `insert into convoke.meeting_chat_messages (id, meeting_id, sender_id, content, sent_at)
     select gen_random_uuid(), $1, $2, n::text, '2026-03-02T09:00:00Z'::timestamptz + (n / 3) * interval '100 us'
     from generate_series(1, 100) n`,
    [id, ids.ada],
  );
  const order = await sql<{ id: string }>(
    'select id from convoke.meeting_chat_messages where meeting_id = $1 order by sent_at, id',
    [id],
  );
  const known = order.map((row) => row.id);
  expect(idsOf(await walk(bob, id, { limit: 7 }, 'before'))).toEqual(known.toReversed());
  expect(idsOf(await walk(bob, id, { after: known[0]!, limit: 7 }, 'after'))).toEqual(known.slice(1));
  expect(idsOf((await bob.history(id, { around: known[50]!, limit: 9 })).items)).toEqual(known.slice(46, 55));
  await sql('delete from convoke.meeting_chat_messages where meeting_id = $1', [id]);
});

describe('deleted messages', () => {
  test('are told in their place, and mark one', async ({ room }) => {
    const { id, bob } = await room();
    const messages = await say(bob, id, 3);
    const deleted = await bob.delete(messages[1]!.id);
    expect((await bob.history(id)).items).toEqual([messages[2], deleted, messages[0]]);
    expect(words((await bob.history(id, { after: deleted.id })).items)).toEqual(['3']);
    expect(words((await bob.history(id, { around: deleted.id })).items)).toEqual(['1', null, '3']);
  });
});

async function converse({ id, ada, bob, eve, ids }: Room): Promise<void> {
  await bob.send(id, { content: 'to all' });
  await bob.send(id, { content: 'b to e', recipientId: ids.eve });
  await eve.send(id, { content: 'e to b', recipientId: ids.bob });
  await ada.send(id, { content: 'a to b', recipientId: ids.bob });
  await bob.send(id, { content: 'b to e again', recipientId: ids.eve });
}

describe('a private conversation', () => {
  test('is what the two wrote to each other, and nothing else', async ({ room }) => {
    const meeting = await room();
    await converse(meeting);
    const { id, ada, bob, eve, ids } = meeting;
    const between = ['b to e again', 'e to b', 'b to e'];
    const { items } = await bob.history(id, { with: ids.eve });
    expect(words(items)).toEqual(between);
    expect(words((await eve.history(id, { with: ids.bob })).items)).toEqual(between);
    expect(words((await bob.history(id, { with: ids.ada })).items)).toEqual(['a to b']);
    expect(words((await ada.history(id, { with: ids.eve })).items)).toEqual([]);
    expect(words((await bob.history(id, { with: ids.bob })).items)).toEqual([]);
    expect(words((await bob.history(id)).items)).toEqual(['b to e again', 'a to b', 'e to b', 'b to e', 'to all']);
    expect(await walk(bob, id, { with: ids.eve, limit: 1 }, 'before')).toEqual(items);
    const first = items[2]!.id;
    expect(words((await bob.history(id, { with: ids.eve, after: first })).items)).toEqual(['e to b', 'b to e again']);
    expect(words((await bob.history(id, { with: ids.eve, around: first, limit: 2 })).items)).toEqual([
      'b to e',
      'e to b',
    ]);
  });

  test('begins at any message that one may read', async ({ room }) => {
    const meeting = await room();
    await converse(meeting);
    const { id, bob, ids } = meeting;
    const [, , third] = (await bob.history(id, { with: ids.eve })).items;
    const [all] = await walk(bob, id, { before: third!.id }, 'before');
    expect(words((await bob.history(id, { with: ids.eve, after: all!.id, limit: 1 })).items)).toEqual(['b to e']);
  });

  test('stays readable when the other one has left or was removed', async ({ service, room }) => {
    const meeting = await room();
    await converse(meeting);
    const { id, bob, ids } = meeting;
    await service.as({ userId: ids.ada }).participants.remove(id, ids.eve);
    expect((await bob.history(id, { with: ids.eve })).items).toHaveLength(3);
  });
});

describe('who may read', () => {
  test('every member, in every state, without being there', async ({ service, room }) => {
    const { id, bob, eve, ids } = await room();
    await say(bob, id, 1);
    const { participants, meetings } = service.as({ userId: ids.ada });
    await participants.setRole(id, ids.eve, 'Observer');
    expect((await eve.history(id)).items).toHaveLength(1);
    await participants.setPermissions(id, ids.bob, { canUseChat: false });
    await service.as({ userId: ids.bob }).participants.leave(id);
    await meetings.end(id);
    expect((await bob.history(id)).items).toHaveLength(1);
    const late = newId();
    await fails(service.as({ userId: late }).chat.history(id), 'NOT_FOUND');
  });

  test('whoever comes later reads what was said before: being a member now counts', async ({ service, room }) => {
    const { id, bob, ids } = await room();
    await say(bob, id, 2);
    const late = newId();
    await service.as({ userId: ids.ada }).invitations.invite(id, { inviteeIds: [late] });
    expect((await service.as({ userId: late }).chat.history(id)).items).toHaveLength(2);
  });

  test('not the declined, until they are back', async ({ service, room }) => {
    const { id, bob, ids } = await room();
    await say(bob, id, 1);
    const late = newId();
    await service.as({ userId: ids.ada }).invitations.invite(id, { inviteeIds: [late] });
    const { chat, invitations } = service.as({ userId: late });
    await invitations.respond(id, { response: 'Declined' });
    for (const wish of [{}, { with: ids.bob }])
      expect((await fails(chat.history(id, wish), 'FORBIDDEN')).details).toMatchObject({ condition: 'notDeclined' });
    await invitations.respond(id, { response: 'Accepted' });
    expect((await chat.history(id)).items).toHaveLength(1);
  });

  test('not the removed, whoever is outside, nor the system', async ({ service, room }) => {
    const { id, bob, ids } = await room();
    const [message] = await say(bob, id, 1);
    await service.as({ userId: ids.ada }).participants.remove(id, ids.bob);
    const unknown = (await fails(bob.history(newId()), 'NOT_FOUND')).toJSON();
    for (const wish of [
      {},
      { before: message!.id },
      { after: message!.id },
      { around: message!.id },
      { with: ids.eve },
    ]) {
      expect((await fails(bob.history(id, wish), 'NOT_FOUND')).toJSON()).toEqual(unknown);
      expect((await fails(service.as({ userId: newId() }).chat.history(id, wish), 'NOT_FOUND')).toJSON()).toEqual(
        unknown,
      );
      await fails(service.asSystem().chat.history(id, wish), 'FORBIDDEN');
    }
  });
});

test('a message to begin at that is unknown, of another meeting or hidden is refused alike', async ({ room }) => {
  const [one, other] = [await room(), await room()];
  await say(one.bob, one.id, 1);
  const [foreign] = await say(other.bob, other.id, 1);
  const hidden = await one.ada.send(one.id, { content: 'secret', recipientId: one.ids.bob });
  for (const place of ['before', 'after', 'around'] as const) {
    const refusals: unknown[] = [];
    for (const message of [newId(), foreign!.id, hidden.id])
      refusals.push((await fails(one.eve.history(one.id, { [place]: message }), 'NOT_FOUND')).toJSON());
    expect(refusals).toEqual([refusals[0], refusals[0], refusals[0]]);
    expect(refusals[0]).toMatchObject({ message: expect.stringContaining('message') });
  }
});

test('wrong input is refused before anything is asked', async ({ room, counted }) => {
  const { id, ids } = await room();
  const { chat, statements } = await counted(ids.bob);
  const message = newId();
  const bad: unknown[] = [
    ...[0, 201, 1.5, '10', null, Number.NaN].map((limit) => ({ limit })),
    ...[{ $ne: null }, ['a'], true, '', null].flatMap((value) => [{ before: value }, { with: value }]),
    { before: message, after: message },
    { around: message, after: message },
    { around: message, before: message },
    { cursor: 'x' },
    { meetingId: id },
  ];
  for (const wish of bad) await fails(chat.history(id, wish as ChatHistoryInput), 'VALIDATION');
  for (const meetingId of ['', 'x', null, { $ne: null }]) await fails(chat.history(meetingId as string), 'VALIDATION');
  expect(statements).toEqual([]);
});

test('a page is one statement, also the right to read it', async ({ room, counted }) => {
  const { id, bob, ids } = await room();
  const [message] = await say(bob, id, 3);
  const { chat, statements } = await counted(ids.bob);
  for (const wish of [{}, { after: message!.id }, { around: message!.id }]) await chat.history(id, wish);
  expect(statements.map((text) => text.includes('order by c.sent_at'))).toEqual([true, true, true]);
});
