import { describe, expect } from 'vitest';
import { readMark } from '../../src/chat/chat.schema.ts';
import { newId } from '../../src/core/identifier.ts';
import { fails, minutes, unchanged } from '../setup/service.ts';
import { test } from './room.ts';

test('before anything is read, everything that others wrote is unread', async ({ room }) => {
  const { id, ada, bob, eve } = await room();
  expect(await bob.unread(id)).toEqual({ lastReadMessageId: null, unreadCount: 0 });
  await ada.send(id, { content: 'one' });
  await bob.send(id, { content: 'two' });
  await eve.send(id, { content: 'three' });
  expect(await bob.unread(id)).toEqual({ lastReadMessageId: null, unreadCount: 2 });
});

test('reading up to a message leaves what comes behind it', async ({ room, events, clock }) => {
  const { id, ada, bob } = await room();
  const messages = [];
  for (const content of ['one', 'two', 'three']) messages.push(await ada.send(id, { content }));
  clock.advance(minutes);
  events.length = 0;
  const mark = await bob.markRead(id, messages[1]!.id);
  expect(mark).toEqual({ messageId: messages[1]!.id, readAt: clock.now(), unreadCount: 1 });
  expect(readMark.parse(mark)).toEqual(mark);
  expect(Object.isFrozen(mark)).toBe(true);
  expect(await bob.unread(id)).toEqual({ lastReadMessageId: messages[1]!.id, unreadCount: 1 });
  expect(await ada.unread(id)).toEqual({ lastReadMessageId: null, unreadCount: 0 });
  expect(events).toEqual([]);
});

test('the marker moves forward only, and says where it stands', async ({ room, clock }) => {
  const { id, ada, bob } = await room();
  const [first, second] = [await ada.send(id, { content: 'one' }), await ada.send(id, { content: 'two' })];
  const mark = await bob.markRead(id, second.id);
  clock.advance(minutes);
  expect(await bob.markRead(id, first.id)).toEqual(mark);
  expect(await bob.markRead(id, second.id)).toEqual(mark);
  const third = await ada.send(id, { content: 'three' });
  expect(await bob.markRead(id, first.id)).toEqual({ ...mark, unreadCount: 1 });
  expect(await bob.markRead(id, third.id)).toEqual({ messageId: third.id, readAt: clock.now(), unreadCount: 0 });
});

test('deleted messages and those between others are not counted, the system’s are', async ({ service, room }) => {
  const { id, ada, bob, eve, ids } = await room();
  const gone = await ada.send(id, { content: 'oops' });
  await ada.delete(gone.id);
  await ada.send(id, { content: 'psst', recipientId: ids.eve });
  await ada.send(id, { content: 'psst', recipientId: ids.bob });
  await service.asSystem().chat.sendSystem(id, { content: 'Recording has begun.' });
  expect((await bob.unread(id)).unreadCount).toBe(2);
  expect((await eve.unread(id)).unreadCount).toBe(2);
  expect((await ada.unread(id)).unreadCount).toBe(1);
  // What is deleted still marks a place.
  expect(await bob.markRead(id, gone.id)).toMatchObject({ messageId: gone.id, unreadCount: 2 });
});

test('more than a thousand are a thousand', async ({ room, sql }) => {
  const { id, bob, ids } = await room();
  await sql(
    `insert into convoke.meeting_chat_messages (id, meeting_id, sender_id, content, sent_at)
     select gen_random_uuid(), $1, $2, n::text, '2026-03-02T09:00:00Z'::timestamptz + n * interval '1 us'
     from generate_series(1, 1001) n`,
    [id, ids.ada],
  );
  expect((await bob.unread(id)).unreadCount).toBe(1_000);
  const [first] = (await bob.history(id, { limit: 200 })).items;
  expect(await bob.markRead(id, first!.id)).toMatchObject({ unreadCount: 0 });
  await sql('delete from convoke.meeting_chat_messages where meeting_id = $1', [id]);
  // The place stays, even when the message is gone.
  expect(await bob.unread(id)).toEqual({ lastReadMessageId: first!.id, unreadCount: 0 });
});

test('markers of one person in two devices meet at the furthest', async ({ room }) => {
  const { id, ada, bob } = await room();
  const messages = [];
  for (let n = 0; n < 20; n++) messages.push(await ada.send(id, { content: `${n}` }));
  await Promise.all(messages.map((message) => bob.markRead(id, message.id)));
  expect(await bob.unread(id)).toEqual({ lastReadMessageId: messages.at(-1)!.id, unreadCount: 0 });
});

test('a keyed repeat gives the first answer again', async ({ service, room }) => {
  const { id, ada, ids } = await room();
  const message = await ada.send(id, { content: 'one' });
  const keyed = service.as({ userId: ids.bob }).with({ idempotencyKey: newId() }).chat;
  const mark = await keyed.markRead(id, message.id);
  await ada.send(id, { content: 'two' });
  expect(await keyed.markRead(id, message.id)).toEqual(mark);
});

describe('who may', () => {
  test('members who did not decline, in every state, without being there', async ({ service, room, url }) => {
    const { id, ada, bob, eve, ids } = await room();
    const message = await ada.send(id, { content: 'one' });
    const { participants, invitations, meetings } = service.as({ userId: ids.ada });
    await participants.setRole(id, ids.eve, 'Observer');
    await eve.markRead(id, message.id);
    const late = newId();
    await invitations.invite(id, { inviteeIds: [late] });
    const { chat, invitations: own } = service.as({ userId: late });
    await own.respond(id, { response: 'Declined' });
    await participants.remove(id, ids.bob);
    await unchanged(url, async () => {
      await fails(chat.markRead(id, message.id), 'FORBIDDEN');
      await fails(chat.unread(id), 'FORBIDDEN');
      const unknown = (await fails(bob.unread(newId()), 'NOT_FOUND')).toJSON();
      for (const stranger of [bob, service.as({ userId: newId() }).chat]) {
        expect((await fails(stranger.unread(id), 'NOT_FOUND')).toJSON()).toEqual(unknown);
        expect((await fails(stranger.markRead(id, message.id), 'NOT_FOUND')).toJSON()).toEqual(unknown);
      }
      await fails(service.asSystem().chat.unread(id), 'FORBIDDEN');
      await fails(service.asSystem().chat.markRead(id, message.id), 'FORBIDDEN');
    });
    await meetings.end(id);
    expect(await ada.markRead(id, message.id)).toMatchObject({ unreadCount: 0 });
  });

  test('a message that is unknown, of another meeting or hidden cannot be read', async ({ room, url }) => {
    const [one, other] = [await room(), await room()];
    const foreign = await other.ada.send(other.id, { content: 'x' });
    const hidden = await one.ada.send(one.id, { content: 'secret', recipientId: one.ids.bob });
    await unchanged(url, async () => {
      const refusals: unknown[] = [];
      for (const message of [newId(), foreign.id, hidden.id])
        refusals.push((await fails(one.eve.markRead(one.id, message), 'NOT_FOUND')).toJSON());
      expect(refusals).toEqual([refusals[0], refusals[0], refusals[0]]);
    });
    expect(await one.eve.unread(one.id)).toEqual({ lastReadMessageId: null, unreadCount: 0 });
  });
});

test.for([{ $ne: null }, ['a'], true, 0, '', null, undefined])(
  '%j is no message and no meeting',
  async (value, { room, counted }) => {
    const { id, ids } = await room();
    const { chat, statements } = await counted(ids.bob);
    await fails(chat.markRead(id, value as string), 'VALIDATION');
    await fails(chat.markRead(value as string, newId()), 'VALIDATION');
    await fails(chat.unread(value as string), 'VALIDATION');
    await fails(chat.edit(value as string, { content: 'x' }), 'VALIDATION');
    await fails(chat.delete(value as string), 'VALIDATION');
    await fails(chat.sendSystem(value as string, { content: 'x' }), 'VALIDATION');
    expect(statements).toEqual([]);
  },
);
