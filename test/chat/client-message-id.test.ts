import { expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { fails, unchanged } from '../setup/service.ts';
import { test } from './room.ts';

const clientMessageId = 'mine-1';

test('sent twice under one name, it is one message and one event', async ({ room, events, url }) => {
  const { id, ada, bob, ids } = await room();
  const { id: replyToMessageId } = await ada.send(id, { content: 'Why?' });
  events.length = 0;
  const input = { content: 'Because.', recipientId: ids.ada, replyToMessageId, clientMessageId };
  const message = await bob.send(id, input);
  expect(message).toMatchObject({ clientMessageId });
  expect(await unchanged(url, () => bob.send(id, input))).toEqual(message);
  expect(events).toMatchObject([{ data: { messageId: message.id, clientMessageId } }]);
});

test('a name belongs to one sender in one meeting', async ({ service, room }) => {
  const [one, other] = [await room(), await room()];
  await service.as({ userId: other.ids.ada }).invitations.invite(other.id, { inviteeIds: [one.ids.bob] });
  await service.as({ userId: one.ids.bob }).participants.join(other.id);
  const messages = [
    await one.bob.send(one.id, { content: 'a', clientMessageId }),
    await one.eve.send(one.id, { content: 'b', clientMessageId }),
    await one.bob.send(other.id, { content: 'c', clientMessageId }),
  ];
  expect(new Set(messages.map((message) => message.id)).size).toBe(3);
});

test('another message under the same name is refused', async ({ room, url }) => {
  const { id, bob, ids } = await room();
  const { id: replyToMessageId } = await bob.send(id, { content: 'before' });
  await bob.send(id, { content: 'Hello', clientMessageId });
  await unchanged(url, async () => {
    for (const change of [
      { content: 'Hello!' },
      { recipientId: ids.eve },
      { replyToMessageId },
      { content: 'https://example.org', messageType: 'Link' as const },
    ])
      await fails(bob.send(id, { content: 'Hello', clientMessageId, ...change }), 'IDEMPOTENCY_CONFLICT');
  });
});

test('a repeat gives the message as it is by now', async ({ room, events }) => {
  const { id, bob } = await room();
  const message = await bob.send(id, { content: 'Helo', clientMessageId });
  const edited = await bob.edit(message.id, { content: 'Hello' });
  expect(await bob.send(id, { content: 'Helo', clientMessageId })).toEqual(edited);
  const deleted = await bob.delete(message.id);
  events.length = 0;
  expect(await bob.send(id, { content: 'Helo', clientMessageId })).toEqual(deleted);
  expect(deleted).toMatchObject({ id: message.id, content: null });
  expect(events).toEqual([]);
});

test('a member’s repeat is answered though nothing new may be said any more', async ({ service, room, url }) => {
  const { id, bob, ids } = await room();
  const message = await bob.send(id, { content: 'Hello', clientMessageId });
  const { participants, meetings } = service.as({ userId: ids.ada });
  const repeat = () => unchanged(url, () => bob.send(id, { content: 'Hello', clientMessageId }));
  await participants.setPermissions(id, ids.bob, { canUseChat: false });
  expect(await repeat()).toEqual(message);
  await fails(bob.send(id, { content: 'Hello', clientMessageId: 'mine-2' }), 'FORBIDDEN');
  await meetings.end(id);
  expect(await repeat()).toEqual(message);
  await fails(bob.send(id, { content: 'Hello', clientMessageId: 'mine-2' }), 'INVALID_TRANSITION');
});

test('whoever was removed is told nothing, not even of their own words', async ({ service, room }) => {
  const { id, bob, ids } = await room();
  await bob.send(id, { content: 'Hello', clientMessageId });
  await service.as({ userId: ids.ada }).participants.remove(id, ids.bob);
  await fails(bob.send(id, { content: 'Hello', clientMessageId }), 'NOT_FOUND');
});

test('a refused message leaves its name free', async ({ service, room }) => {
  const { id, bob, ids } = await room();
  await fails(bob.send(id, { content: 'Hello', clientMessageId, recipientId: newId() }), 'NOT_FOUND');
  await service.as({ userId: ids.bob }).participants.leave(id);
  await fails(bob.send(id, { content: 'Hello', clientMessageId }), 'FORBIDDEN');
  await service.as({ userId: ids.bob }).participants.join(id);
  expect(await bob.send(id, { content: 'Something else', clientMessageId })).toMatchObject({ clientMessageId });
});

test('also in a meeting that came from elsewhere, of which nothing was told yet', async ({ room, sql, events }) => {
  const { id, bob } = await room();
  // As if the rows had been imported without their events.
  await sql('delete from convoke.meeting_events where stream_id = $1', [id]);
  await sql('delete from convoke.meeting_event_heads where stream_id = $1', [id]);
  events.length = 0;
  const message = await bob.send(id, { content: 'Hello', clientMessageId });
  expect(await bob.send(id, { content: 'Hello', clientMessageId })).toEqual(message);
  expect(events).toMatchObject([{ seq: 1, prev: 0 }]);
});
