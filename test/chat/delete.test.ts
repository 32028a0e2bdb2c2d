import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { fails, minutes, openService, unchanged } from '../setup/service.ts';
import { roomOf, test } from './room.ts';

test('a deleted message keeps its place and loses its words, everywhere', async ({
  room,
  events,
  sql,
  tablesHolding,
  clock,
}) => {
  const { id, ada, bob, ids } = await room();
  const message = await bob.send(id, { content: 'a slip of the tongue' });
  await bob.edit(message.id, { content: 'another slip' });
  const answer = await ada.send(id, { content: 'Pardon?', replyToMessageId: message.id });
  clock.advance(1_000);
  events.length = 0;
  const deleted = await bob.delete(message.id);
  expect(deleted).toMatchObject({ id: message.id, content: null, deletedAt: clock.now(), senderId: ids.bob });
  expect(events).toMatchObject([
    {
      ...{ type: 'chat.message.deleted', audience: 'all', actorId: ids.bob },
      data: { messageId: message.id, content: null, deletedAt: clock.now().toISOString() },
    },
  ]);
  expect((await ada.history(id)).items).toEqual([answer, deleted]);
  expect(await tablesHolding('slip')).toEqual([]);
  const told = await sql<object>(
    `select type, redacted from convoke.meeting_events where stream_id = $1 and type like 'chat.%' order by seq`,
    [id],
  );
  expect(told).toEqual([
    { type: 'chat.message.sent', redacted: true },
    { type: 'chat.message.edited', redacted: true },
    { type: 'chat.message.sent', redacted: false },
    { type: 'chat.message.deleted', redacted: false },
  ]);
});

test('deleting twice is deleting once', async ({ service, room, events, url, clock }) => {
  const { id, ada, bob, ids } = await room();
  const message = await bob.send(id, { content: 'oops' });
  const deleted = await bob.delete(message.id);
  clock.advance(1_000);
  events.length = 0;
  expect(await unchanged(url, () => bob.delete(message.id))).toEqual(deleted);
  expect(await unchanged(url, () => ada.delete(message.id))).toEqual(deleted);
  expect(events).toEqual([]);
  const keyed = service.as({ userId: ids.bob }).with({ idempotencyKey: newId() }).chat;
  expect(await keyed.delete(message.id)).toEqual(await keyed.delete(message.id));
});

describe('who may', () => {
  test('Host and CoHost delete every public message, also of the system, and say so', async ({
    service,
    room,
    events,
  }) => {
    const { id, ada, bob, eve, ids } = await room();
    await service.as({ userId: ids.ada }).participants.setRole(id, ids.eve, 'CoHost');
    const messages = [await bob.send(id, { content: 'a' }), await ada.send(id, { content: 'b' })];
    messages.push(await service.asSystem().chat.sendSystem(id, { content: 'c' }));
    events.length = 0;
    await ada.delete(messages[0]!.id);
    await eve.delete(messages[1]!.id);
    await eve.delete(messages[2]!.id);
    expect(events.map(({ actorId }) => actorId)).toEqual([ids.ada, ids.eve, ids.eve]);
  });

  test('the system deletes public messages', async ({ service, room, events }) => {
    const { id, bob, ids } = await room();
    const [message, secret] = [
      await bob.send(id, { content: 'a' }),
      await bob.send(id, { content: 'b', recipientId: ids.eve }),
    ];
    events.length = 0;
    await service.asSystem().chat.delete(message.id);
    expect(events).toMatchObject([{ type: 'chat.message.deleted', actorId: null }]);
    await fails(service.asSystem().chat.delete(secret.id), 'NOT_FOUND');
  });

  test('of a private message its sender alone', async ({ room, url, events }) => {
    const { id, ada, bob, eve, ids } = await room();
    const message = await bob.send(id, { content: 'psst', recipientId: ids.eve });
    await unchanged(url, async () => {
      const unknown = await fails(ada.delete(newId()), 'NOT_FOUND');
      for (const other of [ada, eve])
        expect((await fails(other.delete(message.id), 'NOT_FOUND')).toJSON()).toEqual(unknown.toJSON());
    });
    events.length = 0;
    await bob.delete(message.id);
    expect(events).toMatchObject([{ audience: { users: [ids.bob, ids.eve] } }]);
    expect((await eve.history(id)).items).toMatchObject([{ id: message.id, content: null }]);
  });

  test('nobody else, nobody outside, no Observer', async ({ service, room, url }) => {
    const [{ id, ada, bob, eve, ids }, other] = [await room(), await room()];
    const [message, own] = [await bob.send(id, { content: 'a' }), await eve.send(id, { content: 'b' })];
    await unchanged(url, async () => {
      await fails(eve.delete(message.id), 'FORBIDDEN');
      const unknown = await fails(other.ada.delete(newId()), 'NOT_FOUND');
      expect((await fails(other.ada.delete(message.id), 'NOT_FOUND')).toJSON()).toEqual(unknown.toJSON());
    });
    const { participants } = service.as({ userId: ids.ada });
    await participants.setRole(id, ids.eve, 'Observer');
    await fails(eve.delete(own.id), 'FORBIDDEN');
    await participants.remove(id, ids.eve);
    await fails(eve.delete(own.id), 'NOT_FOUND');
    await ada.delete(own.id);
  });

  test('authors without the right to write, away, and after the end', async ({ service, room }) => {
    const { id, bob, ids } = await room();
    const messages = [];
    for (const content of ['a', 'b', 'c']) messages.push(await bob.send(id, { content }));
    const { participants, meetings } = service.as({ userId: ids.ada });
    await participants.setPermissions(id, ids.bob, { canUseChat: false });
    await bob.delete(messages[0]!.id);
    await service.as({ userId: ids.bob }).participants.leave(id);
    await bob.delete(messages[1]!.id);
    await meetings.end(id);
    await bob.delete(messages[2]!.id);
  });

  test('nobody in a cancelled meeting', async ({ service, scheduled }) => {
    const { id, host } = await scheduled();
    const message = await service.asSystem().chat.sendSystem(id, { content: 'Welcome.' });
    const { chat, meetings } = service.as({ userId: host });
    await meetings.cancel(id);
    await fails(chat.delete(message.id), 'INVALID_TRANSITION');
  });
});

test('a service may bound the time for authors, never for hosts', async ({ url, clock, running }) => {
  await using service = await openService(url, { clock, policy: { messageDeleteMinutes: 5 } });
  const { id, ada, bob } = await roomOf(service, await running({ participants: 2 }));
  const [first, second, own] = [
    await bob.send(id, { content: 'a' }),
    await bob.send(id, { content: 'b' }),
    await ada.send(id, { content: 'c' }),
  ];
  clock.advance(5 * minutes);
  const deleted = await bob.delete(first.id);
  clock.advance(1);
  await unchanged(url, () => fails(bob.delete(second.id), 'EXPIRED'));
  expect(await bob.delete(first.id)).toEqual(deleted);
  await ada.delete(second.id);
  await ada.delete(own.id);
});
